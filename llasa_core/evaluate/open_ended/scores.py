"""The four scores of an answer."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

LOWEST, HIGHEST = 0, 100


class Scores(NamedTuple):
    """Four scores, 0 to 100 each."""

    correctness: float
    completeness: float
    consistency: float
    helpfulness: float

    @property
    def overall(self) -> float:
        """Their mean."""
        return sum(self) / len(self)

    @classmethod
    def mean_of(cls, several: list[Self]) -> Self:
        """Return the mean of several, criterion by criterion."""
        return cls(*np.mean(np.array(several, np.float64), axis=0).tolist())


CRITERIA = Scores._fields
OVERALL = "overall"
"""Their mean, in reports."""
