"""The one recording that a conversation is about, and its windows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.readers import read_recordings
from llasa_core.data.windows import WindowConfig, is_too_short, windows_of
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.recording import Recording, Segment

NAMED_CHOICES = 8
"""How many recordings of a file an error lists by name."""


@dataclass(frozen=True)
class WholeRecording:
    """What one person recorded into one file; in several parts where there are gaps, for which readers cut it up."""

    parts: tuple[Recording, ...]
    """Oldest first, at least one."""

    @property
    def name(self) -> str:
        """What `--recording` calls it."""
        return self.parts[0].session

    @property
    def file(self) -> Path:
        """Where it was read from."""
        return self.parts[0].file

    @property
    def duration_s(self) -> float:
        """How much was recorded; gaps are not counted."""
        return sum(len(part.samples) / part.sampling_rate_hz for part in self.parts)

    @property
    def samples(self) -> np.ndarray:
        """All samples `[time, channel]`, without the gaps."""
        return np.concatenate([part.samples for part in self.parts])

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader decided and why, each note once."""
        return tuple(dict.fromkeys(note for part in self.parts for note in part.notes))


@dataclass(frozen=True)
class RecordingWindows:
    """A recording cut into windows side by side, oldest first."""

    recording: WholeRecording
    windows: np.ndarray
    """float32 `[window, time, channel]`, acc in m/s² with gravity, gyr in rad/s."""
    start_s: np.ndarray
    """float64 `[window]`: seconds of signal since the recording's first sample; gaps are not counted."""
    window_s: float

    def evenly_spaced(self, at_most: int) -> np.ndarray:
        """Return the positions of `at_most` windows spread over the recording; of all windows if they are fewer."""
        n_windows = len(self.windows)
        return np.linspace(0, n_windows - 1, min(n_windows, at_most)).round().astype(np.int64)


def read_recording(path: Path, options: ReadOptions, name: str | None = None) -> WholeRecording:
    """Read the one recording to talk about.

    Args:
        path: anything that `prepare-data` reads.
        options: what the file does not say itself.
        name: which recording of a file that holds several; not needed where there is one.

    Raises:
        DataError: the file cannot be read, holds several recordings and none is named, or none of that name.
    """
    passed_over = []
    found: WholeRecording | None = None
    for _, parts in groupby(read_recordings(path, options), key=lambda part: (part.file, part.subject)):
        first = next(parts)
        if found is None and name in {None, first.session}:
            found = WholeRecording((first, *parts))  # noqa: B031 - each group is used once
            if name is not None:
                return found
        passed_over.append(first.session)
    if found is not None and len(passed_over) == 1:
        return found
    what = f"no recording `{name}`" if name is not None else "several recordings" if passed_over else "no recording"
    raise DataError(f"{path.name} holds {what}", where=path, fix=_choices(passed_over))


def cut_for_chat(
    recording: WholeRecording, *, sampling_rate_hz: float, window_s: float, allow_upsample: bool = False
) -> RecordingWindows:
    """Cut a recording as `prepare-data` does, but without overlap, and across labels: a question knows none.

    Args:
        recording: from `read_recording`.
        sampling_rate_hz: the rate that the checkpoint was trained at.
        window_s: the length that it was trained at.
        allow_upsample: take a recording of a lower rate.

    Raises:
        DataError: no stretch of the recording is as long as a window, or its rate is too low.
    """
    config = WindowConfig(
        sampling_rate_hz=sampling_rate_hz, window_s=window_s, stride_s=window_s, allow_upsample=allow_upsample
    )
    windows, start_s, before_s = [], [], 0.0
    for part in recording.parts:
        if not is_too_short(part, config):
            cut = windows_of(replace(part, segments=_stretches(part)), config)
            windows.append(cut.windows)
            start_s.append(before_s + cut.start_s)
        before_s += len(part.samples) / part.sampling_rate_hz
    if not any(map(len, windows)):
        raise DataError(
            f"the recording lasts {recording.duration_s:.1f} s, without a stretch of {window_s:g} s between gaps"
            if recording.duration_s >= window_s
            else f"the recording lasts {recording.duration_s:.1f} s, the model needs {window_s:g} s",
            where=Place(recording.file),
            fix="ask about a longer recording",
        )
    return RecordingWindows(recording, np.concatenate(windows), np.concatenate(start_s), window_s)


def _stretches(recording: Recording) -> tuple[Segment, ...]:
    """Join segments that touch: where one activity follows another without a gap, the signal goes on."""
    joined: list[Segment] = []
    for segment in recording.segments:
        if joined and joined[-1].end == segment.start:
            joined[-1] = replace(joined[-1], end=segment.end)
        else:
            joined.append(replace(segment, activity=None))
    return tuple(joined)


def _choices(names: Sequence[str]) -> str:
    if not names:
        return "name a file or folder that holds a recording"
    rest = f" and {len(names) - NAMED_CHOICES} more" if len(names) > NAMED_CHOICES else ""
    return f"pass `--recording NAME` with one of: {', '.join(names[:NAMED_CHOICES])}{rest}"
