"""The choice among a table's columns: which axes are acceleration, which angular rate, which column is the clock."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from operator import eq
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from llasa_core.data.column_names import ColumnName, kind_of
from llasa_core.data.dialect import is_number
from llasa_core.data.unit_words import TimeUnit, acc_unit_of, gyr_unit_of, time_unit_of
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect

NAME_THEM = "name the columns in the order time, acc x y z, gyr x y z: `--columns t,ax,ay,az,gx,gy,gz`"
_LONG_UNIT = re.compile(r"[\s_(\[](min|mins|minutes?|h|hrs?|hours?|days?)\s*[)\]]?\s*$", re.IGNORECASE)


MOST_REPEATED = 0.2
"""Share of stamps that repeat the one before from which on another clock, if there is one, tells the time better."""


class Triple(NamedTuple):
    """Three axes of one sensor."""

    x: ColumnName
    y: ColumnName
    z: ColumnName

    @property
    def positions(self) -> tuple[int, int, int]:
        """Where they stand, from 0."""
        return self.x.position, self.y.position, self.z.position

    def __str__(self) -> str:
        return ", ".join(column.shown for column in self)


class Acceleration(NamedTuple):
    """The acceleration to read."""

    triple: Triple
    gravity: Triple | None
    """Added to it."""
    passed_over: tuple[Triple, ...] = ()


def triples_of(columns: Sequence[ColumnName], where: Place) -> dict[str, list[Triple]]:
    """Return the complete triples of axes by what they measure: a `Kind`, or `g` for gx, gy, gz.

    Raises:
        DataError: two columns of a sensor claim the same axis.
    """
    file = Path(where.file)
    axes: dict[tuple[str, str | None], dict[str, ColumnName]] = defaultdict(dict)
    for column in columns:
        if column.axis:
            by_axis = axes[column.family, None if column.family else column.unit]
            if column.axis in by_axis and kind_of(column.family) != "other":
                raise _twins(by_axis[column.axis], column, where)
            by_axis[column.axis] = column
    found: dict[str, list[Triple]] = defaultdict(list)
    for (family, unit), by_axis in axes.items():
        if len(by_axis) == len(Triple._fields):
            kind = kind_of(family) if family else _kind_of_bare_axes(unit, file)
            found["g" if family == "g" else kind or ""].append(Triple(**by_axis))
    if found["g"] and not found["gyr"]:  # gx, gy, gz beside ax, ay, az
        found["gyr"] = found["g"]
    return found


def _kind_of_bare_axes(unit: str | None, file: Path) -> str | None:
    """Return what columns that are named x, y, z alone hold: the file's name or the unit says it."""
    kind = _kind_of_file(file)
    if kind is None and unit:
        return "acc" if acc_unit_of(unit) else "gyr" if gyr_unit_of(unit) else None
    return kind


def _kind_of_file(file: Path) -> str | None:
    return kind_of(re.sub(r"[^a-z]", "", file.stem.lower()))


def choose_acc(
    triples: dict[str, list[Triple]], columns: Sequence[ColumnName], where: Place, *, may_lack_gravity: bool = False
) -> Acceleration:
    """Return the acceleration to read: with gravity if there is one, else what gravity is added to.

    Raises:
        DataError: there is none, none with gravity, or several.
    """
    linear = tuple(triples["linear acc"])
    for kind in ("total acc", "acc"):
        if triples[kind]:
            passed_over = (*triples["acc"][: kind == "total acc"], *linear)
            return Acceleration(only_one(triples[kind], "accelerations", where), None, passed_over)
    if linear and triples["gravity"]:
        return Acceleration(only_one(linear, "accelerations", where), only_one(triples["gravity"], "gravities", where))
    if linear and may_lack_gravity:
        return Acceleration(linear[0], None, linear[1:])
    if linear:
        raise DataError(
            f"the only acceleration is without gravity: {linear[0]}",
            where=where,
            fix="export acceleration with gravity, or the gravity columns beside it, which are then added",
        )
    if triples["gyr"] and not triples["g"]:
        raise DataError(
            f"no acceleration: the file holds angular rate only ({triples['gyr'][0]})",
            where=where,
            fix="put acceleration and angular rate into one file, row by row of the same time",
        )
    names = ", ".join(column.shown for column in columns[:12]) + (", …" if len(columns) > 12 else "")  # noqa: PLR2004
    raise DataError(f"no column names an acceleration: {names}", where=where, fix=NAME_THEM)


