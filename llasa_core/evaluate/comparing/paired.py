"""Two ways of naming the same windows: which does better, and how sure that is over people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import binomtest

from llasa_core.evaluate.comparing.paired_interval import difference_interval
from llasa_core.evaluate.intervals import LEVEL
from llasa_core.evaluate.measured import ends
from llasa_core.evaluate.metrics import accuracy, confusion_by_subject, macro_f1

if TYPE_CHECKING:
    from llasa_core.evaluate.intervals import Interval


@dataclass(frozen=True)
class Paired:
    """What the second does better than the first, on the same windows."""

    accuracies: tuple[float, float]
    accuracy: float
    """The second's minus the first's."""
    accuracy_ci: Interval | None
    macro_f1: float
    macro_f1_ci: Interval | None
    both: int
    """Windows that both name rightly."""
    only_first: int
    only_second: int
    neither: int
    mcnemar_p: float
    """Exact and two-sided, as if windows were independent: they are not, so that it is too small."""
    people: int

    @property
    def verdict(self) -> str:
        """Whether there is a difference, in words."""
        if self.accuracy_ci is None:
            return "no interval: whether they differ for other people cannot be told"
        if self.accuracy_ci.low <= 0 <= self.accuracy_ci.high:
            return "no difference that other people would be sure to show"
        return f"the {'second' if self.accuracy > 0 else 'first'} is better, for other people too"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "accuracies": list(self.accuracies),
            "accuracy_difference": self.accuracy,
            "accuracy_difference_ci": ends(self.accuracy_ci),
            "macro_f1_difference": self.macro_f1,
            "macro_f1_difference_ci": ends(self.macro_f1_ci),
            "level": LEVEL,
            "windows": {
                "both_right": self.both,
                "only_first_right": self.only_first,
                "only_second_right": self.only_second,
                "neither_right": self.neither,
            },
            "mcnemar_p_if_windows_were_independent": self.mcnemar_p,
            "subjects": self.people,
        }


def compare_names(
    truth: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    subject: np.ndarray,
    *,
    resamples: int = 2000,
    seed: int = 7,
) -> Paired:
    """Compare two ways of naming windows.

    Args:
        truth: int [window], class numbers.
        first: int [window], what one named them.
        second: int [window], what the other named them.
        subject: [window], whose they are.
        resamples: how often people are drawn anew; 0 gives no intervals.
        seed: of the draw.
    """
    n_classes = int(max(truth.max(), first.max(), second.max())) + 1
    tables = [confusion_by_subject(truth, named, subject, n_classes) for named in (first, second)]
    is_first, is_second = first == truth, second == truth
    _, who = np.unique(subject, return_inverse=True)
    apart = np.bincount(who, is_first != is_second, minlength=len(tables[0]))
    counts = [int(((is_first == a) & (is_second == b)).sum()) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
    found = {}
    for statistic in (accuracy, macro_f1):
        one, two = (float(statistic(table.sum(0))) for table in tables)
        interval = difference_interval(tables[0], tables[1], statistic, apart, resamples=resamples, seed=seed)
        found[statistic] = one, two, interval
    return Paired(
        accuracies=found[accuracy][:2],
        accuracy=found[accuracy][1] - found[accuracy][0],
        accuracy_ci=found[accuracy][2],
        macro_f1=found[macro_f1][1] - found[macro_f1][0],
        macro_f1_ci=found[macro_f1][2],
        both=counts[0],
        only_first=counts[1],
        only_second=counts[2],
        neither=counts[3],
        mcnemar_p=float(binomtest(counts[2], counts[1] + counts[2]).pvalue) if counts[1] + counts[2] else 1.0,
        people=len(tables[0]),
    )
