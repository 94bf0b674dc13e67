"""Dumps of Apple's Core Motion: `userAcceleration.x`, `gravity.x`, `rotationRate.x`, in whatever way these are spelled.

Acceleration is in g and has no gravity, which stands beside it. Times, where there are any, count from the device's
start.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.data.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

TITLE = "Core Motion"
SENSORS = {"useracceleration": "linear acc", "gravity": "gravity", "rotationrate": "gyr"}
PLAIN_ACC = "acceleration"
"""Without gravity if gravity stands beside it, else as the accelerometer gives it."""
_PREFIX = re.compile(r"^(device)?motion|^cm")
_TIMES = ("timestamp", "time", "timestampsincereboot")


def core_motion(file: RawFile, dialect: Dialect, around: Sequence[RawFile]) -> Profile | None:
    """Return what a dump of Core Motion holds; None for any other table."""
    del file, around
    flat = [_PREFIX.sub("", re.sub(r"\(.*|[^a-z0-9]", "", name.casefold())) for name in dialect.names or ()]
    has = {sensor for sensor in (*SENSORS, PLAIN_ACC) if {f"{sensor}{axis}" for axis in "xyz"} <= set(flat)}
    if "rotationrate" not in has or not has & {"useracceleration", PLAIN_ACC}:
        return None
    sensors = dict(SENSORS)
    if "useracceleration" not in has:
        sensors[PLAIN_ACC] = "linear acc" if "gravity" in has else "acc"
    words = tuple(_words(name, sensors) for name in flat)
    return Profile("core-motion", TITLE, words, is_ios_frame=True)


def _words(name: str, sensors: dict[str, str]) -> str:
    if name in _TIMES:
        return "time"
    sensor = sensors.get(name[:-1])
    if sensor is None or name[-1] not in "xyz":
        return ""
    return f"{sensor} {name[-1]} ({'rad/s' if sensor == 'gyr' else 'g'})"
