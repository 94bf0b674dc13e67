"""x-io (x-IMU3, NGIMU): one table whose header names sensors and units in full, the gyroscope first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.data.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

_CLOCK = re.compile(r"time(stamp)? \([µu]?s\)", re.IGNORECASE)
_SENSORS = (
    *(f"Gyroscope {axis} (deg/s)" for axis in "XYZ"),
    *(f"Accelerometer {axis} (g)" for axis in "XYZ"),
)


def x_io(_file: RawFile, dialect: Dialect, _around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of x-io holds, or None if it is none."""
    names = dialect.names or ("",)
    is_one = _CLOCK.fullmatch(names[0]) and names[1 : 1 + len(_SENSORS)] == _SENSORS
    return Profile("x-io", "x-io") if is_one else None
