"""Archives as they were downloaded, read without trusting them: zip, tar, gzip and bzip2, in one another.

Nothing is unpacked to a name that an archive chooses. Members are streamed; an archive inside another one is unpacked
once to a nameless temporary file, which the system removes even if the process is killed.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import re
import shutil
import struct
import tarfile
import tempfile
import threading
import weakref
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Literal, Protocol, cast

from llasa_core.errors import DataError, RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_DEPTH = 3
"""Archives in one another; the deepest dataset that is known, RealWorld, has three."""
MAX_MEMBERS = 200_000
"""Files in one archive and all inside it; KU-HAR, which has most, holds 20,750."""
MAX_BYTES = 500_000_000_000
"""Unpacked size of an archive and all inside it; SHL, the largest, has about 100 GB."""
MAX_RATIO = 200
"""Times its own size that an archive may unpack to, above `ANY_RATIO_BYTES`; tables of numbers reach 20."""
ANY_RATIO_BYTES = 100_000_000
"""Up to this size a file of equal rows may shrink as far as it does."""
LONGEST_NAME = 4096
LONGEST_DIRECTORY = MAX_MEMBERS * 256
"""Bytes of a zip's list of members: Python reads it whole, so it is looked at before."""
KEPT_OPEN = 16
"""Archives that a process keeps open; opening a zip of 20,000 members takes a tenth of a second."""
IN_MEMORY_BYTES = 4_000_000
"""Up to this size an inner archive is unpacked to memory instead of to the disk."""

ENCRYPTED = 1
"""Bit of a zip member's flags."""
LINK_MODE = 0o120000
JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What operating systems leave in folders and archives."""
DOCUMENTS = frozenset(
    [
        ".apk",
        ".docm",
        ".docx",
        ".epub",
        ".gt3x",
        ".jar",
        ".key",
        ".keras",
        ".kmz",
        ".mlx",
        ".npz",
        ".numbers",
        ".odp",
        ".ods",
        ".odt",
        ".pages",
        ".pptx",
        ".pt",
        ".pth",
        ".slx",
        ".whl",
        ".xlsb",
        ".xlsm",
        ".xlsx",
    ]
)
"""Files of programs that are zips inside, and that nobody means as an archive."""
DOCUMENT_MEMBERS = ("[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF")
PLAIN = frozenset(
    [
        ".arff",
        ".avi",
        ".bin",
        ".csv",
        ".dat",
        ".h5",
        ".hdf5",
        ".jpg",
        ".json",
        ".log",
        ".mat",
        ".md",
        ".mp4",
        ".npy",
        ".npz",
        ".pdf",
        ".png",
        ".py",
        ".tsv",
        ".txt",
        ".xml",
    ]
)
"""Members that are not opened to see whether they are archives: in a zip of 20,000 tables that would take seconds."""

Kind = Literal["zip", "tar", "gzip", "bzip2"]
MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"\x1f\x8b\x08", "gzip"),
)
FOREIGN = (
    (b"Rar!\x1a\x07", "rar", "unar"),
    (b"7z\xbc\xaf\x27\x1c", "7z", "7z x"),
    (b"\xfd7zXZ\x00", "xz", "unxz"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unzstd"),
)
"""Archives that Python does not unpack, or not with bounded memory: first bytes, name, and the command that does."""
HEAD_BYTES = 512
"""Enough of a file to tell what it is."""

DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    struct.error,
    MemoryError,
)
"""What Python's own modules raise over bytes that are no archive."""


def kind_of(head: bytes, name: str) -> Kind | None:
    """Return what kind of archive a file is by its first bytes, or None where it is not one to look into."""
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return None if PurePath(name).suffix.lower() in DOCUMENTS else kind
    if re.match(rb"BZh[1-9]1AY&SY", head):
        return "bzip2"
    is_tar = head[257:262] == b"ustar" or (name.lower().endswith(".tar") and _is_old_tar(head))
    return "tar" if is_tar else None


def foreign_archive(head: bytes, shown: Path) -> DataError | None:
    """Return the refusal of an archive that has to be unpacked by another program, or None for any other file."""
    for magic, name, command in FOREIGN:
        if head.startswith(magic):
            return DataError(
                f"{name} archives are not unpacked here",
                where=shown,
                fix=f"run `{command} {shown}`, then pass the result",
            )
    return None


def is_junk(name: PurePath) -> bool:
    """Return whether a path goes through something hidden, or that an operating system left behind."""
    return any(part in JUNK or part.startswith(".") for part in name.parts)


@dataclass(frozen=True)
class Member:
    """A file in an archive."""

    name: str
    """As the archive spells it."""
    shown: str
    """As messages name it: a relative path with forward slashes."""
    size: int
    """Bytes, unpacked."""


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
            f"the archive was changed meanwhile: it holds no {_display(steps[-1])}",
            where=archive.shown,
            fix="run the same command again",
        )
    return archive.open(steps[-1])


