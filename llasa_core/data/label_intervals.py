"""Labels that stand apart from the samples: from when to when something was done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.labels import Dropped, segments_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.labels import Meaning
    from llasa_core.data.recording import Recording

_NO_SEGMENT = Dropped("left out by the reader, which counted it")


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
    """Return the recording with the labels of intervals, and its own where there is none.

    Args:
        recording: a whole one, or a part after a gap.
        intervals: in any order; where two overlap, the one that starts later counts.
    """
    meanings: list[Meaning] = [_NO_SEGMENT]
    codes = np.zeros(len(recording.samples), np.int32)
    for segment in recording.segments:
        codes[segment.start : segment.end] = _code_of(segment.activity, meanings)
    for interval in sorted(intervals, key=lambda one: one.start_s):
        zero_s = recording.since_1970_s if interval.is_since_1970 else recording.start_s
        if zero_s is None:
            continue
        edges = (np.array([interval.start_s, interval.end_s]) - zero_s) * recording.sampling_rate_hz
        start, end = np.clip(np.ceil(edges - 1e-6), 0, len(codes)).astype(int)
        codes[start:end] = _code_of(interval.activity, meanings)
    return replace(recording, segments=segments_of(codes, meanings)[0])


def _code_of(activity: str | None, meanings: list[Meaning]) -> int:
    if activity not in meanings:
        meanings.append(activity)
    return meanings.index(activity)
