"""A server in a process of its own, with limits that tests can reach, and what asks it."""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
import urllib.request
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from llasa_cli.app import main
from llasa_core.serve.settings import ServeSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

EXAMPLES = Path(__file__).parents[1] / "examples"
TOKEN = "a-token-that-nobody-guesses"
TIGHT = ServeSettings(
    most_upload_bytes=3_000_000,
    most_inline_bytes=2_000_000,
    parser_bytes=1_050_000_000,
    parse_s=6.0,
    parsers=1,
    most_together=4,
    most_waiting=6,
    most_tokens=1500,
    most_requests=40,
    header_s=1.0,
    stalled_s=2.0,
    linger_s=1.0,
    closing_s=1.0,
)


@dataclass
class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body's value."""
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """Return what an error says."""
        return str(self.json["error"]["message"])


@dataclass
class Running:
    """A server that runs."""

    url: str
    process: BaseProcess
    token: str | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port."""
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answered:
        """Send a request; words in the names of headers are joined by `_` here."""
        token = {"authorization": f"Bearer {self.token}"} if self.token else {}
        sent = {**token, **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=sent)  # noqa: S310 - ours
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return Answered(answer.status, dict(answer.headers.items()), answer.read())
        except HTTPError as error:
            return Answered(error.code, dict(error.headers.items()), error.read())

    def get(self, path: str, **headers: str) -> Answered:
        """Get something."""
        return self.ask("GET", path, **headers)

    def upload(self, content: bytes, name: str = "walk.csv", query: str = "") -> Answered:
        """Upload a file's content as it is."""
        return self.ask("POST", f"/uploads?filename={name}{query}", content, content_type="application/octet-stream")

    def chat(self, content: Any, **more: Any) -> Answered:
        """Ask a question and wait for the whole answer."""
        body = {"messages": [{"role": "user", "content": content}], **more}
        return self.ask("POST", "/v1/chat/completions", json.dumps(body).encode(), content_type="application/json")

    @contextmanager
    def stream(self, content: Any, **more: Any) -> Iterator[http.client.HTTPResponse]:
        """Yield an answer that is being streamed, and leave in the end."""
        body = {"messages": [{"role": "user", "content": content}], "stream": True, **more}
        headers = {"content-type": "application/json", "connection": "close"}
        with closing(http.client.HTTPConnection(*self.address, timeout=60)) as connection:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            with connection.getresponse() as answer:
                yield answer

    def number(self, name: str) -> float:
        """Return one of the server's metrics."""
        lines = self.get("/metrics").body.decode().splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def comes_to(self, name: str, value: float, within_s: float = 10) -> bool:
        """Return whether a metric comes to be a number."""
        deadline = time.monotonic() + within_s
        while self.number(name) != value:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    @property
    def memory_mb(self) -> float:
        """Resident memory of the server's process; it parses in others."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


def serve_in_process(checkpoint: Path, settings: ServeSettings, told: Connection) -> None:
    """Serve until a signal comes; tells the address once requests are answered."""
    from llasa_core.serve.address import listen, url_of  # noqa: PLC0415 - in the process that serves
    from llasa_core.serve.server import Chosen, serve  # noqa: PLC0415

    with listen("127.0.0.1", 0) as listening:
        url = url_of(listening)
        chosen = Chosen(checkpoint, name="tiny", device="cpu")
        serve(chosen, listening, settings, token=None, is_local=True, ready=lambda: told.send(url))


def command_in_process(arguments: list[str], token: str, out: Path) -> None:
    """Run `llasa` with a token in the environment; its stdout goes to a file."""
    os.environ["LLASA_TOKEN"] = token
    with out.open("w", buffering=1) as stdout:
        sys.stdout = stdout
        sys.exit(main(arguments))
