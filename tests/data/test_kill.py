"""`kill -9` while several workers cut; `python benchmarks/kill.py --moments 100` tries moments at random."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from llasa_core.data import fan_out
from llasa_core.data.prepare import PrepareSettings, prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL = PrepareSettings(shard_mb=0.02)  # 6 windows a shard
KILLED = """
import os, signal, sys
from pathlib import Path
from llasa_core.data import fan_out
from llasa_core.data.prepare import PrepareSettings, prepare
def progress(done, words):
    if done > 60:
        os.kill(os.getpid(), signal.SIGKILL)
if __name__ == "__main__":
    fan_out.GROUP_BYTES = 0  # a file for each recording that waits
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), PrepareSettings(shard_mb=0.02), workers=2, progress=progress)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_what_several_workers_cut_before_a_kill_is_used_and_the_bytes_are_the_same(
    make_hapt: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    raw, out = tmp_path / "RawData", tmp_path / "out"
    make_hapt(raw, users=[1, 3, 4, 7, 9, 11], seconds=20)
    prepare([raw], tmp_path / "undisturbed", SMALL)
    (tmp_path / "run.py").write_text(KILLED)
    ended = subprocess.run([sys.executable, tmp_path / "run.py", raw, out], check=False, timeout=60)
    n_cut = len(list(tmp_path.glob(".out.cuts/*/*.cuts")))
    assert ended.returncode == -signal.SIGKILL
    assert n_cut >= 3
    (tmp_path / ".out.cuts" / "of another run").mkdir()
    monkeypatch.setattr(fan_out, "GROUP_BYTES", 0)
    told: list[float] = []

    prepare([raw], out, SMALL, workers=2, progress=lambda done, _words: told.append(done))

    assert len(told) <= 6 - n_cut + 1  # the worker that was left may have finished one more, or not
    assert content(out) == content(tmp_path / "undisturbed")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_a_kill_after_the_last_rename_left_is_cleared(hapt_folder: Path, tmp_path: Path):
    prepare([hapt_folder], tmp_path / "out", SMALL)
    (tmp_path / ".out.cuts" / "0123").mkdir(parents=True)
    (tmp_path / ".out.77.old").mkdir()

    assert prepare([hapt_folder], tmp_path / "out", SMALL).was_done
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}