def choose_gyr(triples: dict[str, list[Triple]], where: Place) -> Triple | None:
    """Return the angular rate to read, if there is one.

    Raises:
        DataError: there are several.
    """
    return only_one(triples["gyr"], "angular rates", where) if triples["gyr"] else None


def only_one(triples: Sequence[Triple], what: str, where: Place) -> Triple:
    """Return the one triple there is, the calibrated one of two.

    Raises:
        DataError: there are several.
    """
    calibrated = [triple for triple in triples if not re.search("uncal|raw", triple.x.family)] or list(triples)
    if len(calibrated) > 1:
        raise DataError(
            f"{len(calibrated)} {what} in one file: {' and '.join(f'{triple.x.shown} …' for triple in calibrated)}",
            where=where,
            fix=NAME_THEM,
        )
    return calibrated[0]


def no_gyroscope(acc: Triple, where: Place) -> DataError:
    """Return the error that a missing gyroscope is, with the file that may hold it."""
    file = Path(where.file)
    beside = [path.name for path in sorted(file.parent.glob("*")) if _kind_of_file(path) == "gyr"]
    closest = difflib.get_close_matches(file.name, beside, n=1, cutoff=0)
    hint = f"join it on time with `{closest[0]}` beside it" if closest else "record the gyroscope too"
    return DataError(
        f"no gyroscope: the file holds acceleration only ({acc})",
        where=where,
        fix=f"{hint}, or pass `--allow-missing gyro`: gyr is then zero, and the windows are flagged",
    )


def choose_time(columns: Sequence[ColumnName], dialect: Dialect) -> tuple[ColumnName | None, ColumnName | None]:
    """Return the clock of the rows, and the gyroscope's if acceleration and angular rate have one each."""
    clocks = sorted((column for column in columns if column.is_time), key=lambda clock: _doubts(clock, dialect))
    shared = [clock for clock in clocks if clock.clock_of is None]
    if shared and not _doubts(shared[0], dialect)[0]:
        return shared[0], None
    own = {clock.clock_of: clock for clock in reversed(clocks)}
    if "acc" in own and "gyr" in own:
        return own["acc"], own["gyr"]
    return (clocks[0] if clocks else None), None


def _doubts(clock: ColumnName, dialect: Dialect) -> tuple[bool, bool, bool, bool, bool, int]:
    """Return what speaks against a clock, the weightiest first."""
    cells = [row[clock.position] for row in dialect.sample]
    stands_still = len(cells) > 1 and len(set(cells)) == 1
    is_coarse = sum(map(eq, cells, cells[1:])) > MOST_REPEATED * len(cells)
    is_text = not all(is_number(cell, dialect.decimal) for cell in cells if cell)
    is_late = bool(re.search("arriv|logg|record|receiv|start", clock.family))
    return stands_still, is_coarse, is_text, time_unit_stated(clock) is None, is_late, clock.position


def time_unit_stated(column: ColumnName) -> TimeUnit | None:
    """Return the unit of a clock that the header gives; brackets may hold a time zone instead."""
    return time_unit_of(column.unit) if column.unit else None


def clock_unit(column: ColumnName, where: Place) -> TimeUnit | None:
    """Return the unit of a clock that counts in numbers, None where the header gives none.

    Raises:
        DataError: it counts in minutes, hours or days, which would pass for seconds.
    """
    if match := _LONG_UNIT.search(column.text):
        raise DataError(
            f'the clock {column.shown} counts in "{match[1]}", which is not read',
            where=Place(where.file, where.row, column.position + 1),
            fix="write the times in seconds, as in `time (s)`",
        )
    return time_unit_stated(column)


def _twins(first: ColumnName, second: ColumnName, where: Place) -> DataError:
    return DataError(
        f"two columns are {first.axis} of one sensor: {first.shown} in column {first.position + 1}, "
        f"{second.shown} in column {second.position + 1}",
        where=Place(where.file, where.row, second.position + 1),
        fix="rename one, or give positions in the order time, acc x y z, gyr x y z: `--columns 1,2,3,4,5,6,7`",
    )
