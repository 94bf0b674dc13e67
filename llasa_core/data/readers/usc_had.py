"""USC-HAD: sensor at the front right hip, 14 people, twelve activities in five trials each.

Source:
    sipi.usc.edu/had, `Subject1/a1t1.mat` (activity 1, trial 1), MATLAB 5: `sensor_readings` [time, 6], acceleration in
    g and angular rate in deg/s at 100 Hz, and texts such as `subject` and `activity_number`, which some files call
    `activity_numbr`. Fields, codes, rate and ranges (±6 g, ±500 °/s) as programs have them that read the real files,
    quoting the dataset's readme.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.channels import CHANNELS
from llasa_core.data.readers.beginnings import first_bytes
from llasa_core.data.readers.dataset_parts import at_least_one, measured, tracks_of
from llasa_core.data.readers.label_codes import Code, meaning_of, outside
from llasa_core.data.readers.mat5 import LARGEST_BYTES, MAGIC, DamagedMatError, read_mat5
from llasa_core.data.readers.reader import Format
from llasa_core.data.unit_words import ACC_SCALE, GYR_SCALE
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

RATE_HZ = 100.0
CODES = {
    "1": Code("walking forward", "walking"),
    "2": Code("walking left", "walking"),
    "3": Code("walking right", "walking"),
    "4": Code("walking upstairs", "climbing stairs"),
    "5": Code("walking downstairs", "descending stairs"),
    "6": Code("running forward", "jogging"),
    "7": outside("jumping up"),
    "8": Code("sitting", "sitting"),
    "9": Code("standing", "standing"),
    "10": Code("sleeping", "lying"),
    "11": outside("elevator up"),
    "12": outside("elevator down"),
}
READINGS = "sensor_readings"
ACTIVITY = ("activity_number", "activity_numbr")
WANTED = (READINGS, *ACTIVITY, "subject")
DECIDED = (
    "acceleration from g to m/s² (× 9.80665), angular rate from deg/s to rad/s, 100 Hz, as the dataset documents them"
)
_NAME = re.compile(r"a(\d+)t(\d+)\.mat", re.IGNORECASE)
_PERSON = re.compile(r"subject(\d+)", re.IGNORECASE)
_DOWNLOAD_AGAIN = "copy or download it again"


@dataclass(frozen=True)
class UscTrial:
    """One trial, not read yet."""

    file: RawFile

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "usc-had"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The file."""
        return (self.file,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield the one recording, or several where values are missing.

        Raises:
            DataError: the file is damaged, or lacks a field, or its activity is not known.
        """
        where = Place(self.file.shown)
        readings, fields = _fields(self.file)
        match = _NAME.fullmatch(self.file.name)
        code = next((text for name in ACTIVITY if (text := _number(fields.get(name)))), match[1] if match else "")
        meaning = meaning_of(code, CODES, options.label_map, where)
        times_s = np.arange(len(readings)) / RATE_HZ
        scales = np.repeat([ACC_SCALE["g"], GYR_SCALE["deg/s"]], 3)
        acc, gyr, left_out = tracks_of(times_s, readings * scales, np.ones(len(readings)))
        person = self._person(_number(fields.get("subject")))
        about = About(
            file=self.file.shown,
            dataset="usc-had",
            session=f"subject{person}_{self.file.shown.stem}",
            subject=f"usc-had/{person}",
            origin=origin_of("usc-had", "g", "deg/s", f"none: {RATE_HZ:g} Hz, the dataset's rate"),
            placement="front right hip",
            notes=(DECIDED,),
        )
        yield from at_least_one(
            recordings_of_tracks(about, acc, gyr, where, meanings=(None, meaning), left_out=left_out),
            len(readings),
            where,
        )

    def _person(self, field: str) -> str:
        folders = (match[1] for part in self.file.shown.parts[::-1] if (match := _PERSON.fullmatch(part)))
        return next(folders, field or self.file.shown.parent.name)


def find_usc_had(files: Sequence[RawFile], options: ReadOptions) -> list[UscTrial]:
    """Return the MATLAB files that hold such readings, and those that are named like one: they may be damaged."""
    del options  # the fields leave nothing open
    return [UscTrial(file) for file in files if file.shown.suffix.lower() == ".mat" and _is_trial(file)]


def _is_trial(file: RawFile) -> bool:
    if first_bytes(file)[: len(MAGIC)] != MAGIC or file.size > LARGEST_BYTES:
        return False
    try:
        return _NAME.fullmatch(file.name) is not None or READINGS in read_mat5(file.read_bytes(), [READINGS])
    except (DamagedMatError, DataError):
        return False


def _fields(file: RawFile) -> tuple[np.ndarray, dict[str, np.ndarray | str]]:
    """Return the readings [time, 6], and the other fields that are wanted and there.

    Raises:
        DataError: the file is damaged, or its readings are missing or have another shape.
    """
    where = file.shown
    try:
        fields = read_mat5(file.read_bytes(), WANTED)
    except DamagedMatError as error:
        raise DataError(f"not a whole MATLAB 5 file: {error}", where=where, fix=_DOWNLOAD_AGAIN) from error
    readings = fields.get(READINGS)
    if not isinstance(readings, np.ndarray):
        raise DataError(f"the file has no {READINGS}", where=where, fix=_DOWNLOAD_AGAIN)
    if readings.ndim != 2 or readings.shape[1] != len(CHANNELS):  # noqa: PLR2004 - a table
        shape = "×".join(map(str, readings.shape))
        raise DataError(
            f"{READINGS} is not a table of {len(CHANNELS)} columns, but {shape}", where=where, fix=_DOWNLOAD_AGAIN
        )
    return measured(readings), fields


def _number(field: np.ndarray | str | None) -> str:
    """Return the whole number that a field holds, as text or as number; empty where it holds none."""
    if isinstance(field, np.ndarray):
        field = f"{field.item():g}" if field.size == 1 else None
    return text if field and (text := field.strip()).isdecimal() else ""


USC_HAD = Format("usc-had", "USC-HAD", find_usc_had)
