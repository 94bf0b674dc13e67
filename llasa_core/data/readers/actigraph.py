"""ActiGraph, as ActiLife and CentrePoint export it: raw acceleration in g under ten lines that tell the rate.

The devices have no gyroscope. Tables of activity counts begin alike; counts are no acceleration, and are refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.data.profile import Profile
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

_TITLE = re.compile(r"-+ *Data (Table )?File Created By ActiGraph", re.IGNORECASE)
_EPOCH = re.compile(r"Epoch (?:Period|Length) \(hh:mm:ss\) (\d\d:\d\d:\d\d)")
_COUNTS = re.compile(r'"?axis ?1"?[,;\t ]+"?axis ?2"?[,;\t ]', re.IGNORECASE)
_NO_EPOCH = "00:00:00"
_HEADER = {"timestamp": "time", **{f"accelerometer {axis}": f"acc {axis} (g)" for axis in "xyz"}}
_AXES = tuple(f"acc {axis} (g)" for axis in "xyz")
_WITHOUT_HEADER = {3: _AXES, 4: ("time", *_AXES)}
"""By the number of columns."""


def actigraph(_file: RawFile, dialect: Dialect, _around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of raw acceleration holds, or None if it is no ActiGraph's."""
    if not any(_TITLE.match(line) for line in dialect.preamble):
        return None
    if dialect.names is None:
        words = _WITHOUT_HEADER.get(dialect.n_columns)
    else:
        words = tuple(_HEADER.get(name.casefold(), "") for name in dialect.names)
    return Profile("actigraph", "ActiGraph", words) if words else None


def refuse_counts(file: RawFile, lines: Sequence[str]) -> DataError | None:
    """Return why a table of activity counts is of no use, or None if it is none."""
    epoch = next((match[1] for line in lines if (match := _EPOCH.match(line))), _NO_EPOCH)
    is_titled = bool(lines and (title := _TITLE.match(lines[0])) and (title[1] or epoch != _NO_EPOCH))
    row = next((row for row, line in enumerate(lines, start=1) if _COUNTS.search(line)), None)
    if not is_titled and row is None:
        return None
    each = f", one for each {epoch}" if epoch != _NO_EPOCH else ""
    return DataError(
        f"the file holds activity counts{each}, and no acceleration",
        where=Place(file.shown, row or 1),
        fix="export the raw data instead; an ActiGraph has no gyroscope, so pass `--allow-missing gyro` too",
    )
