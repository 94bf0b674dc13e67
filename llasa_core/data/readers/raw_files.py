"""The files behind a path that a person names: one file, a folder of them, or a zip as it was downloaded."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What operating systems leave in folders and zips."""
ENCRYPTED = 1
"""Bit of a member's flags."""


@dataclass(frozen=True, order=True)
class RawFile:
    """A file on the disk, or a member of a zip."""

    path: Path
    """The file itself, or the zip that holds it."""
    member: str | None = None
    """Its name in the zip."""
    size: int = 0
    """Bytes, unpacked."""

    @property
    def shown(self) -> Path:
        """The file as messages name it: a zip reads like a folder."""
        return self.path / self.member if self.member else self.path

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.shown.name

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Yield a stream of what the file holds, unpacked.

        Raises:
            DataError: the zip is damaged or needs a password.
        """
        if self.member is None:
            with self.path.open("rb") as stream:
                yield stream
            return
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self._in(archive)) as member:
                yield cast("BinaryIO", member)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise DataError(
                f"the zip cannot be unpacked: {error}", where=self.shown, fix="copy or download it again"
            ) from error

    def read_bytes(self) -> bytes:
        """Return all that the file holds, unpacked."""
        with self.open() as stream:
            return stream.read()

    def _in(self, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
        info = archive.getinfo(self.member or "")
        if info.flag_bits & ENCRYPTED:
            raise DataError("the zip needs a password", where=self.path, fix="unpack it by hand")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            raise DataError(
                f"the zip is packed by a method (number {info.compress_type}) that Python cannot unpack",
                where=self.path,
                fix="unpack it by hand",
            )
        return info


def raw_files(path: Path) -> list[RawFile]:
    """Return every file that a path stands for, sorted by name; hidden ones and system files are passed over.

    Raises:
        DataError: there is nothing at the path, or a zip is damaged.
    """
    if path.is_dir():
        inside = (file for file in path.rglob("*") if file.is_file() and not _is_junk(file.relative_to(path)))
        return sorted(RawFile(file, None, file.stat().st_size) for file in inside)
    if not path.exists():
        raise DataError("there is no such file or folder", where=path, fix="check the path")
    if path.suffix.lower() == ".zip" and path.stat().st_size:
        return _members(path)
    return [RawFile(path, None, path.stat().st_size)]


def siblings(path: Path) -> list[RawFile]:
    """Return the files in the same folder as a file, itself among them, sorted by name."""
    inside = (file for file in path.parent.iterdir() if file.is_file() and not _is_junk(file.relative_to(path.parent)))
    return sorted(RawFile(file, None, file.stat().st_size) for file in inside)


def _members(path: Path) -> list[RawFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except zipfile.BadZipFile as error:
        raise DataError(f"not a whole zip: {error}", where=path, fix="download it again") from error
    return sorted(
        RawFile(path, info.filename, info.file_size) for info in infos if not _is_junk(PurePosixPath(info.filename))
    )


def _is_junk(name: PurePosixPath | Path) -> bool:
    return any(part in JUNK or part.startswith(".") for part in name.parts)
