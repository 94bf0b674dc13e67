"""MobiAct: phone in the trouser pocket, more than 50 people, daily activities and falls.

Source:
    bmi.hmu.gr/the-mobifall-and-mobiact-datasets-2, its Readme (copied in public repositories): `WAL_acc_5_1.txt` and
    `WAL_gyro_5_1.txt`, that is code, sensor, person and trial; `timestamp(ns),x,y,z` in m/s² with gravity and in rad/s,
    below lines that begin with # and one `@DATA`; durations and codes as in `CODES`. v2 has the same files, and
    annotated ones that join them: `timestamp,rel_time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,azimuth,pitch,roll,label`
    (the header as programs have it that read the real files, rel_time in s). The sensors sample unevenly, at up to
    200 Hz, each at its own times. Codes of v2's falls and scenarios beyond the Readme are from programs and memory.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.readers.beginnings import first_lines
from llasa_core.data.readers.dataset_parts import (
    are_numbers,
    at_least_one,
    both_in_order,
    cells_of,
    measured,
    tracks_of,
)
from llasa_core.data.readers.dataset_tables import known_table
from llasa_core.data.readers.label_codes import Code, CodeBook, meaning_of, outside
from llasa_core.data.readers.reader import Format, Refused
from llasa_core.data.tracks import Track
from llasa_core.data.unit_words import TIME_SCALE
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

CODES = {
    "WAL": Code("walking", "walking"),
    "JOG": Code("jogging", "jogging"),
    "STU": Code("stairs up", "climbing stairs"),
    "STN": Code("stairs down", "descending stairs"),
    "STD": Code("standing", "standing"),
    "SIT": Code("sitting on chair", "sitting"),
    "LYI": Code("lying", "lying"),
    "JUM": outside("jumping"),
    "SCH": outside("stand to sit"),
    "CHU": outside("sit to stand"),
    "CSI": outside("car step in"),
    "CSO": outside("car step out"),
    "FOL": outside("fall forward"),
    "FKL": outside("fall on the knees"),
    "BSC": outside("fall backward"),
    "SDL": outside("fall sideward"),
}
RAW_COLUMNS = ("timestamp", "x", "y", "z")
ANNOTATED_COLUMNS = (
    *("timestamp", "rel_time"),
    *(f"{sensor}_{axis}" for sensor in ("acc", "gyro") for axis in "xyz"),
    *("azimuth", "pitch", "roll", "label"),
)
ACC_COLUMNS, GYR_COLUMNS, REL_TIME, LABEL = (2, 3, 4), (5, 6, 7), 1, 11
DECIDED = "acceleration in m/s² with gravity, angular rate in rad/s, as the dataset documents them"
_RAW = re.compile(r"([A-Z]{3})_(acc|gyro|ori)_(\d+)_(\d+)\.txt")
_ANNOTATED = re.compile(r"([A-Z]{3})_(\d+)_(\d+)_annotated\.csv")

Trial = tuple[str, str, str]
"""Code, person, number."""


@dataclass(frozen=True)
class AnnotatedTrial:
    """One trial with both sensors and labels in one table, not read yet."""

    file: RawFile
    trial: Trial
    raw: tuple[RawFile, ...]
    """The same trial again, as the sensors gave it."""

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "mobiact"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The table, and what is not read because it holds the same."""
        return self.file, *self.raw

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what the trial holds.

        Raises:
            DataError: a row cannot be read, or a label is not known.
        """
        where = Place(self.file.shown)
        table = known_table(self.file, ANNOTATED_COLUMNS, options, separator=",", n_header_lines=1)
        cells = cells_of(table, (REL_TIME, *ACC_COLUMNS, *GYR_COLUMNS), (LABEL,))
        book = CodeBook(CODES, options.label_map)
        codes = book.numbers_of(cells.words[:, 0], cells.line, self.file.shown, LABEL + 1)
        times_s = cells.numbers[:, 0]
        first, second, missing = tracks_of(times_s, cells.numbers[:, 1:], codes)
        acc, gyr, notes = both_in_order(first, second, where)
        about = _about(self.file.shown, self.trial, "s since the start", (*cells.notes, *notes))
        found = recordings_of_tracks(
            about, acc, gyr, where, meanings=book.meanings, left_out=(*cells.left_out, *missing)
        )
        yield from at_least_one(found, len(times_s), where)


@dataclass(frozen=True)
class RawTrial:
    """One trial with a file for each sensor, not read yet."""

    acc: RawFile
    gyr: RawFile | None
    trial: Trial
    beside: tuple[RawFile, ...]
    """Its orientation, which is not read."""

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "mobiact"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """Acceleration first."""
        return (self.acc, *((self.gyr,) if self.gyr else ()), *self.beside)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what the trial holds.

        Raises:
            DataError: a row cannot be read, the code is not known, or the sensors were never on at one time.
        """
        where = Place(self.acc.shown)
        meaning = meaning_of(self.trial[0], CODES, options.label_map, where)
        acc, acc_notes, lost = _raw_track(self.acc, options)
        gyr, gyr_notes, gyr_lost = _raw_track(self.gyr, options) if self.gyr else (None, (), ())
        acc.codes[:, 0] = 1
        acc, gyr, notes = both_in_order(acc, gyr, where)
        about = _about(self.acc.shown, self.trial, "ns", (*acc_notes, *gyr_notes, *notes), has_gyr=gyr is not None)
        found = recordings_of_tracks(about, acc, gyr, where, meanings=(None, meaning), left_out=(*lost, *gyr_lost))
        yield from at_least_one(found, len(acc.time_s), where)


