"""A folder of runs, in the states that runs are found in."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from llasa_core.train.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = "step,loss,learning_rate,grad_norm,items_per_s,tokens_per_s,seconds"


def write_run(folder: Path, *, steps: int = 0, of: int = 6, done: bool = False, **settings: Any) -> Run:
    """Write what a run leaves after so many steps of half a second, its loss falling from 10 by 1."""
    run = Run(folder)
    run.begin({"model.base_lm": "tiny-random", "data.sha256": "ab12" * 16, **settings}, command="llasa finetune x.yaml")
    (folder / "recipe.yaml").write_text(
        f"seed: 7\nmodel: {{base_lm: tiny-random}}\nfinetune: {json.dumps({'learning_rate': 0.1, **settings})}\n"
    )
    if steps:
        run.say_length(of)
        rows = [f"{step},{11 - step},0.1,1.0,100,200,0.5" for step in range(1, steps + 1)]
        (folder / "log.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    if done:
        run.checkpoint.mkdir()
        (run.checkpoint / "config.json").write_text("{}")
    elif steps:
        state = folder / "state" / f"step-{steps:06d}"
        state.mkdir(parents=True)
        (state / "state.safetensors").write_bytes(bytes(1000))
    return run


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`tiny`: pretrain done, finetune interrupted at step 4 of 6, an evaluation, a leftover of a killed process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLASA_CACHE", str(tmp_path / "cache"))
    lm = tmp_path / "cache" / "some-lm"
    lm.mkdir(parents=True)
    (lm / "model.safetensors").write_bytes(bytes(2000))
    runs = tmp_path / "runs"
    write_run(runs / "tiny" / "pretrain", steps=6, done=True)
    write_run(runs / "tiny" / "finetune", steps=4, learning_rate=0.2)
    left = runs / "tiny" / "finetune" / "state" / ".step-000006.tmp"
    left.mkdir()
    (left / "state.safetensors").write_bytes(bytes(500))
    return runs


@pytest.fixture
def make_run() -> Callable[..., Run]:
    return write_run


@pytest.fixture
def dead_pid() -> int:
    """The number of a process that has ended."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child
