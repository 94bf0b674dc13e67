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

from llasa_core.data.channels import CHANNELS
from llasa_core.data.clock import Clock, find_clock
from llasa_core.data.column_choice import time_unit_stated
from llasa_core.data.columns import find_columns, names_a_sensor, stated_acc_unit, stated_gyr_unit
from llasa_core.data.labels import activity_of
from llasa_core.data.quality import NOTHING_TO_SAY, Quality
from llasa_core.data.readers.csv_rows import CsvRows
from llasa_core.data.readers.raw_files import RawFile
from llasa_core.data.recording import Recording, Segment
from llasa_core.data.table import Table
from llasa_core.data.timeline import PART_ROWS, Stretch, Timeline
from llasa_core.data.units import decide_acc_unit, decide_gyr_unit
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.channels import AccUnit
    from llasa_core.data.column_choice import Triple
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.table import Rows
    from llasa_core.data.units import Stated

_RATE = re.compile(r"(?:rate|frequency|\bat)\D{0,12}?(\d+(?:\.\d+)?) ?Hz", re.IGNORECASE)
_LABEL_NAMES = ("label", "activity", "class", "gt")
_RECORD_LONGER = "record again, longer and with both sensors"
FEWEST_ROWS = 2


def looks_like_csv(path: Path | RawFile, options: ReadOptions | None = None) -> bool:
    """Return whether a file is a table of motion: by its header, or by six columns where it has none."""
    try:
        file = _raw_file(path)
        dialect = Table.open(file).dialect
    except (DataError, OSError):
        return False
    if dialect.names is None or (options is not None and options.columns):
        return dialect.n_columns >= len(CHANNELS)
    try:
        return names_a_sensor(dialect, file.shown)
    except DataError:  # two columns claim one place: a table of motion, and an error that its reader shall see
        return True


def read_generic_csv(path: Path | RawFile, options: ReadOptions) -> Iterator[Recording]:
    """Yield the recordings of a text table: several where it has gaps or subjects, or is very long.

    Memory is bounded whatever the file's size: a few times `PART_ROWS` rows are held.

    Args:
        path: a file on the disk, or a member of a zip.
        options: what the file does not say itself.

    Raises:
        DataError: the file cannot be read, or not beyond doubt.
    """
    file = _raw_file(path)
    where = Place(file.shown)
    table = Table.open(file, options.bad_rows)
    rows = CsvRows(table, find_columns(table.dialect, options, file.shown), options)
    table.splits_at_blank_lines = rows.columns.time is None
    if options.label_from == "folder" and options.label_column is None:
        rows.activities[0] = activity_of(file.shown.parent.name, options.label_map, where)
    blocks = rows.read()
    head = _first(blocks, PART_ROWS)
    decided = _decide(head, rows, options, where)
    timeline = Timeline(decided.clock, where)
    first_tick = _first_tick(head, rows)
    samples = (
        rows.samples(block, decided.clock, first_tick, decided.scales) for block in chain(_emptying(head), blocks)
    )
    held: Recording | None = None
    counted: dict[str, int] = {}
    for number, stretch in enumerate(timeline.stretches(samples), start=1):
        if held is not None:
            yield _with_counts(held, rows, timeline, counted)
        held = _recording(stretch, number, file, rows, decided)
    if held is None:  # one is held back, so that the last can tell what was left out after it
        raise _nothing_left(timeline, rows, where)
    yield _with_counts(held, rows, timeline, counted)


def _raw_file(path: Path | RawFile) -> RawFile:
    if isinstance(path, RawFile):
        return path
    if not path.is_file():
        raise DataError("there is no such file", where=path, fix="check the path")
    return RawFile(path, None, path.stat().st_size)


class _Decided(NamedTuple):
    """What holds for the whole file."""

    clock: Clock
    scales: tuple[float, float]
    """Of acc and gyr, to m/s² and rad/s."""
    quality: Quality
    notes: tuple[str, ...]


def _decide(head: list[Rows], rows: CsvRows, options: ReadOptions, where: Place) -> _Decided:
    columns, dialect = rows.columns, rows.table.dialect
    header = Place(where.file, dialect.header_row)
    clock = _find_clock(head, rows, options, where)
    acc, gyr = _complete_rows(head, rows, where)
    stated = stated_acc_unit(columns.acc, options, header)
    if columns.gravity is not None:
        _refuse_another_unit(stated, columns.gravity, options, header)
    acc_unit = decide_acc_unit(acc, gyr, clock.rate_hz, stated, where)
    notes = [*dialect.notes, *columns.notes, *_hints(rows), clock.note, acc_unit.note]
    quality = Quality.UNITS_DETECTED if acc_unit.is_detected else NOTHING_TO_SAY
    if columns.gyr is None or gyr is None:
        return _Decided(clock, (acc_unit.scale, 1.0), quality | Quality.GYRO_MISSING, tuple(notes))
    gyr_unit = decide_gyr_unit(gyr, acc, clock.rate_hz, stated_gyr_unit(columns.gyr, options, header), where)
    if gyr_unit.is_detected:
        quality |= Quality.UNITS_DETECTED
    return _Decided(clock, (acc_unit.scale, gyr_unit.scale), quality, (*notes, gyr_unit.note))


