"""Xsens (now Movella) DOT: a table for each sensor, under lines such as `DeviceTag:,Left wrist`.

Acceleration is in m/s², angular rate in deg/s. `SampleTimeFine` counts microseconds. It is empty in exports of Xsens'
other trackers, which number their packets, and write rad/s without saying so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.data.profile import Profile
from llasa_core.data.readers.beginnings import first_lines
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

_COUNTER, _CLOCK = "PacketCounter", "SampleTimeFine"
_HEADER = re.compile(rf'"?{_COUNTER}"?[,;\t]"?{_CLOCK}"?[,;\t]')
_TAG = re.compile(r"DeviceTag:\s*[,;\t]?\s*(.*?)[\s,;]*$")
_ADDRESS = re.compile(r"[0-9a-f]{6,}|([0-9a-f]{2}:)+[0-9a-f]{2}", re.IGNORECASE)
_SAYS_NO_PLACE = {"dot", "xsens", "movella", "sensor", "imu"}
_SIDES = {"l": "left", "r": "right", "left": "left", "right": "right"}
_MOST_BESIDE = 64
"""Files around a table that are looked at for other sensors."""


def dot(file: RawFile, dialect: Dialect, around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of a DOT holds, or None if it is none; sensors whose tables share a folder share a person."""
    names = dialect.names or ()
    if not {_COUNTER, _CLOCK, "Acc_X"} <= set(names):
        return None
    has_clock = any(row[names.index(_CLOCK)] for row in dialect.sample)
    tag = _tag(dialect.preamble)
    is_dot = has_clock or tag is not None
    words = {
        _COUNTER: "sample number",
        _CLOCK: "time (us)" if has_clock else "",
        **{f"Acc_{axis}": f"acc {axis} (m/s^2)" for axis in "XYZ"},
        **{f"Gyr_{axis}": f"gyr {axis} (deg/s)" if is_dot else f"gyr {axis}" for axis in "XYZ"},
    }
    return Profile(
        "dot",
        "Xsens DOT" if is_dot else "Xsens",
        tuple(words.get(name, "") for name in names),
        placement=_placement(tag or ""),
        subject=_person(file, tag, around) if tag else None,
    )


def refuse_dot(file: RawFile, lines: Sequence[str]) -> DataError | None:
    """Return why a table of a DOT is of no use, if it holds neither acceleration with gravity nor what gives it."""
    row = next((row for row, line in enumerate(lines, start=1) if _HEADER.match(line)), None)
    if row is None or "Acc_X" in re.split(r'[,;\t"]+', lines[row - 1]):
        return None
    if "dv[1]" in lines[row - 1]:
        what = "changes of velocity and orientation (dv, dq), and neither acceleration nor angular rate"
    elif "FreeAcc_X" in lines[row - 1]:
        what = "acceleration without gravity and in the axes of the world only (FreeAcc)"
    else:
        what = "orientation, and neither acceleration nor angular rate"
    return DataError(
        f"the DOT recorded {what}",
        where=Place(file.shown, row),
        fix="record again in the mode `Rate quantities`, which writes Acc and Gyr",
    )


def _tag(lines: Iterable[str]) -> str | None:
    return next((match[1] for line in lines if (match := _TAG.match(line))), None)


def _placement(tag: str) -> str:
    """Return where a sensor was worn, in plain words: `left wrist` for `DOT_Wrist_L`."""
    words = [word.lower() for word in re.findall(r"[^\W\d_]+|\d+", tag) if word.lower() not in _SAYS_NO_PLACE]
    if not words or _ADDRESS.fullmatch(tag):
        return "unknown"
    if all(map(str.isdecimal, words)):
        return f"tag {tag.strip()}"
    sides = [_SIDES[word] for word in words if word in _SIDES]
    return " ".join([*sides, *(word for word in words if word not in _SIDES)])


def _person(file: RawFile, tag: str, around: Sequence[RawFile]) -> str | None:
    tags = {_tag(first_lines(other)) for other in around[:_MOST_BESIDE]}
    return file.shown.parent.name.removesuffix(".zip") if tags - {tag, None} else None
