"""All recordings behind a path: described, and cut as `prepare-data` would, without writing anything."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.cutting import name_from
from llasa_core.data.readers import find_recordings
from llasa_core.errors import DataError, UsageError
from llasa_core.inspect.recording import Amount, RecordingFound, in_order, left_out_dicts
from llasa_core.inspect.recordings_text import overview, page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers import Unread
    from llasa_core.data.recording import Recording
    from llasa_core.data.windows import WindowConfig
    from llasa_core.inspect.looked import Paper

SPANS_OF_MANY = 240
"""Of each recording where there are several: enough for a strip of a picture, and little memory for thousands."""
NAMED_CHOICES = 8
"""How many recordings an error lists by name."""


@dataclass
class RecordingsFound:
    """What is behind a path."""

    path: Path
    config: WindowConfig
    recordings: list[RecordingFound]
    passed_over: list[str] = field(default_factory=list)
    """Files of no format that can be read."""

    @property
    def windows(self) -> int:
        """How many `prepare-data` would make."""
        return sum(recording.windows for recording in self.recordings)

    @property
    def left_out(self) -> dict[str, Amount]:
        """Over all recordings."""
        total: dict[str, Amount] = {}
        for recording in self.recordings:
            for reason, amount in recording.left_out.items():
                mine = total.setdefault(reason, Amount(unit=amount.unit))
                mine.count += amount.count
                mine.seconds += amount.seconds
        return total

    @property
    def quality(self) -> Counter[str]:
        """Windows with each flag, over all recordings."""
        return sum((recording.quality for recording in self.recordings), Counter())

    @property
    def refusals(self) -> tuple[DataError, ...]:
        """Why `prepare-data` would refuse: each reason once, with all places."""
        refused = [recording.refused for recording in self.recordings if recording.refused is not None]
        if not refused and not self.windows:
            return (self._no_window(),)
        groups: dict[tuple[str, str | None], list[DataError]] = {}
        for error in refused:
            groups.setdefault((error.message, error.fix), []).append(error)
        return tuple(_with_places(group) for group in groups.values())

    def _no_window(self) -> DataError:
        for recording in self.recordings:
            if recording.too_short is not None:
                return recording.too_short
        return DataError(
            f"not one window could be cut: every labelled stretch is shorter than {self.config.window_s:g} s",
            where=self.path,
            fix="pass a smaller `--window`, or check the labels",
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints: of the one recording, or of all under `recordings`."""
        if len(self.recordings) == 1:
            refused = self.refusals[0].message if self.refusals else None
            return {**self.recordings[0].as_dict(), "refused": refused, "passed_over": self.passed_over}
        return {
            "recordings": [recording.as_dict() for recording in self.recordings],
            "windows": self.windows,
            "activities": {name: round(seconds, 3) for name, seconds in in_order(self.recordings).items()},
            "left_out": left_out_dicts(self.left_out),
            "quality": dict(self.quality),
            "notes": list(dict.fromkeys(note for recording in self.recordings for note in recording.notes)),
            "passed_over": self.passed_over,
        }

    def as_text(self, paper: Paper) -> str:
        """Return a page about the one recording, or a table of several."""
        return page(self, paper) if len(self.recordings) == 1 else overview(self, paper)

    def draw(self, path: Path) -> None:
        """Draw the one recording, or a strip for each of several."""
        from llasa_core.inspect.figure import draw_recording, draw_strips  # noqa: PLC0415 - it imports matplotlib

        first = self.recordings[0]
        if all(recording.envelope is None for recording in self.recordings):
            raise DataError("nothing could be read that could be drawn", where=self.path, fix="leave out `--png`")
        if len(self.recordings) == 1 and first.envelope is not None:
            draw_recording(first, first.envelope, path)
        else:
            draw_strips(self.recordings, self.path, path)


