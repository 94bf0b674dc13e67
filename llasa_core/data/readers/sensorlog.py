"""SensorLog for iOS and watchOS: one wide table in which each sensor has its own clock since the device was started.

A row is written at `loggingTime` with what each sensor gave last, so rows repeat slow sensors. Core Motion's fused
values come first: acceleration, gravity and rotation share one clock. Else the accelerometer is joined with the
gyroscope, each by its own clock.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.dialect import is_number
from llasa_core.data.profile import Profile
from llasa_core.data.time_words import TimeWords
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

TITLE = "SensorLog"
FUSED = {
    "motiontimestampsincereboot": "time (s)",
    "motionuseracceleration": "linear acc",
    "motiongravity": "gravity",
    "motionrotationrate": "gyr",
}
ACCELEROMETER = {"accelerometertimestampsincereboot": "acc time (s)", "accelerometeracceleration": "acc"}
GYROSCOPES = (
    {"motiontimestampsincereboot": "gyr time (s)", "motionrotationrate": "gyr"},
    {"gyrotimestampsincereboot": "gyr time (s)", "gyrorotation": "gyr"},
)
"""Core Motion's has no drift, the other is raw."""
_GUESS = "activity"


def sensorlog(file: RawFile, dialect: Dialect, around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of SensorLog holds; None for any other table."""
    del around
    flat = [re.sub(r"\(.*|[^a-z0-9]", "", name.casefold()) for name in dialect.names or ()]
    if not any(name.endswith("timestampsincereboot") for name in flat):
        return None
    is_used = [_has_numbers(dialect, position) for position in range(len(flat))]
    known = [name if used else "" for name, used in zip(flat, is_used, strict=True)]
    meaning = _meaning(known)
    words = tuple(_words(name, meaning) for name in known)
    return Profile(
        "sensorlog",
        TITLE,
        words,
        is_ios_frame=True,
        notes=tuple(_notes(dialect, flat)),
        zero_since_1970_s=_zero(file, dialect, flat, words),
    )


def _meaning(known: Sequence[str]) -> Mapping[str, str]:
    """Return what columns hold by the beginning of their names: the best sensors of which all columns are there."""
    if _all_there(FUSED, known):
        return FUSED
    has_acc = _all_there(ACCELEROMETER, known)
    gyr = next((one for one in GYROSCOPES if _all_there(one, known)), {})
    if has_acc:
        own = {**ACCELEROMETER, **gyr}
        return own if gyr else {name: word.removeprefix("acc ") for name, word in own.items()}
    return {**FUSED, **gyr}


def _all_there(meaning: Mapping[str, str], known: Iterable[str]) -> bool:
    wanted = {f"{name}{axis}" for name, word in meaning.items() for axis in ("xyz" if "time" not in word else ("",))}
    return wanted <= set(known)


def _words(name: str, meaning: Mapping[str, str]) -> str:
    if "time" in meaning.get(name, ""):
        return meaning[name]
    sensor = meaning.get(name[:-1])
    if sensor is None or name[-1] not in "xyz":
        return ""
    return f"{sensor} {name[-1]} ({'rad/s' if sensor == 'gyr' else 'g'})"


def _has_numbers(dialect: Dialect, position: int) -> bool:
    cells = [row[position] for row in dialect.sample]
    return any(is_number(cell, dialect.decimal) and cell.casefold() != "nan" for cell in cells)


def _zero(file: RawFile, dialect: Dialect, flat: Sequence[str], words: Sequence[str]) -> float | None:
    """Return when the device was started: a row is written soon after its sample, so the earliest guess is best."""
    clock = next((position for position, word in enumerate(words) if word in {"time (s)", "acc time (s)"}), None)
    if clock is None or "loggingtime" not in flat:
        return None
    rows = [row for row in dialect.sample if is_number(row[clock], dialect.decimal)]
    written = [row[flat.index("loggingtime")] for row in rows]
    try:
        written_s = TimeWords(written, "loggingTime", Place(file.shown)).seconds(written)
    except DataError:  # nobody can say which number is the month
        return None
    zeros = written_s - np.array([float(row[clock].replace(",", ".")) for row in rows])
    return float(np.nanmin(zeros)) if np.isfinite(zeros).any() else None


def _notes(dialect: Dialect, flat: Sequence[str]) -> Iterable[str]:
    for name, short in zip(dialect.names or (), flat, strict=True):
        if short == _GUESS:
            yield f'column `{name}` is Apple\'s own guess and no label; `--label-column "{name}"` takes it all the same'
        elif short == "label":
            yield f'column `{name}` is not read; `--label-column "{name}"` takes the activities from it'
