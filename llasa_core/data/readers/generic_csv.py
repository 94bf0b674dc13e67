"""Any text table with one sample a row: what it holds is found out from header and values, or it is refused.

A file is read as a stream. Dialect and columns are decided on its first lines; clock and units on its first
`PART_ROWS` rows (an hour and a half at 100 Hz), which is all of most files. What follows is read the same way.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.assemble import About, Words, recordings_of
from llasa_core.data.clock import POSSIBLE_HZ, Clock, find_clock, usual_step
from llasa_core.data.column_choice import clock_unit
from llasa_core.data.columns import find_columns
from llasa_core.data.deciding import Headed, decide_units, refuse_another_unit
from llasa_core.data.folders import activity_of_folder, subject_of
from llasa_core.data.profile import PLAIN
from llasa_core.data.readers.csv_rows import CsvRows
from llasa_core.data.readers.raw_files import RawFile
from llasa_core.data.recording import Origin
from llasa_core.data.table import Table
from llasa_core.data.timeline import PART_ROWS, Timeline
from llasa_core.data.units import refuse_raw_steps
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.column_names import ColumnName
    from llasa_core.data.deciding import Units
    from llasa_core.data.profile import Profile
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.recording import Recording
    from llasa_core.data.table import Rows

_RATE = re.compile(r"(?:rate|frequency|\bat)\D{0,12}?(\d+(?:\.\d+)?) ?Hz", re.IGNORECASE)
_LABEL_NAMES = ("label", "activity", "class", "gt")
_RECORD_LONGER = "record again, longer and with both sensors"
FEWEST_ROWS = 2
ROWS_THAT_DECIDE = 200_000
"""So many rows, or all, decide on the units: half an hour at 100 Hz."""


def read_generic_csv(
    path: Path | RawFile, options: ReadOptions, profile: Profile = PLAIN, name: str | None = None
) -> Iterator[Recording]:
    """Yield the recordings of a text table: several where it has gaps or subjects, or is very long.

    Memory is bounded whatever the file's size: a few times `PART_ROWS` rows are held.

    Args:
        path: a file on the disk, or a member of a zip.
        options: what the file does not say itself.
        profile: what its format says.
        name: of the recording; by default the file's own.

    Raises:
        DataError: the file cannot be read, or not beyond doubt.
    """
    file = _raw_file(path)
    where = Place(file.shown)
    table = Table.open(file, options.bad_rows)
    rows = CsvRows(table, find_columns(table.dialect, options, file.shown, profile), options)
    table.splits_at_blank_lines = rows.columns.time is None
    if options.label_from == "folder" and options.label_column is None:
        rows.activities[0] = activity_of_folder(file.shown, profile.format, options)
    blocks = rows.read()
    head = _first(blocks, PART_ROWS)
    decided = _decide(head, rows, options, where, profile)
    timeline = Timeline(decided.clock, where)
    first_tick = _first_tick(head, rows, rows.columns.time)
    begins_s = (
        first_tick * decided.clock.scale,
        _first_tick(head, rows, rows.columns.gyr_time) * decided.clock.scale,
    )
    scales = decided.units.acc_scale, decided.units.gyr_scale
    samples = (rows.samples(block, decided.clock, first_tick, scales) for block in chain(_emptying(head), blocks))
    if decided.clock.since_1970_s is None and profile.zero_since_1970_s is not None:
        since_1970_s = profile.zero_since_1970_s + first_tick * decided.clock.scale
        decided = decided._replace(clock=replace(decided.clock, since_1970_s=since_1970_s))
    name = name or profile.session or Path(file.name).stem
    subject = subject_of(file.shown, profile, name, options)
    about = _about(file, name, subject, profile, decided, _rates(head, rows, decided.clock))
    words = Words(rows.activities, rows.subjects)
    n_recordings = 0
    for recording in recordings_of(about, samples, timeline, words, lambda: _lost(rows)):
        n_recordings += 1
        yield recording
    if not n_recordings:
        raise _nothing_left(timeline, rows, begins_s, where)


def _about(
    file: RawFile,
    name: str,
    subject: str,
    profile: Profile,
    decided: _Decided,
    rates_hz: tuple[float, float | None],
) -> About:
    units, clock = decided.units, decided.clock
    origin = Origin(profile.format, units.acc_unit, units.gyr_unit, *rates_hz, clock.unit, units.gravity)
    return About(
        file=file.shown,
        dataset=profile.format,
        session=name,
        subject=subject,
        origin=origin,
        placement=profile.placement,
        notes=decided.notes,
        quality=units.quality,
        since_1970_s=clock.since_1970_s,
    )


def _rates(head: list[Rows], rows: CsvRows, clock: Clock) -> tuple[float, float | None]:
    """Return the rates of acc and gyr, which may have a clock of its own."""
    if rows.columns.gyr is None:
        return clock.rate_hz, None
    if rows.columns.gyr_time is None:
        return clock.rate_hz, clock.rate_hz
    ticks = np.concatenate([rows.ticks(block, rows.columns.gyr_time) for block in head])
    step = usual_step(ticks[np.isfinite(ticks)]) * clock.scale
    return clock.rate_hz, 1 / step if step > 0 else clock.rate_hz


def _lost(rows: CsvRows) -> tuple[dict[str, int], tuple[str, ...]]:
    mended, rows.table.notes = tuple(rows.table.notes), []
    lost = {"row that could not be read": rows.table.n_dropped}
    return lost | ({"acceleration of zero on all axes": rows.n_zero} if rows.n_zero else {}), mended


def _raw_file(path: Path | RawFile) -> RawFile:
    if isinstance(path, RawFile):
        return path
    if not path.is_file():
        raise DataError("there is no such file", where=path, fix="check the path")
    return RawFile(path, None, path.stat().st_size)


class _Decided(NamedTuple):
    """What holds for the whole file."""

    clock: Clock
    units: Units
    notes: tuple[str, ...]


def _decide(head: list[Rows], rows: CsvRows, options: ReadOptions, where: Place, profile: Profile) -> _Decided:
    columns, dialect = rows.columns, rows.table.dialect
    header = Place(where.file, dialect.header_row)
    clock = _find_clock(head, rows, options, where)
    acc, gyr = _complete_rows(head, rows, where)
    acc_from = Headed(columns.acc, header)
    if columns.gravity is not None:
        refuse_another_unit(acc_from, Headed(columns.gravity, header), options)
    gyr_from = Headed(columns.gyr, header) if columns.gyr else None
    units = decide_units(acc, gyr, clock.rate_hz, acc_from, gyr_from, options, where, is_ios_frame=profile.is_ios_frame)
    notes = (*profile.notes, *dialect.notes, *columns.notes, *_hints(rows), clock.note, *units.notes)
    return _Decided(clock, units, notes)


def _find_clock(head: list[Rows], rows: CsvRows, options: ReadOptions, where: Place) -> Clock:
    column, header = rows.columns.time, Place(where.file, rows.table.dialect.header_row)
    if column is not None:
        ticks = np.concatenate([rows.ticks(block, column) for block in head])
        ticks = ticks[np.isfinite(ticks)]
        if len(ticks) < FEWEST_ROWS:
            raise DataError(
                f"{_rows(len(ticks))} with a time: too few for a recording", where=where, fix=_RECORD_LONGER
            )
        stated = "s" if rows.has_text_clock else clock_unit(column, header)
        place = Place(header.file, header.row, column.position + 1)
        said = "it is written as text" if rows.has_text_clock else "the header says so"
        return find_clock(ticks, column.shown, stated, options.sampling_rate_hz, place, said=said)
    if options.sampling_rate_hz is not None:
        return _clock_of_rate(options.sampling_rate_hz, "`--rate` says so", rows)
    for line in rows.table.dialect.preamble:
        if (match := _RATE.search(line)) and POSSIBLE_HZ[0] <= float(match[1]) <= POSSIBLE_HZ[1]:
            return _clock_of_rate(float(match[1]), f"the line `{line.strip()[:60]}` above the table says so", rows)
    refuse_raw_steps(np.concatenate([rows.acc(block) for block in head]), where)
    raise DataError(
        "no time column, and no sampling rate", where=header, fix="pass the sampling rate in Hz, as in `--rate 50`"
    )


def _clock_of_rate(rate_hz: float, evidence: str, rows: CsvRows) -> Clock:
    counter = rows.columns.counter
    by_what = "a row a sample" if counter is None else f"samples numbered by {counter.shown}"
    note = f"{rate_hz:g} Hz, {by_what}: {evidence}"
    return Clock(1 / rate_hz, rate_hz, 0.0, note, f"none: {rate_hz:g} Hz, {evidence}")


def _complete_rows(head: list[Rows], rows: CsvRows, where: Place) -> tuple[np.ndarray, np.ndarray | None]:
    """Return acc and gyr [row, 3] of the rows that hold all their values, in the file's units."""
    head = head[: 1 + int(np.searchsorted(np.cumsum([len(block.line) for block in head]), ROWS_THAT_DECIDE))]
    acc = np.concatenate([rows.acc(block) for block in head])
    gyr = None
    if rows.columns.gyr is not None:
        gyr = np.concatenate([part for block in head if (part := rows.gyr(block)) is not None])
    if len(acc) and np.isfinite(acc).all() and (gyr is None or np.isfinite(gyr).all()):
        return acc, gyr
    is_whole = np.isfinite(acc).all(axis=1)
    if gyr is not None:
        is_whole &= np.isfinite(gyr).all(axis=1)
    if not is_whole.any():
        raise DataError("no row has a value for every channel", where=where, fix=_RECORD_LONGER)
    return acc[is_whole], None if gyr is None else gyr[is_whole]


