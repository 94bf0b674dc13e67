"""One recording in several tables, one for each sensor, with clocks of one kind: joined on time.

A table of all sensors is read in the same way, sensor by sensor, where its clock stood still in pauses.

Unlike a table that holds both sensors, it is read whole: 80 bytes a sample, 30 MB for an hour at 100 Hz.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.assemble import About, Words, recordings_of_joined
from llasa_core.data.channels import ACC, GYR
from llasa_core.data.clock import Clock, find_clock
from llasa_core.data.column_choice import clock_unit, no_gyroscope
from llasa_core.data.columns import find_one_sensor
from llasa_core.data.deciding import Headed, decide_units, refuse_another_unit
from llasa_core.data.folders import activity_of_folder, subject_of
from llasa_core.data.quality import Quality
from llasa_core.data.readers.csv_rows import CsvRows
from llasa_core.data.recording import Origin
from llasa_core.data.table import Table
from llasa_core.data.timeline import PART_ROWS
from llasa_core.data.tracks import Joined, Track, after_pauses, on_one_clock, refuse_rounded, without_gyroscope
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.profile import Profile
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

    Source = tuple[RawFile, Profile, frozenset[str]]
    """A table, what its format says of it, and the sensors in it."""


class _Sensor(NamedTuple):
    """One sensor, read whole, in its file's units."""

    track: Track
    clock: Clock
    headed: Headed
    rows: CsvRows
    notes: tuple[str, ...]
    n_dropped: int
    n_alone: int = 0
    """Samples of acceleration from a time when its gravity was not measured."""


def read_separate_tables(tables: Sequence[Source], options: ReadOptions, name: str) -> Iterator[Recording]:
    """Yield the recordings in one table for each sensor: one, or several where there are gaps.

    Args:
        tables: acceleration and angular rate, and gravity where the acceleration lacks it; one may hold several.
        options: what the files do not say themselves; columns of labels and subjects are those of the acceleration.
        name: of the recording.

    Raises:
        DataError: a file cannot be read, a sensor is missing, or the two were never on at one time.
    """
    acc_kind = _acc_kind(tables)
    file, profile, _ = tables[0]
    where = Place(file.shown)
    acc = _read(tables, acc_kind, options)
    if acc_kind == "linear acc":
        acc = _with_gravity(acc, tables, options, where)
    gyr = _read(tables, "gyr", options) if any("gyr" in sensors for _, _, sensors in tables) else None
    if gyr is None and not (options.allow_missing_gyro or options.describe_only):
        raise no_gyroscope(acc.headed.triple, acc.headed.header)
    joined = without_gyroscope(acc.track, where) if gyr is None else on_one_clock(acc.track, gyr.track, where)
    yield from _recordings(joined, acc, gyr, options, profile, file, name)


def _recordings(
    joined: Joined,
    acc: _Sensor,
    gyr: _Sensor | None,
    options: ReadOptions,
    profile: Profile,
    file: RawFile,
    name: str,
) -> Iterator[Recording]:
    where = Place(file.shown)
    values = joined.samples.values
    whole = values[np.isfinite(values).all(axis=1)][:PART_ROWS]
    if not len(whole):
        raise DataError(
            "no sample has a value for every channel", where=where, fix="record again, longer and with both sensors"
        )
    units = decide_units(
        whole[:, ACC],
        whole[:, GYR] if gyr else None,
        joined.rate_hz,
        acc.headed,
        gyr.headed if gyr else None,
        options,
        where,
        is_ios_frame=profile.is_ios_frame,
    )
    values[:, ACC] *= units.acc_scale
    values[:, GYR] *= units.gyr_scale
    notes = (*acc.notes, *(gyr.notes if gyr else ()), acc.clock.note, *units.notes)
    about = About(
        file=file.shown,
        dataset=profile.format,
        session=name,
        subject=subject_of(file.shown, profile, name, options),
        origin=Origin(profile.format, units.acc_unit, units.gyr_unit, 0.0, 0.0, acc.clock.unit, units.gravity),
        placement=profile.placement,
        notes=tuple(dict.fromkeys(notes)),
        quality=units.quality if gyr else units.quality | Quality.GYRO_MISSING,
        since_1970_s=0.0 if acc.clock.since_1970_s is not None else None,
    )
    counts = {
        "row that could not be read": acc.n_dropped + (gyr.n_dropped if gyr else 0),
        "acceleration without gravity at its time": acc.n_alone,
    }
    left_out = [(reason, count) for reason, count in counts.items() if count]
    words = Words(acc.rows.activities, acc.rows.subjects)
    found = False
    for recording in recordings_of_joined(about, joined, where, words, left_out):
        found = True
        yield recording
    if not found:
        raise DataError(
            f"no second without a gap in {len(values)} samples",
            where=where,
            fix="record again, longer and with both sensors",
        )