def look_at_recordings(
    path: Path,
    options: ReadOptions,
    config: WindowConfig,
    name: str | None = None,
    progress: Callable[[float, str], None] = lambda _done, _words: None,
) -> RecordingsFound:
    """Return what `prepare-data` would decide about the recordings behind a path, and cut of them.

    Of what it would refuse is told as much as can be found out. One recording is held at a time.

    Args:
        path: a file, a folder or an archive.
        options: what the files do not say themselves.
        config: what windows are.
        name: look at the recordings of this name only.
        progress: told how much was read, in percent, and what is at hand.

    Raises:
        DataError: nothing is there, or nothing that could be a recording.
        UsageError: there is no recording of that name.
    """
    found = find_recordings(path, options)
    look = _Look(path, options, config)
    total = max(1, sum(file.size for unread in found.unread for file in unread.files))
    done = 0
    every: list[RecordingFound] = []
    for unread in found.unread:
        new = look.at(unread)
        every += new
        if len(every) > 1 and name is None:
            _shrink((every[0], *new))
        for one in new:
            if name not in {None, one.name}:
                one.envelope = None
        done += sum(file.size for file in unread.files)
        progress(100 * done / total, unread.files[0].name)
    chosen = [one for one in every if name in {None, one.name}]
    if not chosen:
        raise _no_such(path, name, every)
    return RecordingsFound(path, config, chosen, [name_from(path, file.shown) for file in found.passed_over])


class _Look:
    """Reads what belongs together, first as `prepare-data` would, and if that is refused as far as it goes."""

    def __init__(self, path: Path, options: ReadOptions, config: WindowConfig) -> None:
        self._path, self._options, self._config = path, options, config
        self._leniently = options.model_copy(update={"describe_only": True, "bad_rows": "drop"})
        self._file_of: dict[bytes, str] = {}
        """By a digest of the samples: where they were met first."""

    def at(self, unread: Unread) -> list[RecordingFound]:
        """Return the recordings in files that belong together; at least one, if only with its refusal."""
        found: list[RecordingFound] = []
        digests: dict[bytes, str] = {}
        try:
            self._read(unread, found, digests, self._options)
        except DataError as error:
            return self._described(unread, error)
        self._file_of |= digests
        return found

    def _described(self, unread: Unread, why: DataError) -> list[RecordingFound]:
        found: list[RecordingFound] = []
        try:
            self._read(unread, found, {}, self._leniently)
        except DataError:
            found = found or [self._named_only(unread)]
        for recording in found:
            recording.refused = why
        return found

    def _read(
        self, unread: Unread, found: list[RecordingFound], digests: dict[bytes, str], options: ReadOptions
    ) -> None:
        for part in unread.read(options):
            if not found or not found[-1].goes_on_with(part):
                found.append(RecordingFound(part.session, part.file, unread.format, part.subject, part.placement))
                found[-1].was_read = options is self._options
            digest = _digest(part)
            found[-1].add(part, self._config, copy_of=self._file_of.get(digest) or digests.get(digest))
            digests.setdefault(digest, name_from(self._path, part.file))

    def _named_only(self, unread: Unread) -> RecordingFound:
        file = unread.files[0].shown
        return RecordingFound(name_from(self._path, file), file, unread.format, was_read=False)


def _digest(part: Recording) -> bytes:
    digest = hashlib.sha256(f"{part.sampling_rate_hz} {part.samples.shape}".encode())
    digest.update(np.ascontiguousarray(part.samples).data)
    return digest.digest()


def _shrink(recordings: Sequence[RecordingFound]) -> None:
    for recording in recordings:
        if recording.envelope is not None:
            recording.envelope.shrink(SPANS_OF_MANY)


def _with_places(group: Sequence[DataError]) -> DataError:
    first = group[0]
    if len(group) == 1:
        return first
    return DataError(first.message, where=f"{first.where}, and {len(group) - 1} more", fix=first.fix)


def _no_such(path: Path, name: str | None, every: Sequence[RecordingFound]) -> UsageError:
    names = [recording.name for recording in every]
    rest = f" and {len(names) - NAMED_CHOICES} more" if len(names) > NAMED_CHOICES else ""
    return UsageError(
        f"{path.name} holds no recording `{name}`",
        where=path,
        fix=f"pass `--recording NAME` with one of: {', '.join(names[:NAMED_CHOICES])}{rest}",
    )
