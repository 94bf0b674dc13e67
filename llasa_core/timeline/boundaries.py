"""Where exactly one segment ends and the next begins: windows are seconds long, the signal changes within one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.timeline.watched import Moments

LEAST_SPREAD = 0.3
"""In the units of `Moments.looks` (2 is 9.8 m/s² or 1 rad/s of a mean, 1 a factor of e of a deviation): a segment that
never moves may end with a smaller movement, but one look does not decide."""
MOST_SAID = 5.0
"""One moment says no more than this, in nats, about where it belongs."""
FEWEST_MOMENTS = 3
"""Fewer do not tell what a segment looks like."""


def boundaries(spans: Sequence[tuple[float, float]], moments: Moments, window_s: float) -> list[float]:
    """Return the times between segments: one less than there are segments.

    What a segment looks like is taken from its inside, away from its ends; a normal distribution for each look. The
    boundary to the next is the time that makes the moments around it likeliest, the earlier ones as those of the
    former, the later ones as those of the latter. So a person is compared with no one but themselves.

    Args:
        spans: middles of the first and of the last window of each segment, in order.
        moments: of the recording.
        window_s: length of a window: a boundary is at most half of it outside the two middles that it lies between.
    """
    looks = [_Look.inside(span, moments, window_s) for span in spans]
    pairs = zip(itertools.pairwise(spans), itertools.pairwise(looks), strict=True)
    found: list[float] = []
    for ((first, before), (after, last)), (one, other) in pairs:
        low = max((first + before) / 2, before - window_s / 2, *found[-1:])
        high = min((after + last) / 2, after + window_s / 2)
        found.append(_boundary(low, high, (before + after) / 2, moments, one, other))
    return found


class _Look:
    """What the moments of a segment look like."""

    def __init__(self, looks: np.ndarray) -> None:
        self.is_known = len(looks) >= FEWEST_MOMENTS
        if self.is_known:
            self._mean = looks.mean(axis=0)
            self._variance = looks.var(axis=0) + LEAST_SPREAD**2

    @classmethod
    def inside(cls, span: tuple[float, float], moments: Moments, window_s: float) -> _Look:
        """Look at a segment's inside: all but half a window at either end, but at least half a window in the middle."""
        first, last = span
        inner = min(window_s / 4, (last - first) / 2) - window_s / 4
        middles = moments.start_s + moments.length_s / 2
        return cls(moments.looks[(middles >= first + inner) & (middles <= last - inner)])

    def log_likelihood(self, looks: np.ndarray) -> np.ndarray:
        """Return it up to a constant, [moment]."""
        distance = (looks - self._mean) ** 2 / self._variance + np.log(self._variance)
        return np.asarray(-0.5 * distance.sum(axis=1))


def _boundary(low: float, high: float, middle: float, moments: Moments, one: _Look, other: _Look) -> float:
    ends = moments.start_s + moments.length_s
    near = np.flatnonzero((moments.start_s >= low - 1e-6) & (ends <= high + 1e-6))
    if not (one.is_known and other.is_known and len(near)):
        return min(max(middle, low), high)
    looks = moments.looks[near].astype(np.float64)
    gain = np.clip(one.log_likelihood(looks) - other.log_likelihood(looks), -MOST_SAID, MOST_SAID)
    before = np.concatenate([[0.0], np.cumsum(gain)])
    times = np.concatenate([moments.start_s[near[:1]], ends[near]])
    best = np.flatnonzero(before >= before.max() - 1e-9)
    return float(times[best[np.abs(times[best] - middle).argmin()]])