@lru_cache(maxsize=KEPT_OPEN)
def _opened(path: Path, steps: tuple[str, ...], _identity: tuple[int, ...]) -> Archive:
    shown = path.joinpath(*map(_display, steps))
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
    except OSError as error:
        file.close()
        raise _no_room(folder, shown) from error
    except BaseException:
        file.close()
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
            if _is_of_the_disk(error):
                raise
            raise _not_whole(shown, "zip", error) from error
        weakref.finalize(self, _close, archive, file)
        self._archive = archive
        self._infos = {info.filename: info for info in infos}
        if any(mark in self._infos for mark in DOCUMENT_MEMBERS):
            raise NotAnArchive
        found = (Member(info.filename, _display(info.filename), info.file_size) for info in infos if not _is_link(info))
        self.members = _checked(found, shown, _size_of(file))
        for name in self.members:
            self._refuse_unreadable(self._infos[name])

    def open(self, name: str) -> BinaryIO:
        info = self._infos[name]
        return _stream(
            lambda: cast("BinaryIO", self._archive.open(info)), info.file_size, self.shown / _display(name), "zip", self
        )

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
            with tarfile.open(fileobj=cast("IO[bytes]", _Headers(file)), mode="r:") as archive:
                infos = list(_files_in(archive, shown))
                _refuse_cut_off(file, archive.offset)
        except DataError:
            raise
        except DAMAGE as error:
            if _is_of_the_disk(error):
                raise
            raise _not_whole(shown, "tar", error) from error
        found = (Member(info.name, _display(info.name), info.size) for info in infos)
        self.members = _checked(found, shown, packed_size or _size_of(file))
        self._places = {info.name: (info.offset_data, info.size) for info in infos}

    def open(self, name: str) -> BinaryIO:
        start, size = self._places[name]
        return _stream(lambda: _Part(self._file, start, size), size, self.shown / _display(name), "tar", self)


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
        return _stream(self._unpacking, size, self.shown / name, self._kind, self, self.packed_size)

    def _unpacking(self) -> BinaryIO:
        part = io.BufferedReader(_Part(self._file, 0, self.packed_size))
        return cast("BinaryIO", gzip.GzipFile(fileobj=part) if self._kind == "gzip" else bz2.BZ2File(part))


def _files_in(archive: tarfile.TarFile, shown: Path) -> Iterator[tarfile.TarInfo]:
    for number, info in enumerate(archive):
        if number >= MAX_MEMBERS:
            raise too_many(shown)
        cast("Any", archive).members.clear()  # its own list of everything seen, for which nobody asks
        if info.issym() or info.islnk():
            _refuse_outside(info.linkname, shown, what="a link")  # what it links to inside is read itself
        elif info.issparse():
            raise _refused(shown, f"a file with holes, {info.name}, which is not unpacked here")
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


class _Headers(io.RawIOBase):
    """A tar's file as its headers are read: small pieces only, whatever length a header claims for itself."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= 1 << 20:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


_SEEKING = threading.Lock()
"""Members share their archive's file: who seeks in it has to read before another seeks."""


class _Part(io.RawIOBase):
    """A part of a file, with a position of its own, so that several can be read at a time."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._at, self._end = file, start, start + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._end - self._at)
        with _SEEKING:
            self._file.seek(self._at)
            block = self._file.read(wanted)
        if wanted and not block:
            raise EOFError("the file ends in the middle")
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)


def _stream(
    unpack: Callable[[], Any], size: int | None, shown: Path, kind: str, archive: object, packed_size: int = 0
) -> BinaryIO:
    raw = _Guarded(unpack, size, shown, kind, archive, packed_size)
    return io.BufferedReader(raw, 1 << 18)


class _Guarded(io.RawIOBase):
    """A member's bytes, refused as soon as they are not what was promised."""

    def __init__(
        self, unpack: Callable[[], Any], size: int | None, shown: Path, kind: str, archive: object, packed_size: int
    ) -> None:
        self._unpack, self._size, self._shown, self._kind = unpack, size, shown, kind
        self._archive = archive  # an archive that is in use must not close
        self._packed_size = packed_size
        self._source: Any = None
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        block = self._read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        target = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size or 0}[whence]
        if target < self._at:
            self._forget()
        while self._at < target and self._read(min(1 << 20, target - self._at)):
            pass
        return self._at

    def close(self) -> None:
        if not self.closed:
            self._forget()
        super().close()

    def _read(self, n_bytes: int) -> bytes:
        try:
            if self._source is None:
                self._source = self._unpack()
            block: bytes = self._source.read(n_bytes)
        except DAMAGE as error:
            if _is_of_the_disk(error):
                raise
            raise _cannot_unpack(self._shown, self._kind, error) from error
        self._at += len(block)
        if self._size is None:
            refuse_bomb(self._at, self._packed_size, self._shown)
        elif not block and n_bytes and self._at != self._size:
            raise _cannot_unpack(self._shown, self._kind, f"{self._at} bytes of {self._size}")
        return block

    def _forget(self) -> None:
        if self._source is not None:
            self._source.close()
        self._source, self._at = None, 0


