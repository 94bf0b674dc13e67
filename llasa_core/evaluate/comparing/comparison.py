"""Evaluations of the same windows, each compared with the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.counting import number_of
from llasa_core.errors import UsageError
from llasa_core.evaluate.closed_set.text import aligned
from llasa_core.evaluate.comparing.evaluated import check_same_windows, in_order_of, names_of
from llasa_core.evaluate.comparing.paired import Paired, compare_names
from llasa_core.evaluate.comparing.paired_interval import PAIRED_METHOD
from llasa_core.evaluate.page.blocks import Bar, Bars, Paragraph, Section, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.comparing.evaluated import Evaluated
    from llasa_core.evaluate.intervals import Interval

CAUTION = (
    "McNemar's exact p takes windows for independent of each other, which windows of one person are not: it is a side "
    "note, and smaller than it should be. The intervals are over people."
)


@dataclass(frozen=True)
class Comparison:
    """The first evaluation, and how each of the others differs from it."""

    first: Evaluated
    first_name: str
    others: dict[str, Paired]
    """By name."""

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "first": self.first_name,
            "windows": len(self.first),
            "subjects": len(self.first.people),
            "method": PAIRED_METHOD,
            "others": {name: paired.as_dict() for name, paired in self.others.items()},
            "note": CAUTION,
        }

    def __str__(self) -> str:
        lines = [f"compared with {self.first_name}, on {self._who}", "", *aligned([_HEAD, *self._rows]), ""]
        lines += [f"{name}: {paired.verdict}" for name, paired in self.others.items()]
        return "\n".join([*lines, f"95 % intervals: {PAIRED_METHOD}", CAUTION])

    def sections(self) -> list[Section]:
        """Return its part of a page."""
        bars = [
            Bar(name, paired.accuracy, *_both_ends(paired.accuracy_ci), note=paired.verdict)
            for name, paired in self.others.items()
        ]
        blocks = (
            Bars("Difference in accuracy", bars, x_label=f"accuracy minus that of {self.first_name}"),
            Table(_HEAD, self._rows),
            Paragraph(CAUTION),
        )
        lead = f"Each against {self.first_name}, on the same {self._who}; 95 % intervals: {PAIRED_METHOD}."
        return [Section("Comparison", lead, blocks)]

    @property
    def _who(self) -> str:
        return f"{number_of(len(self.first), 'window')} of {number_of(len(self.first.people), 'person', 'people')}"

    @property
    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                name,
                f"{paired.accuracies[1]:.3f}",
                *(f"{paired.accuracy:+.3f}", _shown(paired.accuracy_ci)),
                *(f"{paired.macro_f1:+.3f}", _shown(paired.macro_f1_ci)),
                *(f"{paired.only_first:,}", f"{paired.only_second:,}", f"{paired.mcnemar_p:.2g}"),
            )
            for name, paired in self.others.items()
        ]


_HEAD = (
    *("", "accuracy", "difference", "95 % interval", "macro-F1", "95 % interval"),
    *("only the first right", "only it right", "McNemar p"),
)


def compare(evaluations: Sequence[Evaluated], *, resamples: int = 2000, seed: int = 7) -> Comparison:
    """Compare evaluations with the first of them.

    Args:
        evaluations: two or more, on the same windows.
        resamples: of the people.
        seed: of the resampling.

    Raises:
        UsageError: there are fewer than two, or they were not measured on the same windows.
    """
    if len(evaluations) < 2:  # noqa: PLR2004 - a comparison
        raise UsageError("one evaluation has nothing to be compared with", fix="name two or more")
    check_same_windows(evaluations)
    first, *others = evaluations
    first_name, *names = names_of(evaluations)
    found = {
        name: _paired(first, np.array(first.prediction), in_order_of(first, other, other.prediction), resamples, seed)
        for name, other in zip(names, others, strict=True)
    }
    return Comparison(first, first_name, found)


def with_baselines(evaluated: Evaluated, *, resamples: int = 2000, seed: int = 7) -> Comparison:
    """Compare an evaluation's checkpoint with the baselines that named all of its windows."""
    found = {
        name: _paired(evaluated, np.array(evaluated.prediction), np.array(named), resamples, seed)
        for name, named in evaluated.baselines.items()
    }
    return Comparison(evaluated, evaluated.name, found)


def _paired(evaluated: Evaluated, one: np.ndarray, other: np.ndarray, resamples: int, seed: int) -> Paired:
    truth = np.array(evaluated.truth)
    _, numbers = np.unique(np.concatenate([truth, one, other]), return_inverse=True)
    of_truth, of_one, of_other = np.split(numbers, 3)
    return compare_names(of_truth, of_one, of_other, np.array(evaluated.subject), resamples=resamples, seed=seed)


def _shown(interval: Interval | None) -> str:
    return "not available" if interval is None else f"{interval.low:+.3f} – {interval.high:+.3f}"


def _both_ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)
