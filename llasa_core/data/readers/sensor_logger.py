"""Sensor Logger (Kelvin Choi): a folder or zip with one table for each sensor, columns z, y, x, times in ns since 1970.

Which file holds what is told by its name, since all have the same header. What the phone is, and whether its units and
axes were made those of Android (`standardisation`), stands in Metadata.csv.

Source:
    UNITS.md, COORDINATES.md and CROSSPLATFORM.md of github.com/tszheichoi/awesome-sensor-logger. Accelerometer.csv
    has no gravity; on Android TotalAcceleration.csv has it, on iOS Gravity.csv is to be added. WristMotion.csv is in g
    and in Apple's frame unless standardised; some versions left it so in spite of the setting, so its gravity decides.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.profile import Profile
from llasa_core.data.readers.reader import Format, Refused
from llasa_core.data.readers.sensor_logger_notes import beside, metadata_in, with_annotations
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.readers.sensor_logger_notes import Metadata

TITLE = "Sensor Logger"
SENSORS = {
    "accelerometeruncalibrated": "acc uncalibrated",
    "gyroscopeuncalibrated": "gyr uncalibrated",
    "totalacceleration": "total acc",
    "accelerometer": "linear acc",
    "gravity": "gravity",
    "gyroscope": "gyr",
}
"""What a file holds by what is in its name, the longest first."""
NOT_READ = ("watch", "headphone")
"""Files of other devices that lack a sensor or mix units: the watch's own accelerometer, and earphones."""
WRIST = {"acceleration": "linear acc", "gravity": "gravity", "rotationrate": "gyr"}
G_BELOW = 3.0
"""Gravity is 1 in g and 9.8 in m/s²."""
FEWEST_TIMES = 0.9
"""Share of stamps in a file's first rows that differ from each other; in fewer a spreadsheet has rounded them."""


