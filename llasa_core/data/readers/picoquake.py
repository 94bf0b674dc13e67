"""PicoQuake: comments above the table hold rate and units, and samples are counted instead of timed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.data.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

_NAMES = ("count", *(f"a_{axis}" for axis in "xyz"), *(f"g_{axis}" for axis in "xyz"))
_SENSORS = ("acc", "gyr")
_RANGES = re.compile(r"# Config: .*\bacc_range = [\d.]+ (\S+), gyro_range = [\d.]+ (\S+)")


def picoquake(_file: RawFile, dialect: Dialect, _around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of a PicoQuake holds, in the units of the ranges in its comments, or None if it is none."""
    if dialect.names != _NAMES:
        return None
    units = next((match.groups() for line in dialect.preamble if (match := _RANGES.match(line))), None)
    if units is None:
        return None
    acc, gyr = ([f"{sensor} {axis} ({unit})" for axis in "xyz"] for sensor, unit in zip(_SENSORS, units, strict=True))
    return Profile("csv", "PicoQuake", ("sample number", *acc, *gyr))
