"""How files begin, as text: what tells many formats from one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.errors import DataError

if TYPE_CHECKING:
    from llasa_core.data.readers.raw_files import RawFile

HEAD_BYTES = 4096
"""Looked at of each file: a header and a few rows."""


def first_bytes(file: RawFile) -> bytes:
    """Return how a file begins; nothing where it cannot be read, since whoever reads it says why."""
    try:
        return file.head(HEAD_BYTES)
    except (DataError, OSError):
        return b""


def first_lines(file: RawFile) -> list[str]:
    """Return the first whole lines of a file, none where it cannot be read; bytes that are no text make odd ones."""
    lines = first_bytes(file).decode("latin-1").splitlines()
    return lines if file.size <= HEAD_BYTES else lines[:-1]
