"""What the rows of a motion table mean: times, both sensors, label and subject."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import ACC, CHANNELS, GYR
from llasa_core.data.dialect import is_number
from llasa_core.data.labels import activity_of
from llasa_core.data.time_words import DAY_S, TimeWords
from llasa_core.data.timeline import Samples
from llasa_core.data.wrapping import Unwrapped
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.clock import Clock
    from llasa_core.data.column_names import ColumnName
    from llasa_core.data.columns import ColumnMap
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.table import Rows, Table


LARGEST_VALUE = 1e6
"""In any unit: 16 g are 16,000 mg, and the steps of a sensor end at 32,768."""
LARGEST_ACC, LARGEST_GYR = 470.0, 105.0
"""Three times the range of sensors for people, 16 g and 2,000 °/s, in m/s² and rad/s: no motion, but a fault."""


class CsvRows:
    """Reads the columns of one table that are needed, and tells which is which."""

    def __init__(self, table: Table, columns: ColumnMap, options: ReadOptions) -> None:
        self.table, self.columns = table, columns
        self.n_zero = 0
        """Rows left out because the accelerometer does not even say gravity: it was asleep, or the row is empty."""
        self._holds_gravity = columns.gyr is not None and (columns.acc.x.kind != "linear acc" or bool(columns.gravity))
        self._triples = [triple for triple in (columns.acc, columns.gravity, columns.gyr) if triple is not None]
        clocks = (columns.time, columns.gyr_time, columns.counter)
        self._clocks = [clock for clock in clocks if clock is not None]
        self._text_clocks = [clock.position for clock in self._clocks if _is_text(clock, table)]
        sensors = [position for triple in self._triples for position in triple.positions]
        positions = [clock.position for clock in self._clocks]
        self._numbers = [*sensors, *(position for position in positions if position not in self._text_clocks)]
        self._words = [
            *self._text_clocks,
            *(column for column in (columns.label, columns.subject) if column is not None),
        ]
        self.activities: list[str | None] = [None]
        """By number, as `Samples.codes` has them; the first holds where no label is written."""
        self.subjects: list[str | None] = [None]
        self._label_map = options.label_map
        self._takes_new = options.new_activities
        self._time_words: dict[int, TimeWords] = {}
        self._unwrapped: dict[int, Unwrapped] = {}
        self._told: set[str] = set()
        self._numbers_of_words: tuple[dict[str | None, int], ...] = ({None: 0}, {None: 0})

    @property
    def has_text_clock(self) -> bool:
        """Whether the time is written as date or time of day."""
        return bool(self._text_clocks)

    def read(self) -> Iterator[Rows]:
        """Yield the table's rows, block by block; a value that no sensor gives is missing.

        Raises:
            DataError: a row cannot be read, or a text is no time.
        """
        self._time_words, self._unwrapped = {}, {}
        for rows in self.table.rows(self._numbers, self._words):
            sensors = rows.numbers[:, : 3 * len(self._triples)]
            _mask_beyond(LARGEST_VALUE, sensors)
            rows = self._with_times(rows)  # noqa: PLW2901 - the same rows, and their times
            yield self._without_zeros(rows) if self._holds_gravity else rows

    def ticks(self, rows: Rows, clock: ColumnName | None) -> np.ndarray:
        """Return the times [row] as the clock counts, or the numbers of the samples where there is no clock."""
        clock = clock or self.columns.counter
        if clock is None:
            return rows.nth.astype(np.float64)
        return rows.numbers[:, self._column_of(clock)]

    def _column_of(self, clock: ColumnName) -> int:
        """Return where the times of a clock stand among `Rows.numbers`: those of text behind all others."""
        if clock.position in self._text_clocks:
            return len(self._numbers) + self._text_clocks.index(clock.position)
        return self._numbers.index(clock.position)

    def _with_times(self, rows: Rows) -> Rows:
        """Return rows whose numbers hold the times of all clocks, each counted on where it starts over."""
        n_rows = len(rows.line)
        if self._text_clocks:
            times = np.full((len(self._text_clocks), n_rows), np.nan)
            rows = replace(rows, numbers=np.concatenate([rows.numbers.T, times]).T)
        for clock in self._clocks if n_rows else ():
            ticks = rows.numbers[:, self._column_of(clock)]
            ticks[:] = self._counted_on(rows, clock, ticks)
        return rows

    def _counted_on(self, rows: Rows, clock: ColumnName, ticks: np.ndarray) -> np.ndarray:
        is_text = clock.position in self._text_clocks
        if is_text:
            ticks = self._seconds(rows, clock)
        if clock.position not in self._unwrapped:
            is_of_day = is_text and bool(np.nanmax(ticks, initial=0) < 2 * DAY_S)
            self._unwrapped[clock.position] = Unwrapped(
                DAY_S if is_of_day else None, lambda what: self._tell(f"{clock.shown} {what}")
            )
        return self._unwrapped[clock.position](ticks)

    def _seconds(self, rows: Rows, clock: ColumnName) -> np.ndarray:
        words = rows.words[:, self._words.index(clock.position)]
        if clock.position not in self._time_words:
            where = Place(self.table.file.shown, self.table.dialect.header_row, clock.position + 1)
            self._time_words[clock.position] = TimeWords(words, clock.shown, where)
            if unused := self._time_words[clock.position].unused_dates:
                self._tell(f"dates of {clock.shown} not used: {unused}")
        seconds = self._time_words[clock.position].seconds(words)
        is_bad = np.isnan(seconds) & (words != None)  # noqa: E711 - element by element
        if is_bad.any():
            self._refuse_times(rows, words, is_bad, clock)
        return seconds

    def _tell(self, note: str) -> None:
        if note not in self._told:
            self._told.add(note)
            self.table.notes.append(note)

    def _without_zeros(self, rows: Rows) -> Rows:
        x, y, z = self.acc(rows).T
        is_zero = (x == 0) & (y == 0) & (z == 0)
        if not is_zero.any():
            return rows
        self.n_zero += int(is_zero.sum())
        return rows.part(~is_zero)

    def acc(self, rows: Rows) -> np.ndarray:
        """Return acceleration [row, 3] with gravity, in the file's unit."""
        acc = rows.numbers[:, :3]
        return acc + rows.numbers[:, 3:6] if self.columns.gravity else acc

    def gyr(self, rows: Rows) -> np.ndarray | None:
        """Return angular rate [row, 3] in the file's unit; None where there is no gyroscope."""
        first = 3 * (len(self._triples) - 1)
        return rows.numbers[:, first : first + 3] if self.columns.gyr else None

    def samples(self, rows: Rows, clock: Clock, first_tick: float, scales: tuple[float, float]) -> Samples:
        """Return rows on the clock of seconds from the first tick, acc in m/s², gyr in rad/s."""
        values = np.zeros((len(rows.line), len(CHANNELS)))
        np.multiply(self.acc(rows), scales[0], out=values[:, ACC])
        if (gyr := self.gyr(rows)) is not None:
            np.multiply(gyr, scales[1], out=values[:, GYR])
        for channels, largest in ((ACC, LARGEST_ACC), (GYR, LARGEST_GYR)):
            _mask_beyond(largest, values[:, channels])
        time = (self.ticks(rows, self.columns.time) - first_tick) * clock.scale
        gyr_time = None
        if self.columns.gyr_time is not None:
            gyr_time = (self.ticks(rows, self.columns.gyr_time) - first_tick) * clock.scale
        return Samples(time, gyr_time, values, self.codes(rows), rows.starts)

    def codes(self, rows: Rows) -> np.ndarray:
        """Return the numbers of label and subject of each row: int32 [row, 2], as `Samples.codes`.

        Raises:
            DataError: a label is not known.
        """
        codes = np.zeros((len(rows.line), 2), np.int32)
        for kind, (column, number_of) in enumerate(
            ((self.columns.label, self._number_of_label), (self.columns.subject, self._number_of_subject))
        ):
            if column is not None:
                known = self._numbers_of_words[kind]
                words = rows.words[:, self._words.index(column)]
                for row, word in enumerate(words):
                    if word not in known:
                        known[word] = number_of(word, Place(self.table.file.shown, int(rows.line[row]), column + 1))
                codes[:, kind] = np.fromiter(map(known.__getitem__, words), np.int32, len(words))
        return codes

    def _number_of_label(self, word: str, place: Place) -> int:
        activity = activity_of(word, self._label_map, place, takes_new=self._takes_new)
        return _number_in(self.activities, activity)

    def _number_of_subject(self, word: str, _place: Place) -> int:
        return _number_in(self.subjects, word.strip())

    def _refuse_times(self, rows: Rows, words: np.ndarray, is_bad: np.ndarray, clock: ColumnName) -> None:
        """Raise, or count the rows; without a time they are left out with the incomplete ones."""
        if self.table.bad_rows == "drop":
            return
        row = int(np.flatnonzero(is_bad)[0])
        raise DataError(
            f'{clock.shown} is no time: "{words[row]}"',
            where=Place(self.table.file.shown, int(rows.line[row]), clock.position + 1),
            fix="repair the row, or pass `--bad-rows drop`; times look like 2024-05-29 19:07:17.250",
        )


def _mask_beyond(largest: float, values: np.ndarray) -> None:
    """Make values NaN that are further from 0; most tables have none, which two looks tell."""
    if not (values.max(initial=0) <= largest and values.min(initial=0) >= -largest):
        values[np.abs(values) > largest] = np.nan


def _is_text(clock: ColumnName, table: Table) -> bool:
    cells = [row[clock.position] for row in table.dialect.sample]
    n_numbers = sum(is_number(cell, table.dialect.decimal) for cell in cells)
    return 2 * n_numbers < sum(map(bool, cells))


def _number_in(known: list[str | None], name: str | None) -> int:
    if name not in known:
        known.append(name)
    return known.index(name)
