"""The rows of a text table as numbers, with the exact place of every cell that is none.

DuckDB reads them: of the readers tried (pyarrow, polars, pandas, numpy) it alone names line and column of every bad row
and keeps the good ones. It is given one block of clean lines after the other, so memory stays flat whatever the file's
size, encodings and line ends are ours to judge, and members of zips stream.
"""

from __future__ import annotations

import errno
import tempfile
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb
import numpy as np

from llasa_core.data.dialect import HEAD_BYTES, Dialect, find_dialect, split_line
from llasa_core.data.rejects import error_of, take_rejected_rows
from llasa_core.data.text_blocks import Block, text_blocks
from llasa_core.errors import DataError, Place, RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.rejects import RejectedRow

LARGEST_NUMBER = 1e30
"""Beyond it nothing is measured, and squares overflow; nanoseconds since 1970 are 1.8e18."""
SPREADSHEET_ROWS = 1 << 20
"""Where spreadsheets stop, and leave out what follows."""
DIALECTS_KEPT = 256
"""How many files' dialects a process remembers: each keeps its first rows, some 200 KB."""
MISSING = ("", "null", "NULL", "NA")
"""Cells that stand for no value, besides NaN."""


@dataclass(frozen=True)
class Rows:
    """Rows of a table, as columns."""

    line: np.ndarray
    """int64 [row]: where each stands in the file, from 1."""
    nth: np.ndarray
    """int64 [row]: rows above it, whether they could be read or not."""
    starts: np.ndarray
    """bool [row]: another recording starts here; the header stands again above, or a blank line if that counts."""
    numbers: np.ndarray
    """float64 [row, column]; NaN where the cell is empty or the number endless."""
    words: np.ndarray
    """object [row, column]: text cells; None where the cell is empty."""

    def part(self, keep: np.ndarray) -> Rows:
        """Return the rows of a mask; a recording that starts at one of the others starts at the next."""
        kept = np.flatnonzero(keep)
        starts = _moved_to_rows(self.starts, kept)
        return Rows(self.line[kept], self.nth[kept], starts, self.numbers[kept], self.words[kept])


