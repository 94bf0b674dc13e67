"""How a text file writes its table: encoding, separator, decimal mark, and what stands above the numbers.

DuckDB's own sniffer takes a decimal comma for a separator, sees no table between blanks, and reads a row of units as
text everywhere; so the dialect is found here, and DuckDB is told.
"""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from statistics import mode
from typing import TYPE_CHECKING

from llasa_core.data.known_files import known_file
from llasa_core.data.unit_words import is_unit
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEAD_BYTES = 1 << 17
"""Of a file, looked at to find its dialect."""
HEAD_LINES = 400
"""Of these; GENEActiv writes 100 lines above its table."""
VOTING_LINES = 120
"""Of these, the last so many decide on separator and decimal mark."""
MOST_HEADER_LINES = 3
"""A file of no more lines, and no numbers, is a header whose rows are missing."""
BLANKS = " "
"""The separator that stands for any run of blanks and tabs."""
_SEPARATORS = ("\t", ";", ",", "|", BLANKS)
_NUMBER = {
    ".": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf)", re.IGNORECASE),
    ",": re.compile(r"[+-]?(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?|[+-]?(nan|inf)", re.IGNORECASE),
}
_NAMED_SEPARATOR = re.compile(r'"?sep=(.|\\t)"?$')
_COMMENT = re.compile(r"\s*(#|//|%|@)\s*")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Dialect:
    """How to read the rows of a table, and what its header says."""

    encoding: str
    """For Python's codecs."""
    skipped_bytes: int
    """Byte order mark."""
    separator: str
    decimal: str
    n_columns: int
    first_row: int
    """Line of the first row of numbers, from 1."""
    header_row: int | None
    names: tuple[str, ...] | None
    """As written, one for each column; None where the first row already holds numbers."""
    units: tuple[str, ...] | None
    """A row of units under the names."""
    preamble: tuple[str, ...]
    """Lines above the header."""
    sample: tuple[tuple[str, ...], ...]
    """Cells of the first rows of numbers."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not plain CSV, for the report."""
        separator = {"\t": "tabs", ";": "semicolons", "|": "bars", BLANKS: "blanks"}.get(self.separator)
        said = [f"columns separated by {separator}"] if separator else []
        if self.decimal == ",":
            said.append("decimal comma")
        if self.encoding not in {"utf-8", "ascii"}:
            said.append(f"text encoded as {self.encoding}")
        if self.preamble:
            said.append(f"{len(self.preamble)} line{'s'[: len(self.preamble) > 1]} above the table skipped")
        if self.names is None:
            said.append("no header")
        elif self.units:
            said.append(f"a row of units in line {self.first_row - 1}")
        return tuple(said)


def find_dialect(head: bytes, *, is_whole: bool, file: Path) -> Dialect:
    """Return how a table is written.

    Args:
        head: the first `HEAD_BYTES` of the file.
        is_whole: `head` is all there is.
        file: for messages.

    Raises:
        DataError: the file is empty, no text, holds no table, or its header does not fit its rows.
    """
    encoding, skipped = _find_encoding(head, file)
    lines = _lines_of(head[skipped:].decode(encoding, errors="replace"), is_whole=is_whole)
    named = next((match[1] for line in lines[:1] if (match := _NAMED_SEPARATOR.match(line.strip()))), None)
    separator, decimal = _find_separator(lines, named.replace("\\t", "\t") if named else None)
    rows = [split_line(line, separator) for line in lines]
    is_row = _rows_of_numbers(rows, decimal)
    if not any(is_row):
        raise _no_rows(lines, file)
    first = is_row.index(True)
    sample = [row for row, is_data in zip(rows[first:], is_row[first:], strict=True) if is_data]
    n_columns = _n_columns(sample)
    first = _without_short_rows(rows, first, decimal)
    header, units = _find_header(lines[:first], separator, n_columns)
    names = None if header is None else _names(lines[header], separator)
    if names is not None and len(names) != n_columns:
        raise _wrong_width(len(names), n_columns, separator, Place(file, (header or 0) + 1))
    return Dialect(
        encoding=encoding,
        skipped_bytes=skipped,
        separator=separator,
        decimal=decimal,
        n_columns=n_columns,
        first_row=first + 1,
        header_row=None if header is None else header + 1,
        names=names,
        units=None if units is None else tuple((*rows[units], *[""] * n_columns)[:n_columns]),
        preamble=tuple(line for line in lines[: first if header is None else header] if line.strip()),
        sample=tuple(tuple(row[:n_columns]) for row in sample),
    )


def is_number(cell: str, decimal: str) -> bool:
    """Return whether a cell is a number, with this decimal mark."""
    return bool(_NUMBER[decimal].fullmatch(cell))


def split_line(line: str, separator: str) -> list[str]:
    """Return the cells of one line, without blanks and quotes around them."""
    if separator == BLANKS:
        return line.split()
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)] if line.strip() else []
    try:
        return [cell.strip() for row in csv.reader([line], delimiter=separator, skipinitialspace=True) for cell in row]
    except csv.Error:  # a cell of more than 128 KB
        return line.split(separator)


