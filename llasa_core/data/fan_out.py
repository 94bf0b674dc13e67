"""Have pieces of work cut side by side, largest first, and hand the recordings back in the order of the pieces.

What is done before its turn waits on the disk, so that neither the number of workers nor the size of the input costs
memory, and a killed run keeps it.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from llasa_core.data.cutting import cut
from llasa_core.data.spill import read_spill, spill_file, spill_piece
from llasa_core.files import remove

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.cutting import Cut, How, Piece

GROUP_BYTES, GROUP_PIECES = 2_000_000, 128
"""Small files are read together: handing over a file costs a worker about a millisecond."""
SECONDS_A_BYTE, SECONDS_A_FILE, SECONDS_TO_START = 1 / 60e6, 0.01, 2.0
"""What reading takes, and what a process takes until it reads."""
HELD_IN_MEMORY = 64_000_000
"""Windows of a file that may still turn out to be bad; more of them wait on the disk."""


@dataclass(frozen=True)
class Group:
    """Pieces that one worker reads together, next to each other in the order of storage."""

    first_part: int
    pieces: tuple[Piece, ...]

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(piece.size for piece in self.pieces)

    @property
    def end(self) -> int:
        """The number of the first piece after it."""
        return self.first_part + len(self.pieces)

    @property
    def file_name(self) -> str:
        """What its recordings are spilled to."""
        return f"{self.first_part:07d}-{self.end:07d}.cuts"


class Crew(Protocol):
    """Workers that cut groups: processes on this machine, or a cluster."""

    def __call__(self, groups: Sequence[Group], how: How, folder: Path) -> Generator[Group, None, None]:
        """Yield each group once its file in the folder is whole, in any order; begin them in the order given."""


@dataclass(frozen=True)
class Desk:
    """Where the work on one data folder is laid out."""

    folder: Path
    """For what waits on the disk; its name is that of the run's settings and sources, so that no other's is taken."""
    n_stored: Callable[[], int]
    """The number of shards that are whole: what went before them need not wait any longer."""
    tell: Callable[[int, str], None]
    """Told the bytes read so far, and what was read last."""


def useful_workers(n_bytes: int, n_files: int) -> int:
    """Return how many processes pay off for that much input, as each takes a while to start."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    seconds = n_bytes * SECONDS_A_BYTE + n_files * SECONDS_A_FILE
    return max(1, min(n_cores, int(seconds / SECONDS_TO_START)))


def cut_here(pieces: Sequence[Piece], first_part: int, how: How, desk: Desk) -> Iterator[tuple[int, Cut]]:
    """Yield each recording with the number of its piece, cut in this process, one after the other.

    A bad file is left out as a whole or not at all: where one may be skipped, its recordings wait for its end.

    Raises:
        DataError: a file cannot be read, and bad files are not to be skipped.
    """
    done = sum(piece.size for piece in pieces[:first_part])
    for part, piece in enumerate(pieces[first_part:], start=first_part):
        if how.skip_bad:
            desk.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.SpooledTemporaryFile(HELD_IN_MEMORY, dir=str(desk.folder)) as stream:
                spill_piece(stream, part, piece, how)
                stream.seek(0)
                yield from read_spill(stream)
        else:
            yield from ((part, one) for one in cut(piece, how))
        done += piece.size
        desk.tell(done, piece.name)


def cut_by(crew: Crew, pieces: Sequence[Piece], first_part: int, how: How, desk: Desk) -> Iterator[tuple[int, Cut]]:
    """Yield each recording with the number of its piece, in order, cut by several workers.

    Raises:
        DataError: a file cannot be read, and bad files are not to be skipped; the first one that a worker met.
        RunError: workers were killed.
    """
    desk.folder.mkdir(parents=True, exist_ok=True)
    groups = grouped(pieces)
    to_do = [group for group in groups if group.end > first_part]
    # What a killed run cut is there already.
    is_whole = {group.first_part: (desk.folder / group.file_name).is_file() for group in to_do}
    done = sum(group.size for group in groups if is_whole.get(group.first_part, True))
    largest_first = sorted((group for group in to_do if not is_whole[group.first_part]), key=lambda group: -group.size)
    stored = _Stored(desk)
    with closing(crew(largest_first, how, desk.folder)) as coming:
        for group in to_do:
            while not is_whole[group.first_part]:
                finished = next(coming)
                is_whole[finished.first_part] = True
                done += finished.size
                desk.tell(done, finished.pieces[-1].name)
            yield from (found for found in _read(desk.folder / group.file_name) if found[0] >= first_part)
            stored.let_go(group)


def grouped(pieces: Sequence[Piece]) -> list[Group]:
    """Return the pieces in groups that are worth handing over; they depend on the pieces alone."""
    groups: list[Group] = []
    held: list[Piece] = []
    for part, piece in enumerate(pieces):
        if held and (sum(one.size for one in held) + piece.size > GROUP_BYTES or len(held) == GROUP_PIECES):
            groups.append(Group(part - len(held), tuple(held)))
            held = []
        held.append(piece)
    return groups + [Group(len(pieces) - len(held), tuple(held))] * bool(held)


def cut_group(group: Group, how: How, folder: Path) -> None:
    """Cut a group into its file.

    Raises:
        DataError: a file cannot be read, and bad files are not to be skipped.
    """
    with spill_file(folder / group.file_name) as stream:
        for part, piece in enumerate(group.pieces, start=group.first_part):
            spill_piece(stream, part, piece, how)


def _read(path: Path) -> Iterator[tuple[int, Cut]]:
    with path.open("rb") as stream:
        yield from read_spill(stream)


class _Stored:
    """Removes files whose windows are all in shards; until then a run that goes on needs them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._n_stored = desk.n_stored()
        self._before: list[Path] = []
        """Whole in the shard that comes next, or before."""

    def let_go(self, group: Group) -> None:
        if (n_stored := self._desk.n_stored()) > self._n_stored:
            self._n_stored = n_stored
            for path in self._before:
                remove(path)
            self._before = []
        self._before.append(self._desk.folder / group.file_name)