@dataclass
class Table:
    """A text table that is read as a stream, and what was met on the way."""

    file: RawFile
    dialect: Dialect
    bad_rows: Literal["error", "drop"] = "error"
    """Whether a row that cannot be read ends the reading or is left out and counted."""
    splits_at_blank_lines: bool = False
    """Whether a blank line between rows tells recordings apart; where most rows have one it tells nothing."""
    n_dropped: int = field(default=0, init=False)
    """Rows left out because they cannot be read."""
    notes: list[str] = field(default_factory=list, init=False)
    """What was mended on the way."""
    _n_rows: int = field(default=0, init=False)

    @classmethod
    def open(cls, file: RawFile, bad_rows: Literal["error", "drop"] = "error") -> Table:
        """Find out how a file writes its table.

        Raises:
            DataError: the file is empty, no text, or holds no table.
        """
        return cls(file, _dialect_of(file, file.path.stat().st_mtime_ns), bad_rows)

    def rows(self, numbers: Sequence[int], words: Sequence[int] = ()) -> Iterator[Rows]:
        """Yield the rows block by block, in the file's order; some of the blocks may be empty.

        Args:
            numbers: columns to read as numbers, from 0.
            words: columns to read as text.

        Raises:
            DataError: a row cannot be read.
            RunError: the disk for temporary files is full.
        """
        self.n_dropped, self.notes, self._n_rows = 0, [], 0
        database = _database().cursor()
        with self.file.open() as stream, tempfile.TemporaryDirectory(prefix="llasa-") as folder:
            for number, block in enumerate(text_blocks(stream, self.dialect, self.file.shown)):
                path = Path(folder, f"{number}.csv")  # a new name each time: DuckDB may remember what an old one held
                _write(path, block.text)
                cells = self._cells(database, self._query(path, block, numbers, words), block)
                path.unlink()
                places = self._places(database, block, len(next(iter(cells.values()))))
                if block.is_last and block.first_line + block.n_lines - 1 == SPREADSHEET_ROWS:
                    self.notes.append(f"the file ends at row {SPREADSHEET_ROWS:,}, where spreadsheets cut what follows")
                yield Rows(*places, _numbers(cells, numbers), _words(cells, words))

    def _cells(self, database: duckdb.DuckDBPyConnection, query: str, block: Block) -> dict[str, np.ndarray]:
        try:
            cells: dict[str, np.ndarray] = database.execute(query).fetchnumpy()
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            where = Place(self.file.shown, block.first_line)
            raise DataError(f"the table cannot be read: {reason}", where=where, fix="export it again") from error
        return cells

    def _query(self, path: Path, block: Block, numbers: Sequence[int], words: Sequence[int]) -> str:
        types = {f"c{column}": "DOUBLE" if column in numbers else "VARCHAR" for column in range(self.dialect.n_columns)}
        quote = '"' if b'"' in block.text else ""
        chosen = ", ".join(f"c{column}" for column in sorted({*numbers, *words}))
        return (
            f"SELECT {chosen} FROM read_csv("  # noqa: S608 - names are ours, and texts are quoted
            f"{_sql(path.as_posix())}, columns = {types}, auto_detect = false, header = false, "
            f"delim = {_sql(self.dialect.separator)}, quote = '{quote}', escape = '{quote}', "
            f"decimal_separator = '{self.dialect.decimal}', nullstr = {list(MISSING)}, "
            "store_rejects = true, rejects_limit = 0)"
        )

    def _places(
        self, database: duckdb.DuckDBPyConnection, block: Block, n_rows: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return `line`, `nth` and `starts` of the rows that were read."""
        if block.n_zeros:
            self.notes.append(f"{block.n_zeros} bytes of zero left out, as a power loss leaves them")
        first_index = self._n_rows
        if n_rows == block.n_lines:
            self._n_rows += n_rows
            every = np.arange(n_rows)
            return block.first_line + every, first_index + every, np.zeros(n_rows, bool)
        lines = block.text.split(b"\n")
        is_row = np.array([bool(line.strip()) for line in lines])
        is_read, is_start = is_row.copy(), np.zeros(len(lines), bool)
        if self.splits_at_blank_lines and 10 * (len(lines) - is_row.sum()) < len(lines):
            is_start[1:] = is_row[1:] & ~is_row[:-1]
        for row in take_rejected_rows(database):
            at = row.line - 1
            if is_row[at] and self._judge(row, lines[at].decode(errors="replace"), block):
                is_row[at], is_start[at + 1 : at + 2] = False, True
            is_read[at] = False
        read = np.flatnonzero(is_read)
        if len(read) != n_rows:  # nothing may go missing without a word
            where = Place(self.file.shown, block.first_line)
            raise DataError(
                "a quoted text holds a line break", where=where, fix="export it without line breaks in cells"
            )
        self._n_rows += int(is_row.sum())
        return block.first_line + read, first_index + np.cumsum(is_row)[read] - 1, _moved_to_rows(is_start, read)

    def _judge(self, row: RejectedRow, text: str, block: Block) -> bool:
        """Return whether a row that was refused is the header again; count it or raise if it is not harmless."""
        line = block.first_line + row.line - 1
        cells = tuple(split_line(text, self.dialect.separator))[: self.dialect.n_columns]
        if cells in {self.dialect.names, self.dialect.units}:
            self.notes.append(f"line {line} is the header again: a new recording starts there")
            return True
        if row.is_cut_off and block.is_last and row.line == block.n_lines and not block.text.endswith(b"\n"):
            self.notes.append(f"the file is cut off: its last row, line {line}, ends early and is left out")
        elif self.bad_rows == "drop" and not row.swallows_rows:
            self.n_dropped += 1
        else:
            raise error_of(row, self.dialect, self.file.shown, line)
        return False


@lru_cache(maxsize=DIALECTS_KEPT)
def _dialect_of(file: RawFile, changed_ns: int) -> Dialect:
    """Return how a file writes its table; formats are told by it before the file is read."""
    del changed_ns  # another one makes it another file
    with file.open() as stream:
        head = stream.read(HEAD_BYTES)
        is_whole = not stream.read(1)
    return find_dialect(head, is_whole=is_whole, file=file.shown)


def _moved_to_rows(is_start: np.ndarray, read: np.ndarray) -> np.ndarray:
    """Return which rows start a recording, where a start may stand on a line that is none."""
    starts = np.zeros(len(read), bool)
    below = np.searchsorted(read, np.flatnonzero(is_start))
    starts[below[below < len(read)]] = True
    return starts


def _numbers(cells: dict[str, np.ndarray], columns: Sequence[int]) -> np.ndarray:
    numbers = np.empty((len(columns), len(next(iter(cells.values()))))).T  # column by column, as DuckDB gives them
    for position, column in enumerate(columns):
        numbers[:, position] = np.ma.filled(cells[f"c{column}"], np.nan)
    if not (numbers.max(initial=0) < LARGEST_NUMBER and numbers.min(initial=0) > -LARGEST_NUMBER):  # or one is NaN
        numbers[~(np.abs(numbers) < LARGEST_NUMBER)] = np.nan
    return numbers


def _words(cells: dict[str, np.ndarray], columns: Sequence[int]) -> np.ndarray:
    words = np.empty((len(next(iter(cells.values()))), len(columns)), object)
    for position, column in enumerate(columns):
        words[:, position] = np.ma.filled(cells[f"c{column}"], None)
    return words


def _write(path: Path, text: bytes) -> None:
    try:
        path.write_bytes(text)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise RunError(
            "the disk for temporary files is full", where=path.parent, fix="free some space there, or set TMPDIR"
        ) from error


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Return this process's DuckDB: one core, since files are read side by side, and nothing from the network."""
    return duckdb.connect(
        config={"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )


def _sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