def _find_encoding(head: bytes, file: Path) -> tuple[str, int]:
    """Return (encoding, bytes of the mark before the text)."""
    if not head:
        raise DataError("the file is empty (0 bytes)", where=file, fix="export the recording again")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    if known := known_file(head, file.name):
        raise DataError(f"not a text file: it is {known.kind}", where=file, fix=known.fix)
    text = head.rstrip(b"\0")
    even, odd = text[::2].count(0), text[1::2].count(0)
    if len(text) > 1 and max(even, odd) > 0.45 * len(text) and not min(even, odd):  # ASCII with a zero in every pair
        return ("utf-16-be", 0) if even > odd else ("utf-16-le", 0)
    if text.lstrip()[:1] in {b"{", b"["}:
        raise DataError("not a table: it is JSON", where=file, fix="export the recording as CSV")
    if any(byte < ord(" ") and byte not in b"\t\n\r\f\v" for byte in set(text)):
        raise DataError("not a text file: it holds control characters", where=file, fix="export the recording as CSV")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text)  # a character that the head cuts in two is no error
    except UnicodeDecodeError:
        return "latin-1", 0
    return "utf-8", 0


def _lines_of(text: str, *, is_whole: bool) -> list[str]:
    lines = text.rstrip("\0").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return (lines if is_whole or len(lines) == 1 else lines[:-1])[:HEAD_LINES]


def _find_separator(lines: Sequence[str], named: str | None) -> tuple[str, str]:
    """Return (separator, decimal mark): those that make the most numbers and the fewest other cells."""
    best, best_score = (named or ",", "."), 0.0
    lines = lines[-VOTING_LINES:]  # the last ones are rows, if there are any
    text = "\n".join(lines)
    for decimal in ".,":
        for separator in (named,) if named else _SEPARATORS:
            if decimal not in text + "." or (separator == decimal and '"' not in text):
                continue
            rows = [split_line(line, separator) for line in lines]
            of_table = [row for row, is_row in zip(rows, _rows_of_numbers(rows, decimal), strict=True) if is_row]
            score = sum(1.5 * _n_numbers(row, decimal) - len(row) / 2 for row in of_table)
            if score > best_score:
                best, best_score = (separator, decimal), score
    return best


def _n_numbers(row: Sequence[str], decimal: str) -> int:
    return sum(is_number(cell, decimal) for cell in row)


def _rows_of_numbers(rows: Sequence[Sequence[str]], decimal: str) -> list[bool]:
    """Return which lines are rows of the table: as wide as most, with half as many numbers as the best of them."""
    counts = [_n_numbers(row, decimal) for row in rows]
    widths = [len(row) for row, count in zip(rows, counts, strict=True) if count and len(row) > 1]
    if not widths:
        return [False] * len(rows)
    width = mode(widths)
    most = max(count for row, count in zip(rows, counts, strict=True) if len(row) == width)
    return [len(row) == width and 2 * count >= most for row, count in zip(rows, counts, strict=True)]


def _n_columns(sample: Sequence[Sequence[str]]) -> int:
    """Return the columns of the table; a separator at the end of every row makes none."""
    width = len(sample[0])
    return width - 1 if all(not row[-1] for row in sample) else width


def _without_short_rows(rows: Sequence[Sequence[str]], first: int, decimal: str) -> int:
    """Return the first row, where rows of another width, below a line of words, stand above: their errors are told."""
    start = first
    while start and (not rows[start - 1] or 2 * _n_numbers(rows[start - 1], decimal) > len(rows[start - 1]) > 1):
        start -= 1
    has_header = start > 0 and len(rows[start - 1]) > 1
    return next(at for at in range(start, first + 1) if rows[at]) if has_header else first


def _find_header(above: Sequence[str], separator: str, n_columns: int) -> tuple[int | None, int | None]:
    """Return the lines of the header and of the units, from 0."""
    filled = [at for at, line in enumerate(above) if line.strip() and not _NAMED_SEPARATOR.match(line.strip())]
    units = None
    if len(filled) > 1 and _are_units(split_line(above[filled[-1]], separator)):
        units = filled.pop()
    if not filled:
        return None, None
    names = _names(above[filled[-1]], separator)
    n_filled = sum(map(bool, names))
    is_comment = bool(_COMMENT.match(above[filled[-1]]))
    if n_filled > 1 and (len(names) == n_columns or not is_comment):
        return filled[-1], units
    return None, None


def _are_units(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return len(filled) > 1 and 2 * sum(map(is_unit, filled)) >= len(filled)


def _names(line: str, separator: str) -> tuple[str, ...]:
    names = split_line(_COMMENT.sub("", line, count=1) if _COMMENT.match(line) else line, separator)
    while names and not names[-1]:
        names.pop()
    return tuple(name.removeprefix("'") for name in names)  # phyphox guards names that a spreadsheet would compute


def _wrong_width(n_names: int, n_columns: int, separator: str, where: Place) -> DataError:
    if separator == "," and n_names < n_columns <= 2 * n_names:
        return DataError(
            f"the header has {n_names} names, but the rows have {n_columns} columns: "
            "decimal commas cannot be told from separating commas",
            where=where,
            fix="export with a decimal point, or separated by semicolons or tabs",
        )
    return DataError(
        f"the header has {n_names} names, but the rows have {n_columns} columns",
        where=where,
        fix="give every column a name",
    )


def _no_rows(lines: Sequence[str], file: Path) -> DataError:
    filled = [row for row, line in enumerate(lines, start=1) if line.strip()]
    if (
        filled
        and len(filled) <= MOST_HEADER_LINES
        and any(len(split_line(lines[filled[-1] - 1], s)) > 1 for s in "\t;,")
    ):
        return DataError(
            "the file has a header, but no rows of numbers",
            where=Place(file, filled[-1]),
            fix="export the recording again; it may have been stopped before the first sample",
        )
    return DataError(
        "the file holds no table of numbers", where=file, fix="export the recording as CSV, one sample a row"
    )
