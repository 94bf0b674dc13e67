"""What an evaluation named each window, read from the files that it left."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.counting import number_of
from llasa_core.errors import DataError, UsageError
from llasa_core.evaluate.past_report import REPORT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PREDICTIONS = "predictions.csv"
_COLUMNS = ("file", "row", "subject", "recording", "truth", "prediction")
_AGAIN = "run `llasa eval` again"


@dataclass(frozen=True)
class Evaluated:
    """Names of windows, with what is true of them."""

    name: str
    """Of the recipe or checkpoint."""
    folder: Path
    seed: int
    data: str
    keys: tuple[tuple[str, int], ...]
    """Shard and row of each window."""
    subject: tuple[str, ...]
    truth: tuple[str, ...]
    prediction: tuple[str, ...]
    baselines: dict[str, tuple[str, ...]]
    """Those that named all windows."""

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def people(self) -> tuple[str, ...]:
        """Who was measured, in the order of their names."""
        return tuple(sorted(set(self.subject)))


def find_evaluation(named: Path, runs: Path) -> Evaluated:
    """Read an evaluation.

    Args:
        named: its folder, the folder of the run around it, or the recipe that was measured.
        runs: where runs are kept.

    Raises:
        UsageError: there is none.
        DataError: its files are damaged.
    """
    places = [named, named / "eval", runs / named.stem / "eval"]
    for folder in places:
        if (folder / PREDICTIONS).is_file():
            return read_evaluation(folder)
    raise UsageError(
        f"there is no evaluation of {named}",
        where=places[-1] if named.is_file() else named,
        fix=f"run `llasa eval {named}` first, or name a folder that holds a {PREDICTIONS}",
    )


def read_evaluation(folder: Path) -> Evaluated:
    """Read the predictions and the report of an `eval` folder.

    Raises:
        DataError: they are damaged, or hold no windows.
    """
    report = _report(folder / REPORT)
    file = folder / PREDICTIONS
    with file.open(newline="", encoding="utf-8") as lines:
        head, *rows = list(csv.reader(lines)) or [[]]
    if tuple(head[: len(_COLUMNS)]) != _COLUMNS or not rows or any(len(row) != len(head) for row in rows):
        raise DataError("these are no predictions of windows", where=file, fix=_AGAIN)
    columns = {name: tuple(row[at] for row in rows) for at, name in enumerate(head)}
    others = [name for name in head[len(_COLUMNS) :] if not name.startswith("p(")]
    return Evaluated(
        name=str(report["name"]),
        folder=folder,
        seed=int(report["seed"]),
        data=str(report["data"]),
        keys=tuple((name, int(row)) for name, row in zip(columns["file"], columns["row"], strict=True)),
        subject=columns["subject"],
        truth=columns["truth"],
        prediction=columns["prediction"],
        baselines={name: columns[name] for name in others if all(columns[name])},
    )


def names_of(evaluations: Sequence[Evaluated]) -> list[str]:
    """Return the name of each evaluation, with its folder where two share one."""
    names = [one.name for one in evaluations]
    return [f"{one.name} ({one.folder})" if names.count(one.name) > 1 else one.name for one in evaluations]


def check_same_windows(evaluations: Sequence[Evaluated]) -> None:
    """Return if all have measured the same windows with the same truth.

    Raises:
        UsageError: they have not; the message says how they differ.
    """
    first = evaluations[0]
    for other in evaluations[1:]:
        difference = _difference(first, other)
        if difference:
            raise UsageError(
                f"{first.folder} and {other.folder} were not measured on the same windows: {difference}",
                where=other.folder / PREDICTIONS,
                fix="measure both with the same data, split, seed and `eval.max_windows`",
            )


def in_order_of(first: Evaluated, other: Evaluated, values: Sequence[str]) -> np.ndarray:
    """Return another evaluation's values of windows in the order of the first's."""
    place = {key: at for at, key in enumerate(other.keys)}
    return np.array([values[place[key]] for key in first.keys])


def _difference(first: Evaluated, other: Evaluated) -> str:
    one, two = set(first.keys), set(other.keys)
    if one != two:
        only = [
            f"{len(mine - yours):,} only in {who}"
            for mine, yours, who in ((one, two, "the first"), (two, one, "the second"))
            if mine - yours
        ]
        shard, row = min(one ^ two)
        return f"{len(one):,} and {len(two):,} windows, {', '.join(only)}, such as {shard}:/samples[{row}]"
    for what in ("truth", "subject"):
        said = in_order_of(first, other, getattr(other, what))
        differs = np.flatnonzero(said != np.array(getattr(first, what)))
        if len(differs):
            shard, row = first.keys[differs[0]]
            mine = getattr(first, what)[differs[0]]
            such = f"{mine} and {said[differs[0]]} of {shard}:/samples[{row}]"
            return f"the {what} of {number_of(len(differs), 'window')} differs, such as {such}"
    return ""


def _report(file: Path) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        _ = report["name"], int(report["seed"]), report["data"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"the report cannot be read: {error}", where=file, fix=_AGAIN) from error
    return report