def find_mobiact(files: Sequence[RawFile], options: ReadOptions) -> list[AnnotatedTrial | RawTrial | Refused]:
    """Return the trials among files, the annotated ones where there are both; refused where a sensor is missing."""
    raw: dict[Trial, dict[str, RawFile]] = defaultdict(dict)
    annotated: dict[Trial, RawFile] = {}
    for file in files:
        if (match := _RAW.fullmatch(file.name)) and _first_row(file) is not None:
            code, sensor, person, number = match.groups()
            raw[code, person, number][sensor] = file
        elif (match := _ANNOTATED.fullmatch(file.name)) and _is_annotated(file):
            code, person, number = match.groups()
            annotated[code, person, number] = file
    may_lack = options.allow_missing_gyro or options.describe_only
    found: list[AnnotatedTrial | RawTrial | Refused] = []
    for trial in sorted({*annotated, *raw}, key=_order):
        by_sensor = raw.get(trial, {})
        if trial in annotated:
            found.append(AnnotatedTrial(annotated[trial], trial, tuple(by_sensor.values())))
        elif "acc" in by_sensor and ("gyro" in by_sensor or may_lack):
            beside = (by_sensor["ori"],) if "ori" in by_sensor else ()
            found.append(RawTrial(by_sensor["acc"], by_sensor.get("gyro"), trial, beside))
        else:
            found.append(_refused(trial, by_sensor))
    return found


def _order(trial: Trial) -> tuple[int, str, int]:
    code, person, number = trial
    return int(person), code, int(number)


def _is_annotated(file: RawFile) -> bool:
    return (
        tuple(name.strip() for name in first_lines(file)[:1] or [""] for name in name.split(",")) == ANNOTATED_COLUMNS
    )


def _first_row(file: RawFile) -> int | None:
    """Return the line of the first row of four numbers, from 1, below the text; None where there is none."""
    for row, line in enumerate(first_lines(file), start=1):
        cells = line.split(",")
        if len(cells) == len(RAW_COLUMNS) and are_numbers(cells):
            return row
    return None


def _raw_track(file: RawFile, options: ReadOptions) -> tuple[Track, tuple[str, ...], tuple[tuple[str, int], ...]]:
    cells = cells_of(
        known_table(file, RAW_COLUMNS, options, separator=",", n_header_lines=(_first_row(file) or 1) - 1), range(4)
    )
    return Track.of(cells.numbers[:, 0] * TIME_SCALE["ns"], measured(cells.numbers[:, 1:])), cells.notes, cells.left_out


def _about(file: Path, trial: Trial, clock: str, notes: tuple[str, ...], *, has_gyr: bool = True) -> About:
    return About(
        file=file,
        dataset="mobiact",
        session="_".join(trial),
        subject=f"mobiact/{trial[1]}",
        origin=origin_of("mobiact", "m/s^2", "rad/s" if has_gyr else None, clock),
        placement="trouser pocket",
        notes=(DECIDED, *notes),
    )


def _refused(trial: Trial, by_sensor: dict[str, RawFile]) -> Refused:
    code, person, number = trial
    what, sensor = ("angular rate", "gyro") if "acc" in by_sensor else ("acceleration", "acc")
    files = tuple(by_sensor[sensor] for sensor in sorted(by_sensor))
    error = DataError(
        f"trial {number} of {code} by person {person} has no {what}: {code}_{sensor}_{person}_{number}.txt is missing",
        where=files[0].shown,
        fix="unpack the dataset again, with the files of one trial beside one another",
    )
    return Refused("mobiact", files, error)


MOBIACT = Format("mobiact", "MobiAct", find_mobiact)
