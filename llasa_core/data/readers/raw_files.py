"""The files behind a path that a person names: one file, a folder of them, or archives as they were downloaded."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO

from llasa_core.data.readers import archive_bounds, archive_kinds, archives
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.readers.archive_bounds import Member

LONGEST_HEAD = 65536
HEADS_KEPT = 256
"""Beginnings of files that a process remembers, because many formats look at the same ones."""


@dataclass(frozen=True, order=True)
class RawFile:
    """A file on the disk, or a member of an archive, which may lie in others."""

    path: Path
    """The file itself, or the outermost archive that holds it."""
    member: str | None = None
    """Its name in there: a path through folders and inner archives."""
    size: int = 0
    """Bytes, unpacked."""
    steps: tuple[str, ...] = ()
    """The names of the inner archives and of the file, each as the archive around it spells it; empty where `member`
    alone is the name."""

    @property
    def shown(self) -> Path:
        """The file as messages name it: an archive reads like a folder."""
        return self.path / self.member if self.member else self.path

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.shown.name

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Yield a stream of what the file holds, unpacked.

        Raises:
            DataError: an archive is damaged, or unpacks to something else than it promised.
            RunError: there is no room to unpack an inner archive.
        """
        with archives.open_member(self.path, self._way) if self._way else self.path.open("rb") as stream:
            yield stream

    def read_bytes(self) -> bytes:
        """Return all that the file holds, unpacked."""
        with self.open() as stream:
            return stream.read()

    def head(self, n_bytes: int = LONGEST_HEAD) -> bytes:
        """Return how the file begins, at most 64 KiB; what was read before is remembered.

        Raises:
            DataError: an archive is damaged.
        """
        stat = self.path.stat()
        return _head(self, (stat.st_ino, stat.st_mtime_ns, stat.st_size))[:n_bytes]

    @property
    def _way(self) -> tuple[str, ...]:
        return self.steps or ((self.member,) if self.member else ())


@dataclass(frozen=True)
class Refusal:
    """An archive that is left out, and why."""

    file: RawFile
    error: DataError


@dataclass(frozen=True)
class Listing:
    """What stands behind a path."""

    files: list[RawFile]
    refused: list[Refusal]


def raw_files(path: Path) -> list[RawFile]:
    """Return every file that a path stands for, sorted by name; hidden ones and system files are passed over.

    Raises:
        DataError: there is nothing at the path, or an archive is damaged, locked, or would unpack to too much.
    """
    listing = list_files(path)
    if listing.refused:
        raise listing.refused[0].error
    return listing.files


def list_files(path: Path) -> Listing:
    """Return every file that a path stands for, and apart from them the archives that cannot be read.

    Archives are looked into wherever they are: in a folder, and in one another. Those of another program (.rar, .7z)
    are plain files in a folder.

    Raises:
        DataError: there is nothing at the path, or it is an archive that another program has to unpack.
    """
    if not path.exists():
        raise DataError("there is no such file or folder", where=path, fix="check the path")
    if not path.is_dir():
        refusal = archive_kinds.foreign_archive(_first_bytes(path), path)
        if refusal is not None:
            raise refusal
    found = _in_folder(path) if path.is_dir() else [path]
    files: list[RawFile] = []
    refused: list[Refusal] = []
    for file in found:
        plain = RawFile(file, None, file.stat().st_size)
        try:
            files += _looked_into(plain, _Budget(plain), refused) if _is_archive(plain) else [plain]
        except DataError as error:
            refused.append(Refusal(plain, error))
    return Listing(sorted(files), refused)


def siblings(path: Path) -> list[RawFile]:
    """Return the files in the same folder as a file, itself among them, sorted by name."""
    inside = (file for file in path.parent.iterdir() if file.is_file() and not _is_hidden(file, path.parent))
    return sorted(RawFile(file, None, file.stat().st_size) for file in inside)


class _Budget:
    """What an archive and all those inside it may hold together."""

    def __init__(self, outermost: RawFile) -> None:
        self._outermost = outermost
        self._n_files = self._n_bytes = 0

    def check_depth(self, depth: int) -> None:
        """Refuse archives in one another without end."""
        if depth > archive_bounds.MAX_DEPTH:
            raise _TooMuchError(archive_bounds.too_deep(self._outermost.shown))

    def spend(self, members: dict[str, Member]) -> None:
        """Count the members of one more archive, and refuse the outermost if they are too many or too large."""
        self._n_files += len(members)
        self._n_bytes += sum(member.size for member in members.values())
        shown = self._outermost.shown
        if self._n_files > archive_bounds.MAX_MEMBERS:
            raise _TooMuchError(archive_bounds.too_many(shown))
        try:
            archive_bounds.refuse_bomb(self._n_bytes, self._outermost.size, shown)
        except DataError as error:
            raise _TooMuchError(error) from error


class _TooMuchError(Exception):
    """The outermost archive is refused, whichever inner one was too much."""

    def __init__(self, error: DataError) -> None:
        super().__init__(str(error))
        self.error = error


def _looked_into(outermost: RawFile, budget: _Budget, refused: list[Refusal]) -> list[RawFile]:
    """Return the files in an archive on the disk, in however many others they lie.

    Raises:
        DataError: the archive cannot be read, or holds too much.
    """
    found: list[Refusal] = []
    try:
        files = list(_inside(outermost, budget, found))
    except _TooMuchError as error:
        raise error.error from error
    refused += found
    return files


def _inside(archive: RawFile, budget: _Budget, refused: list[Refusal]) -> Iterator[RawFile]:
    steps = archive._way  # noqa: SLF001 - the same class's file
    budget.check_depth(len(steps) + 1)
    try:
        members = archives.opened(archive.path, steps).members
    except archives.NotAnArchive:
        yield archive
        return
    budget.spend(members)
    for member in members.values():
        shown = f"{archive.member}/{member.shown}" if archive.member else member.shown
        way = (*steps, member.name)
        file = RawFile(archive.path, shown, member.size, () if way == (shown,) else way)
        try:
            if _is_archive(file):
                yield from _inside(file, budget, refused)
            else:
                yield file
        except DataError as error:
            refused.append(Refusal(file, error))


def _is_archive(file: RawFile) -> bool:
    if not file.size or (file.member and PurePath(file.member).suffix.lower() in archive_kinds.PLAIN):
        return False
    if file.member:
        with file.open() as stream:
            head = stream.read(archive_kinds.HEAD_BYTES)
    else:
        head = _first_bytes(file.path)
    is_named = file.shown.suffix.lower() == ".zip"  # its reader says best why it is none
    return is_named or archive_kinds.kind_of(head, file.name) is not None


def _first_bytes(path: Path) -> bytes:
    with path.open("rb", buffering=0) as stream:
        return stream.read(archive_kinds.HEAD_BYTES) or b""


@lru_cache(maxsize=HEADS_KEPT)
def _head(file: RawFile, _identity: tuple[int, ...]) -> bytes:
    with file.open() as stream:
        return stream.read(LONGEST_HEAD)


def _in_folder(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and not _is_hidden(file, folder)]


def _is_hidden(file: Path, folder: Path) -> bool:
    return archive_kinds.is_junk(file.relative_to(folder))
