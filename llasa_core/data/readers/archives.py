"""Archives as they were downloaded, read without trusting them: zip, tar, gzip and bzip2, in one another.

Nothing is unpacked to a name that an archive chooses. Members are streamed; an archive inside another one is unpacked
once to a nameless temporary file, which the system removes even if the process is killed.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import re
import shutil
import struct
import tarfile
import tempfile
import weakref
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Literal, Protocol, cast

from llasa_core.data.readers.archive_bounds import (
    MAX_MEMBERS,
    Member,
    checked_members,
    displayed,
    refuse_outside,
    refused,
    too_many,
)
from llasa_core.data.readers.archive_kinds import DOCUMENT_MEMBERS, HEAD_BYTES, kind_of
from llasa_core.data.readers.archive_streams import DAMAGE, Headers, Part, guarded, is_of_the_disk, not_whole
from llasa_core.errors import DataError, RunError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_DIRECTORY = MAX_MEMBERS * 256
"""Bytes of a zip's list of members: Python reads it whole, so it is looked at before."""
KEPT_OPEN = 16
"""Archives that a process keeps open; opening a zip of 20,000 members takes a tenth of a second."""
IN_MEMORY_BYTES = 4_000_000
"""Up to this size an inner archive is unpacked to memory instead of to the disk."""
ENCRYPTED = 1
"""Bit of a zip member's flags."""
LINK_MODE = 0o120000


class Archive(Protocol):
    """An archive that is open; it closes itself when nothing refers to it any more."""

    shown: Path
    members: dict[str, Member]
    """Its files by their names as the archive spells them, without junk, links and folders."""

    def open(self, name: str) -> BinaryIO:
        """Return a stream of a member's bytes that raises DataError when they are not what the archive promises."""


def opened(path: Path, steps: tuple[str, ...] = ()) -> Archive:
    """Return the archive at the end of a way through others, opened only once while it is in use.

    Args:
        path: the outermost archive, on the disk.
        steps: names of the archives in one another, from there on.

    Raises:
        DataError: it is damaged, locked, or unpacks to more than is sensible.
        RunError: there is no room to unpack an inner archive.
    """
    stat = path.stat()
    return _opened(path, steps, (stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size))


def open_member(path: Path, steps: tuple[str, ...]) -> BinaryIO:
    """Return a stream of the file at the end of a way through archives.

    Raises:
        DataError: an archive on the way cannot be read, or holds something else by now.
        RunError: there is no room to unpack an inner archive.
    """
    archive = opened(path, steps[:-1])
    if steps[-1] not in archive.members:
        raise DataError(
            f"the archive was changed meanwhile: it holds no {displayed(steps[-1])}",
            where=archive.shown,
            fix="run the same command again",
        )
    return archive.open(steps[-1])


@lru_cache(maxsize=KEPT_OPEN)
def _opened(path: Path, steps: tuple[str, ...], _identity: tuple[int, ...]) -> Archive:
    shown = path.joinpath(*map(displayed, steps))
    if not steps:
        return _archive_in(path.open("rb"), path.name, shown)
    with open_member(path, steps) as stream:
        size = opened(path, steps[:-1]).members[steps[-1]].size
        return _archive_in(_unpacked(stream, size, shown), shown.name, shown)


def _archive_in(file: IO[bytes], name: str, shown: Path) -> Archive:
    """Return the archive that an open file holds; the file belongs to it from now on."""
    try:
        file.seek(0)
        kind = kind_of(file.read(HEAD_BYTES), name)
        if kind in ("gzip", "bzip2"):
            packed = _Packed(file, kind, name, shown)
            inside = packed.tar()
            if inside is None:
                return packed
            return _Tar(inside, shown, packed.packed_size)
        return _Tar(file, shown) if kind == "tar" else _Zip(file, shown)
    except BaseException:
        file.close()
        raise


def _unpacked(stream: BinaryIO, size: int | None, shown: Path) -> IO[bytes]:
    """Return a temporary file with all that a stream holds.

    Raises:
        RunError: the disk is too small.
    """
    folder = Path(tempfile.gettempdir())
    if size is not None and size > IN_MEMORY_BYTES and size > shutil.disk_usage(folder).free:
        raise _no_room(folder, shown)
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - the archive closes it
    try:
        while block := stream.read(1 << 20):
            file.write(block)
    except BaseException as error:
        file.close()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(folder, shown) from error
        raise
    return cast("IO[bytes]", file)


def _no_room(folder: Path, shown: Path) -> RunError:
    return RunError(
        f"the disk is full: {shown.name} cannot be unpacked to {folder}",
        where=shown,
        fix="free some space, or set TMPDIR to a folder with more",
    )


