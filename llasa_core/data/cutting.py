"""Read raw files and cut them into windows, several at a time, and hand them back in order."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.draft import Source
from llasa_core.data.windows import WindowSet, is_too_short, windows_of
from llasa_core.errors import DataError, RunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers import Unread
    from llasa_core.data.recording import Recording
    from llasa_core.data.windows import WindowConfig

BYTES_A_WORKER = 100_000_000
"""What one process reads in about the second that another takes to start."""
LARGEST_SENT = 200_000_000
"""Of larger files, the windows are not collected to be sent from one process to another."""


class Piece(NamedTuple):
    """What one worker reads at a time: the files of one recording, or a file of several."""

    root: Path
    """The source it was found in, as the person named it."""
    unread: Unread

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(file.size for file in self.unread.files)


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


def useful_workers(n_bytes: int) -> int:
    """Return how many processes pay off for that much input: each takes a second to start."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(n_cores, n_bytes // BYTES_A_WORKER))


def cut_all(pieces: Sequence[Piece], how: How, workers: int) -> Iterator[tuple[int, Cut]]:
    """Yield the position of each piece with each recording in it, in order, whatever the number of workers.

    Only a few pieces are held at a time, and of a large one only a part.

    Raises:
        DataError: a file cannot be read, and bad files are not to be skipped.
        RunError: a worker was killed.
    """
    if workers <= 1 or len(pieces) <= 1:
        yield from ((part, one) for part, piece in enumerate(pieces) for one in cut(piece, how))
        return
    fresh_interpreters = multiprocessing.get_context("spawn")  # forking a process with threads may hang it
    with ProcessPoolExecutor(workers, fresh_interpreters, initializer=_begin_worker) as pool:
        try:
            yield from _cut_side_by_side(pieces, how, pool, 2 * workers)
        except BrokenProcessPool as error:
            raise RunError(
                "a worker was killed, perhaps because memory ran out",
                fix="run the same command again, with fewer `--workers` if it happens again",
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _cut_side_by_side(
    pieces: Sequence[Piece], how: How, pool: ProcessPoolExecutor, n_ahead: int
) -> Iterator[tuple[int, Cut]]:
    """Have the next few pieces cut by the pool; those too large to be sent back at once are cut here, in their turn."""
    ahead: deque[Future[list[Cut]] | None] = deque()
    for part, piece in enumerate(pieces):
        for coming in pieces[part + len(ahead) : part + n_ahead]:
            ahead.append(pool.submit(_cut_whole, coming, how) if coming.size <= LARGEST_SENT else None)
        future = ahead.popleft()
        yield from ((part, one) for one in (cut(piece, how) if future is None else future.result()))


def _cut_whole(piece: Piece, how: How) -> list[Cut]:
    return list(cut(piece, how))


def cut(piece: Piece, how: How) -> Iterator[Cut]:
    """Yield the recordings in a piece of work, cut into windows.

    A bad file is left out as a whole or not at all: it is read to its end before any of it is given.

    Raises:
        DataError: a file cannot be read, and bad files are not to be skipped.
    """
    cuts: Iterable[Cut] = _cuts(piece, how)
    try:
        if how.skip_bad and piece.size <= LARGEST_SENT:
            cuts = list(cuts)
        elif how.skip_bad:
            deque(_cuts(piece, how), maxlen=0)  # too large to be held: read it once for its faults
    except DataError as error:
        file = name_from(piece.root, piece.unread.files[0].shown)
        left_out = {"reason": error.message, "count": 1, "unit": "files"}
        cuts = [Cut(Source(name=file, file=file, left_out=[left_out]), refused=error)]
    yield from cuts


def _cuts(piece: Piece, how: How) -> Iterator[Cut]:
    return (_cut_one(piece, recording, how.windows) for recording in piece.unread.read(how.reading))


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


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent is gone: after a SIGKILL nobody else would end it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
