"""PAMAP2: sensors at wrist, chest and ankle of nine people, 18 activities.

Source:
    archive.ics.uci.edu/dataset/231 (CC BY 4.0), `Protocol/subject101.dat` and `Optional/`: 54 columns between blanks,
    the first the time in s, 100 Hz; of each sensor 17 columns, of which acc16 (m/s², to ±16 g) and the gyroscope
    (rad/s) are read: acc6 ends at ±6 g, and the orientation is invalid. A sensor out of reach leaves NaN. The names of
    the labels are those of the dataset's readme.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.labels import Dropped
from llasa_core.data.readers.dataset_tables import BAD_ROW, check_gravity, known_table, numbers_in, read_rows
from llasa_core.data.readers.label_codes import Code, CodeBook, outside
from llasa_core.data.readers.reader import Format
from llasa_core.data.tracks import Track
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

SAMPLING_RATE_HZ = 100.0
"""Nominal; the time column tells the true one."""
_ONE_SENSOR = (
    "temperature",
    *(f"{kind}_{axis}" for kind in ("acc16", "acc6", "gyr", "mag") for axis in "xyz"),
    *(f"orientation {number}" for number in range(1, 5)),
)
PLACES = ("hand", "chest", "ankle")
COLUMNS = ("time", "label", "heart rate", *(f"{place} {name}" for place in PLACES for name in _ONE_SENSOR))
TIME, LABEL, HEART_RATE = 0, 1, 2
CODES = {
    "0": Code("transient", Dropped("label 0: between the activities")),
    "1": Code("lying", "lying"),
    "2": Code("sitting", "sitting"),
    "3": Code("standing", "standing"),
    "4": Code("walking", "walking"),
    "5": Code("running", "jogging"),
    "6": Code("cycling", "biking"),
    "7": outside("Nordic walking"),
    "9": outside("watching TV"),
    "10": outside("computer work"),
    "11": outside("car driving"),
    "12": Code("ascending stairs", "climbing stairs"),
    "13": Code("descending stairs", "descending stairs"),
    "16": outside("vacuum cleaning"),
    "17": outside("ironing"),
    "18": outside("folding laundry"),
    "19": outside("house cleaning"),
    "20": outside("playing soccer"),
    "24": outside("rope jumping"),
}
DECIDED = "acceleration (±16 g) in m/s², angular rate in rad/s, as the dataset documents them; time in s, about 100 Hz"
_NAME = re.compile(r"subject(\d+)", re.IGNORECASE)
_SUFFIXES = (".dat", ".txt", ".csv", ".log")


class _Sensor(NamedTuple):
    name: str
    placement: str
    first: int
    """Its first column, of temperature."""

    @property
    def columns(self) -> tuple[int, ...]:
        """Of acc16, then of the gyroscope."""
        return (*range(self.first + 1, self.first + 4), *range(self.first + 7, self.first + 10))


SENSORS = (_Sensor("hand", "wrist", 3), _Sensor("chest", "chest", 20), _Sensor("ankle", "ankle", 37))


@dataclass(frozen=True)
class Pamap2Subject:
    """One file of one person, not read yet."""

    file: RawFile

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "pamap2"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The one file."""
        return (self.file,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield one recording for each sensor, or several where it was out of reach for a while.

        Raises:
            DataError: a number or label cannot be read, or no sensor was ever on.
        """
        shown = self.file.shown
        wanted = (TIME, LABEL, *(column for sensor in SENSORS for column in sensor.columns))
        rows = read_rows(known_table(self.file, COLUMNS, options), wanted)
        is_read = rows.line > 0
        times_s, codes, values = rows.numbers[is_read, 0], rows.numbers[is_read, 1], rows.numbers[is_read, 2:]
        book = CodeBook(CODES, options.label_map)
        labels = book.numbers_of(codes, rows.line[is_read], shown, LABEL + 1)
        left_out = [(BAD_ROW, rows.n_dropped)] if rows.n_dropped else []
        origin = origin_of("pamap2", "m/s^2", "rad/s", "s")
        about = About(shown, "pamap2", *self._names(), origin, notes=(DECIDED, *rows.notes))
        found = False
        for number, sensor in enumerate(SENSORS):
            acc, gyr = values[:, 6 * number : 6 * number + 3], values[:, 6 * number + 3 : 6 * number + 6]
            if np.isfinite(values[:, 6 * number : 6 * number + 6]).all(axis=1).sum() < SAMPLING_RATE_HZ:
                left_out.append((f"the sensor at the {sensor.name} was not on", len(acc)))
                continue
            check_gravity(acc, SAMPLING_RATE_HZ, "m/s^2", shown)
            own = replace(about, session=f"{about.session}-{sensor.name}", placement=sensor.placement)
            tracks = Track.of(times_s, acc, labels), Track.of(times_s, gyr, labels)
            for recording in recordings_of_tracks(
                own, *tracks, Place(shown), meanings=book.meanings, left_out=left_out
            ):
                found, left_out = True, []
                yield recording
        if not found:
            raise DataError("no sensor was on for a second", where=shown, fix="unpack the dataset again")

    def _names(self) -> tuple[str, str]:
        """Return session and subject; a person may have a file of each folder."""
        stem = Path(self.file.name).stem
        match = _NAME.fullmatch(stem)
        is_optional = self.file.shown.absolute().parent.name.lower() == "optional"
        return f"{stem}-optional" if is_optional else stem, f"pamap2/{match[1] if match else stem}"


def find_pamap2(files: Sequence[RawFile], options: ReadOptions) -> list[Pamap2Subject]:
    """Return the files of 54 numbers a row that begin with a time, a label and a heart rate or NaN."""
    del options  # the content leaves nothing open
    return [Pamap2Subject(file) for file in files if file.shown.suffix.lower() in _SUFFIXES and _is_pamap2(file)]


def _is_pamap2(file: RawFile) -> bool:
    rows = numbers_in(file, len(COLUMNS))
    if rows is None:
        return False
    numbers = np.array(rows)
    times_s, labels, rates = numbers[:, TIME], numbers[:, LABEL], numbers[:, HEART_RATE]
    is_heart = np.isnan(rates) | ((rates > 20) & (rates < 300))  # noqa: PLR2004 - beats a minute
    return bool((np.diff(times_s) > 0).all() and np.isin(labels, np.arange(100)).all() and is_heart.all())


PAMAP2 = Format("pamap2", "PAMAP2", find_pamap2)
