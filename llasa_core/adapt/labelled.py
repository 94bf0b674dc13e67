"""The labelled windows of somebody's recordings, with what they have in common: person, recording, stretch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.plan import plan
from llasa_core.data.windows import is_too_short, windows_of
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.recording import Recording
    from llasa_core.data.windows import WindowConfig


@dataclass(frozen=True)
class Labelled:
    """Windows that somebody said the activity of, in the order of the recordings."""

    windows: np.ndarray
    """float32 [window, time, channel]."""
    activity: np.ndarray
    """Names [window], as what follows."""
    person: np.ndarray
    """`csv/ada`; empty where nobody is named."""
    recording: np.ndarray
    """int64: a recording's parts between gaps are one."""
    stretch: np.ndarray
    """int64: windows of one activity that go on without a pause."""
    start_s: np.ndarray
    """float64, in the recording."""
    left_out: dict[str, float]
    """Seconds by reason."""

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def names(self) -> tuple[str, ...]:
        """The activities in order of appearance."""
        return tuple(dict.fromkeys(self.activity.tolist()))


def read_labelled(
    files: Sequence[Path],
    reading: ReadOptions,
    config: WindowConfig,
    progress: Callable[[float, str], None] = lambda _done, _words: None,
) -> Labelled:
    """Return the labelled windows of recordings.

    Args:
        files: recordings, or folders or archives of them.
        reading: where the labels stand; `new_activities` takes those that nobody has heard of.
        config: what a window is for the head.
        progress: told how much was read, in percent, and what is at hand.

    Raises:
        DataError: a file cannot be read, or no window has a label.
    """
    pieces = plan(files, reading, {}).pieces
    total = max(1, sum(piece.size for piece in pieces))
    gathered = _Gathered(config)
    done = 0
    for piece in pieces:
        progress(100 * done / total, piece.name)
        for recording in piece.unread.read(reading):
            gathered.add(recording)
        done += piece.size
    progress(100, "")
    return gathered.result(files[0])


class _Gathered:
    """Takes recordings one after the other."""

    def __init__(self, config: WindowConfig) -> None:
        self._config = config
        self._windows: list[np.ndarray] = []
        self._rows: list[tuple[str, str, int, int, float]] = []
        self._left_out: dict[str, float] = {}
        self._recordings: dict[tuple[str, str], int] = {}
        self._digests: set[bytes] = set()
        self._n_stretches = 0

    def add(self, recording: Recording) -> None:
        digest = hashlib.sha256(np.ascontiguousarray(recording.samples).data).digest()
        rate = recording.sampling_rate_hz
        if digest in self._digests:
            self._leave_out("recorded twice", len(recording.samples) / rate)
            return
        self._digests.add(digest)
        known = tuple(one for one in recording.segments if one.activity is not None)
        labelled_len = sum(one.end - one.start for one in known)
        self._leave_out("without a label", (len(recording.samples) - labelled_len) / rate)
        if not known:
            return
        if is_too_short(recording, self._config):
            self._leave_out("shorter than one window", labelled_len / rate)
            return
        cut = windows_of(replace(recording, segments=known), self._config)
        for part in cut.left_out:
            self._leave_out(part.reason, part.samples / rate)
        self._take(recording, cut.windows, cut.activities, cut.start_s)

    def _leave_out(self, reason: str, seconds: float) -> None:
        self._left_out[reason] = self._left_out.get(reason, 0.0) + seconds

    def _take(
        self, recording: Recording, windows: np.ndarray, activities: Sequence[str | None], start_s: np.ndarray
    ) -> None:
        number = self._recordings.setdefault((str(recording.file), recording.subject), len(self._recordings))
        person = recording.subject if _is_named(recording) else ""
        longest_s = 1.5 * self._config.stride_s
        before: tuple[str | None, float] = (None, -np.inf)
        for name, at in zip(activities, start_s.tolist(), strict=True):
            if name != before[0] or at - before[1] > longest_s:
                self._n_stretches += 1
            before = (name, at)
            self._rows.append((str(name), person, number, self._n_stretches, recording.start_s + at))
        self._windows.append(windows)

    def result(self, where: Path) -> Labelled:
        left_out = {reason: round(seconds, 3) for reason, seconds in self._left_out.items() if seconds > 0}
        if not self._rows:
            told = ", ".join(f"{seconds:g} s {reason}" for reason, seconds in left_out.items()) or "nothing in it"
            raise DataError(
                f"there is no labelled window of {self._config.window_s:g} s: {told}",
                where=where,
                fix="say what was done with `--labels FILE`, `--label-column NAME` or `--label-from folder`",
            )
        names, people, recordings, stretches, starts = zip(*self._rows, strict=True)
        return Labelled(
            np.concatenate(self._windows),
            np.array(names),
            np.array(people),
            np.array(recordings),
            np.array(stretches),
            np.array(starts),
            left_out,
        )


def _is_named(recording: Recording) -> bool:
    """Return whether somebody is named: where nobody is, the recording's own name stands for its person."""
    person = recording.subject.partition("/")[2]
    return recording.session.replace("/", "-") != person and not recording.session.startswith(f"{person}.")
