"""A text file as blocks of whole lines in clean UTF-8, whatever its encoding, line ends and length."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from llasa_core.data.dialect import BLANKS, Dialect
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_BYTES = 8 << 20
"""Read at once; larger blocks are no faster."""
LONGEST_LINE = 1 << 20
_ODD_BLANKS = (b"\t", b"  ", b" \n", b"\n ")
"""Blanks that are no single separator between two cells."""
LONG_LINE = 2048
"""Shorter lines are not looked at for having too many cells."""


class Block(NamedTuple):
    """Some lines of a file."""

    text: bytes
    """UTF-8 with Unix line ends; only the file's last line may lack its own."""
    first_line: int
    """Where it begins in the file, from 1."""
    n_lines: int
    """The last one whether it is ended or not."""
    is_last: bool
    n_zeros: int
    """Bytes of zero that stood behind it and are left out."""


def text_blocks(stream: BinaryIO, dialect: Dialect, shown: Path) -> Iterator[Block]:
    """Yield the lines from the first row of numbers on.

    Raises:
        DataError: a line is too long to be a row.
    """
    stream.read(dialect.skipped_bytes)
    is_wide = dialect.encoding.startswith("utf-16")
    decoder = codecs.getincrementaldecoder(dialect.encoding)(errors="replace") if is_wide else None
    rest, line, to_skip = b"", 1, dialect.first_row - 1
    chunk = stream.read(BLOCK_BYTES)
    while chunk:
        following = stream.read(BLOCK_BYTES)
        text = rest + (decoder.decode(chunk).encode() if decoder else chunk)
        text, n_zeros = _without_zeros(text)
        text, rest = _cut_after_last_line(text) if following else (text, b"")
        text = _without_endless_lines(_clean(_unix(text), dialect), dialect)
        if len(rest) > LONGEST_LINE:
            where = Place(shown, line + text.count(b"\n"))
            raise DataError(
                "a line is longer than 1 MB", where=where, fix="export the recording again, one sample a row"
            )
        while to_skip and text:
            text = text.partition(b"\n")[2]
            to_skip, line = to_skip - 1, line + 1
        n_ends = text.count(b"\n")
        n_lines = n_ends + (text != b"" and not text.endswith(b"\n"))
        yield Block(text, line, n_lines, not following, n_zeros)
        line += n_ends
        chunk = following


def _without_zeros(text: bytes) -> tuple[bytes, int]:
    """Return the text without the zeros at its end, which a power loss leaves, and their number."""
    if not text.endswith(b"\0"):
        return text, 0
    kept = text.rstrip(b"\0")
    return kept, len(text) - len(kept)


def _cut_after_last_line(text: bytes) -> tuple[bytes, bytes]:
    """Return the whole lines, and what is left; the first half of a Windows line end is left."""
    end = text.rfind(b"\n") + 1 or text.rfind(b"\r", 0, -1) + 1
    return text[:end], text[end:]


def _unix(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text


def _clean(text: bytes, dialect: Dialect) -> bytes:
    if not text.isascii():
        text = _utf8(text, is_latin=dialect.encoding == "latin-1")
    if dialect.separator == BLANKS and (text.startswith(b" ") or any(odd in text for odd in _ODD_BLANKS)):
        text = b"\n".join(b" ".join(line.split()) for line in text.split(b"\n"))
    return text


def _without_endless_lines(text: bytes, dialect: Dialect) -> bytes:
    """Return the text with lines of far too many cells cut down to a few too many: DuckDB takes a second for each.

    A line that is longer than two steps holds one step without a line end, so most of the text is never looked at.
    """
    longest = max((sum(map(len, row)) + len(row) for row in dialect.sample), default=0)
    step, separator = max(LONG_LINE // 2, 2 * longest), dialect.separator.encode()
    kept, done, at = [], 0, 0
    while at + step <= len(text):
        if text.find(b"\n", at, at + step) >= 0:
            at += step
            continue
        start = text.rfind(b"\n", done, at) + 1 or done
        end = text.find(b"\n", at)
        end = end if end >= 0 else len(text)
        line = text[start:end]
        if line.count(separator) > 4 * dialect.n_columns + 64 and b'"' not in line:
            kept += [text[done:start], separator.join(line.split(separator, dialect.n_columns + 2)[:-1])]
            done = end
        at = end
    return b"".join([*kept, text[done:]]) if kept else text


def _utf8(text: bytes, *, is_latin: bool) -> bytes:
    try:
        if not is_latin:
            text.decode("utf-8")
            return text
    except UnicodeDecodeError:  # its first lines, where the encoding was told, were plain
        pass
    return text.decode("latin-1").encode()
