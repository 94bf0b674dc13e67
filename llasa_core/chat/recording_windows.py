"""The one recording that a conversation is about, and its windows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.readers import read_recordings
from llasa_core.data.windows import WindowConfig, is_too_short, windows_of
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.recording import Recording, Segment

NAMED_CHOICES = 8
"""How many recordings of a file an error lists by name."""


@dataclass(frozen=True)
class RecordingWindows:
    """A recording cut into windows side by side, oldest first."""

    recording: Recording
    windows: np.ndarray
    """float32 `[window, time, channel]`, acc in m/s² with gravity, gyr in rad/s."""
    start_s: np.ndarray
    """float64 `[window]`: seconds from the recording's first sample."""
    window_s: float

    @property
    def duration_s(self) -> float:
        """How long the whole recording is."""
        return len(self.recording.samples) / self.recording.sampling_rate_hz

    def evenly_spaced(self, at_most: int) -> np.ndarray:
        """Return the positions of `at_most` windows spread over the recording; of all windows if they are fewer."""
        n_windows = len(self.windows)
        return np.linspace(0, n_windows - 1, min(n_windows, at_most)).round().astype(np.int64)


def read_recording(path: Path, options: ReadOptions, name: str | None = None) -> Recording:
    """Read the one recording to talk about.

    Args:
        path: anything that `prepare-data` reads.
        options: what the file does not say itself.
        name: which recording of a file that holds several; not needed where there is one.

    Raises:
        DataError: the file cannot be read, holds several recordings and none is named, or none of that name.
    """
    recordings = read_recordings(path, options)
    if name is None:
        found = list(islice(recordings, 2))
        if len(found) == 1:
            return found[0]
        passed_over = [recording.session for recording in found]
        what = "holds several recordings" if found else "holds no recording"
    else:
        passed_over = []
        for recording in recordings:
            if recording.session == name:
                return recording
            passed_over.append(recording.session)
        what = f"holds no recording `{name}`"
    passed_over += [recording.session for recording in recordings]
    raise DataError(f"{path.name} {what}", where=path, fix=_choices(passed_over))


def cut_for_chat(
    recording: Recording, *, sampling_rate_hz: float, window_s: float, allow_upsample: bool = False
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
    if is_too_short(recording, config):
        lasts_s = len(recording.samples) / recording.sampling_rate_hz
        raise _nothing_to_ask(recording, f"the recording lasts {lasts_s:.1f} s, the model needs {window_s:g} s")
    cut = windows_of(replace(recording, segments=_stretches(recording)), config)
    if not len(cut.windows):
        raise _nothing_to_ask(recording, f"gaps cut up the recording: no stretch of it lasts {window_s:g} s")
    return RecordingWindows(recording, cut.windows, cut.start_s, window_s)


def _nothing_to_ask(recording: Recording, message: str) -> DataError:
    return DataError(message, where=Place(recording.file), fix="ask about a longer recording")


def _stretches(recording: Recording) -> tuple[Segment, ...]:
    """Join segments that touch: where one activity follows another without a gap, the signal goes on."""
    joined: list[Segment] = []
    for segment in recording.segments:
        if joined and joined[-1].end == segment.start:
            joined[-1] = replace(joined[-1], end=segment.end)
        else:
            joined.append(replace(segment, activity=None))
    return tuple(joined)


def _choices(names: Iterable[str]) -> str:
    unique = list(dict.fromkeys(names))
    if not unique:
        return "name a file or folder that holds a recording"
    named = ", ".join(unique[:NAMED_CHOICES])
    rest = f" and {len(unique) - NAMED_CHOICES} more" if len(unique) > NAMED_CHOICES else ""
    return f"pass `--recording NAME` with one of: {named}{rest}"
