"""Servers that tests share."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from serving import EXAMPLES, TIGHT, TOKEN, Running, command_in_process, serve_in_process

from llasa_core.data.read_options import ReadOptions
from llasa_core.model.head import HEAD_FILE
from llasa_core.model.shipped import shipped
from llasa_core.timeline.classifier import load_classifier
from llasa_core.timeline.timeline import timelines_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from llasa_core.serve.settings import ServeSettings
    from llasa_core.timeline.timeline import Timeline

PATIENCE_S = 120


@pytest.fixture(scope="session")
def processes() -> Any:
    """Return what makes processes; all are forked from one that has imported what takes seconds."""
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if sys.platform != "win32":
        context.set_forkserver_preload(["llasa_core.serve.server"])
    return context


@pytest.fixture(scope="session")
def start_server(processes: Any) -> Callable[..., Running]:
    """Return what starts a server with tight limits."""

    def start(checkpoint: Path, settings: ServeSettings = TIGHT) -> Running:
        ours, theirs = processes.Pipe()
        process = processes.Process(target=serve_in_process, args=(checkpoint, settings, theirs))
        process.start()
        theirs.close()
        assert ours.poll(PATIENCE_S), "the server did not start"
        return Running(ours.recv(), process)

    return start


@pytest.fixture(scope="session")
def guarded(processes: Any, tiny_with_head: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Yield a server that `llasa serve` started, for all addresses and with a token; Ctrl-C ends it."""
    out = tmp_path_factory.mktemp("guarded") / "stdout"
    flags = ["--model", str(tiny_with_head), "--host", "0.0.0.0", "--port", "0", "--name", "tiny", "--json"]  # noqa: S104
    process = processes.Process(target=command_in_process, args=(["serve", *flags], TOKEN, out))
    process.start()
    deadline = time.monotonic() + PATIENCE_S
    while not (out.exists() and out.read_text().endswith("\n")):
        assert process.is_alive(), "the server did not start"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield Running(json.loads(out.read_text())["url"], process, TOKEN)
    os.kill(process.pid, signal.SIGINT)
    process.join(20)
    assert process.exitcode == 0


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


@pytest.fixture(scope="session")
def mix_timeline(tiny_with_head: Path) -> Timeline:
    """Return what the command line makes of the recording of five minutes."""
    (timeline,) = timelines_in(EXAMPLES / "mix.csv", ReadOptions(), load_classifier(tiny_with_head))
    return timeline


@pytest.fixture
def walk(server: Running, walking: bytes) -> dict[str, Any]:
    """Return a part of a message: an upload of somebody walking."""
    return {"type": "file", "file": {"file_id": server.upload(walking).json["id"]}}
