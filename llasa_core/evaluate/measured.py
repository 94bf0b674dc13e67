"""How well windows were named, with intervals over people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.intervals import Interval, subject_interval
from llasa_core.evaluate.metrics import accuracy, confusion_by_subject, macro_f1

if TYPE_CHECKING:
    from llasa_core.evaluate.eval_set import EvalSet


@dataclass(frozen=True)
class Measured:
    """How well one way of naming windows does."""

    accuracy: float
    accuracy_ci: Interval | None
    macro_f1: float
    macro_f1_ci: Interval | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "accuracy": self.accuracy,
            "accuracy_ci": ends(self.accuracy_ci),
            "macro_f1": self.macro_f1,
            "macro_f1_ci": ends(self.macro_f1_ci),
        }


@dataclass(frozen=True)
class Share:
    """A share of windows, and who stands behind it."""

    value: float
    ci: Interval | None
    windows: int
    people: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"value": self.value, "ci": ends(self.ci), "windows": self.windows, "subjects": self.people}


def measure(eval_set: EvalSet, prediction: np.ndarray, resamples: int, seed: int) -> Measured:
    """Return accuracy and macro-F1 with their intervals over people; predictions may be of more classes than the set's.

    Args:
        eval_set: the windows.
        prediction: int64 [window], class numbers.
        resamples: of the people; 0 gives no interval.
        seed: of the resampling.
    """
    n_classes = max(len(eval_set.classes), int(prediction.max()) + 1)
    tables = confusion_by_subject(eval_set.truth, prediction, eval_set.subject, n_classes)
    windows, total = tables.sum((1, 2)), tables.sum(0)
    return Measured(
        accuracy=float(accuracy(total)),
        accuracy_ci=subject_interval(tables, accuracy, windows, resamples=resamples, seed=seed),
        macro_f1=float(macro_f1(total)),
        macro_f1_ci=subject_interval(tables, macro_f1, windows, resamples=resamples, seed=seed),
    )


def measure_share(is_so: np.ndarray, subject: np.ndarray, resamples: int, seed: int) -> Share:
    """Return the share of windows of which something is so: bool [window], with its interval over people [window]."""
    people, who = np.unique(subject, return_inverse=True)
    windows = np.bincount(who)
    tables = np.stack([np.bincount(who, is_so), windows], axis=1)  # [subject, (so, all)]
    interval = subject_interval(tables, _first_of_second, windows, resamples=resamples, seed=seed)
    return Share(float(is_so.mean()), interval, len(is_so), len(people))


def ends(interval: Interval | None) -> list[float] | None:
    """Return an interval as JSON holds it."""
    return None if interval is None else [interval.low, interval.high]


def shown(interval: Interval | None) -> str:
    """Return an interval as people read it."""
    return "not available" if interval is None else f"{interval.low:.3f} – {interval.high:.3f}"


def _first_of_second(table: np.ndarray) -> np.ndarray:
    return np.asarray(table[..., 0] / table[..., 1])
