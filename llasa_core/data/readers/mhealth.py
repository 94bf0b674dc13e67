"""MHEALTH: sensors at chest, right wrist and left ankle of ten people, twelve exercises.

Source:
    archive.ics.uci.edu/dataset/319 (CC BY 4.0), `mHealth_subject1.log`: 24 columns without header or clock, 50 Hz;
    acceleration in m/s², angular rate documented in deg/s. In the 72 rows of two people that we saw, of all twelve
    exercises, its length is 0.5 to 1.4, in half of them 0.95 to 1.1, whether they stand or run. That is no angular
    rate: the numbers seem to have been normalised. So the unit is decided by what the values of a whole file explain,
    and the note says if that is nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.assemble import origin_of
from llasa_core.data.channels import ACC, CHANNELS, GYR, GyrUnit
from llasa_core.data.labels import Dropped, segments_of
from llasa_core.data.quality import NOTHING_TO_SAY, Quality
from llasa_core.data.readers.csv_rows import LARGEST_VALUE
from llasa_core.data.readers.dataset_tables import check_gravity, known_table, numbers_in, read_rows
from llasa_core.data.readers.hapt import without_bad_rows
from llasa_core.data.readers.label_codes import STAIRS, Code, CodeBook, outside
from llasa_core.data.readers.reader import Format
from llasa_core.data.recording import Recording
from llasa_core.data.unit_words import GYR_SCALE
from llasa_core.data.units import EXPLAINED, TENTHS, turning_explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.dataset_tables import KnownRows
    from llasa_core.data.readers.raw_files import RawFile

SAMPLING_RATE_HZ = 50.0
COLUMNS = (
    *(f"chest acc_{axis}" for axis in "xyz"),
    "ECG lead 1",
    "ECG lead 2",
    *(f"{place} {sensor}_{axis}" for place in ("ankle", "arm") for sensor in ("acc", "gyr", "mag") for axis in "xyz"),
    "label",
)
LABEL = len(COLUMNS) - 1
CODES = {
    "0": Code("no activity", Dropped("label 0: between the exercises")),
    "1": Code("standing", "standing"),
    "2": Code("sitting", "sitting"),
    "3": Code("lying", "lying"),
    "4": Code("walking", "walking"),
    "5": STAIRS,
    "6": outside("waist bends forward"),
    "7": outside("frontal elevation of arms"),
    "8": outside("knees bending"),
    "9": Code("cycling", "biking"),
    "10": Code("jogging", "jogging"),
    "11": Code("running", "jogging"),
    "12": outside("jump front and back"),
}
DECIDED = "acceleration in m/s² and 50 Hz, as the dataset documents them"
NO_CHEST = "the sensor at the chest has no gyroscope and is left out; `--allow-missing gyro` takes it"
GRAVITY_RANGE = (6.0, 15.0)
"""Where the length of the first accelerations of each of the three sensors lies; other tables of 24 columns differ."""
STEADY_LENGTH = 0.5
"""Interquartile range over median, below which the length of the angular rate is called the same all the time."""
_NAME = re.compile(r"mhealth_subject(\d+)", re.IGNORECASE)
_SUFFIXES = (".log", ".txt", ".dat", ".csv")


class _Sensor(NamedTuple):
    name: str
    placement: str
    acc: int
    """Its first column."""
    gyr: int | None


SENSORS = (
    _Sensor("ankle", "left ankle", 5, 8),
    _Sensor("arm", "right wrist", 14, 17),
    _Sensor("chest", "chest", 0, None),
)


@dataclass(frozen=True)
class MhealthSubject:
    """The file of one person, not read yet."""

    file: RawFile

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "mhealth"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The one file."""
        return (self.file,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield one recording for each sensor with a gyroscope, and the chest's where it may be missing.

        Raises:
            DataError: a number or label cannot be read.
        """
        rows = read_rows(known_table(self.file, COLUMNS, options), range(len(COLUMNS)))
        book = CodeBook(CODES, options.label_map)
        codes = book.numbers_of(rows.numbers[:, LABEL], rows.line, self.file.shown, LABEL + 1)
        segments, left_out = segments_of(codes, book.meanings)
        name = Path(self.file.name).stem
        match = _NAME.fullmatch(name)
        subject = f"{int(match[1]):02d}" if match else name
        for sensor in SENSORS:
            if sensor.gyr is None and not (options.allow_missing_gyro or options.describe_only):
                continue
            samples, gyr_unit, notes, quality = _samples(rows, sensor, options)
            check_gravity(samples[:, ACC], SAMPLING_RATE_HZ, "m/s^2", self.file.shown)
            yield without_bad_rows(
                Recording(
                    file=self.file.shown,
                    dataset="mhealth",
                    subject=f"mhealth/{subject}",
                    session=f"subject{subject}-{sensor.name}" if match else f"{name}-{sensor.name}",
                    sampling_rate_hz=SAMPLING_RATE_HZ,
                    samples=samples,
                    segments=segments,
                    placement=sensor.placement,
                    notes=(DECIDED, *notes, *rows.notes, *(() if options.allow_missing_gyro else (NO_CHEST,))),
                    left_out=left_out,
                    quality=quality,
                    origin=origin_of("mhealth", "m/s^2", gyr_unit, "none: 50 Hz, the dataset's rate", SAMPLING_RATE_HZ),
                )
            )


def find_mhealth(files: Sequence[RawFile], options: ReadOptions) -> list[MhealthSubject]:
    """Return the files of 24 numbers a row that have gravity where MHEALTH has it."""
    del options  # the content leaves nothing open
    return [MhealthSubject(file) for file in files if file.shown.suffix.lower() in _SUFFIXES and _is_mhealth(file)]


def gyr_unit_by_evidence(acc: np.ndarray, gyr: np.ndarray, told: GyrUnit | None) -> tuple[GyrUnit, str, bool]:
    """Return the unit to read the angular rate in, a note that says why, and whether the values decided against 0.

    Args:
        acc: [time, 3] in m/s².
        gyr: [time, 3] as written.
        told: what the person says, which wins.
    """
    if told is not None:
        return told, f"gyr in {told}: `--gyr-unit` says so", False
    is_whole = np.isfinite(acc).all(axis=1) & np.isfinite(gyr).all(axis=1)
    acc, gyr = acc[is_whole], gyr[is_whole]
    factor = turning_explained(_tenths(acc), _tenths(gyr))
    for unit, scale in GYR_SCALE.items():
        if factor is not None and EXPLAINED[0] <= factor / scale <= EXPLAINED[1]:
            but = "" if unit == "deg/s" else ", though the dataset documents deg/s"
            return unit, f"gyr in {unit}: so it explains how gravity turns (factor {factor / scale:.2f}){but}", True
    low, middle, high = np.percentile(np.linalg.norm(gyr, axis=1), (25, 50, 75)) if len(gyr) else (0.0, 0.0, 0.0)
    doubt = "the values do not tell whether that is so"
    if middle and high - low < STEADY_LENGTH * middle:
        doubt = (
            f"but its length stays at {middle:.2g} (half of it {low:.2g} to {high:.2g}) whatever is done, which is no "
            "angular rate: it seems normalised, and says little"
        )
    return "deg/s", f"gyr in deg/s: the dataset documents it so; {doubt}", False


def _samples(
    rows: KnownRows, sensor: _Sensor, options: ReadOptions
) -> tuple[np.ndarray, GyrUnit | None, tuple[str, ...], Quality]:
    samples = np.zeros((len(rows.numbers), len(CHANNELS)))
    samples[:, ACC] = rows.numbers[:, sensor.acc : sensor.acc + 3]
    if sensor.gyr is None:
        return samples, None, (), Quality.GYRO_MISSING
    gyr = rows.numbers[:, sensor.gyr : sensor.gyr + 3]
    unit, note, is_detected = gyr_unit_by_evidence(samples[:, ACC], gyr, options.gyr_unit)
    samples[:, GYR] = gyr * GYR_SCALE[unit]
    detected = is_detected and unit != "deg/s"
    return samples, unit, (note,), Quality.UNITS_DETECTED if detected else NOTHING_TO_SAY


def _tenths(series: np.ndarray) -> np.ndarray:
    """Return the means over 0.1 s."""
    length = round(SAMPLING_RATE_HZ / TENTHS)
    n_means = len(series) // length
    return np.asarray(series[: n_means * length].reshape(n_means, length, 3).mean(axis=1))


def _is_mhealth(file: RawFile) -> bool:
    rows = numbers_in(file, len(COLUMNS))
    if rows is None:
        return False
    numbers = np.array(rows)
    if not np.isin(numbers[:, LABEL], np.arange(100)).all() or not (np.abs(numbers) <= LARGEST_VALUE).all():
        return False
    sizes = [np.linalg.norm(numbers[:, s.acc : s.acc + 3], axis=1).mean() for s in SENSORS]
    return bool(all(GRAVITY_RANGE[0] < size < GRAVITY_RANGE[1] for size in sizes))


MHEALTH = Format("mhealth", "MHEALTH", find_mhealth)
