"""A local OpenAI-compatible server that writes true texts from the facts in its prompt, and fails as it is told to."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


@dataclass
class Answered:
    """What the server sends back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    is_reset: bool = False
    """Break the connection instead."""
    after_s: float = 0.0
    declared_bytes: int | None = None
    """Length that the header promises, if it is another one."""
    repeat: int = 1
    """How often the body is sent."""
    pause_s: float = 0.0
    """Between the repetitions."""


@dataclass(frozen=True)
class Asked:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class LlmServer:
    """`plan(number, body)` says what each request gets; what it got is in `asked`."""

    def __init__(self, plan: Callable[[int, dict[str, Any]], Answered] | None = None) -> None:
        self.asked: list[Asked] = []
        self.plan = plan or (lambda _number, body: completion(good_reply(body)))
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.owner = self

    @property
    def url(self) -> str:
        """Address up to `/v1`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def take(self, asked: Asked) -> Answered:
        """Note a request and return what it gets."""
        with self._lock:
            self.asked.append(asked)
            number = len(self.asked)
        return self.plan(number, asked.body)

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    owner: LlmServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left is no fault."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answered = self.server.owner.take(Asked(self.path, dict(self.headers), body))
        time.sleep(answered.after_s)
        if answered.is_reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response(answered.status)
        length = len(answered.body) * answered.repeat if answered.declared_bytes is None else answered.declared_bytes
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(length),
            **answered.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        for _ in range(answered.repeat):
            self.wfile.write(answered.body)
            time.sleep(answered.pause_s)
        self.close_connection = answered.declared_bytes is not None

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


def completion(text: str | None, finish: str = "stop", **more: Any) -> Answered:
    """Return a chat completion with this text."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    value = {"id": "1", "object": "chat.completion", "choices": [choice], **more}
    value.setdefault("usage", {"prompt_tokens": 2000, "completion_tokens": 500, "total_tokens": 2500})
    return Answered(body=json.dumps(value).encode())


def failed(status: int, message: str = "it failed", code: str | None = None, **headers: str) -> Answered:
    """Return an error as OpenAI-compatible servers send it."""
    error = {"message": message, "type": "error", "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answered(status, json.dumps({"error": error}).encode(), named)


def good_reply(body: dict[str, Any]) -> str:
    """Return a reply that is true of the window in the prompt, with the parts that are asked for."""
    prompt, last = body["messages"][1]["content"], body["messages"][-1]["content"]
    wanted = json.loads(re.findall(r"has the keys (\[.*?\])", last)[-1])
    reply = true_reply(prompt)
    if "pairs" in wanted:
        reply["pairs"] = reply["pairs"][-int(re.findall(r'"pairs": (\d+) questions', last)[-1]) :]
    return json.dumps({key: reply[key] for key in wanted})


def true_reply(prompt: str) -> dict[str, Any]:
    """Return all parts of a reply that is true of the window in a prompt."""
    fact = dict(re.findall(r"^- ([^:]+): (.+?)(?: \(.*)?$", prompt, re.MULTILINE))
    activity, deviation = fact["activity"], fact["mean amplitude deviation"]
    mean = re.match(r"mean (-?[\d.]+)", fact["acceleration on the y axis"])
    assert mean is not None
    return {
        "summary": f"The person is {activity}, with a mean amplitude deviation of {deviation}.",
        "narration": [
            f"The mean amplitude deviation is {deviation}, which is {fact['intensity']} intensity.",
            f"The mean turning rate is {fact['mean turning rate']}.",
            f"The acceleration on the y axis has a mean of {mean[1]} m/s².",
            f"So the person is {activity}.",
        ],
        "pairs": [
            {"question": question, "answer": answer}
            for question, answer in (
                ("What is the person doing?", f"The person is {activity}."),
                ("How large is the mean amplitude deviation?", f"It is {deviation}."),
                ("How fast does the device turn on average?", f"It turns at {fact['mean turning rate']}."),
                ("How strong is the strongest acceleration?", f"It reaches {fact['peak acceleration']}."),
                ("What speaks for the activity?", f"At a deviation of {deviation}, the person is {activity}."),
            )
        ],
    }
