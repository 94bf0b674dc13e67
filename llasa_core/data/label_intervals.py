"""Labels that stand apart from the samples: from when to when something was done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.labels import segments_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.recording import Recording


@dataclass(frozen=True)
class Interval:
    """One stretch of time `[start_s, end_s)` with one label."""

    start_s: float
    end_s: float
    """May be infinite."""
    activity: str | None
    is_since_1970: bool = False
    """Whether times count from 1970 (UTC), and not from the recording's first sample."""


def labelled(recording: Recording, intervals: Sequence[Interval]) -> Recording:
    """Return the recording with the labels of intervals, where there is one, instead of its own.

    Args:
        recording: a whole one, or a part after a gap.
        intervals: in any order; where two overlap, the one that starts later counts.
    """
    activities: list[str | None] = [None]
    codes = np.zeros(len(recording.samples), np.int32)
    for interval in sorted(intervals, key=lambda one: one.start_s):
        zero_s = recording.since_1970_s if interval.is_since_1970 else recording.start_s
        if zero_s is None:
            continue
        edges = (np.array([interval.start_s, interval.end_s]) - zero_s) * recording.sampling_rate_hz
        start, end = np.clip(np.ceil(edges - 1e-6), 0, len(codes)).astype(int)
        if interval.activity not in activities:
            activities.append(interval.activity)
        codes[start:end] = activities.index(interval.activity)
    return replace(recording, segments=segments_of(codes, activities)[0])
