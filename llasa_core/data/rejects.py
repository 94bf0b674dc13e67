"""Rows that DuckDB refused: where they stand, and what is wrong with them in words."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from llasa_core.data.dialect import Dialect

REPAIR = "repair the row, or pass `--bad-rows drop`"
NO_SPREADSHEET = "export again, and do not save the file from a spreadsheet: it turns numbers into {}"
_MONTH = r"(?:jan|feb|m[aä]r|mrz|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?"
_DAMAGE = (
    (re.compile(r"#{3,}"), "##### where a column is narrow"),
    (re.compile(rf"\d{{1,2}}[. -]{{0,2}}{_MONTH}|{_MONTH}[ -]\d{{2,4}}", re.IGNORECASE), "dates"),
)
"""What spreadsheets make of numbers: `#####`, `1.Feb`, `Mrz 50`, `2-May`."""
_NOT_CONVERTED = re.compile(r'Could not convert string "(.*)" to', re.DOTALL)


class RejectedRow(NamedTuple):
    """A row that is not in the result."""

    line: int
    """In the text that was read, from 1."""
    column: int
    """Of the first bad cell, from 1."""
    kind: str
    """CAST, MISSING COLUMNS, TOO MANY COLUMNS, UNQUOTED VALUE, …"""
    message: str
    """DuckDB's own words."""

    @property
    def is_cut_off(self) -> bool:
        """Whether the row ends too early."""
        return self.kind == "MISSING COLUMNS"

    @property
    def swallows_rows(self) -> bool:
        """Whether the rows below went missing with it."""
        return self.kind == "UNQUOTED VALUE"


def take_rejected_rows(database: duckdb.DuckDBPyConnection) -> list[RejectedRow]:
    """Return the rows that were refused since the last call, and forget them.

    Of several faults in a row the one that explains the others stands for it: too few or too many cells.
    """
    found = database.execute(
        "SELECT line, column_idx, error_type, error_message FROM reject_errors ORDER BY ALL"
    ).fetchall()
    database.execute("DELETE FROM reject_errors")
    database.execute("DELETE FROM reject_scans")
    rows = [RejectedRow(*row) for row in found]
    return [
        max(of_line, key=lambda row: row.kind.endswith("COLUMNS"))
        for of_line in (list(group) for _, group in groupby(rows, key=lambda row: row.line))
    ]


def error_of(row: RejectedRow, dialect: Dialect, file: Path, line: int) -> DataError:
    """Return the error that a refused row is; `line` is its place in the file."""
    where = Place(file, line, row.column)
    n_columns = dialect.n_columns
    if row.kind == "CAST" and (match := _NOT_CONVERTED.search(row.message)):
        names = dialect.names
        name = names[row.column - 1] if names and names[row.column - 1] else f"column {row.column}"
        made = next((into for pattern, into in _DAMAGE if pattern.fullmatch(match[1].strip())), None)
        fix = NO_SPREADSHEET.format(made) if made else REPAIR
        return DataError(f'{name} is not a number: "{match[1]}"', where=where, fix=fix)
    if row.is_cut_off:
        return DataError(f"the row ends after {row.column} of {n_columns} columns", where=where, fix=REPAIR)
    if row.kind == "TOO MANY COLUMNS":
        where = Place(file, line, n_columns + 1)
        return DataError(f"the row has more than the table's {n_columns} columns", where=where, fix=REPAIR)
    if row.swallows_rows:
        return DataError("a quote is opened and not closed", where=where, fix="close or remove the quote")
    return DataError(f"the row cannot be read: {row.message}", where=where, fix=REPAIR)
