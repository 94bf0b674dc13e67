"""AndroSensor: one table of all sensors, as they were when it looked; `;` or `,`, often in Latin-1.

Its header names sensors and units in full. The clock in ms is taken; the text beside it tells the date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

_CLOCK = "time since start in ms"


def androsensor(_file: RawFile, dialect: Dialect, _around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of AndroSensor holds, or None if it is none."""
    names = [name.casefold() for name in dialect.names or ()]
    if _CLOCK not in names or not any(name.startswith("accelerometer x") for name in names):
        return None
    return Profile("androsensor", "AndroSensor")
