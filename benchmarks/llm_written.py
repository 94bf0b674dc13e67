"""What a real language model writes about a few windows, and what of it holds.

    python benchmarks/llm_written.py [--windows 4] [--fast] [--url URL --model NAME]

Starts `transformers serve` on this machine with the embedded base LM (needs `transformers[serving]`, and
`llasa fetch smollm2-135m` once), and has it write captions, narrations and questions about made-up windows of walking
and of rest; each must end with an answer or with a named reason. A model of 135 M parameters fails most of the checks.
With `--fast` a server that answers at once takes its place, to time everything but the model. Prints one JSON object;
ends with 1 if a window ends with neither.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.measured import MeasuredRecording, measured
from llasa_core.data.llm_written.settings import LlmPace, LlmRun, LlmSettings
from llasa_core.data.llm_written.writing import llm_writer
from llasa_core.data.qa import WindowRef

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE_HZ, WINDOW_S = 20.0, 6.0
ACTIVITIES = ("walking", "sitting", "standing", "lying")


def main() -> int:
    """Write, run again, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--concurrency", type=int, default=2)
    parser.add_argument("--max-tokens", type=int, default=600)
    parser.add_argument("--url")
    parser.add_argument("--model", default="m")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(arguments) as (url, model):
        settings = LlmSettings(url=url, model=model, max_tokens=arguments.max_tokens)
        run = LlmRun(LlmPace(concurrency=arguments.concurrency, timeout_s=600.0), tell=note)
        reports = [write(settings, run, Path(folder), arguments.windows) for _ in range(2)]
    print(json.dumps({"first": reports[0], "again": reports[1]}))
    return int(reports[0]["named"] + reports[0]["with_items"] != arguments.windows or reports[1]["requests"] > 0)


def write(settings: LlmSettings, run: LlmRun, folder: Path, n_windows: int) -> dict[str, Any]:
    """Return what was written about all windows, and in what time."""
    samples = windows(n_windows)
    recording = recording_of(samples)
    begun = time.monotonic()
    with llm_writer(settings, folder / "answers.jsonl", [("own/a", n_windows)], ACTIVITIES, run=run) as writer:
        items = list(writer.items([(recording, samples)]))
        left_out, spent = writer.left_out(), writer.asking.spent
    seconds = time.monotonic() - begun
    return {
        "windows": n_windows,
        "with_items": len({item.windows[0].row for item in items}),
        "named": sum(part["count"] for part in left_out if part["unit"] == "windows"),
        "items": len(items),
        "left_out": {part["reason"]: part["count"] for part in left_out},
        "requests": spent.requests,
        "tokens_in": spent.prompt_tokens,
        "tokens_out": spent.answer_tokens,
        "seconds": round(seconds, 2),
        "requests_a_s": round(spent.requests / seconds, 1),
        "examples": [item.conversations[1].text for item in items[:3]],
    }


def windows(n_windows: int) -> np.ndarray:
    """Return windows [window, time, channel], in turn of walking and of rest."""
    random = np.random.default_rng(0)
    t = np.arange(round(RATE_HZ * WINDOW_S)) / RATE_HZ
    still = 0 * t
    rest = np.stack([still, still + 9.81, still, still, still, still], axis=1)
    step = np.sin(2 * np.pi * 1.9 * t)
    walk = rest + np.stack([0.3 * step, 2.5 * step, 0.2 * step, 0.3 * step, 0.8 * step, still], axis=1)
    both = np.stack([walk if nth % 2 == 0 else rest for nth in range(n_windows)])
    return (both + 0.02 * random.normal(size=both.shape)).astype(np.float32)


def recording_of(samples: np.ndarray) -> MeasuredRecording:
    """Return windows as one recording, with what was measured in them."""
    activities = [("walking", "sitting")[nth % 2] for nth in range(len(samples))]
    facts = measured(facts_of(samples, RATE_HZ), activities, [WINDOW_S * nth for nth in range(len(samples))])
    refs = [WindowRef("windows-00000.h5", row) for row in range(len(samples))]
    return MeasuredRecording("own/a", "own/1", refs, facts, WINDOW_S)


@contextmanager
def served(arguments: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield address and model of what answers."""
    if arguments.url:
        yield arguments.url, arguments.model
    elif arguments.fast:
        http = ThreadingHTTPServer(("127.0.0.1", 0), _Fast)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}/v1", "fast"
        http.shutdown()
        http.server_close()
    else:
        with transformers_serve() as (url, model):
            yield url, model


@contextmanager
def transformers_serve() -> Iterator[tuple[str, str]]:
    """Start `transformers serve` with the embedded LM; yield its address and model."""
    from llasa_core.model.base_lm import locate  # noqa: PLC0415 - imports torch

    folder = str(locate("smollm2-135m", note).folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", folder]
    command += ["--device", "cpu", "--dtype", "float32", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", server)
        yield f"http://127.0.0.1:{port}/v1", folder
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str, server: subprocess.Popen[bytes], longest_s: float = 180.0) -> None:
    """Return once the server answers."""
    give_up = time.monotonic() + longest_s
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - the server just started
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("error: `transformers serve` did not start; is `transformers[serving]` installed?")


def note(text: str) -> None:
    """Say what is going on."""
    print(text, file=sys.stderr)


class _Fast(BaseHTTPRequestHandler):
    """Answers at once, with nothing that holds."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = json.dumps({"model": body["model"]})
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        answer = json.dumps({"id": "1", "object": "chat.completion", "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


if __name__ == "__main__":
    raise SystemExit(main())
