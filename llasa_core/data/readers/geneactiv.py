"""GENEActiv as raw CSV: a hundred lines about the device, then time, acceleration in g, light, button, temperature.

It has no gyroscope. Tables of its epochs begin alike; their means over seconds are no samples, and are refused.
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

_TITLE = re.compile(r"Device Type[,;\t]\s*GENEActiv", re.IGNORECASE)
_SAID = re.compile(r"(Device Location Code|Subject Code)[,;\t]\s*(.*?)[\s,;]*$")
_WORDS = ("time", *(f"acc {axis} (g)" for axis in "xyz"), "", "", "")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_FIRST_ROW, _HEAD = 101, 1 << 14


def geneactiv(_file: RawFile, dialect: Dialect, _around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of raw acceleration holds, or None if it is no GENEActiv's."""
    if dialect.n_columns != len(_WORDS) or not any(_TITLE.match(line) for line in dialect.preamble):
        return None
    said = {match[1]: match[2] for line in dialect.preamble if (match := _SAID.match(line))}
    where_worn = said.get("Device Location Code", "").lower() or "unknown"
    return Profile("geneactiv", "GENEActiv", _WORDS, placement=where_worn, subject=said.get("Subject Code") or None)


def refuse_epochs(file: RawFile, lines: Sequence[str]) -> DataError | None:
    """Return why a table of a GENEActiv's epochs is of no use, or None if it is none."""
    if not any(map(_TITLE.match, lines[:3])):
        return None
    rows = file.head(_HEAD).decode("latin-1").splitlines()[_FIRST_ROW - 1 :]
    if not rows or not _STAMP.match(rows[0]) or len(re.split("[,;\t]", rows[0])) <= len(_WORDS):
        return None
    return DataError(
        "the file holds means over epochs, and no samples",
        where=Place(file.shown, _FIRST_ROW),
        fix="export raw CSV from GENEActiv's PC software, and pass `--allow-missing gyro`: it has no gyroscope",
    )