def _hints(rows: CsvRows) -> Iterator[str]:
    names = rows.table.dialect.names or ()
    if rows.columns.label is None:
        for name in names:
            if name.casefold() in _LABEL_NAMES:
                yield f"column `{name}` is not read; `--label-column {name}` takes the activities from it"


def _first(blocks: Iterator[Rows], n_rows: int) -> list[Rows]:
    """Take blocks until they hold so many rows."""
    head: list[Rows] = []
    while sum(len(block.line) for block in head) < n_rows and (block := next(blocks, None)) is not None:
        head.append(block)
    return head


def _emptying(head: list[Rows]) -> Iterator[Rows]:
    """Yield the blocks, and let go of each."""
    while head:
        yield head.pop(0)


def _first_tick(head: list[Rows], rows: CsvRows, clock: ColumnName | None) -> float:
    for block in head:
        ticks = rows.ticks(block, clock)
        if np.isfinite(ticks).any():
            return float(ticks[np.isfinite(ticks)][0])
    return 0.0


def _nothing_left(timeline: Timeline, rows: CsvRows, begins_s: tuple[float, float], where: Place) -> DataError:
    if rows.columns.gyr_time is not None and timeline.n_missing > timeline.n_short:
        return DataError(
            f"acceleration (from {begins_s[0]:.10g} s on) and angular rate (from {begins_s[1]:.10g} s on) "
            "were never on at the same time",
            where=where,
            fix="export both with the same clock: one may count since 1970, the other since the device started",
        )
    if timeline.n_missing > timeline.n_short:
        return DataError("no row has a value for every channel", where=where, fix=_RECORD_LONGER)
    return DataError(
        f"no second without a gap in {_rows(timeline.n_short + timeline.n_repeated)}", where=where, fix=_RECORD_LONGER
    )


def _rows(count: int) -> str:
    return f"{count} row{'s'[: count != 1]}"
