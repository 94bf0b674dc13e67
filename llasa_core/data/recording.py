"""What a reader returns: one continuous sensor stream with what is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from llasa_core.data.quality import NOTHING_TO_SAY, Quality

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from llasa_core.data.channels import AccUnit, GyrUnit


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording in which one activity was done; samples `[start, end)`."""

    start: int
    end: int
    activity: str | None
    """A name of `ACTIVITIES`, or None where it is not known."""


@dataclass(frozen=True)
class Origin:
    """What the files themselves hold, before anything is converted."""

    format: str
    """A name of `FormatName`, such as `sensor-logger`."""
    acc_unit: AccUnit | None
    """None is met in inspections only, where it is not known."""
    gyr_unit: GyrUnit | None
    """None where there is no gyroscope."""
    acc_rate_hz: float
    """As the accelerometer sampled, measured where there is a clock."""
    gyr_rate_hz: float | None
    clock: str
    """What tells the time: `ns since 1970`, `s`, or `none: ` and who says the rate."""
    gravity: Literal["included", "removed"] | None = "included"
    """Whether the acceleration that windows would hold has gravity; all else is met in inspections only."""

    @property
    def slowest_hz(self) -> float:
        """Rate of the slower sensor: it limits what windows can hold."""
        return min(self.acc_rate_hz, self.gyr_rate_hz or self.acc_rate_hz)


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
    start_s: float = 0.0
    """When its first sample was taken, on the clock of the whole recording that this is a part of; more than 0 after a
    gap."""
    since_1970_s: float | None = None
    """The same in seconds since 1970 (UTC), where the clock tells."""
    islands: tuple[tuple[float, float], ...] = ()
    """From when to when, on the clock of `start_s`, samples lay beside it that gaps cut off and that are too few to be
    of use."""
    origin: Origin | None = None
    """None for recordings that were never in a file."""
