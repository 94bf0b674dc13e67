"""What clients of `llasa serve` see: `python benchmarks/serve.py`, and `--soak 30` for half an hour of bad manners.

Starts a server of its own with the shipped checkpoint, unless `--url` names one. Without `--soak`: time to the first
token of one client, and tokens a second of many clients beside one; one alone and all together take turns, since other
work on the machine changes. With it: clients that ask, upload, leave in the middle, and send nonsense, while the
server's memory is watched; in the end nothing may be left over.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from measured_on import ROOT, measured_on

EXAMPLES = ROOT / "examples"
OPEN_QUESTION = "Describe how the person moves."
"""Of one activity the model answers it; what the timeline answers needs no token of it."""
FROM_TIMELINE = "How long was the person walking?"
PATIENCE_S = 120.0
SAMPLE_EVERY_S = 5.0
LEFT_OVER_S = 30.0
"""So long after the last request nothing may be under way any more."""
MB = 1e6


@dataclass
class Told:
    """What one request came to."""

    status: int = 0
    tokens: int = 0
    first_s: float | None = None
    whole_s: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list)
    body: bytes = b""


class Client:
    """Asks over plain sockets, so that little of the machine is spent on asking."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80

    async def send(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json", leave_after: int | None = None
    ) -> Told:
        """Send a request; `leave_after` closes the connection after so many events of a stream."""
        told, begun = Told(), time.perf_counter()
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            head = f"{method} {path} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\nconnection: close\r\n"
            head += f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            told.status = int((await reader.readline()).split()[1])
            is_stream = False
            while (line := await reader.readline()) not in {b"\r\n", b""}:
                is_stream = is_stream or line.lower().startswith(b"content-type: text/event-stream")
            if is_stream:
                await self._take_events(reader, told, begun, leave_after)
            else:
                told.body = await reader.read()
        finally:
            writer.close()
        told.whole_s = time.perf_counter() - begun
        return told

    async def ask(self, upload: str, question: str, leave_after: int | None = None, **more: Any) -> Told:
        """Ask about an upload and take the answer as it comes."""
        content = [{"type": "file", "file": {"file_id": upload}}, {"type": "text", "text": question}]
        said = {"messages": [{"role": "user", "content": content}], "stream": True}
        body = json.dumps(said | {"stream_options": {"include_usage": True}} | more).encode()
        return await self.send("POST", "/v1/chat/completions", body, leave_after=leave_after)

    async def upload(self, content: bytes, name: str) -> Told:
        """Upload a file."""
        return await self.send("POST", f"/uploads?filename={name}", content, "application/octet-stream")

    async def metrics(self) -> dict[str, float]:
        """Return the server's numbers of the moment."""
        lines = (await self.send("GET", "/metrics")).body.decode().splitlines()
        return {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith(("llasa_", "process_"))}

    @staticmethod
    async def _take_events(reader: asyncio.StreamReader, told: Told, begun: float, leave_after: int | None) -> None:
        while line := await reader.readline():
            data = line.removeprefix(b"data: ").strip()
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(data)
            told.events.append(event)
            if event.get("choices") and event["choices"][0]["delta"].get("content") and told.first_s is None:
                told.first_s = time.perf_counter() - begun
            told.tokens = (event.get("usage") or {}).get("completion_tokens", told.tokens)
            if leave_after is not None and len(told.events) >= leave_after:
                return


