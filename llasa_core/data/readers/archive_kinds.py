"""Which files are archives, by how they begin."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path, PurePath
from typing import Literal

from llasa_core.errors import DataError

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


def _is_old_tar(head: bytes) -> bool:
    """Return whether a header without a magic has the right sum, as tars of the seventies do."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True
