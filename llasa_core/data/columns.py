"""Which column is what: the clock, three axes of acceleration and of angular rate, label and subject.

Columns are told by their names and never by their order: Sensor Logger writes z, y, x.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llasa_core.data.channels import CHANNELS, AccUnit, GyrUnit
from llasa_core.data.column_choice import (
    NAME_THEM,
    Acceleration,
    Triple,
    choose_acc,
    choose_gyr,
    choose_time,
    no_gyroscope,
    only_one,
    triples_of,
)
from llasa_core.data.column_names import ColumnName
from llasa_core.data.profile import PLAIN
from llasa_core.data.unit_words import acc_unit_of, gyr_unit_of
from llasa_core.data.units import Stated
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.profile import Profile
    from llasa_core.data.read_options import ReadOptions

SLOTS = ("time", *CHANNELS)
SENSORS = {
    "total acc": "accelerations",
    "acc": "accelerations",
    "linear acc": "accelerations",
    "gravity": "gravities",
    "gyr": "angular rates",
}
"""The sensors that are read, and what several of one are called."""


@dataclass(frozen=True)
class ColumnMap:
    """What is read from a table."""

    time: ColumnName | None
    gyr_time: ColumnName | None
    """The gyroscope's own clock, where each sensor has one."""
    acc: Triple
    gravity: Triple | None
    """Added to `acc`, which lacks it."""
    gyr: Triple | None
    label: int | None
    subject: int | None
    notes: tuple[str, ...]
    counter: ColumnName | None = None
    """Numbers the samples where there is no clock: what is missing in it was lost."""


def find_columns(dialect: Dialect, options: ReadOptions, file: Path, profile: Profile = PLAIN) -> ColumnMap:
    """Return which column is what, as the options say, or by the format's names or the header's.

    Raises:
        DataError: there is no header, a sensor is missing, two columns claim one place, or an option names none.
    """
    columns = _columns(dialect, options, file, profile)
    where = Place(file, dialect.header_row)
    label, subject = (_asked_for(name, columns, where) for name in (options.label_column, options.subject_column))
    free = [column for column in columns if column.position not in {label, subject}]
    if options.columns and (dialect.names is not None or not any(column.text for column in columns)):
        time, acc, gyr = _as_told(options, columns, where)
        return _mapped(time, None, Acceleration(acc, None), gyr, label, subject)
    triples = triples_of(free, where)
    acc_found = choose_acc(triples, columns, where, may_lack_gravity=options.describe_only)
    gyr = choose_gyr(triples, where)
    if gyr is None and not (options.allow_missing_gyro or options.describe_only):
        raise no_gyroscope(acc_found.triple, where)
    time, gyr_time = choose_time(free, dialect)
    found = _mapped(time, gyr_time, acc_found, gyr, label, subject)
    counter = next((column for column in free if column.is_counter), None)
    return found if time or counter is None else replace(found, counter=counter)


def find_one_sensor(
    kind: str, dialect: Dialect, options: ReadOptions, file: Path, profile: Profile = PLAIN
) -> ColumnMap:
    """Return the columns of a table that holds one sensor of several, as the `acc` of a map without `gyr`.

    Args:
        kind: one of `sensors_in`.
        dialect: of the table.
        options: name the columns of label and subject.
        file: for messages.
        profile: what the format says of it.

    Raises:
        DataError: an option names no column.
    """
    columns = _columns(dialect, options, file, profile)
    where = Place(file, dialect.header_row)
    label, subject = (_asked_for(name, columns, where) for name in (options.label_column, options.subject_column))
    free = [column for column in columns if column.position not in {label, subject}]
    triple = only_one(triples_of(free, where)[kind], SENSORS[kind], where)
    notes = [f"{'gyr' if kind == 'gyr' else 'acc'} from {file.name}: {triple}"]
    time, _ = choose_time(free, dialect)
    if time is not None:
        notes[0] += f", time from {time.shown}"
    return ColumnMap(time, None, triple, None, None, label, subject, tuple(notes))


def sensors_in(dialect: Dialect, file: Path, profile: Profile = PLAIN) -> frozenset[str]:
    """Return which of `SENSORS` a header has three axes of.

    Raises:
        DataError: two columns claim one axis.
    """
    if dialect.names is None and profile.names is None:
        return frozenset()
    triples = triples_of(_named(dialect, profile, dialect.names or ("",) * dialect.n_columns), Place(file))
    return frozenset(kind for kind in SENSORS if triples[kind])


def stated_acc_unit(triple: Triple, options: ReadOptions, where: Place) -> Stated[AccUnit] | None:
    """Return the unit of acceleration that a flag, or else the header or the format, gives.

    Raises:
        DataError: the header's unit is none of acceleration, or differs between the axes.
    """
    if options.acc_unit:
        return Stated(options.acc_unit, "`--acc-unit`")
    units = {acc_unit_of(column.unit) if column.unit else None for column in triple}
    if units == {None} and not triple.x.unit:
        return None
    unit = units.pop()
    if unit is None or units:
        raise _unknown_unit(triple, "acceleration", "`--acc-unit`: m/s^2, g, mg, cm/s^2 or ft/s^2", where)
    return Stated(unit, triple.x.unit_said_by)


def stated_gyr_unit(triple: Triple, options: ReadOptions, where: Place) -> Stated[GyrUnit] | None:
    """Return the unit of angular rate that a flag, or else the header or the format, gives.

    Raises:
        DataError: the header's unit is none of angular rate, or differs between the axes.
    """
    if options.gyr_unit:
        return Stated(options.gyr_unit, "`--gyr-unit`")
    units = {gyr_unit_of(column.unit) if column.unit else None for column in triple}
    if units == {None} and not triple.x.unit:
        return None
    unit = units.pop()
    if unit is None or units:
        raise _unknown_unit(triple, "angular rate", "`--gyr-unit`: rad/s or deg/s", where)
    return Stated(unit, triple.x.unit_said_by)


