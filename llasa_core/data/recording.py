"""What a reader returns: one continuous sensor stream with what is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llasa_core.data.quality import NOTHING_TO_SAY, Quality

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording in which one activity was done; samples `[start, end)`."""

    start: int
    end: int
    activity: str | None
    """A name of `ACTIVITIES`, or None where it is not known."""


@dataclass(frozen=True)
class Recording:
    """One continuous stream of the six channels.

    `samples` is float64 `[time, channel]` in `CHANNELS` order, acc in m/s² with gravity, gyr in rad/s.
    """

    file: Path
    dataset: str
    """`hapt`, `csv`, … : the first part of subject and QA names."""
    subject: str
    """`hapt/01`; where nobody is named, the recording's own name stands for its person."""
    session: str
    """Which sitting; `exp01_user01` for HAPT."""
    sampling_rate_hz: float
    samples: np.ndarray
    segments: tuple[Segment, ...]
    """Labelled stretches, in order, not overlapping; a recording without labels is one segment of None."""
    placement: str = "unknown"
    notes: tuple[str, ...] = ()
    """What the reader decided and why, for the report."""
    left_out: tuple[tuple[str, int], ...] = field(default=())
    """What the reader itself left out: (reason, samples)."""
    quality: Quality = NOTHING_TO_SAY
    """Flags that hold for the whole recording, such as `UNITS_DETECTED`."""
    bridged: tuple[tuple[int, int], ...] = ()
    """Samples `[start, end)` that were missing and are interpolated; the windows over them are flagged."""
