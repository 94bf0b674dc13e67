"""MetaWear of MbientLab: a table for each sensor, `<name>_<time>_<device>_Accelerometer_<rate>_<firmware>.csv`.

Clocks count ms since 1970; the zone stands in the header of the text beside them. Acceleration is in g, angular rate in
deg/s, each at a rate of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.data.profile import Profile
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

_CLOCKS = (re.compile(r"epoch? \(ms\)"), re.compile(r"time(stamp)? \([+-]?\d\d:?\d\d\)"), re.compile(r"elapsed \(s\)"))
_SENSORS = {"g": "acc", "deg/s": "gyr"}
_OF_ACC = re.compile(r"(.+_)Accelerometer(_.*)?\.csv", re.IGNORECASE)


def metawear(file: RawFile, dialect: Dialect, around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of one sensor holds, or None if it is no MetaWear's."""
    names = tuple(name.casefold() for name in dialect.names or ())
    clocks, axes = names[: len(_CLOCKS)], names[len(_CLOCKS) :]
    if len(clocks) < len(_CLOCKS) or not all(map(re.fullmatch, _CLOCKS, clocks)):
        return None
    sensor = next((word for unit, word in _SENSORS.items() if axes == tuple(f"{a}-axis ({unit})" for a in "xyz")), None)
    if sensor is None:
        return None
    words = ("time (ms)", "", "", *(f"{sensor} {axis}" for axis in "xyz"))
    return Profile("metawear", "MetaWear", words, without_gyr=_without_gyr(file, around))


def _without_gyr(file: RawFile, around: Sequence[RawFile]) -> DataError | None:
    """Return what a table of acceleration lacks whose name tells what the other one is called."""
    match = _OF_ACC.fullmatch(file.name)
    if match is None:
        return None
    wanted = f"{match[1]}Gyroscope"
    others = sorted(other.name for other in around if other.name.casefold().startswith(wanted.casefold()))
    get_it = f"rename `{others[0]}` so that both end alike" if others else f"put `{wanted}_….csv` beside it"
    return DataError(
        f"no gyroscope: the file holds acceleration only, and no `{wanted}…` that ends alike is beside it",
        where=file.shown,
        fix=f"{get_it}, or pass `--allow-missing gyro`: gyr is then zero, and the windows are flagged",
    )
