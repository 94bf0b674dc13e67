"""phyphox: one table for each sensor, or one of several, in five ways to write numbers; pauses stand in meta/time.csv.

Source:
    github.com/phyphox. DataExport.java of the Android app: numbers as 0.000000000E0, the files in meta/, and an
    experiment's time that does not go on while it is paused. ExperimentSensorInput.swift of the iOS app multiplies Core
    Motion's acceleration by kG = −9.81 in all versions seen from Swift 2 on (a first draft had 9.81): its sign is
    Android's already, and nothing is turned round here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.data.column_names import kind_of
from llasa_core.data.dialect import split_line
from llasa_core.data.profile import Pause, Profile
from llasa_core.data.unit_words import acc_unit_of, gyr_unit_of
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

TITLE = "phyphox"
UNSEEN_PAUSE_S = 1.0
"""Taken for a pause that the system's clock does not show, because it was set back meanwhile."""
_TIME = re.compile(r"[^()]+\(s\)")
_AXIS = re.compile(r"(?P<sensor>.*?) ?(?P<axis>[xyzXYZ]) \((?P<unit>[^()]+(?:\([^()]*\))?)\)")
_NUMBER = re.compile(r"-?\d[.,]\d{6,16}E(0|-?[1-9]\d*)|NaN")
"""No other program is known to write an exponent of one digit without a plus."""
_COUNT = re.compile(r"(?:_| ?\()(\d+)\)?$")


def phyphox(file: RawFile, dialect: Dialect, around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of phyphox holds; None for any other table."""
    names = dialect.names or ()
    if not names or not _TIME.fullmatch(names[0]) or not all(_NUMBER.fullmatch(row[0]) for row in dialect.sample):
        return None
    stem = Path(file.name).stem
    words = ["time (s)", *(_words(name, stem) for name in names[1:])]
    if not any(words[1:]):
        return None
    count = _COUNT.search(stem)
    is_localised = kind_of(re.sub(r"[^a-z]", "", stem.lower())) is None
    meta = {} if count else _meta(file, around)
    zero_s, pauses, notes = _times(meta.get("time.csv"))
    return Profile(
        "phyphox",
        TITLE,
        tuple(words),
        notes=notes,
        group=(count[1] if count else "") if is_localised and not _is_complete(words) else None,
        beside=tuple(meta.values()),
        zero_since_1970_s=zero_s,
        pauses=pauses,
        without_gravity=_without_gravity(file),
        without_gyr=_without_gyr(file),
    )


def _words(name: str, stem: str) -> str:
    """Return what a column holds in plain words; the file names the sensor where the header names the axis only."""
    match = _AXIS.fullmatch(name)
    if match is None:
        return ""
    told = re.sub(r"[^a-zéó]", "", (match["sensor"] or stem).lower())
    is_acc, is_gyr = acc_unit_of(match["unit"]) is not None, gyr_unit_of(match["unit"]) is not None
    if is_gyr:
        sensor = "gyr"
    elif is_acc:
        sensor = "linear acc" if re.search("lin[eé]a", told) else "gravity" if "grav" in told else "acc"
    return f"{sensor} {match['axis'].lower()} ({match['unit']})" if is_acc or is_gyr else ""


def _is_complete(words: Sequence[str]) -> bool:
    return any(word.startswith("gyr") for word in words) and any("acc" in word for word in words)


def _without_gravity(file: RawFile) -> DataError:
    return DataError(
        f"{file.name} of {TITLE} has no gravity, and nothing with it stands beside",
        where=file.shown,
        fix="record the accelerometer with gravity too (Accelerometer.csv; in phyphox `Acceleration with g`)",
    )


def _without_gyr(file: RawFile) -> DataError:
    return DataError(
        f"no gyroscope: no Gyroscope.csv beside {file.name}",
        where=file.shown,
        fix="record the gyroscope in the same experiment (one of your own with both sensors), "
        "or pass `--allow-missing gyro`: gyr is then zero, and the windows are flagged",
    )


def _meta(file: RawFile, around: Sequence[RawFile]) -> dict[str, RawFile]:
    folder = file.shown.parent / "meta"
    return {one.name: one for one in around if one.shown.parent == folder and one.name in {"time.csv", "device.csv"}}


def _times(file: RawFile | None) -> tuple[float | None, tuple[Pause, ...], tuple[str, ...]]:
    """Return when the experiment's clock was 0, its pauses, and notes."""
    starts = [] if file is None else _starts(file)
    if not starts:
        return None, (), ("no meta/time.csv: a pause of the experiment would not show, and the date is not known",)
    zeros = [system_s - experiment_s for experiment_s, system_s in starts]
    pauses = tuple(
        Pause(start[0], round(after - before, 6) if after > before else UNSEEN_PAUSE_S)
        for start, before, after in zip(starts[1:], zeros, zeros[1:], strict=False)
    )
    notes = tuple(f"paused at {at_s:.4g} s for {length_s:.4g} s: split there" for at_s, length_s in pauses)
    return zeros[0], pauses, notes


def _starts(file: RawFile) -> list[tuple[float, float]]:
    """Return when the experiment was started: (its own time, seconds since 1970)."""
    lines = file.read_bytes().decode("utf-8-sig", errors="replace").splitlines()
    separator = next((mark for mark in "\t;," if lines and mark in lines[0]), ",")
    rows = [split_line(line, separator) for line in lines[1:]]
    try:
        return [(_number(row[1]), _number(row[2])) for row in rows if row and row[0].upper() == "START"]
    except (ValueError, IndexError):
        return []


def _number(cell: str) -> float:
    return float(cell.replace(",", "."))