class _Zip:
    """A zip."""

    def __init__(self, file: IO[bytes], shown: Path) -> None:
        self.shown = shown
        _check_directory(file, shown)
        try:
            archive = zipfile.ZipFile(file)
            infos = [info for info in archive.infolist() if not info.is_dir()]
        except DAMAGE as error:
            if is_of_the_disk(error):
                raise
            raise not_whole(shown, "zip", error) from error
        weakref.finalize(self, _close, archive, file)
        self._archive = archive
        self._infos = {info.filename: info for info in infos}
        if any(mark in self._infos for mark in DOCUMENT_MEMBERS):
            raise NotAnArchive
        files = (info for info in infos if not _is_link(info))
        found = (Member(info.filename, displayed(info.filename), info.file_size) for info in files)
        self.members = checked_members(found, shown, _size_of(file))
        for name in self.members:
            self._refuse_unreadable(self._infos[name])

    def open(self, name: str) -> BinaryIO:
        info = self._infos[name]
        return guarded(lambda: self._archive.open(info), info.file_size, self.shown / displayed(name), "zip", self)

    def _refuse_unreadable(self, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & ENCRYPTED:
            raise DataError("the zip needs a password", where=self.shown, fix="unpack it by hand")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            raise DataError(
                f"the zip is packed by a method (number {info.compress_type}) that Python cannot unpack",
                where=self.shown,
                fix="unpack it by hand",
            )


class NotAnArchive(Exception):  # noqa: N818 - it is an answer
    """A zip turned out to be some program's document."""


class _Tar:
    """A tar that is not packed."""

    def __init__(self, file: IO[bytes], shown: Path, packed_size: int | None = None) -> None:
        self.shown = shown
        weakref.finalize(self, file.close)
        self._file = file
        try:
            file.seek(0)
            with tarfile.open(fileobj=cast("IO[bytes]", Headers(file)), mode="r:") as archive:
                infos = list(_files_in(archive, shown))
                _refuse_cut_off(file, archive.offset)
        except DataError:
            raise
        except DAMAGE as error:
            if is_of_the_disk(error):
                raise
            raise not_whole(shown, "tar", error) from error
        found = (Member(info.name, displayed(info.name), info.size) for info in infos)
        self.members = checked_members(found, shown, packed_size or _size_of(file))
        self._places = {info.name: (info.offset_data, info.size) for info in infos}

    def open(self, name: str) -> BinaryIO:
        start, size = self._places[name]
        return guarded(lambda: Part(self._file, start, size), size, self.shown / displayed(name), "tar", self)


class _Packed:
    """One file, packed by gzip or bzip2."""

    def __init__(self, file: IO[bytes], kind: Literal["gzip", "bzip2"], name: str, shown: Path) -> None:
        self.shown = shown
        self.packed_size = _size_of(file)
        self._file, self._kind = file, kind
        inner = re.sub(r"\.(gz|bz2)$", "", name, flags=re.IGNORECASE)
        self._name = re.sub(r"\.(tgz|tbz2?)$", ".tar", inner, flags=re.IGNORECASE)
        weakref.finalize(self, file.close)
        self.members: dict[str, Member] = {}

    def tar(self) -> IO[bytes] | None:
        """Return the tar that is packed here, unpacked to a temporary file, or None where it is another file."""
        with self.open(self._name) as stream:
            is_tar = kind_of(stream.read(HEAD_BYTES), self._name) == "tar"
        with self.open(self._name) as stream:
            if is_tar:
                return _unpacked(stream, None, self.shown)
            size = sum(map(len, iter(lambda: stream.read(1 << 20), b"")))  # gzip notes it up to 4 GB only
        self.members = {self._name: Member(self._name, self._name, size)}
        return None

    def open(self, name: str) -> BinaryIO:
        size = self.members[name].size if self.members else None
        return guarded(self._unpacking, size, self.shown / name, self._kind, self, self.packed_size)

    def _unpacking(self) -> BinaryIO:
        part = io.BufferedReader(Part(self._file, 0, self.packed_size))
        return cast("BinaryIO", gzip.GzipFile(fileobj=part) if self._kind == "gzip" else bz2.BZ2File(part))


def _files_in(archive: tarfile.TarFile, shown: Path) -> Iterator[tarfile.TarInfo]:
    for number, info in enumerate(archive):
        if number >= MAX_MEMBERS:
            raise too_many(shown)
        cast("Any", archive).members.clear()  # its own list of everything seen, for which nobody asks
        if info.issym() or info.islnk():
            refuse_outside(info.linkname, shown, what="a link")  # what it links to inside is read itself
        elif info.issparse():
            raise refused(shown, f"a file with holes, {info.name}, which is not unpacked here")
        elif info.isfile():
            yield info


def _refuse_cut_off(file: IO[bytes], offset: int) -> None:
    """Check that a tar ends with its end mark; Python takes whatever is no header for the end.

    Raises:
        tarfile.ReadError: it does not.
    """
    file.seek(offset)
    end = file.read(tarfile.BLOCKSIZE)
    if len(end) < tarfile.BLOCKSIZE or any(end):
        raise tarfile.ReadError(f"no header and no end mark at byte {offset}")


def _check_directory(file: IO[bytes], shown: Path) -> None:
    """Refuse a zip whose list of members would fill the memory while Python reads it.

    Source:
        The end records of APPNOTE.TXT 4.3.14 and 4.3.16.
    """
    end = _size_of(file)
    file.seek(max(0, end - 66_000))  # a comment has at most 65,535 bytes
    tail = file.read()
    has_comment = tail[-22:-18] != b"PK\x05\x06" or tail[-2:] != b"\0\0"
    at = tail.rfind(b"PK\x05\x06") if has_comment else len(tail) - 22
    n_members, n_bytes = struct.unpack_from("<HL", tail, at + 10) if 0 <= at <= len(tail) - 22 else (0, 0)
    at_64 = at - 20 - 56  # before it the record that leads to the one for large zips, and before that, that one
    if at_64 >= 0 and tail[at_64 : at_64 + 4] == b"PK\x06\x06":
        n_members, n_bytes = struct.unpack_from("<QQ", tail, at_64 + 32)
    if n_members > MAX_MEMBERS or n_bytes > LONGEST_DIRECTORY:
        raise too_many(shown)


def _is_link(info: zipfile.ZipInfo) -> bool:
    return (info.external_attr >> 16) & 0o170000 == LINK_MODE


def _size_of(file: IO[bytes]) -> int:
    file.seek(0, io.SEEK_END)
    return file.tell()


def _close(archive: zipfile.ZipFile, file: IO[bytes]) -> None:
    archive.close()
    file.close()
