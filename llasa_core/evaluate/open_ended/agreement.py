"""How far judges agree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.evaluate.open_ended.scores import CRITERIA, OVERALL, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FEWEST = 3
"""Answers that both must have scored before a correlation says anything."""


@dataclass(frozen=True)
class Agreement:
    """Of two judges on one criterion, over the answers that both have scored."""

    first: str
    second: str
    criterion: str
    n: int
    spearman: float | None
    """Rank correlation, ties at their mean rank; None where one of them gives every answer the same."""
    mean_absolute_difference: float | None
    """In points of 100."""


def agreements(scores: Mapping[str, Sequence[Scores | None]]) -> list[Agreement]:
    """Return the agreement of every two judges on every criterion, and on the mean of all.

    Args:
        scores: of each judge, one for each answer; None where there is none.
    """
    return [
        _agreement(first, second, criterion, columns(scores[first], criterion), columns(scores[second], criterion))
        for first, second in combinations(scores, 2)
        for criterion in (OVERALL, *CRITERIA)
    ]


def columns(scores: Sequence[Scores | None], criterion: str) -> np.ndarray:
    """Return one criterion as float64 [answer]; NaN where there is no score."""
    return np.array([np.nan if one is None else getattr(one, criterion) for one in scores], np.float64)


def krippendorff_alpha(ratings: np.ndarray) -> float | None:
    """Return Krippendorff's alpha for interval data: 1 is perfect agreement, 0 that of chance.

    Args:
        ratings: [judge, answer], NaN where a judge has given nothing; answers with fewer than two ratings say nothing.

    Returns:
        None where there are no two ratings of one answer, or all ratings are the same.

    Source:
        Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), with the squared difference as the metric:
        1 − observed over expected disagreement. A sum over the pairs of n values is 2n times their squared deviations.
    """
    pairable = ratings[:, (~np.isnan(ratings)).sum(0) > 1]
    values = pairable[~np.isnan(pairable)]
    if len(values) < 2:  # noqa: PLR2004 - a pair
        return None
    n_each = (~np.isnan(pairable)).sum(0)
    deviations = (pairable - np.nanmean(pairable, axis=0)) ** 2
    observed = (np.nansum(deviations, axis=0) * 2 * n_each / (n_each - 1)).sum() / len(values)
    expected = 2 * ((values - values.mean()) ** 2).sum() / (len(values) - 1)
    return float(1 - observed / expected) if expected else None


def spearman(first: np.ndarray, second: np.ndarray) -> float | None:
    """Return the rank correlation of two columns where both have a value; None where there is none."""
    from scipy.stats import rankdata  # noqa: PLC0415 - takes half a second to import

    both = ~(np.isnan(first) | np.isnan(second))
    if both.sum() < FEWEST:
        return None
    ranks = np.array([rankdata(first[both]), rankdata(second[both])])
    if (ranks.std(axis=1) == 0).any():
        return None
    return float(np.corrcoef(ranks)[0, 1])


def _agreement(first: str, second: str, criterion: str, ours: np.ndarray, theirs: np.ndarray) -> Agreement:
    both = ~(np.isnan(ours) | np.isnan(theirs))
    difference = float(np.abs(ours - theirs)[both].mean()) if both.any() else None
    return Agreement(first, second, criterion, int(both.sum()), spearman(ours, theirs), difference)
