"""Runs below a folder, as they are now."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from llasa_core.evaluate.past_report import report_on
from llasa_core.launching.folder import RUN_FILE
from llasa_core.locks import is_held
from llasa_core.runs.size import size_of
from llasa_core.train.log import log_file, read_log
from llasa_core.train.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.train.log import StepRow

State = Literal["running", "done", "interrupted", "empty"]
INSIDE_A_RUN = {"state", "checkpoint", "tensorboard", "eval"}
"""Folders that hold no runs."""
LAST_STEPS = 20
"""A single step's loss is noise; the mean of so many is compared."""
TRIAL_FILE = "trial.json"
"""What a sweep has measured of a trial, beside the trial's run."""


@dataclass(frozen=True)
class RunFound:
    """One run."""

    name: str
    """Its folder below the runs folder: `smol/finetune`."""
    folder: Path
    state: State
    step: int
    """Steps done."""
    n_steps: int | None
    """Steps that it takes; None where it never began to train."""
    loss: float | None
    """Mean of the last steps."""
    seconds: float
    """Spent on steps."""
    age_s: float
    """Since it last changed."""
    bytes: int
    accuracy: float | None
    """Of the checkpoint, where it was measured."""
    macro_f1: float | None
    split: str | None
    """Whose windows it was measured on."""

    @property
    def state_words(self) -> str:
        """The state for people: `interrupted at step 40 of 100`."""
        if self.state in {"done", "empty"}:
            return self.state
        of_all = f" of {self.n_steps:,}" if self.n_steps else ""
        return f"{self.state} at step {self.step:,}{of_all}" if self.step else self.state


def find_runs(runs: Path) -> list[RunFound]:
    """Return the runs below a folder, by name; none where the folder is not there."""
    return [look_at_run(folder, runs) for folder in sorted(run_folders(runs))]


def run_folders(runs: Path) -> Iterator[Path]:
    """Yield each folder that is a run."""
    for place, folders, files in os.walk(runs):
        if is_run(files):
            yield Path(place)
        folders[:] = sorted(name for name in folders if name not in INSIDE_A_RUN and not name.startswith("."))


def is_run(files: list[str]) -> bool:
    """Return whether a folder with these files is a run."""
    return RUN_FILE in files or "log.csv" in files


def look_at_run(folder: Path, runs: Path) -> RunFound:
    """Return what is known of one run, without loading anything large."""
    run = Run(folder)
    rows = rows_of(folder)
    measured = _measured(run)
    return RunFound(
        name=folder.relative_to(runs).as_posix(),
        folder=folder,
        state=_state(run, rows),
        step=rows[-1].step if rows else 0,
        n_steps=run.n_steps,
        loss=mean_loss(rows),
        seconds=sum(row.seconds for row in rows),
        age_s=max(0.0, time.time() - _changed(folder)),
        bytes=size_of(folder),
        accuracy=measured.get("accuracy"),
        macro_f1=measured.get("macro_f1"),
        split=measured.get("split"),
    )


def mean_loss(rows: list[StepRow]) -> float | None:
    """Return the mean loss of the last steps; None where there are none."""
    last = rows[-LAST_STEPS:]
    return sum(row.loss for row in last) / len(last) if last else None


def _state(run: Run, rows: list[StepRow]) -> State:
    if is_held(run.lock_file):
        return "running"
    if run.is_done:
        return "done"
    return "interrupted" if rows or run.states() else "empty"


def rows_of(folder: Path) -> list[StepRow]:
    """Return the rows of a run's log; none where it cannot be read."""
    try:
        return read_log(folder)
    except (OSError, ValueError, TypeError):  # of another version, or damaged: the run is listed all the same
        return []


def _measured(run: Run) -> dict[str, Any]:
    report = report_on(run.checkpoint, run.folder.parent / "eval")
    if report is not None:
        found = report["closed_set"]
        return {"accuracy": found["accuracy"], "macro_f1": found["macro_f1"], "split": report.get("split")}
    try:
        trial = json.loads((run.folder.parent / TRIAL_FILE).read_text(encoding="utf-8"))
        return {"accuracy": float(trial["accuracy"]), "macro_f1": float(trial["macro_f1"]), "split": "val"}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _changed(folder: Path) -> float:
    files = [folder / RUN_FILE, log_file(folder), folder / "checkpoint"]
    return max((file.stat().st_mtime for file in files if file.exists()), default=folder.stat().st_mtime)
