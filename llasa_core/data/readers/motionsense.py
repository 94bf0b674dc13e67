"""MotionSense: an iPhone in a front pocket of 24 people, six activities in 15 trials.

Source:
    github.com/mmalekzadeh/motion-sense, `A_DeviceMotion_data` (`dws_1/sub_1.csv`): Core Motion at 50 Hz without a
    clock; gravity and userAcceleration in g, which add up to what an accelerometer measures, rotationRate in rad/s.
    The folders B and C hold the accelerometer and the gyroscope of other runs of the recorder: their row counts
    differ, so that they cannot be put together by row number, and they have no times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.assemble import origin_of
from llasa_core.data.channels import ACC, CHANNELS, GYR, STANDARD_GRAVITY
from llasa_core.data.deciding import FRAME_NOTE
from llasa_core.data.labels import segments_of
from llasa_core.data.readers.dataset_tables import check_gravity, first_lines, known_table, read_rows
from llasa_core.data.readers.hapt import without_bad_rows
from llasa_core.data.readers.label_codes import meaning_of
from llasa_core.data.readers.reader import Format, Refused
from llasa_core.data.recording import Recording
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.readers.reader import Unread

SAMPLING_RATE_HZ = 50.0
HEADER = (
    "",
    *(f"attitude.{angle}" for angle in ("roll", "pitch", "yaw")),
    *(f"{sensor}.{axis}" for sensor in ("gravity", "rotationRate", "userAcceleration") for axis in "xyz"),
)
ONE_SENSOR_HEADER = ("", "x", "y", "z")
DECIDED = (
    "acceleration is gravity + userAcceleration, from g to m/s² (× 9.80665), angular rate in rad/s and 50 Hz, "
    "as the dataset documents them"
)
_FILE = re.compile(r"sub_(\d+)\.csv", re.IGNORECASE)
_FOLDER = re.compile(r"([a-z]+)_(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class MotionSenseTrial:
    """One trial of one person, not read yet."""

    file: RawFile
    label: str
    trial: int
    subject: int

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "motionsense"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The one file."""
        return (self.file,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield the one recording.

        Raises:
            DataError: a number cannot be read, or the folder's name is no known label.
        """
        shown = self.file.shown
        meaning = meaning_of(self.label, {}, options.label_map, Place(shown.parent))
        rows = read_rows(known_table(self.file, HEADER, options, separator=",", n_header_lines=1), range(4, 13))
        gravity, rate, user = rows.numbers[:, :3], rows.numbers[:, 3:6], rows.numbers[:, 6:]
        samples = np.empty((len(rows.numbers), len(CHANNELS)))
        samples[:, ACC] = (gravity + user) * STANDARD_GRAVITY
        samples[:, GYR] = rate
        check_gravity(samples[:, ACC], SAMPLING_RATE_HZ, "g", shown)
        notes = (DECIDED, *rows.notes)
        if not options.keep_frame:
            samples[:, ACC] *= -1
            notes = (*notes, FRAME_NOTE)
        segments, left_out = segments_of(np.zeros(len(samples), np.int32), [meaning])
        yield without_bad_rows(
            Recording(
                file=shown,
                dataset="motionsense",
                subject=f"motionsense/{self.subject:02d}",
                session=f"{self.label}_{self.trial}_sub_{self.subject:02d}",
                sampling_rate_hz=SAMPLING_RATE_HZ,
                samples=samples,
                segments=segments,
                placement="front pocket",
                notes=notes,
                left_out=left_out,
                origin=origin_of("motionsense", "g", "rad/s", "none: 50 Hz, the dataset's rate", SAMPLING_RATE_HZ),
            )
        )


def find_motionsense(files: Sequence[RawFile], options: ReadOptions) -> list[Unread]:
    """Return the trials among the files; the recordings of a single sensor are refused where there is nothing else."""
    del options  # the headers leave nothing open
    found: list[Unread] = []
    one_sensor = []
    for file in files:
        name, folder = _FILE.fullmatch(file.name), _FOLDER.fullmatch(file.shown.absolute().parent.name)
        if not name or not folder:
            continue
        header = _header(file)
        if header == HEADER:
            found.append(MotionSenseTrial(file, folder[1].lower(), int(folder[2]), int(name[1])))
        elif header == ONE_SENSOR_HEADER:
            one_sensor.append(file)
    if one_sensor and not found:
        return [Refused("motionsense", tuple(one_sensor), _one_sensor_only(one_sensor))]
    return found


def _header(file: RawFile) -> tuple[str, ...]:
    return tuple(cell.strip().strip('"') for line in first_lines(file, 1) for cell in line.split(","))


def _one_sensor_only(files: Sequence[RawFile]) -> DataError:
    n_files = "1 file" if len(files) == 1 else f"{len(files)} files"
    return DataError(
        f"MotionSense's recordings of one sensor (B_Accelerometer_data or C_Gyroscope_data), {n_files}: acceleration "
        "and angular rate were recorded apart, without times, and differ in length: they cannot be put together",
        where=files[0].shown,
        fix="pass the folder A_DeviceMotion_data, which has both sensors on one clock",
    )


MOTIONSENSE = Format("motionsense", "MotionSense", find_motionsense)
