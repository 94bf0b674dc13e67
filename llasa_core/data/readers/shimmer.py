"""Shimmer, as ConsensysPRO exports it: one table under a line `sep=`, with a row of units under its names.

There may be two accelerometers: the low-noise one ends at ±2 g, the wide-range one is coarser. Columns that end in
`_RAW` hold steps of the sensor.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import STANDARD_GRAVITY
from llasa_core.data.profile import Profile
from llasa_core.data.table import Table
from llasa_core.data.timeline import PART_ROWS
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

_NAME = re.compile(r"(?:\w+_)?(Accel_LN|Accel_WR|Gyro)_([XYZ])_CAL")
_CLOCK = re.compile(r"(?:\w+_)?Timestamp(Sync)?_(Unix|FormattedUnix)_CAL")
_RAW = re.compile(r"Accel_(LN|WR)_X_(RAW|UNCAL)\b")
_LOW_NOISE, _WIDE_RANGE = "Accel_LN", "Accel_WR"
_RANGE = 1.8 * STANDARD_GRAVITY
"""Below it the low-noise accelerometer cuts nothing off, whatever the other one shows; m/s²."""
_NEAR_END, _BEYOND = 0.95, 0.1
"""Over its largest value: a sample as large, where the other one shows so much more, is cut off."""
_FEWEST_CLIPPED = 3


def shimmer(file: RawFile, dialect: Dialect, _around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of a Shimmer holds, or None if it is none."""
    sensors = [match.groups() if (match := _NAME.fullmatch(name)) else None for name in dialect.names or ()]
    kinds = {sensor[0] for sensor in sensors if sensor}
    if not kinds:
        return None
    acc = _LOW_NOISE if _LOW_NOISE in kinds else _WIDE_RANGE
    notes: tuple[str, ...] = ()
    if kinds >= {_LOW_NOISE, _WIDE_RANGE} and (n_clipped := _n_clipped(file, dialect, sensors)) >= _FEWEST_CLIPPED:
        acc = _WIDE_RANGE
        notes = (f"acc from the wide-range accelerometer: the low-noise one is cut off in {n_clipped} samples",)
    words = {acc: "acc {} (m/s^2)", "Gyro": "gyr {} (deg/s)"}
    names = tuple(
        words.get(sensor[0], "").format(sensor[1].lower()) if sensor else _clock(name)
        for name, sensor in zip(dialect.names or (), sensors, strict=True)
    )
    return Profile("shimmer", "Shimmer", names, notes=notes)


def refuse_shimmer(file: RawFile, lines: Sequence[str]) -> DataError | None:
    """Return why a table of a Shimmer is of no use, if its acceleration is not calibrated."""
    row = next((row for row, line in enumerate(lines, start=1) if _RAW.search(line)), None)
    if row is None or re.search(r"Accel_(LN|WR)_X_CAL\b", lines[row - 1]):
        return None
    return DataError(
        "the Shimmer's acceleration is in raw steps of the sensor",
        where=Place(file.shown, row),
        fix="export it again from ConsensysPRO as calibrated data: its columns end in `_CAL`",
    )


def _clock(name: str) -> str:
    match = _CLOCK.fullmatch(name)
    if match is None:
        return ""
    return "time (ms)" if match[2] == "Unix" else "time"


def _n_clipped(file: RawFile, dialect: Dialect, sensors: Sequence[tuple[str, ...] | None]) -> int:
    """Return the samples that the low-noise accelerometer cuts off, among as many as units are decided on."""
    wanted = [(kind, axis) for kind in (_LOW_NOISE, _WIDE_RANGE) for axis in "XYZ"]
    if not set(wanted) <= set(sensors):
        return 0
    columns = [sensors.index(one) for one in wanted]
    blocks, n_rows = [], 0
    try:
        for rows in Table(file, dialect, "drop").rows(columns):
            blocks.append(np.abs(rows.numbers))
            n_rows += len(rows.numbers)
            if n_rows >= PART_ROWS:
                break
    except DataError:  # the reader says it
        return 0
    low, wide = np.split(np.concatenate(blocks), 2, axis=1)
    largest = np.nanmax(low, axis=0, initial=0)
    is_clipped = (largest >= _RANGE) & (low >= _NEAR_END * largest) & (wide - low > _BEYOND * largest)
    return int(is_clipped.any(axis=1).sum())
