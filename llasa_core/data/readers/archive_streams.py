"""Streams out of archives that notice when the bytes are not those that were promised."""

from __future__ import annotations

import errno
import io
import lzma
import struct
import tarfile
import threading
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from llasa_core.data.readers.archive_bounds import refuse_bomb
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def guarded(
    unpack: Callable[[], Any], size: int | None, shown: Path, kind: str, archive: object, packed_size: int = 0
) -> BinaryIO:
    """Return a member's stream, which raises DataError where its bytes are not those that were promised.

    Args:
        unpack: opens the stream from its beginning.
        size: bytes that it has to give; None: as many as it likes, up to the bounds.
        shown: the member, for messages.
        kind: of the archive, for messages.
        archive: must not be closed while the stream is in use.
        packed_size: of the archive, for the bounds.
    """
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

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self._read(1 << 20), b""))

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
            if is_of_the_disk(error):
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


_SEEKING = threading.Lock()
"""Members share their archive's file: who seeks in it has to read before another seeks."""


class Part(io.RawIOBase):
    """A part of a file, with a position of its own, so that several can be read at a time."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._at, self._end = file, start, start + size

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, and return how far."""
        wanted = min(len(buffer), self._end - self._at)
        with _SEEKING:
            self._file.seek(self._at)
            block = self._file.read(wanted)
        if wanted and not block:
            raise EOFError("the file ends in the middle")
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)


class Headers(io.RawIOBase):
    """A tar's file as its headers are read: small pieces only, whatever length a header claims for itself."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, if they are not too many."""
        if not 0 <= size <= 1 << 20:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()


def is_of_the_disk(error: BaseException) -> bool:
    """Return whether reading failed for another reason than the bytes; a place before the file's start is EINVAL."""
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)


def _reason(error: BaseException | str) -> str:
    return str(error) or type(error).__name__


def not_whole(shown: Path, kind: str, error: BaseException) -> DataError:
    """Return the refusal of a file that Python's own modules cannot read as an archive."""
    return DataError(f"not a whole {kind}: {_reason(error)}", where=shown, fix="download it again")


def _cannot_unpack(shown: Path, kind: str, reason: BaseException | str) -> DataError:
    return DataError(f"the {kind} cannot be unpacked: {_reason(reason)}", where=shown, fix="copy or download it again")