def sensor_logger(file: RawFile, dialect: Dialect, around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of Sensor Logger holds; None for any other table."""
    names = [name.strip().casefold() for name in dialect.names or ()]
    if "seconds_elapsed" not in names or "time" not in names:
        return None
    metadata = metadata_in(around)
    if {"rotationratex", "gravityx", "accelerationx"} <= set(names) and "headphone" not in file.name.lower():
        return _of_wrist(file, dialect, names, around, metadata)
    flat = re.sub(r"[^a-z]", "", Path(file.name).stem.lower())
    sensor = next((sensor for word, sensor in SENSORS.items() if word in flat), None)
    if sensor is None or any(word in flat for word in NOT_READ) or not {"x", "y", "z"} <= set(names):
        return Profile("sensor-logger", TITLE, ("",) * len(names))
    return _of_phone(file, sensor, dialect, names, around, metadata)


def _of_phone(
    file: RawFile, sensor: str, dialect: Dialect, names: Sequence[str], around: Sequence[RawFile], metadata: Metadata
) -> Profile:
    unit, is_ios, notes = _unit_and_frame(sensor, dialect, names, around, metadata)
    words = [f"{sensor} {name} ({unit})" if name in {"x", "y", "z"} else "" for name in names]
    others = [one.name for one in around if any(word in one.name.lower() for word in NOT_READ) and one.size]
    if others:
        notes += (f"{' and '.join(sorted(others))} not read: they lack a sensor or gravity in one unit",)
    folder = _folder_name(file)
    has_wrist = any(other.name.casefold() == "wristmotion.csv" for other in around)
    profile = Profile(
        "sensor-logger",
        TITLE,
        tuple(words),
        is_ios_frame=is_ios,
        subject=folder if has_wrist else None,
        notes=notes,
        without_gravity=_without_gravity(file, metadata),
        without_gyr=_without_gyr(file, around),
    )
    return _finished(profile, dialect, names, around, metadata)


def _of_wrist(
    file: RawFile, dialect: Dialect, names: Sequence[str], around: Sequence[RawFile], metadata: Metadata
) -> Profile:
    unit = "g" if _size(dialect, names, ("gravityx", "gravityy", "gravityz")) < G_BELOW else "m/s^2"
    is_ios = unit == "g" and metadata.platform != "android"
    axes = ", so its axes are as Apple has them" if is_ios else ", so its axes are standardised" if unit != "g" else ""
    notes: tuple[str, ...] = (f"WristMotion.csv is in {unit}{axes}",)
    if metadata.is_standardised is not None and metadata.is_standardised != (unit == "m/s^2"):
        notes += (f"Metadata.csv says standardisation={str(metadata.is_standardised).lower()}; its gravity decides",)
    words = []
    for name in names:
        sensor = WRIST.get(name[:-1]) if name[-1:] in {"x", "y", "z"} else None
        words.append(f"{sensor} {name[-1]} ({'rad/s' if sensor == 'gyr' else unit})" if sensor else "")
    folder = _folder_name(file)
    profile = Profile(
        "sensor-logger",
        TITLE,
        tuple(words),
        is_ios_frame=is_ios,
        placement="wrist",
        session=f"{folder}_wrist",
        subject=folder,
        notes=notes,
    )
    return _finished(profile, dialect, names, around, metadata)


def _finished(
    profile: Profile, dialect: Dialect, names: Sequence[str], around: Sequence[RawFile], metadata: Metadata
) -> Profile:
    """Return the profile with its clock, and with the labels of Annotation.csv."""
    clock, notes = _clock(dialect, names)
    words = list(profile.names or ())
    words[names.index(clock)] = "time (s)" if clock == "seconds_elapsed" else "time"
    annotations = beside("annotation.csv", around)
    empty = (one for one in around if not one.size and one.name.lower().endswith(".csv"))
    others = tuple(dict.fromkeys(one for one in (metadata.file, annotations, *empty) if one is not None))
    return replace(
        profile,
        names=tuple(words),
        notes=(*profile.notes, *notes),
        beside=others,
        zero_since_1970_s=metadata.start_s,
        finish=partial(with_annotations, annotations) if annotations and annotations.size else None,
    )


def _clock(dialect: Dialect, names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the column that tells the time, and notes."""
    elapsed, times = ([row[names.index(name)] for row in dialect.sample] for name in ("seconds_elapsed", "time"))
    if _is_rounded(times) and not _is_rounded(elapsed):
        return "seconds_elapsed", (f"`time` was rounded by a spreadsheet ({times[0]}): `seconds_elapsed` is taken",)
    if elapsed and elapsed[0].startswith("-"):
        return "time", (f"`seconds_elapsed` begins at {elapsed[0]}, before the recording was started: kept",)
    return "time", ()


def _is_rounded(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and len(set(cells)) < FEWEST_TIMES * len(cells)


def _unit_and_frame(
    sensor: str, dialect: Dialect, names: Sequence[str], around: Sequence[RawFile], metadata: Metadata
) -> tuple[str, bool, tuple[str, ...]]:
    """Return the unit, whether the axes are Apple's, and notes."""
    if sensor.startswith("gyr"):
        return "rad/s", False, ()
    platform, is_standardised = metadata.platform, bool(metadata.is_standardised)
    is_raw_g = sensor == "acc uncalibrated" and _size(dialect, names, "xyz") < G_BELOW
    has_total = any("totalacceleration" in one.name.lower() for one in around)
    unit = "g" if is_raw_g and not (platform == "ios" and is_standardised) and platform != "android" else "m/s^2"
    if platform is not None:
        setting = ", units and axes standardised" if is_standardised else ""
        return unit, platform == "ios" and not is_standardised, (f"Metadata.csv: recorded on {platform}{setting}",)
    if is_raw_g:
        return unit, True, ("no Metadata.csv, but uncalibrated acceleration in g is iOS's",)
    if has_total:
        return unit, False, ()
    note = "no Metadata.csv says whether this is Android or iOS, whose acceleration points the other way: left as it is"
    return unit, False, (note,)


def _size(dialect: Dialect, names: Sequence[str], axes: Sequence[str]) -> float:
    """Return the median length of a vector in the first rows of a table; NaN where an axis is missing."""
    if not set(axes) <= set(names):
        return np.nan
    positions = [names.index(axis) for axis in axes]
    cells = [[row[position].replace(",", ".") for position in positions] for row in dialect.sample]
    vectors = [[float(cell) for cell in row] for row in cells if all(map(_is_float, row))]
    return float(np.median(np.linalg.norm(vectors, axis=1))) if vectors else np.nan


def _is_float(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _folder_name(file: RawFile) -> str:
    folder = file.shown.absolute().parent
    return folder.stem if folder.suffix.lower() == ".zip" else folder.name


def _without_gravity(file: RawFile, metadata: Metadata) -> DataError:
    partner = {"android": "TotalAcceleration.csv", "ios": "Gravity.csv"}.get(metadata.platform or "")
    wanted = partner or "TotalAcceleration.csv (Android) or Gravity.csv (iOS)"
    return DataError(
        f"{file.name} of {TITLE} has no gravity, and nothing with it stands beside",
        where=file.shown,
        fix=f"put {wanted} of the same recording beside it; next time switch on total acceleration, or gravity",
    )


def _without_gyr(file: RawFile, around: Sequence[RawFile]) -> DataError:
    empty = next((one for one in around if "gyroscope" in one.name.lower() and not one.size), None)
    what = f"{empty.name} beside {file.name} is empty (0 bytes)" if empty else f"no Gyroscope.csv beside {file.name}"
    return DataError(
        f"no gyroscope: {what}",
        where=file.shown,
        fix="record the gyroscope too, or pass `--allow-missing gyro`: gyr is then zero, and the windows are flagged",
    )


def find_json(files: Sequence[RawFile], options: ReadOptions) -> Sequence[Refused]:
    """Return the exports as JSON among files, which are refused, unless the tables stand beside them."""
    del options
    found = []
    folders = {file.shown.parent for file in files if file.name.casefold() in {"accelerometer.csv", "metadata.csv"}}
    for file in files:
        if file.shown.suffix.lower() != ".json" or file.shown.parent in folders:
            continue
        if b'"seconds_elapsed"' in file.head() and b'"sensor"' in file.head():
            error = DataError(
                f"an export of {TITLE} as JSON, in which all numbers are text",
                where=file.shown,
                fix="export the recording again as CSV (Zipped CSV in the app's list of formats)",
            )
            found.append(Refused("sensor-logger", (file,), error))
    return found


SENSOR_LOGGER_JSON = Format("sensor-logger", TITLE, find_json)