class Server:
    """A server of our own, or one that runs already."""

    def __init__(self, url: str | None, *flags: str) -> None:
        self.process: subprocess.Popen[str] | None = None
        if url is None:
            command = [sys.executable, "-m", "llasa_cli.app", "serve", "--port", "0", "--json", *flags]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            url = json.loads(self.process.stdout.readline())["url"]  # type: ignore[union-attr] - it is a pipe
        self.url: str = url

    def memory(self) -> dict[str, float]:
        """Return resident megabytes of the server, and of its processes that parse."""
        if self.process is None:
            return {}
        pids = [self.process.pid, *_children(self.process.pid)]
        own, *others = (_resident(pid) for pid in pids)
        return {"server": own, "parsers": sum(others)}

    def close(self) -> int | None:
        """End our own and return how it ended."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def _children(pid: int) -> list[int]:
    """Return the processes that any thread of a process started."""
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for every in lists for child in every.split()]


def _resident(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / MB for line in lines if line.startswith("VmRSS")), 0.0)


def main() -> None:
    """Measure, show, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="of a server that runs already")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=64, help="longest answer")
    parser.add_argument(
        "--temperature", type=float, default=2.0, help="of the answers: at 2 most reach their full length"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--soak", type=float, metavar="MINUTES")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    options = parser.parse_args()
    server = Server(options.url, *(("--keep", "2", "--max-upload", "5") if options.soak else ()))
    try:
        figures = asyncio.run(soak(server, options) if options.soak else speed(server, options))
    finally:
        ended = server.close()
    figures = {**measured_on(), **figures, "exit_code": ended}
    print(json.dumps(figures, indent=2))
    if options.out is not None:
        options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


async def speed(server: Server, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one client, and of many beside one."""
    client = Client(server.url)
    upload = json.loads((await client.upload((EXAMPLES / "walking.csv").read_bytes(), "walking.csv")).body)["id"]
    first = {}
    for name, question in (("model", OPEN_QUESTION), ("timeline", FROM_TIMELINE)):
        seen = [await client.ask(upload, question, max_tokens=8) for _ in range(10)]
        first[name] = [one.first_s for one in seen[1:] if one.first_s is not None]
    alone, together = [], []
    for _ in range(options.rounds):
        alone.append(await _round(client, upload, 1, options))
        together.append(await _round(client, upload, options.clients, options))
    figures: dict[str, Any] = {"clients": options.clients, "longest_answer": options.tokens, "question": OPEN_QUESTION}
    figures["temperature"] = options.temperature
    figures["first_token_s"] = {name: _quantiles(times) for name, times in first.items()}
    figures |= {"alone": _summary(alone), "together": _summary(together)}
    figures["times_as_many"] = round(figures["together"]["tokens_per_s"] / figures["alone"]["tokens_per_s"], 2)
    return figures


async def _round(client: Client, upload: str, n_clients: int, options: argparse.Namespace) -> tuple[list[Told], float]:
    """Let clients ask at once; one alone asks four times in a row, so that no single answer decides."""
    begun = time.perf_counter()
    asked = [
        client.ask(upload, OPEN_QUESTION, max_tokens=options.tokens, temperature=options.temperature, seed=seed)
        for seed in range(max(4, n_clients))
    ]
    told = [await one for one in asked] if n_clients == 1 else list(await asyncio.gather(*asked))
    return told, time.perf_counter() - begun


def _summary(rounds: list[tuple[list[Told], float]]) -> dict[str, Any]:
    every = [one for told, _ in rounds for one in told]
    return {
        "tokens_per_s": round(statistics.median(sum(one.tokens for one in told) / wall for told, wall in rounds), 1),
        "tokens_an_answer": round(statistics.mean(one.tokens for one in every), 1),
        "first_token_s": _quantiles([one.first_s for one in every if one.first_s is not None]),
        "answer_s": _quantiles([one.whole_s for one in every]),
        "answers": len(every),
        "errors": sum(one.status != 200 or not one.tokens for one in every),  # noqa: PLR2004 - HTTP's
    }


def _quantiles(values: list[float]) -> dict[str, float]:
    return {f"p{q}": round(float(np.percentile(values, q)), 3) for q in (50, 99)}


@dataclass
class Soak:
    """What is kept of a soak."""

    outcomes: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    memory: list[tuple[float, float, float]] = field(default_factory=list)
    """Minutes, and megabytes of the server and of its parsers."""
    slowest_s: float = 0.0


async def soak(server: Server, options: argparse.Namespace) -> dict[str, Any]:
    """Return what came of clients with bad manners."""
    client, seen = Client(server.url), Soak()
    begun = time.monotonic()
    end = begun + 60 * options.soak
    watching = asyncio.create_task(_watch(server, seen, begun))
    await asyncio.gather(*(_misbehave(client, random.Random(options.seed + n), end, seen) for n in range(8)))  # noqa: S311
    watching.cancel()
    left = await _left_over(client)
    half = options.soak / 2
    second = [(minute, own) for minute, own, _ in seen.memory if minute >= half]
    slope = float(np.polyfit(*np.array(second).T, 1)[0]) * 60 if len(second) > 2 else 0.0  # noqa: PLR2004 - a line
    thirds = [statistics.median(own for minute, own, _ in seen.memory if a <= minute < b) for a, b in _thirds(options)]
    return {
        "minutes": options.soak,
        "outcomes": dict(sorted(seen.outcomes.items())),
        "requests": seen.outcomes.total(),
        "surprises": len(seen.surprises),
        "first_surprises": seen.surprises[:10],
        "slowest_s": round(seen.slowest_s, 1),
        "left_over": left,
        "memory_mb_by_third": [round(one, 1) for one in thirds],
        "growth_mb_per_hour_second_half": round(slope, 1),
        "memory_mb": [[round(part, 2) for part in one] for one in seen.memory[:: max(1, len(seen.memory) // 60)]],
    }


def _thirds(options: argparse.Namespace) -> list[tuple[float, float]]:
    third = options.soak / 3
    return [(0, third), (third, 2 * third), (2 * third, 3 * third)]


async def _watch(server: Server, seen: Soak, begun: float) -> None:
    while True:
        used = server.memory()
        if used:
            seen.memory.append(((time.monotonic() - begun) / 60, used["server"], used["parsers"]))
        await asyncio.sleep(SAMPLE_EVERY_S)


async def _misbehave(client: Client, chance: random.Random, end: float, seen: Soak) -> None:
    """Do one thing after the other, well or badly."""
    names = [EXAMPLES / name for name in ("lying.csv", "mix.csv", "stairs.csv", "walking.csv")]
    upload = ""
    while time.monotonic() < end:
        what = chance.choice(MANNERS)
        begun = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_S):
                if not upload or chance.random() < 0.1:  # noqa: PLR2004 - now and then another one
                    path = chance.choice(names)
                    told = await client.upload(path.read_bytes(), path.name)
                    upload = json.loads(told.body)["id"] if told.status == 200 else ""  # noqa: PLR2004 - HTTP's
                    seen.outcomes[f"upload {told.status}"] += 1
                    if told.status not in {200, 429}:
                        seen.surprises.append(f"upload of {path.name}: {told.status} {told.body[:200]!r}")
                    continue
                told, wanted = await what(client, upload, chance)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, IndexError) as error:
            seen.outcomes[f"{what.__name__} {type(error).__name__}"] += 1
            seen.surprises.append(f"{what.__name__}: {error!r}")
            continue
        seen.slowest_s = max(seen.slowest_s, time.monotonic() - begun)
        seen.outcomes[f"{what.__name__} {told.status}"] += 1
        if told.status == 404:  # noqa: PLR2004 - forgotten meanwhile
            upload = ""
        elif told.status not in wanted:
            seen.surprises.append(f"{what.__name__}: {told.status} {told.body[:200]!r}")
        elif any("error" in event for event in told.events):
            seen.surprises.append(f"{what.__name__}: {told.events[-1]}")


Outcome = tuple[Told, set[int]]


async def asks(client: Client, upload: str, chance: random.Random) -> Outcome:
    """Ask the model, and take the whole answer."""
    return await client.ask(upload, OPEN_QUESTION, max_tokens=32, temperature=1.0, seed=chance.randrange(9)), {200, 429}


async def asks_the_timeline(client: Client, upload: str, _chance: random.Random) -> Outcome:
    """Ask what needs no model."""
    return await client.ask(upload, FROM_TIMELINE), {200}


async def leaves(client: Client, upload: str, chance: random.Random) -> Outcome:
    """Ask for a long answer and leave in the middle of it."""
    after = chance.randrange(1, 20)
    return await client.ask(upload, OPEN_QUESTION, after, max_tokens=256, temperature=1.5), {200, 429}


async def leaves_before_the_answer(client: Client, upload: str, _chance: random.Random) -> Outcome:
    """Ask, and leave before anything came."""
    content = [{"type": "file", "file": {"file_id": upload}}, {"type": "text", "text": OPEN_QUESTION}]
    body = json.dumps({"messages": [{"role": "user", "content": content}], "max_tokens": 256}).encode()
    _, writer = await asyncio.open_connection(client.host, client.port)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {client.host}\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await asyncio.sleep(0.2)
    writer.close()
    return Told(200), {200}


async def stops_in_the_headers(client: Client, _upload: str, chance: random.Random) -> Outcome:
    """Begin a request, hang, and leave."""
    _, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"POST /uploads HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-le")
    await asyncio.sleep(chance.random())
    writer.close()
    return Told(200), {200}


async def sends_nonsense(client: Client, _upload: str, chance: random.Random) -> Outcome:
    """Send a body that is no request."""
    body = chance.choice((b"{", b"[" * 3000, b'{"messages": 7}', b'{"messages": [{"role": "user", "content": "x"}]}'))
    return await client.send("POST", "/v1/chat/completions", body), {400}


async def uploads_nonsense(client: Client, _upload: str, chance: random.Random) -> Outcome:
    """Upload a file that is no recording."""
    content = chance.choice((b"a,b\n1,x\n" * 500, chance.randbytes(20_000), b"PK\x03\x04" + bytes(300)))
    return await client.upload(content, chance.choice(("a.csv", "b.zip", "c.json"))), {400, 429}


async def uploads_too_much(client: Client, _upload: str, _chance: random.Random) -> Outcome:
    """Upload more than is taken."""
    return await client.upload(b"1" * 6_000_000, "big.csv"), {413, 429}


async def looks(client: Client, upload: str, chance: random.Random) -> Outcome:
    """Look at the signal."""
    start = chance.random() * 5
    return await client.send("GET", f"/signal?upload={upload}&start={start}&end={start + 5}"), {200}


async def pastes(client: Client, _upload: str, chance: random.Random) -> Outcome:
    """Ask about a recording inside the question."""
    text = (EXAMPLES / "walking.csv").read_text(encoding="utf-8")
    rows = "\n".join(text.splitlines()[: chance.randrange(400, 800)])
    body = json.dumps({"messages": [{"role": "user", "content": f"{rows}\n{FROM_TIMELINE}"}]}).encode()
    return await client.send("POST", "/v1/chat/completions", body), {200, 429}


MANNERS = (
    asks, asks, asks_the_timeline, leaves, leaves, leaves_before_the_answer, stops_in_the_headers, sends_nonsense,
    uploads_nonsense, uploads_too_much, looks, pastes,
)  # fmt: skip


async def _left_over(client: Client) -> dict[str, float]:
    """Return what is still under way some time after the last request; nothing should be."""
    deadline = time.monotonic() + LEFT_OVER_S
    names = ("llasa_engine_waiting", "llasa_engine_reading", "llasa_engine_answering", "llasa_active_requests")
    while True:
        numbers = await client.metrics()
        left = {name.removeprefix("llasa_"): numbers[name] for name in names}
        left["active_requests"] -= 1  # the one that asks
        if not any(left.values()) or time.monotonic() > deadline:
            return left
        await asyncio.sleep(0.5)


if __name__ == "__main__":
    main()
