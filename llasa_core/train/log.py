"""What a run tells of its steps: `log.csv`, TensorBoard, `loss.png`."""

from __future__ import annotations

import csv
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.files import full_disk_named, write_text, written_whole

if TYPE_CHECKING:
    from pathlib import Path

SMOOTHING_STEPS = 20


@dataclass(frozen=True)
class StepRow:
    """One row of `log.csv`."""

    step: int
    """Steps done."""
    loss: float
    """Mean over the items of the step: answer tokens, or masked values."""
    learning_rate: float
    """Of the first group of parameters."""
    grad_norm: float
    """Before clipping."""
    items_per_s: float
    tokens_per_s: float
    """Positions that the LM computed, sensor tokens and questions counted; windows' samples for the encoder."""
    seconds: float


class TrainingLog:
    """Appends a row for each step to `log.csv` and to TensorBoard's file."""

    def __init__(self, folder: Path, first_step: int) -> None:
        """Open the log to go on after `first_step` steps; what a killed run wrote beyond them is dropped."""
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - reading a log needs no torch

        rows = [row for row in read_log(folder) if row.step <= first_step]
        names = [field.name for field in fields(StepRow)]
        write_text(log_file(folder), "".join(line + "\n" for line in [",".join(names), *map(_line, rows)]))
        self._path = log_file(folder)
        self._file = self._path.open("a", encoding="utf-8", buffering=1)
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=first_step + 1)

    def add(self, row: StepRow) -> None:
        """Append one step.

        Raises:
            RunError: the disk is full.
        """
        with full_disk_named(self._path):
            self._file.write(_line(row) + "\n")
            for name, value in asdict(row).items():
                if name not in {"step", "seconds"}:
                    self._board.add_scalar(name, value, row.step)

    def close(self) -> None:
        """Close both files; what a full disk keeps from being written was said when it was added."""
        for file in (self._board, self._file):
            with suppress(OSError):
                file.close()


def log_file(folder: Path) -> Path:
    """Return where a run's rows are."""
    return folder / "log.csv"


def read_log(folder: Path) -> list[StepRow]:
    """Return the whole rows of a run's log, none if there is no log; a row cut off by a kill is left out."""
    if not log_file(folder).is_file():
        return []
    with log_file(folder).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    whole = [row for row in rows if None not in row.values() and "" not in row.values()]
    return [StepRow(int(row.pop("step")), **{name: float(value) for name, value in row.items()}) for row in whole]


def _line(row: StepRow) -> str:
    return ",".join(str(value) if isinstance(value, int) else f"{value:.9g}" for value in asdict(row).values())


def write_curve(folder: Path, title: str) -> None:
    """Write `loss.png`: each step's loss, and its running mean."""
    rows = read_log(folder)
    if not rows:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - half a second
    from matplotlib.figure import Figure  # noqa: PLC0415

    steps = np.array([row.step for row in rows])
    losses = np.array([row.loss for row in rows])
    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(steps, losses, color="#9db4d3", linewidth=0.8, label="each step")
    width = min(SMOOTHING_STEPS, len(losses))
    smooth = np.convolve(losses, np.ones(width) / width, mode="valid")
    axes.plot(steps[width - 1 :], smooth, color="#1f4e99", linewidth=1.8, label=f"mean of {width} steps")
    axes.set(title=title, xlabel="optimizer step", ylabel="loss per item")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    with written_whole(folder / "loss.png") as beside:
        figure.savefig(beside, format="png")