def _mapped(
    time: ColumnName | None,
    gyr_time: ColumnName | None,
    acc: Acceleration,
    gyr: Triple | None,
    label: int | None,
    subject: int | None,
) -> ColumnMap:
    added = f" plus {acc.gravity}" if acc.gravity else ""
    notes = [f"acc from {acc.triple}{added}", f"gyr from {gyr}" if gyr else "no gyroscope: gyr is zero"]
    if time is not None:
        notes.append(f"time from {time.shown}" + (f", gyr's own from {gyr_time.shown}" if gyr_time else ""))
    notes += [f"{triple} not used" for triple in acc.passed_over]
    return ColumnMap(time, gyr_time, acc.triple, acc.gravity, gyr, label, subject, tuple(notes))


def _columns(dialect: Dialect, options: ReadOptions, file: Path, profile: Profile) -> list[ColumnName]:
    if dialect.names is not None:
        return _named(dialect, profile, dialect.names)
    if options.columns is None and profile.names is not None:
        return _named(dialect, profile, ("",) * dialect.n_columns)
    return _named(dialect, PLAIN, _names_told(dialect, options, file))


def _named(dialect: Dialect, profile: Profile, names: Sequence[str]) -> list[ColumnName]:
    """Return what each column's name says: in the words of its format, if it is one that is known."""
    units = dialect.units or ("",) * dialect.n_columns
    plain = [ColumnName.of(*column) for column in zip(range(dialect.n_columns), names, units, strict=False)]
    if profile.names is None or len(profile.names) != len(plain):
        return plain
    return [column.in_words_of(profile.title, words) for column, words in zip(plain, profile.names, strict=True)]


def _names_told(dialect: Dialect, options: ReadOptions, file: Path) -> tuple[str, ...]:
    told = options.columns or ()
    if told and all(map(str.isdecimal, told)):
        return ("",) * dialect.n_columns
    where = Place(file, dialect.first_row)
    if told and len(told) != dialect.n_columns:
        raise DataError(
            f"`--columns` names {len(told)} columns, but the rows have {dialect.n_columns}",
            where=where,
            fix="name every column in the file's order, or give positions: `--columns 1,2,3,4,5,6,7`",
        )
    if told:
        return told
    raise DataError(
        f"the first row already holds numbers: no header says what the {dialect.n_columns} columns are",
        where=where,
        fix="name them in the file's order: `--columns t,ax,ay,az,gx,gy,gz`",
    )


def _asked_for(name: str | None, columns: Sequence[ColumnName], where: Place) -> int | None:
    """Return the column that an option names, or gives by its position from 1."""
    if name is None:
        return None
    wanted = name.strip().casefold()
    for column in columns:
        if column.text.casefold() == wanted:
            return column.position
    for column in columns:  # without its unit
        if re.sub(r"\s*[(\[].*", "", column.text).casefold() == wanted:
            return column.position
    if wanted.isdecimal() and 1 <= int(wanted) <= len(columns):
        return int(wanted) - 1
    names = [column.text for column in columns if column.text]
    close = difflib.get_close_matches(name, names, n=1)
    meant = f'; did you mean "{close[0]}"?' if close else ""
    listed = ", ".join(names) if names else f"1 to {len(columns)}"
    raise DataError(f'there is no column "{name}"{meant}', where=where, fix=f"the columns are: {listed}")


def _as_told(
    options: ReadOptions, columns: Sequence[ColumnName], where: Place
) -> tuple[ColumnName | None, Triple, Triple | None]:
    told = options.columns or ()
    slots = {7: SLOTS, 6: SLOTS[1:], **({4: SLOTS[:4], 3: SLOTS[1:4]} if options.allow_missing_gyro else {})}.get(
        len(told)
    )
    if slots is None:
        raise DataError(
            f"`--columns` names {len(told)} columns, not 7 with a clock or 6 without", where=where, fix=NAME_THEM
        )
    chosen: dict[str, ColumnName] = {}
    for slot, name in zip(slots, told, strict=True):
        column = columns[_asked_for(name, columns, where) or 0]
        _refuse_another(slot, column, where)
        if column in chosen.values():
            raise DataError(f"`--columns` gives {column.shown} twice", where=where, fix=NAME_THEM)
        chosen[slot] = column
    acc, gyr = (
        [chosen[slot] for slot in CHANNELS if slot.startswith(sensor) and slot in chosen] for sensor in ("acc", "gyr")
    )
    return chosen.get("time"), Triple(*acc), Triple(*gyr) if gyr else None


def _refuse_another(slot: str, column: ColumnName, where: Place) -> None:
    """Refuse a column whose own name says that it is another sensor or axis than it is given as."""
    sensor, _, axis = slot.partition("_")
    kind = column.kind or ""
    is_other_sensor = (sensor == "acc" and kind == "gyr") or (sensor == "gyr" and kind.endswith("acc"))
    if axis and column.axis and (column.axis != axis or is_other_sensor):
        raise DataError(
            f"`--columns` gives {column.shown} as {slot}",
            where=where,
            fix=f"put the columns in the order {', '.join(SLOTS)}",
        )


def _unknown_unit(triple: Triple, what: str, flag: str, where: Place) -> DataError:
    odd = next((column for column in triple if column.unit != triple.x.unit), triple.x)
    return DataError(
        f'unknown unit of {what}: "{odd.unit or ""}" in column `{odd.text}`',
        where=Place(where.file, where.row, odd.position + 1),
        fix=f"correct the header, or pass {flag}",
    )