def _checked(found: Iterable[Member], shown: Path, packed_size: int) -> dict[str, Member]:
    """Return the members that are no junk, by name.

    Raises:
        DataError: a name leads out of the archive or is there twice, or there is too much of anything.
    """
    members: dict[str, Member] = {}
    taken: set[str] = set()
    n_bytes = 0
    for number, member in enumerate(found):
        if number >= MAX_MEMBERS:
            raise too_many(shown)
        _refuse_outside(member.name, shown, what="a file")
        n_bytes += member.size
        refuse_bomb(n_bytes, packed_size, shown)
        if member.shown.endswith("/") or is_junk(PurePosixPath(member.shown)):
            continue
        if member.shown in taken:
            raise _refused(shown, f"two files named {member.shown}")
        taken.add(member.shown)
        members[member.name] = member
    return members


def refuse_bomb(n_bytes: int, packed_size: int, shown: Path) -> None:
    """Check what an archive unpacks to, or what of it was unpacked so far.

    Raises:
        DataError: it is more than `MAX_BYTES`, or more than `MAX_RATIO` times the archive.
    """
    is_bomb = n_bytes > ANY_RATIO_BYTES and n_bytes > MAX_RATIO * packed_size
    if is_bomb or n_bytes > MAX_BYTES:
        raise DataError(
            f"the archive has {_size(packed_size)} and would unpack to {_size(n_bytes)} or more: it may be a zip bomb",
            where=shown,
            fix="unpack it by hand if you trust it",
        )


def too_deep(shown: Path) -> DataError:
    """Return the refusal of an archive that lies in too many others."""
    return DataError(
        f"archives lie in one another more than {MAX_DEPTH} deep",
        where=shown,
        fix="unpack the outer ones by hand if you trust them",
    )


def too_many(shown: Path) -> DataError:
    """Return the refusal of an archive of too many files."""
    return DataError(
        f"the archive holds more than {MAX_MEMBERS:,} files", where=shown, fix="unpack it by hand if you trust it"
    )


def _refuse_outside(name: str, shown: Path, *, what: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or re.match(r"[A-Za-z]:", name) or len(name) > LONGEST_NAME:
        raise _refused(shown, f'{what} whose path leads out of it: "{name[:80]}"')


def _refused(shown: Path, what: str) -> DataError:
    return DataError(f"the archive holds {what}", where=shown, fix="unpack it by hand if you trust it")


def _not_whole(shown: Path, kind: str, error: BaseException) -> DataError:
    return DataError(f"not a whole {kind}: {_reason(error)}", where=shown, fix="download it again")


def _cannot_unpack(shown: Path, kind: str, reason: BaseException | str) -> DataError:
    return DataError(f"the {kind} cannot be unpacked: {_reason(reason)}", where=shown, fix="copy or download it again")


def _is_of_the_disk(error: BaseException) -> bool:
    """Return whether reading failed for another reason than the bytes; a place before the file's start is EINVAL."""
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)


def _reason(error: BaseException | str) -> str:
    return str(error) or type(error).__name__


def _check_directory(file: IO[bytes], shown: Path) -> None:
    """Refuse a zip whose list of members would fill the memory while Python reads it.

    Source:
        The end records of APPNOTE.TXT 4.3.14 and 4.3.16.
    """
    end = _size_of(file)
    file.seek(max(0, end - 66_000))  # a comment has at most 65,535 bytes
    tail = file.read()
    at, at_64 = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    n_members, n_bytes = struct.unpack_from("<HL", tail, at + 10) if 0 <= at <= len(tail) - 22 else (0, 0)
    if 0 <= at_64 <= len(tail) - 56:
        n_members, n_bytes = struct.unpack_from("<QQ", tail, at_64 + 32)
    if n_members > MAX_MEMBERS or n_bytes > LONGEST_DIRECTORY:
        raise too_many(shown)


def _is_old_tar(head: bytes) -> bool:
    """Return whether a header without a magic has the right sum, as tars of the seventies do."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _is_link(info: zipfile.ZipInfo) -> bool:
    return (info.external_attr >> 16) & 0o170000 == LINK_MODE


def _display(name: str) -> str:
    """Return a member's name as a relative path; some programs for Windows write backslashes."""
    forward = name.replace("\\", "/")
    return str(PurePosixPath(forward)) + ("/" if forward.endswith("/") else "")


def _size_of(file: IO[bytes]) -> int:
    file.seek(0, io.SEEK_END)
    return file.tell()


def _size(n_bytes: int) -> str:
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= step:
            return f"{n_bytes / step:.3g} {unit}"
    return f"{n_bytes} bytes"


def _close(archive: zipfile.ZipFile, file: IO[bytes]) -> None:
    archive.close()
    file.close()
