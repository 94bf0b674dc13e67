"""`prepare-data --qa llm` from the command line, against a real server on this machine."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from llm_fakes.gait import walking
from llm_fakes.server import Answered, LlmServer, completion, failed, good_reply
from samples.plain import HEADER

from llasa_cli.app import main
from llasa_core.data.qa import read_qa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Return a folder of three recordings of walking, each of four windows."""
    folder = tmp_path / "walks" / "walking"
    folder.mkdir(parents=True)
    for seed in range(3):
        samples = walking(3, seed=seed).reshape(-1, 6)[:310]
        table = np.column_stack([np.arange(len(samples)) / 20, samples])
        np.savetxt(folder / f"person{seed}.csv", table, delimiter=",", header=HEADER, comments="", fmt="%.6f")
    return tmp_path / "walks"


def command(recordings: Path, out: Path, url: str) -> list[str]:
    model = ["--qa", "llm", "--llm-url", url, "--llm-model", "writer"]
    return ["prepare-data", str(recordings), "--out", str(out), "--label-from", "folder", *model, "--json"]


def items_in(out: Path) -> list[Any]:
    return [item for split in ("train", "val", "test") for item in read_qa(out / f"qa-{split}.json")]


def windows_told(items: Sequence[Any], report: dict[str, Any]) -> int:
    """Return how many windows have an item, or a reason why they have none."""
    named = sum(part["count"] for part in report["left_out"] if part["unit"] == "windows")
    return len({item.windows for item in items}) + named


def test_a_model_writes_what_the_measurements_allow(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with LlmServer() as server:
        assert main(command(recordings, tmp_path / "data", server.url)) == 0
        report = json.loads(capsys.readouterr().out)
        assert main(command(recordings, tmp_path / "data", server.url)) == 0  # is done, and asks nothing
        n_asked = len(server.asked)

    items = items_in(tmp_path / "data")
    assert {item.kind for item in items} >= {"caption", "reasoning"}
    assert windows_told(items, report) == report["windows"] == 12
    assert n_asked <= 24
    assert "walking" in json.dumps([item.facts for item in items])


def test_killed_halfway_and_run_again_nothing_is_paid_for_twice(recordings: Path, tmp_path: Path):
    def slowly(_number: int, body: dict[str, Any]) -> Answered:
        answered = completion(good_reply(body))
        answered.after_s = 0.3
        return answered

    with LlmServer(slowly) as server:
        arguments = [*command(recordings, tmp_path / "data", server.url), "--llm-concurrency", "2"]
        killed = subprocess.Popen([sys.executable, "-m", "llasa_cli.app", *arguments], stdout=subprocess.DEVNULL)
        while len(server.asked) < 6:
            assert killed.poll() is None
            time.sleep(0.02)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        stored = (tmp_path / "data.llm-answers.jsonl").read_bytes().count(b"\n")
        n_before = len(server.asked)
        assert main(arguments) == 0
        first, second = (
            [json.dumps(a.body) for a in part] for part in (server.asked[:n_before], server.asked[n_before:])
        )

    assert stored >= n_before - 4
    assert len(set(first) & set(second)) <= 2  # those under way when it died
    assert len(items_in(tmp_path / "data")) > 12


def test_at_a_fifth_of_failures_every_window_is_told(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def failing(number: int, body: dict[str, Any]) -> Answered:
        kinds = (
            failed(500),
            Answered(body=b"<html>busy</html>"),
            completion('{"half": '),
            failed(429, **{"Retry-After": "0"}),
        )
        return kinds[number // 5 % 4] if number % 5 == 0 else completion(good_reply(body))

    with LlmServer(failing) as server:
        assert main(command(recordings, tmp_path / "data", server.url)) == 0
    report = json.loads(capsys.readouterr().out)

    assert windows_told(items_in(tmp_path / "data"), report) == 12


def test_an_endpoint_that_does_not_take_the_key_leaves_the_windows_for_the_next_run(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with LlmServer(lambda _number, _body: failed(401)) as server:
        assert main(command(recordings, tmp_path / "data", server.url)) == 2
        said = json.loads(capsys.readouterr().err.splitlines()[-1])
        assert "LLASA_API_KEY" in said["fix"]
        assert (tmp_path / ".data.draft" / "windows-00000.h5").is_file()
        server.plan = lambda _number, body: completion(good_reply(body))
        assert main(command(recordings, tmp_path / "data", server.url)) == 0
    assert not (tmp_path / ".data.draft").exists()


def test_without_an_endpoint_nothing_is_read(recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["prepare-data", str(recordings), "--out", str(tmp_path / "data"), "--qa", "llm"]) == 2
    assert capsys.readouterr().err == (
        "error: `--qa llm` needs --llm-url and --llm-model\n"
        "  fix:   pass them, as in `--llm-url http://localhost:8000/v1 --llm-model NAME`\n"
    )
