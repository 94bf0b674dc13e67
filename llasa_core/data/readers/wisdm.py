"""WISDM v1.1: phone in the trouser pocket, 36 people, six activities; acceleration alone.

Source:
    cis.fordham.edu/wisdm/dataset.php, `WISDM_ar_v1.1_raw.txt`: `33,Jogging,49105962326000,-0.69,12.68,0.50;`, that is
    user, activity, time since the phone's start in ns, acceleration with gravity in m/s², 20 Hz. Its readme names these
    columns; seen in programs that read it: two records on one line, records without z, times of 0, records of zeros.
    v2.0 has the same form, with times in ms since 1970 and the labels `Stairs` and `LyingDown`.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.clock import find_clock
from llasa_core.data.readers.beginnings import first_lines
from llasa_core.data.readers.dataset_parts import (
    Cells,
    Group,
    are_numbers,
    cells_of,
    in_order,
    measured,
    recordings_of_groups,
)
from llasa_core.data.readers.dataset_tables import BAD_ROW, known_table
from llasa_core.data.readers.label_codes import STAIRS, CodeBook
from llasa_core.data.readers.raw_files import RawFile
from llasa_core.data.readers.reader import Format, Refused
from llasa_core.data.tracks import Track
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.clock import Clock
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.recording import Recording

RATE_HZ = 20.0
COLUMNS = ("user", "activity", "timestamp", "x", "y", "z")
CODES = {"Stairs": STAIRS}
"""All other labels say what they mean."""
DECIDED = "acceleration in m/s² with gravity, as the dataset documents it"
_RECORD = re.compile(r"\d+\s*,[A-Za-z]{2,},\d+,[^,;]*,[^,;]*,[^,;]*;?,?")
_SUFFIXES = (".txt", ".csv")


class Records(NamedTuple):
    """Records that a semicolon ends."""

    line: np.ndarray
    """int64 [record], from 1."""
    users: np.ndarray
    """object [record]."""
    labels: np.ndarray
    """object [record]."""
    ticks: np.ndarray
    """float64 [record]; NaN where the time is 0."""
    values: np.ndarray
    """float64 [record, 3]; NaN where a value is missing."""
    notes: tuple[str, ...]
    left_out: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class WisdmFile:
    """The one file, with all people."""

    file: RawFile

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "wisdm"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The file."""
        return (self.file,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield the recordings of each person, with an angular rate of zero.

        Raises:
            DataError: a record cannot be read, or a label is not known.
        """
        records = records_of(self.file, options)
        book = CodeBook(CODES, options.label_map)
        codes = book.numbers_of(records.labels, records.line, self.file.shown, 2)
        where = Place(self.file.shown)
        clock = clock_of_records(records, where)
        groups = []
        for user, rows in groups_of(records.users):
            track = acc_track(records, rows, clock, codes)
            groups.append(
                Group(f"user {user}", len(rows), partial(self._read, user, track, book, clock, records.notes))
            )
        yield from recordings_of_groups(groups, Counter(dict(records.left_out)), where)

    def _read(self, user: str, acc: Track, book: CodeBook, clock: Clock, told: tuple[str, ...]) -> Iterator[Recording]:
        where = Place(self.file.shown)
        acc, notes = in_order(acc, "acceleration", where)
        about = About(
            file=self.file.shown,
            dataset="wisdm",
            session=f"user{user}",
            subject=f"wisdm/{user}",
            origin=origin_of("wisdm", "m/s^2", None, clock.unit),
            placement="trouser pocket",
            notes=(DECIDED, *told, *notes),
            since_1970_s=None if clock.since_1970_s is None else 0.0,
        )
        yield from recordings_of_tracks(about, acc, None, where, meanings=book.meanings)


def find_wisdm(files: Sequence[RawFile], options: ReadOptions) -> list[WisdmFile | Refused]:
    """Return the files of such records; refused unless a missing gyroscope is allowed."""
    may_read = options.allow_missing_gyro or options.describe_only
    return [WisdmFile(file) if may_read else _refused(file) for file in files if _is_wisdm(file)]


def _is_wisdm(file: RawFile) -> bool:
    return file.shown.suffix.lower() in _SUFFIXES and starts_with(file, _RECORD)


def _refused(file: RawFile) -> Refused:
    error = DataError(
        "WISDM v1.1 has no gyroscope: its phones recorded acceleration alone",
        where=file.shown,
        fix="take wisdm-2019, which has both, or pass `--allow-missing gyro`: gyr is then zero, "
        "and the windows are flagged",
    )
    return Refused("wisdm", (file,), error)


def starts_with(file: RawFile, record: re.Pattern[str]) -> bool:
    """Return whether the first record of a file looks like this."""
    line = next((line.strip() for line in first_lines(file) if line.strip()), "")
    return bool(record.match(line))


def clock_of_records(records: Records, where: Place) -> Clock:
    """Return what the times count in; documents and files do not agree.

    Raises:
        DataError: no unit gives the dataset's rate.
    """
    return find_clock(records.ticks[np.isfinite(records.ticks)], "timestamp", None, RATE_HZ, where)


def acc_track(records: Records, rows: np.ndarray, clock: Clock, codes: np.ndarray | None = None) -> Track:
    """Return the acceleration in some records; where it is 0 on all axes the sensor was off, since gravity never is."""
    values = measured(records.values[rows])
    values[(values == 0).all(axis=1)] = np.nan
    return Track.of(records.ticks[rows] * clock.scale, values, None if codes is None else codes[rows])


def groups_of(words: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return each word with the rows that hold it, in the order in which they are met first."""
    number_of = {word: number for number, word in enumerate(dict.fromkeys(words))}
    numbers = np.fromiter(map(number_of.__getitem__, words), np.int32, len(words))
    return [(word, np.flatnonzero(numbers == number)) for word, number in number_of.items()]


def records_of(file: RawFile, options: ReadOptions) -> Records:
    """Return the records in a file.

    DuckDB reads lines of one record; other lines are read record by record, which finds what is wrong with them.

    Raises:
        DataError: a record cannot be read, or there is none.
    """
    lenient = options.model_copy(update={"bad_rows": "drop"})
    table = known_table(_Unended(file.path, file.member, file.size, file.steps), COLUMNS, lenient, separator=",")
    try:
        cells = cells_of(table, (2, 3, 4, 5), (0, 1))
    except DataError:
        cells = Cells(np.empty(0, np.int64), np.empty((0, 4)), np.empty((0, 2), object), (), ())
    if len(cells.line) and not table.n_dropped:
        return _records(cells.line, cells.words, cells.numbers, cells.notes, 0)
    odd, n_bad = _odd_records(file, set(cells.line.tolist()), options)
    line = np.concatenate([cells.line, odd.line])
    if not len(line):
        raise DataError("the file holds no record", where=file.shown, fix="copy or download it again")
    order = np.argsort(line, kind="stable")
    words, numbers = np.concatenate([cells.words, odd.words]), np.concatenate([cells.numbers, odd.numbers])
    return _records(line[order], words[order], numbers[order], cells.notes, n_bad)


def _records(line: np.ndarray, words: np.ndarray, numbers: np.ndarray, notes: tuple[str, ...], n_bad: int) -> Records:
    numbers[numbers[:, 0] == 0, 0] = np.nan
    left_out = ((BAD_ROW, n_bad),) if n_bad else ()
    return Records(line, words[:, 0], words[:, 1], numbers[:, 0], numbers[:, 1:], notes, left_out)


class _Unended(RawFile):
    """A file of records without the semicolons that end its lines."""

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        with super().open() as stream:
            text = stream.read().replace(b"\r\n", b"\n").replace(b";\n", b"\n")
            yield io.BytesIO(text.removesuffix(b";"))


def _odd_records(file: RawFile, is_read: set[int], options: ReadOptions) -> tuple[Cells, int]:
    """Return the records in all lines but those that are read already, and how many were bad.

    Raises:
        DataError: one is bad, and bad ones are not to be dropped.
    """
    lines, words, numbers = [], [], []
    n_bad = 0
    text = file.read_bytes().rstrip(b"\0").decode("latin-1")
    cut_off = 0 if text.endswith(("\n", ";")) else text.count("\n") + 1
    for line, column, cells in _cells(text, is_read):
        error = _error_of(cells, Place(file.shown, line, column))
        if error is not None and line == cut_off and len(cells) < len(COLUMNS):
            continue  # the notes say so
        if error is None:
            lines.append(line)
            words.append(cells[:2])
            numbers.append([float(cell) if cell else np.nan for cell in cells[2:]])
        elif options.bad_rows == "drop":
            n_bad += 1
        else:
            raise error
    table = np.array(numbers, np.float64).reshape(-1, 4), np.array(words, object).reshape(-1, 2)
    return Cells(np.array(lines, np.int64), *table, (), ()), n_bad


def _cells(text: str, is_read: set[int]) -> Iterator[tuple[int, int, list[str]]]:
    """Yield line and column of each record that is not read yet, and its cells."""
    for number, line in enumerate(text.split("\n"), start=1):
        if number in is_read:
            continue
        column = 1
        for record in line.split(";"):
            cells = [cell.strip() for cell in record.split(",")]
            n_cells = len(cells)
            while len(cells) > len(COLUMNS) and not cells[-1]:
                cells.pop()
            if any(cells):
                yield number, column, cells
                column += n_cells


def _error_of(cells: Sequence[str], where: Place) -> DataError | None:
    """Return what is wrong with a record; `where` is its first cell."""
    first = where.column if isinstance(where.column, int) else 1
    repair = "repair the row, or pass `--bad-rows drop`"
    if len(cells) != len(COLUMNS):
        place = Place(where.file, where.row, first + min(len(cells), len(COLUMNS) + 1) - 1)
        return DataError(f"a record has {len(COLUMNS)} cells, not {len(cells)}", where=place, fix=repair)
    for column, (name, cell) in enumerate(zip(COLUMNS[2:], cells[2:], strict=True), start=first + 2):
        if cell and not are_numbers([cell]):
            place = Place(where.file, where.row, column)
            return DataError(f'{name} is not a number: "{cell}"', where=place, fix=repair)
    return None


WISDM = Format("wisdm", "WISDM v1.1", find_wisdm)
