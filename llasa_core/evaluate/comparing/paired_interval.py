"""The 95 % interval of a difference between two ways of naming the same windows, over people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from llasa_core.evaluate.intervals import LEAST_LIKENESS, LEVEL, Interval

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRED_METHOD = "paired bootstrap-t over subjects, never narrower than Student's t"

_TABLES_AT_ONCE = 2_000_000  # numbers held at once while resampling, 16 MB


def difference_interval(
    first: np.ndarray,
    second: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    apart: np.ndarray,
    *,
    resamples: int,
    seed: int,
) -> Interval | None:
    """Return the 95 % interval of `statistic(second) - statistic(first)` over people, or None where there is none.

    People are drawn with both of their tables, so that who is hard to name is hard for both. A bootstrap-t with the
    jackknife over people as the standard error, at least as wide on each side as Student's t with (people − 1) degrees
    of freedom. The standard error is at least that of windows that differ at random, as many as do differ and one
    more, with the likeness within a person that `subject_interval` takes; two that never differ differ by nothing.

    Args:
        first: int [subject, true, predicted].
        second: the same of the other, on the same windows.
        statistic: [..., true, predicted] -> [...].
        apart: [subject], windows that one alone names rightly.
        resamples: how often people are drawn anew; 0 gives no interval.
        seed: of the draw.

    Source:
        Efron & Tibshirani, An Introduction to the Bootstrap (1993), 12.5, on differences.
    """
    n_subjects = len(first)
    if n_subjects < 2 or resamples == 0:  # noqa: PLR2004 - one person says nothing about the spread between people
        return None
    if (first == second).all():
        return Interval(0.0, 0.0)
    both, apart = np.stack([first, second], axis=1).astype(np.float64), apart.astype(np.float64)
    centre, error = _difference(both[None], apart[None], statistic)
    drawn = np.random.default_rng(seed).integers(0, n_subjects, (resamples, n_subjects))
    rows = max(1, _TABLES_AT_ONCE // both.size)
    ts = []
    for start in range(0, resamples, rows):
        part = drawn[start : start + rows]
        difference, its_error = _difference(both[part], apart[part], statistic)
        ts.append((difference - centre) / its_error)
    low_t, high_t = np.quantile(np.concatenate(ts), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    widest = stdtrit(n_subjects - 1, (1 + LEVEL) / 2)
    low, high = (centre + error * np.array([-max(high_t, widest), max(-low_t, widest)])).tolist()
    return Interval(max(low, -1.0), min(high, 1.0))


def _difference(
    both: np.ndarray, apart: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the difference and its standard error for each row of people; [row, subject, 2, ...] -> two [row]."""
    total = both.sum(1)  # [row, 2, true, predicted]
    values = statistic(total)
    others = statistic(total[:, None] - both)  # [row, subject, 2]
    left_out = others[..., 1] - others[..., 0]
    n_subjects = both.shape[1]
    spread = (n_subjects - 1) / n_subjects * ((left_out - left_out.mean(1, keepdims=True)) ** 2).sum(1)
    windows = both[:, :, 0].sum((-2, -1))  # [row, subject]
    n_windows = windows.sum(1)
    alike = 1 + ((windows**2).sum(1) / n_windows - 1).clip(0) * LEAST_LIKENESS  # Kish's design effect
    least = alike * (apart.sum(1) + 1) / n_windows**2
    return values[:, 1] - values[:, 0], np.sqrt(np.maximum(spread, least))
