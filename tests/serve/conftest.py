"""Servers that tests share."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest
from serving import EXAMPLES, TIGHT, Running, serve_in_process

from llasa_core.model.head import HEAD_FILE
from llasa_core.model.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from llasa_core.serve.settings import ServeSettings


@pytest.fixture(scope="session")
def start_server() -> Callable[..., Running]:
    """Return what starts a server; all are forked from one process that has imported what takes seconds."""
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if sys.platform != "win32":
        context.set_forkserver_preload(["llasa_core.serve.server"])

    def start(checkpoint: Path, settings: ServeSettings = TIGHT, token: str | None = None) -> Running:
        ours, theirs = context.Pipe()
        process = context.Process(target=serve_in_process, args=(checkpoint, settings, token, theirs))
        process.start()
        theirs.close()
        assert ours.poll(60), "the server did not start"
        return Running(ours.recv(), process, token)

    return start


@pytest.fixture(scope="session")
def tiny_with_head(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tiny checkpoint with the shipped one's light head: its timelines are true, its words are not."""
    folder = tmp_path_factory.mktemp("with-head") / "checkpoint"
    shutil.copytree(tiny_checkpoint, folder)
    smol = shipped("smol")
    assert smol is not None
    shutil.copy(smol / HEAD_FILE, folder / HEAD_FILE)
    return folder


@pytest.fixture(scope="session")
def server(start_server: Callable[..., Running], tiny_with_head: Path) -> Iterator[Running]:
    running = start_server(tiny_with_head)
    yield running
    assert running.process.is_alive(), "a test has ended the server"
    os.kill(running.process.pid or 0, signal.SIGTERM)
    running.process.join(20)
    assert running.process.exitcode == 0


@pytest.fixture(scope="session")
def walking() -> bytes:
    return (EXAMPLES / "walking.csv").read_bytes()


@pytest.fixture
def walk(server: Running, walking: bytes) -> dict[str, Any]:
    """Return a part of a message: an upload of somebody walking."""
    return {"type": "file", "file": {"file_id": server.upload(walking).json["id"]}}