def _acc_kind(tables: Sequence[Source]) -> str:
    for kind in ("total acc", "acc", "linear acc"):
        if kind in tables[0][2]:
            return kind
    raise DataError(
        f"no acceleration: {tables[0][0].name} holds {' and '.join(sorted(tables[0][2]))} only",
        where=tables[0][0].shown,
        fix="put the file with acceleration beside it, named alike but for the sensor",
    )


def _read(tables: Sequence[Source], kind: str, options: ReadOptions) -> _Sensor:
    """Read the table that holds a sensor; where several do, the first."""
    file, profile, _ = next(table for table in tables if kind in table[2])
    table = Table.open(file, options.bad_rows)
    rows = CsvRows(table, find_one_sensor(kind, table.dialect, options, file.shown, profile), options)
    where = Place(file.shown, table.dialect.header_row)
    if options.label_from == "folder" and options.label_column is None:
        rows.activities[0] = activity_of_folder(file.shown, profile.format, options)
    ticks, values, codes = [], [], []
    for block in rows.read():
        ticks.append(rows.ticks(block, rows.columns.time))
        values.append(rows.acc(block).copy())
        codes.append(rows.codes(block))
    clock = _clock(np.concatenate(ticks), rows, options, where)
    times_s = after_pauses(np.concatenate(ticks) * clock.scale, profile.pauses)
    if profile.zero_since_1970_s is not None and clock.since_1970_s is None:
        times_s = times_s + profile.zero_since_1970_s
        clock = replace(clock, since_1970_s=float(times_s[0]))
    track = Track(times_s, np.concatenate(values), np.concatenate(codes))
    about_file = (f"{file.name}: {note}" for note in (*table.dialect.notes, *table.notes))
    notes = (*profile.notes, *about_file, *rows.columns.notes)
    return _Sensor(track, clock, Headed(rows.columns.acc, where), rows, notes, table.n_dropped)


def _clock(ticks: np.ndarray, rows: CsvRows, options: ReadOptions, where: Place) -> Clock:
    column = rows.columns.time
    if column is None:
        raise DataError(
            "no time column, and the sensors stand in separate files",
            where=where,
            fix="export both sensors with their times, or both in one file",
        )
    known = ticks[np.isfinite(ticks)][:PART_ROWS]
    if len(known) < 2:  # noqa: PLR2004 - no rate can be told from one
        raise DataError(f"{len(known)} rows with a time: too few for a recording", where=where, fix="record again")
    stated = "s" if rows.has_text_clock else clock_unit(column, where)
    place = Place(where.file, where.row, column.position + 1)
    refuse_rounded(known, column.shown, place)
    said = "it is written as text" if rows.has_text_clock else "the header says so"
    return find_clock(known, column.shown, stated, options.sampling_rate_hz, place, said=said)


def _with_gravity(acc: _Sensor, tables: Sequence[Source], options: ReadOptions, where: Place) -> _Sensor:
    """Return acceleration with gravity from another table added on time."""
    if not any("gravity" in sensors for _, _, sensors in tables):
        if options.describe_only:
            return acc
        raise DataError(
            f"the only acceleration is without gravity: {acc.headed.triple}",
            where=acc.headed.header,
            fix="export acceleration with gravity, or the gravity sensor beside it, which is then added",
        )
    gravity = _read(tables, "gravity", options)
    refuse_another_unit(acc.headed, gravity.headed, options)
    joined = on_one_clock(acc.track, gravity.track, where)
    values = joined.samples.values[:, ACC] + joined.samples.values[:, GYR]
    notes = (*acc.notes, *(note.replace("acc from", "gravity from", 1) for note in gravity.notes))
    track = Track(joined.samples.time, values, joined.samples.codes)
    n_dropped = acc.n_dropped + gravity.n_dropped
    return acc._replace(track=track, notes=(*notes, *joined.notes), n_dropped=n_dropped, n_alone=joined.n_alone)
