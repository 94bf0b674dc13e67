"""Axivity AX6 and AX3 as CSV, with or without header: a date, acceleration in g and, of an AX6, turning in deg/s.

The device's rate drifts from the one it was set to; the stamps, which its program computes, tell the true one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.dialect import is_number
from llasa_core.data.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

_WORDS = ("time", *(f"acc {axis} (g)" for axis in "xyz"), *(f"gyr {axis} (deg/s)" for axis in "xyz"))
_HEADER = ("Time", *(f"Accel-{axis} (g)" for axis in "XYZ"), *(f"Gyro-{axis} (d/s)" for axis in "XYZ"))
_WIDTHS = (4, 7)
"""Of an AX3, and of an AX6."""
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,6}")
_IN_G = (0.5, 2.0)
"""Where the median of |a| lies that is in g: tables without header of other devices look alike."""


def axivity(_file: RawFile, dialect: Dialect, _around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of an Axivity holds, or None if it is none."""
    if dialect.names is None:
        is_one = dialect.n_columns in _WIDTHS and _looks_alike(dialect)
        return Profile("axivity", "Axivity", _WORDS[: dialect.n_columns]) if is_one else None
    is_one = dialect.names[: _WIDTHS[0]] == _HEADER[: _WIDTHS[0]]
    return Profile("axivity", "Axivity") if is_one else None


def _looks_alike(dialect: Dialect) -> bool:
    rows = [row for row in dialect.sample if all(is_number(cell, ".") for cell in row[1 : _WIDTHS[0]])]
    if not rows or not all(_STAMP.fullmatch(row[0]) for row in rows):
        return False
    acc = np.array([row[1 : _WIDTHS[0]] for row in rows], np.float64)
    is_motion = bool((np.abs(acc) < 1e6).all())  # noqa: PLR2004 - no sensor says so in any unit
    return is_motion and bool(_IN_G[0] <= np.median(np.linalg.norm(acc, axis=1)) <= _IN_G[1])
