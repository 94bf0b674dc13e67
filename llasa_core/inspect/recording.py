"""One recording as an inspection keeps it: what the reader decided, and what `prepare-data` would make of it.

The samples themselves are let go; an `Envelope` of them stays.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from llasa_core.data.quality import Quality
from llasa_core.data.windows import is_too_short, windows_of
from llasa_core.errors import DataError
from llasa_core.inspect.envelope import Envelope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from llasa_core.data.recording import Origin, Recording
    from llasa_core.data.windows import WindowConfig

UNKNOWN_LABEL = "unknown"
_OF_PARTS = ("starts after a gap of", "cut here only to bound the memory")
"""Readers' notes on one part of a recording; the list of gaps says it better."""
SAME_AGAIN = "the same recording again"


class Band(NamedTuple):
    """A labelled stretch of a recording, in seconds on its clock."""

    start_s: float
    end_s: float
    activity: str | None


@dataclass
class Amount:
    """How much was left out for one reason."""

    count: int = 0
    unit: str = "samples"
    seconds: float = 0.0


@dataclass
class RecordingFound:
    """One recording; what is None could not be found out."""

    name: str
    """What `--recording` calls it."""
    file: Path
    format: str
    subject: str | None = None
    placement: str | None = None
    origin: Origin | None = None
    start_s: float = 0.0
    end_s: float = 0.0
    """On the clock of the whole file, as are the times below."""
    gaps: list[tuple[float, float]] = field(default_factory=list)
    _islands: tuple[tuple[float, float], ...] = ()
    bands: list[Band] = field(default_factory=list)
    activities: dict[str, float] = field(default_factory=dict)
    """Seconds of each."""
    windows: int = 0
    same_as: str | None = None
    """The file that held the same samples before; windows are made of that one only."""
    left_out: dict[str, Amount] = field(default_factory=dict)
    quality: Counter[str] = field(default_factory=Counter)
    """Windows with each flag, in words."""
    notes: dict[str, None] = field(default_factory=dict)
    """What the reader decided and why, each once, in its order."""
    refused: DataError | None = None
    """Why `prepare-data` would not take it."""
    too_short: DataError | None = None
    """Why it gives no windows; no refusal as long as others do."""
    was_read: bool = True
    """Whether the reader gave it as `prepare-data` asks for it; else it is only described."""
    envelope: Envelope | None = None

    @property
    def duration_s(self) -> float:
        """From the first sample to the last, gaps counted."""
        return self.end_s - self.start_s

    @property
    def acc_rate_hz(self) -> float | None:
        """As the accelerometer sampled."""
        return self.origin.acc_rate_hz if self.origin else None

    @property
    def gyr_rate_hz(self) -> float | None:
        """As the gyroscope sampled; None where there is none, or nobody knows."""
        return self.origin.gyr_rate_hz if self.origin else None

    @property
    def has_gyr(self) -> bool:
        """Whether there is an angular rate to look at."""
        return self.origin is not None and self.origin.gyr_rate_hz is not None

    @property
    def units_drawn(self) -> tuple[str, str]:
        """Units in which the envelope holds acceleration and angular rate."""
        origin, as_in_file = self.origin, "as in the file"
        if origin is None or origin.gravity != "included":
            return as_in_file, "rad/s" if origin and origin.gyr_unit else as_in_file
        is_gyr_sure = origin.gyr_unit is not None and (self.was_read or self.refused is None)
        return "m/s²", "rad/s" if is_gyr_sure else as_in_file

    def goes_on_with(self, part: Recording) -> bool:
        """Return whether this is the next part of the recording, after a gap."""
        is_numbered = re.fullmatch(rf"{re.escape(self.name)}(\.\d+)?", part.session) is not None
        is_same = (part.file, part.subject, part.placement) == (self.file, self.subject, self.placement)
        return self.origin is not None and is_numbered and is_same and part.start_s >= self.end_s

    def add(self, part: Recording, config: WindowConfig, *, copy_of: str | None) -> None:
        """Take the next part.

        Args:
            part: in the order in which the reader gives them.
            config: what windows are.
            copy_of: the file that held the same samples before, if one did; it gives no windows then.
        """
        if self.origin is not None and part.start_s - self.end_s > 0.5 / part.sampling_rate_hz:
            self.gaps += _around(self._islands, self.end_s, part.start_s)
        self._islands = part.islands
        self.subject, self.placement, self.origin = part.subject, part.placement, part.origin
        if self.envelope is None:
            self.start_s = part.start_s
            self.envelope = Envelope(part.start_s, part.sampling_rate_hz)
        self.end_s = part.start_s + len(part.samples) / part.sampling_rate_hz
        self.notes |= dict.fromkeys(note for note in part.notes if not note.startswith(_OF_PARTS))
        self.envelope.add(part.samples, part.start_s, part.sampling_rate_hz)
        self._add_labels(part)
        if copy_of is not None:
            self.same_as = copy_of
            self.leave_out(SAME_AGAIN, 1, "recordings")
        elif self.was_read:
            self._add_windows(part, config)
        else:
            self._leave_out_of(part, part.left_out)

    def leave_out(self, reason: str, count: int, unit: str = "samples", seconds: float = 0.0) -> None:
        """Count what is in no window."""
        amount = self.left_out.setdefault(reason, Amount(unit=unit))
        amount.count += count
        amount.seconds += seconds

    def _add_labels(self, part: Recording) -> None:
        rate_hz = part.sampling_rate_hz
        for segment in part.segments:
            band = Band(part.start_s + segment.start / rate_hz, part.start_s + segment.end / rate_hz, segment.activity)
            self.bands.append(band)
            name = band.activity or UNKNOWN_LABEL
            self.activities[name] = self.activities.get(name, 0.0) + band.end_s - band.start_s

    def _add_windows(self, part: Recording, config: WindowConfig) -> None:
        try:
            cut = windows_of(part, config)
        except DataError as error:
            self._leave_out_of(part, part.left_out)
            if is_too_short(part, config):
                self.too_short = error
                self._leave_out_of(part, [("shorter than one window", len(part.samples))])
            else:
                self.refused = error
            return
        self.windows += len(cut.windows)
        for flag in Quality:
            if n_flagged := int(((cut.quality & int(flag)) != 0).sum()):
                self.quality[quality_name(flag)] += n_flagged
        self._leave_out_of(part, [(one.reason, one.samples) for one in cut.left_out])

    def _leave_out_of(self, part: Recording, left_out: Iterable[tuple[str, int]]) -> None:
        for reason, samples in left_out:
            self.leave_out(reason, samples, seconds=samples / part.sampling_rate_hz)

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints of it."""
        origin = self.origin
        return {
            "name": self.name,
            "file": str(self.file),
            "format": self.format,
            "subject": self.subject,
            "placement": self.placement,
            "acc_unit": origin and origin.acc_unit,
            "gyr_unit": origin and origin.gyr_unit,
            "gravity": origin and origin.gravity,
            "rate_hz": {
                "acc": _rounded(self.acc_rate_hz),
                "gyr": _rounded(self.gyr_rate_hz),
            },
            "clock": origin and origin.clock,
            "duration_s": None if origin is None else round(self.duration_s, 3),
            "gaps": [{"start_s": round(start_s, 3), "end_s": round(end_s, 3)} for start_s, end_s in self.gaps],
            "activities": {name: round(seconds, 3) for name, seconds in self.activities.items()},
            "windows": self.windows,
            "same_as": self.same_as,
            "left_out": left_out_dicts(self.left_out),
            "quality": dict(self.quality),
            "notes": list(self.notes),
            "refused": self.refused and self.refused.message,
        }


def quality_name(flag: Quality) -> str:
    """Return a flag in words: `gyro missing`."""
    return str(flag.name).lower().replace("_", " ")


def left_out_dicts(left_out: dict[str, Amount]) -> list[dict[str, Any]]:
    """Return what was left out as `prepare-data` reports it."""
    return [
        {"reason": reason, "count": amount.count, "unit": amount.unit}
        | ({"seconds": round(amount.seconds, 3)} if amount.unit == "samples" else {})
        for reason, amount in left_out.items()
    ]


def in_order(found: Sequence[RecordingFound]) -> dict[str, float]:
    """Return the seconds of each activity over several recordings, longest first."""
    seconds: dict[str, float] = {}
    for recording in found:
        for name, part in recording.activities.items():
            seconds[name] = seconds.get(name, 0.0) + part
    return dict(sorted(seconds.items(), key=lambda item: -item[1]))


def _rounded(rate_hz: float | None) -> float | None:
    """Return a rate as finely as clocks tell it."""
    return None if rate_hz is None else round(rate_hz, 2)


def _around(islands: tuple[tuple[float, float], ...], start_s: float, end_s: float) -> list[tuple[float, float]]:
    """Return the gaps between two times, in which samples too few to be of use lie."""
    inside = sorted(island for island in islands if start_s <= island[0] and island[1] <= end_s)
    starts = [start_s, *(island[1] for island in inside)]
    return list(zip(starts, [*(island[0] for island in inside), end_s], strict=True))
