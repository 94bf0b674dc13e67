"""Answering only when sure: risk against coverage, and a threshold for a wanted precision."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RiskCoverage:
    """Share of wrong answers among the surest windows, for every number of them."""

    coverage: np.ndarray
    """[window]: 1/n, 2/n, … 1."""
    risk: np.ndarray
    """[window]: share of wrong answers among so many of the surest."""

    @classmethod
    def of(cls, confidence: np.ndarray, is_right: np.ndarray) -> RiskCoverage:
        """Rank windows by confidence; of those that are equally sure, each counts as the mean of them all.

        Source:
            Geifman & El-Yaniv, Selective Classification for Deep Neural Networks (2017).
        """
        _, rank, count = np.unique(-confidence, return_inverse=True, return_counts=True)
        wrong = np.bincount(rank, ~is_right) / count  # share of wrong among the equally sure, surest first
        n_answered = np.arange(1, len(confidence) + 1)
        return cls(n_answered / len(confidence), np.repeat(wrong, count).cumsum() / n_answered)

    @property
    def aurc(self) -> float:
        """Area under the curve: the mean risk over all coverages."""
        return float(self.risk.mean())

    @property
    def excess_aurc(self) -> float:
        """How much lower it would be if all wrong answers were the least sure ones.

        Source:
            Geifman et al., Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers (2019); the best area is
            summed exactly here, where they approximate it by an integral.
        """
        n = len(self.risk)
        n_wrong = self.risk[-1] * n
        n_answered = np.arange(1, n + 1)
        best = np.clip(n_answered - (n - n_wrong), 0, None) / n_answered
        return self.aurc - float(best.mean())

    def thinned(self, points: int = 100) -> list[list[float]]:
        """Return [coverage, risk] pairs for a plot: at most so many, evenly spaced, the last one among them."""
        n = len(self.risk)
        which = np.unique(np.linspace(0, n - 1, min(points, n)).round().astype(int))
        return [[float(self.coverage[i]), float(self.risk[i])] for i in which]


@dataclass(frozen=True)
class Threshold:
    """From which confidence on an answer is given."""

    confidence: float
    windows: int
    """Validation windows that reach it."""
    precision: float
    """Of those."""


def fewest_windows(precision: float) -> int:
    """Return how many windows a precision takes to be seen: with fewer, one mistake is too many."""
    return math.ceil(1 / (1 - precision) - 1e-9)


def choose_threshold(confidence: np.ndarray, is_right: np.ndarray, precision: float) -> Threshold | None:
    """Return the lowest confidence from which on answers are right as often as wanted, None where there is none.

    Args:
        confidence: [window], of validation people.
        is_right: bool [window].
        precision: the wanted share of right answers among those that reach the threshold, which must be at least
            `fewest_windows(precision)`.
    """
    candidates, rank, count = np.unique(-confidence, return_inverse=True, return_counts=True)
    answered = count.cumsum()
    right = np.bincount(rank, is_right).cumsum()
    does = (right / answered >= precision) & (answered >= fewest_windows(precision))
    if not does.any():
        return None
    last = int(np.flatnonzero(does)[-1])
    return Threshold(float(-candidates[last]), int(answered[last]), float(right[last] / answered[last]))
