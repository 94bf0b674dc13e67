"""Read raw files and cut them into windows."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.draft import Source
from llasa_core.data.windows import WindowSet, is_too_short, windows_of
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers import Unread
    from llasa_core.data.recording import Recording
    from llasa_core.data.windows import WindowConfig


class Piece(NamedTuple):
    """What is read at a time: the files of one recording, or a file of several."""

    root: Path
    """The source it was found in, as the person named it."""
    unread: Unread

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(file.size for file in self.unread.files)

    @property
    def name(self) -> str:
        """The name of its first file, the same wherever the source lies."""
        return name_from(self.root, self.unread.files[0].shown)


def name_from(root: Path, file: Path) -> str:
    """Return a file's name from its source on, the same wherever the source lies."""
    if not file.is_relative_to(root):
        return file.name  # it lies beside a source that is one file, such as its labels
    return (Path(root.resolve().name) / file.relative_to(root)).as_posix()


class How(NamedTuple):
    """The settings that reading and cutting need."""

    windows: WindowConfig
    reading: ReadOptions
    skip_bad: bool


@dataclass(frozen=True)
class Cut:
    """One recording as the manifest describes it, and its windows."""

    source: Source
    windows: WindowSet | None = None
    refused: DataError | None = None
    """Why it gave no windows."""


def cut(piece: Piece, how: How) -> Iterator[Cut]:
    """Yield the recordings in a piece of work, cut into windows; of a large file only a part is held.

    Raises:
        DataError: a file cannot be read; what was given of it before belongs to a bad file.
    """
    for recording in piece.unread.read(how.reading):
        yield _cut_one(piece, recording, how.windows)


def left_out(piece: Piece, error: DataError) -> Cut:
    """Return what stands for a bad file that is skipped."""
    why = {"reason": error.message, "count": 1, "unit": "files"}
    return Cut(Source(name=piece.name, file=piece.name, left_out=[why]), refused=error)


def _cut_one(piece: Piece, recording: Recording, config: WindowConfig) -> Cut:
    source = Source(
        name=f"{recording.dataset}/{recording.session}",
        file=name_from(piece.root, recording.file),
        subject=recording.subject,
        placement=recording.placement,
        sampling_rate_hz=recording.sampling_rate_hz,
        samples=len(recording.samples),
        sha256=_digest(recording),
        notes=list(recording.notes),
    )
    if is_too_short(recording, config):
        source.left_out = [_samples_left_out("shorter than one window", len(recording.samples), recording)]
        return Cut(source, refused=_why_too_short(recording, config))
    windows = windows_of(recording, config)
    source.windows = len(windows.windows)
    source.activities = dict(Counter(name for name in windows.activities if name is not None))
    source.left_out = [_samples_left_out(part.reason, part.samples, recording) for part in windows.left_out]
    return Cut(source, windows)


def _why_too_short(recording: Recording, config: WindowConfig) -> DataError | None:
    try:
        windows_of(recording, config)
    except DataError as error:
        return error
    return None


def _samples_left_out(reason: str, samples: int, recording: Recording) -> dict[str, object]:
    seconds = round(samples / recording.sampling_rate_hz, 3)
    return {"reason": reason, "count": samples, "unit": "samples", "seconds": seconds}


def _digest(recording: Recording) -> str:
    digest = hashlib.sha256(f"{recording.sampling_rate_hz} {recording.samples.shape}".encode())
    digest.update(np.ascontiguousarray(recording.samples).data)
    return digest.hexdigest()