def _find_clock(head: list[Rows], rows: CsvRows, options: ReadOptions, where: Place) -> Clock:
    column, header = rows.columns.time, Place(where.file, rows.table.dialect.header_row)
    if column is not None:
        ticks = np.concatenate([rows.ticks(block, column) for block in head])
        ticks = ticks[np.isfinite(ticks)]
        if len(ticks) < FEWEST_ROWS:
            raise DataError(
                f"{_rows(len(ticks))} with a time: too few for a recording", where=where, fix=_RECORD_LONGER
            )
        stated = "s" if rows.has_text_clock else time_unit_stated(column)
        place = Place(header.file, header.row, column.position + 1)
        return find_clock(ticks, column.shown, stated, options.sampling_rate_hz, place)
    if options.sampling_rate_hz is not None:
        return _clock_of_rate(options.sampling_rate_hz, "`--rate` says so")
    for line in rows.table.dialect.preamble:
        if match := _RATE.search(line):
            return _clock_of_rate(float(match[1]), f"the line `{line.strip()[:60]}` above the table says so")
    raise DataError(
        "no time column, and no sampling rate", where=header, fix="pass the sampling rate in Hz, as in `--rate 50`"
    )


def _clock_of_rate(rate_hz: float, evidence: str) -> Clock:
    return Clock(1 / rate_hz, rate_hz, 0.0, f"{rate_hz:g} Hz, a row a sample: {evidence}")


def _complete_rows(head: list[Rows], rows: CsvRows, where: Place) -> tuple[np.ndarray, np.ndarray | None]:
    """Return acc and gyr [row, 3] of the rows that hold all their values, in the file's units."""
    acc = np.concatenate([rows.acc(block) for block in head])
    is_whole = np.isfinite(acc).all(axis=1)
    gyr = None
    if rows.columns.gyr is not None:
        gyr = np.concatenate([part for block in head if (part := rows.gyr(block)) is not None])
        is_whole &= np.isfinite(gyr).all(axis=1)
    if not is_whole.any():
        raise DataError("no row has a value for every channel", where=where, fix=_RECORD_LONGER)
    return acc[is_whole], None if gyr is None else gyr[is_whole]


def _refuse_another_unit(acc: Stated[AccUnit] | None, gravity: Triple, options: ReadOptions, header: Place) -> None:
    stated = stated_acc_unit(gravity, options, header)
    if (acc and acc.unit) != (stated and stated.unit):
        raise DataError(
            f"acceleration is in {acc.unit if acc else 'no stated unit'}, but the gravity to add in "
            f"{stated.unit if stated else 'no stated unit'}",
            where=header,
            fix="export both in one unit, and name it in both headers",
        )


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


def _first_tick(head: list[Rows], rows: CsvRows) -> float:
    for block in head:
        ticks = rows.ticks(block, rows.columns.time)
        if np.isfinite(ticks).any():
            return float(ticks[np.isfinite(ticks)][0])
    return 0.0


def _recording(stretch: Stretch, number: int, file: RawFile, rows: CsvRows, decided: _Decided) -> Recording:
    stem = Path(file.name).stem
    subject = rows.subjects[stretch.subject] or stem
    changes = np.flatnonzero(np.diff(stretch.labels)) + 1
    segments = tuple(
        Segment(int(start), int(end), rows.activities[stretch.labels[start]])
        for start, end in zip((0, *changes), (*changes, len(stretch.labels)), strict=True)
    )
    return Recording(
        file=file.shown,
        dataset="csv",
        subject=f"csv/{subject.replace('/', '-')}",
        session=stem if number == 1 else f"{stem}.{number}",
        sampling_rate_hz=stretch.rate_hz,
        samples=stretch.values,
        segments=segments,
        notes=(*decided.notes, *stretch.notes),
        quality=decided.quality,
        bridged=stretch.bridged,
    )


def _with_counts(recording: Recording, rows: CsvRows, timeline: Timeline, counted: dict[str, int]) -> Recording:
    """Return the recording with what was left out since the one before, and with what the table had to mend."""
    now = {
        "row that could not be read": rows.table.n_dropped,
        "value missing or beyond all sensors": timeline.n_missing,
        "repeats the time and values of another row": timeline.n_repeated,
        "less than a second between gaps": timeline.n_short,
    }
    left_out = tuple((reason, count - counted.get(reason, 0)) for reason, count in now.items())
    counted.update(now)
    mended, rows.table.notes = tuple(rows.table.notes), []
    return replace(recording, left_out=tuple(part for part in left_out if part[1]), notes=(*recording.notes, *mended))


def _nothing_left(timeline: Timeline, rows: CsvRows, where: Place) -> DataError:
    if rows.columns.gyr_time is not None and timeline.n_missing > timeline.n_short:
        return DataError(
            "the clocks of acceleration and angular rate never overlap",
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
