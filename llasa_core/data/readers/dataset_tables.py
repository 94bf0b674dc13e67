"""Tables of public datasets: their columns are known, so that nothing about them has to be found out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import STANDARD_GRAVITY
from llasa_core.data.dialect import BLANKS, Dialect, is_number
from llasa_core.data.table import Table
from llasa_core.data.units import STATED_RANGE, Steadiness
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

BAD_ROW = "row that could not be read"
"""As reports count it."""
HEAD_BYTES = 16384
"""Enough for the first lines of any of these files."""


@dataclass(frozen=True)
class KnownRows:
    """The rows of a whole file, as columns."""

    numbers: np.ndarray
    """float64 [row, column]; a row that could not be read, and was to be dropped, is NaN, so that the others keep
    their places."""
    words: np.ndarray
    """object [row, column]; None where a cell is empty."""
    line: np.ndarray
    """int64 [row]: where each stands in the file, from 1."""
    n_dropped: int
    notes: tuple[str, ...]


def known_table(
    file: RawFile, names: Sequence[str], options: ReadOptions, *, separator: str = BLANKS, n_header_lines: int = 0
) -> Table:
    """Return a table whose columns have these names in messages, whatever its header calls them."""
    dialect = Dialect(
        encoding="utf-8",
        skipped_bytes=0,
        separator=separator,
        decimal=".",
        n_columns=len(names),
        first_row=n_header_lines + 1,
        header_row=n_header_lines or None,
        names=tuple(names),
        units=None,
        preamble=(),
        sample=(),
    )
    return Table(file, dialect, options.bad_rows)


def read_rows(table: Table, numbers: Sequence[int], words: Sequence[int] = ()) -> KnownRows:
    """Return all rows of a table.

    Args:
        table: of a file that fits into memory.
        numbers: columns to read as numbers, from 0.
        words: columns to read as text.

    Raises:
        DataError: a row cannot be read, or there is none.
    """
    blocks = list(table.rows(numbers, words))
    nth = np.concatenate([block.nth for block in blocks]) if blocks else np.empty(0, int)
    if not len(nth):
        raise DataError("the file holds no row of numbers", where=table.file.shown, fix="copy or download it again")
    n_rows = max(int(nth[-1]) + 1, len(nth) + table.n_dropped)
    whole = KnownRows(
        np.full((n_rows, len(numbers)), np.nan),
        np.full((n_rows, len(words)), None, object),
        np.zeros(n_rows, np.int64),
        table.n_dropped,
        tuple(table.notes),
    )
    whole.numbers[nth] = np.concatenate([block.numbers for block in blocks])
    whole.words[nth] = np.concatenate([block.words for block in blocks])
    whole.line[nth] = np.concatenate([block.line for block in blocks])
    return whole


def with_left_out(recordings: Iterable[Recording], left_out: Sequence[tuple[str, int]]) -> Iterator[Recording]:
    """Yield the recordings; the first also tells what a whole file left out: (reason, samples)."""
    for recording in recordings:
        yield replace(recording, left_out=(*recording.left_out, *(part for part in left_out if part[1])))
        left_out = ()


def first_lines(file: RawFile, n_lines: int) -> list[str]:
    """Return how a text file begins; what is no text gives lines that fit no format."""
    lines = file.head(HEAD_BYTES).decode("utf-8", errors="replace").removeprefix("\ufeff").splitlines()
    return lines[:n_lines]


def numbers_in(file: RawFile, n_columns: int) -> list[list[float]] | None:
    """Return the first rows of a table without header, at most ten; None where they are not so many numbers each."""
    rows = [line.split() for line in first_lines(file, 11)]
    rows = [row for row in (rows[:-1] if len(rows) > 10 else rows) if row]  # noqa: PLR2004 - the last may be cut
    if not rows or not all(len(row) == n_columns and all(is_number(cell, ".") for cell in row) for row in rows):
        return None
    return [[float(cell) for cell in row] for row in rows]


def check_gravity(acc: np.ndarray, rate_hz: float, unit: str, where: Path) -> None:
    """Refuse acceleration [time, 3] in m/s² that can have no gravity: a copy in another unit, or without it.

    Raises:
        DataError: the median length of its 1-s means is far from 1 g.
    """
    acc = acc[np.isfinite(acc).all(axis=1)]
    if not len(acc):
        return
    size = Steadiness.of(acc, rate_hz).size / STANDARD_GRAVITY
    if not STATED_RANGE[0] <= size <= STATED_RANGE[1]:
        raise DataError(
            f"the acceleration is not in {unit} with gravity, as the dataset documents it: "
            f"the median of its 1-s means is {size:.3g} g",
            where=where,
            fix="take the dataset's original files",
        )
