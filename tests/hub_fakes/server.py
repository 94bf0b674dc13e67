"""A hub on this machine: the requests that huggingface_hub makes for a push, answered from memory."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "hf_secretsecretsecret"


@dataclass
class Repo:
    """A repository, its last commit's files in full."""

    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    commits: int = 0


@dataclass
class Hub:
    """What the hub holds, and what goes wrong in it."""

    address: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    """Large files that have arrived, by sha256."""
    asked: list[str] = field(default_factory=list)
    """`POST /api/repos/create`, …"""
    refuses: dict[str, int] = field(default_factory=dict)
    """Status by the end of a path."""
    dies_at: str | None = None
    """The hub hangs up where a request has this in it."""

    def count(self, part: str) -> int:
        """Return how many requests had `part` in them."""
        return sum(part in asked for asked in self.asked)


@contextmanager
def a_hub() -> Iterator[Hub]:
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_words: object) -> None:
            pass

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = f"{self.command} {self.path}"
            hub.asked.append(asked)
            if hub.dies_at and hub.dies_at in asked:
                self.close_connection = True
                self.connection.close()
                return
            is_signed = self.path.startswith("/lfs/")  # storage takes addresses that are signed, not tokens
            if not is_signed and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._answer(401, {"error": "Invalid credentials in Authorization header"})
                return
            refused = next((status for end, status in hub.refuses.items() if self.path.endswith(end)), None)
            self._answer(*((refused, {"error": "refused"}) if refused else _answer(hub, self.command, self.path, body)))

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - http.server calls them so

        def _answer(self, status: int, value: Any) -> None:
            text = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            if isinstance(value, dict) and "error" in value:
                self.send_header("X-Error-Message", value["error"])
            self.end_headers()
            self.wfile.write(text)

    return Handler


def _answer(hub: Hub, method: str, path: str, body: bytes) -> tuple[int, Any]:
    if path == "/api/validate-yaml":
        fields = yaml.safe_load(json.loads(body)["content"].split("---\n")[1])
        return 200, {"errors": [], "warnings": [] if "license" in fields else [{"message": "no license"}]}
    if path == "/api/repos/create":
        return _create(hub, json.loads(body))
    if path.startswith("/lfs/"):
        return _large(hub, method, path.removeprefix("/lfs/"), body)
    name = path.removeprefix("/api/models/").removeprefix("/")
    repo_id = "/".join(name.split("/")[:2]).removesuffix(".git")
    return _of_repo(hub, repo_id, name, body) if repo_id in hub.repos else (404, {"error": "Repository not found"})


def _of_repo(hub: Hub, repo_id: str, path: str, body: bytes) -> tuple[int, Any]:
    repo = hub.repos[repo_id]
    if path.endswith("/preupload/main"):
        return 200, {"files": [_mode(repo, file) for file in json.loads(body)["files"]]}
    if path.endswith("/info/lfs/objects/batch"):
        return 200, {"transfer": "basic", "objects": [_transfer(hub, each) for each in json.loads(body)["objects"]]}
    if path.endswith("/commit/main"):
        return _commit(hub, repo_id, [json.loads(line) for line in body.splitlines()])
    siblings = [{"rfilename": file} for file in sorted(repo.files)]
    return 200, {"id": repo_id, "sha": f"{repo.commits:040x}", "private": repo.private, "siblings": siblings}


def _create(hub: Hub, asked: dict[str, Any]) -> tuple[int, Any]:
    repo_id = f"{asked['organization']}/{asked['name']}"
    if repo_id in hub.repos:
        return 409, {"error": "You already created this model repo", "url": f"{hub.address}/{repo_id}"}
    hub.repos[repo_id] = Repo(asked.get("visibility") == "private" or asked.get("private", False))
    return 200, {"url": f"{hub.address}/{repo_id}", "id": repo_id, "name": repo_id}


def _mode(repo: Repo, file: dict[str, Any]) -> dict[str, Any]:
    is_large = file["path"].endswith((".safetensors", ".onnx"))
    there = repo.files.get(file["path"])
    oid = None if there is None else hashlib.sha256(there).hexdigest() if is_large else _blob(there)
    return {"path": file["path"], "uploadMode": "lfs" if is_large else "regular", "shouldIgnore": False, "oid": oid}


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _transfer(hub: Hub, each: dict[str, Any]) -> dict[str, Any]:
    known = {"oid": each["oid"], "size": each["size"]}
    if each["oid"] in hub.objects:
        return known
    upload = {"href": f"{hub.address}/lfs/{each['oid']}"}
    return {**known, "actions": {"upload": upload, "verify": {"href": f"{hub.address}/lfs/verify"}}}


def _large(hub: Hub, method: str, oid: str, body: bytes) -> tuple[int, Any]:
    if method == "PUT":
        if hashlib.sha256(body).hexdigest() != oid:
            return 400, {"error": "other bytes"}
        hub.objects[oid] = body
    elif json.loads(body)["oid"] not in hub.objects:
        return 404, {"error": "nothing arrived"}
    return 200, {}


def _commit(hub: Hub, repo_id: str, lines: list[dict[str, Any]]) -> tuple[int, Any]:
    repo = hub.repos[repo_id]
    for line in lines:
        value = line["value"]
        if line["key"] == "file":
            repo.files[value["path"]] = base64.b64decode(value["content"])
        elif line["key"] == "lfsFile":
            repo.files[value["path"]] = hub.objects[value["oid"]]
        elif line["key"] == "deletedFile":
            del repo.files[value["path"]]
    repo.commits += 1
    oid = f"{repo.commits:040x}"
    return 200, {
        "success": True,
        "commitOid": oid,
        "commitUrl": f"{hub.address}/{repo_id}/commit/{oid}",
        "hookOutput": "",
    }
