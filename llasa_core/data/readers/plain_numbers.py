"""Text files that hold nothing but numbers in columns, separated by blanks."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from llasa_core.data.table import LARGEST_NUMBER
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.readers.raw_files import RawFile


def read_numbers(file: RawFile, columns: Sequence[str], *, drop_bad: bool = False) -> np.ndarray:
    """Return the table in a file of numbers.

    DuckDB reads whatever is plain (280 MB/s on one core, numpy 100); what it refuses is read again row by row, which
    either succeeds or finds the first bad cell.

    Args:
        file: one row a line, cells separated by blanks, no header.
        columns: what the columns are called in messages; each row has as many cells.
        drop_bad: give a row that cannot be read as NaN instead of refusing the file.

    Returns:
        float64 [row, column].

    Raises:
        DataError: the file is empty, or a row cannot be read.
    """
    if not file.size:
        raise DataError("the file is empty", where=file.shown, fix="copy or download it again")
    with _on_disk(file) as path:
        try:
            table = _read_plain(path, columns)
        except duckdb.Error:
            table = None
        if table is None or not (np.abs(table) < LARGEST_NUMBER).all():
            table = np.array(list(_rows(path, file.shown, columns, drop_bad=drop_bad)))
    if np.isnan(table).all():
        raise DataError("the file holds no row of numbers", where=file.shown, fix="copy or download it again")
    return table


@contextmanager
def _on_disk(file: RawFile) -> Iterator[Path]:
    """Yield a path that DuckDB can open; a member of a zip is unpacked for that long."""
    if file.member is None:
        yield file.path
        return
    handle, name = tempfile.mkstemp(prefix="llasa-", suffix=".txt")
    try:
        with open(handle, "wb") as unpacked:  # noqa: PTH123 - the handle is open already
            unpacked.write(file.read_bytes())
        yield Path(name)
    finally:
        Path(name).unlink()


def _read_plain(path: Path, columns: Sequence[str]) -> np.ndarray:
    types = {f"c{number}": "DOUBLE" for number in range(len(columns))}
    with _database().cursor() as cursor:
        table = cursor.read_csv(
            str(path), delimiter=" ", header=False, columns=types, auto_detect=False, quotechar="", escapechar=""
        ).fetchnumpy()
    return np.stack([np.ma.filled(table[name], np.nan) for name in types], axis=1)


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    """Return this process's database: opening one takes as long as reading a file of 4 MB."""
    return duckdb.connect(config={"threads": 1})  # files are read side by side, one core each


def _rows(path: Path, shown: Path, columns: Sequence[str], *, drop_bad: bool) -> Iterator[list[float]]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for row, line in enumerate(lines, start=1):
            cells = line.split()
            if not cells:
                continue  # blank lines end many files
            bad = _bad_cell(cells, columns)
            if bad is None:
                yield [float(cell) for cell in cells]
            elif drop_bad:
                yield [float("nan")] * len(columns)
            else:
                message, column = bad
                raise DataError(
                    message, where=Place(shown, row, column), fix="repair the row, or pass `--bad-rows drop`"
                )


def _bad_cell(cells: Sequence[str], columns: Sequence[str]) -> tuple[str, int] | None:
    for column, (name, cell) in enumerate(zip(columns, cells, strict=False), start=1):
        try:
            is_number = abs(float(cell)) < LARGEST_NUMBER  # not true of NaN
        except ValueError:
            is_number = False
        if not is_number:
            return f'{name} is not a number: "{cell}"', column
    if len(cells) != len(columns):
        return f"the row holds {len(cells)} numbers, not {len(columns)}", min(len(cells), len(columns) + 1)
    return None
