"""WISDM 2019: phone in the pocket and watch on the wrist, 51 people, 18 activities of three minutes.

Source:
    archive.ics.uci.edu/dataset/507 (CC BY 4.0), `raw/{phone,watch}/{accel,gyro}/data_1600_accel_phone.txt`, in a zip
    inside the zip: `1600,A,252207666810782,-0.36476135,8.793503,1.0550842;`, that is person, letter of the activity,
    time, x, y, z in m/s² or rad/s, 20 Hz. Layout, units and letters as programs have them that read the real files; the
    description calls the time Unix time, but it counts ns since the device started. Within a file it jumps back, and
    some records stand there twice; both sensors differ in length. There is no letter N.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.labels import Dropped
from llasa_core.data.readers.dataset_parts import Group, both_in_order, measured, recordings_of_groups
from llasa_core.data.readers.dataset_tables import check_gravity
from llasa_core.data.readers.label_codes import STAIRS, Code, meaning_of, outside
from llasa_core.data.readers.reader import Format, Refused
from llasa_core.data.readers.wisdm import (
    RATE_HZ,
    Records,
    acc_track,
    clock_of_records,
    groups_of,
    records_of,
    starts_with,
)
from llasa_core.data.tracks import Track
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from llasa_core.data.clock import Clock
    from llasa_core.data.labels import Meaning
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

CODES = {
    "A": Code("walking", "walking"),
    "B": Code("jogging", "jogging"),
    "C": STAIRS,
    "D": Code("sitting", "sitting"),
    "E": Code("standing", "standing"),
    "F": outside("typing"),
    "G": outside("brushing teeth"),
    "H": outside("eating soup"),
    "I": outside("eating chips"),
    "J": outside("eating pasta"),
    "K": outside("drinking from cup"),
    "L": outside("eating sandwich"),
    "M": outside("kicking"),
    "O": outside("playing catch"),
    "P": outside("dribbling"),
    "Q": outside("writing"),
    "R": outside("clapping"),
    "S": outside("folding clothes"),
}
PLACEMENTS = {"phone": "pocket", "watch": "wrist"}
DECIDED = "acceleration in m/s² with gravity, angular rate in rad/s, as the dataset documents them"
_RECORD = re.compile(r"(\d+),[A-Z],\d+,[^,;]+,[^,;]+,[^,;]+;?")
_NAME = re.compile(r"data_(\d+)_(accel|gyro)_(phone|watch)\.(?:txt|csv)")


@dataclass(frozen=True)
class WisdmDevice:
    """What one person's phone or watch recorded, not read yet."""

    person: str
    device: str
    acc: RawFile
    gyr: RawFile | None

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "wisdm-2019"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """Acceleration first."""
        return (self.acc, self.gyr) if self.gyr else (self.acc,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield one recording for each activity, or several where it has gaps.

        Raises:
            DataError: a record cannot be read, a letter is not known, or no activity has both sensors.
        """
        acc = records_of(self.acc, options)
        gyr = records_of(self.gyr, options) if self.gyr else None
        if not options.describe_only:
            check_gravity(acc.values, RATE_HZ, "m/s^2", self.acc.shown)
        where = Place(self.acc.shown)
        clock = clock_of_records(acc, where)
        lost = Counter(dict((*acc.left_out, *(gyr.left_out if gyr else ()))))
        of_gyr = dict(groups_of(gyr.labels)) if gyr else {}
        told = (*acc.notes, *(gyr.notes if gyr else ()))
        groups = []
        for letter, rows in groups_of(acc.labels):
            meaning = meaning_of(letter, CODES, options.label_map, Place(self.acc.shown, int(acc.line[rows[0]]), 2))
            if isinstance(meaning, Dropped):
                lost[meaning.reason] += len(rows)
            elif gyr and letter not in of_gyr:
                lost[f"activity {letter}: no angular rate"] += len(rows)
            else:
                tracks = acc_track(acc, rows, clock), _gyr_track(gyr, of_gyr[letter], clock) if gyr else None
                groups.append(
                    Group(f"activity {letter}", len(rows), partial(self._read, letter, meaning, tracks, told))
                )
        yield from recordings_of_groups(groups, lost, where)

    def _read(
        self, letter: str, meaning: Meaning, tracks: tuple[Track, Track | None], told: tuple[str, ...]
    ) -> Iterator[Recording]:
        where = Place(self.acc.shown)
        acc, gyr, notes = both_in_order(*tracks, where)
        acc.codes[:, 0] = 1
        about = About(
            file=self.acc.shown,
            dataset="wisdm-2019",
            session=f"{self.person}_{self.device}_{letter}",
            subject=f"wisdm-2019/{self.person}",
            origin=origin_of("wisdm-2019", "m/s^2", "rad/s" if gyr else None, "ns"),
            placement=PLACEMENTS[self.device],
            notes=(DECIDED, *told, *notes),
        )
        yield from recordings_of_tracks(about, acc, gyr, where, meanings=(None, meaning))


def find_wisdm_2019(files: Sequence[RawFile], options: ReadOptions) -> list[WisdmDevice | Refused]:
    """Return what each person's phone and watch recorded; refused where one has no angular rate."""
    devices: dict[tuple[Path, str, str], dict[str, RawFile]] = defaultdict(dict)
    for file in files:
        match = _NAME.fullmatch(file.name)
        if match and starts_with(file, _RECORD):
            person, sensor, device = match.groups()
            devices[_root(file.shown.parent), person, device][sensor] = file
    may_lack = options.allow_missing_gyro or options.describe_only
    found: list[WisdmDevice | Refused] = []
    for (_, person, device), by_sensor in sorted(devices.items()):
        acc, gyr = by_sensor.get("accel"), by_sensor.get("gyro")
        if acc and (gyr or may_lack):
            found.append(WisdmDevice(person, device, acc, gyr))
        else:
            found.append(_refused(person, device, tuple(by_sensor.values())))
    return found


def _root(folder: Path) -> Path:
    """Return the folder of the device, above those of its sensors."""
    return folder.parent if folder.name in {"accel", "gyro"} else folder


def _refused(person: str, device: str, files: tuple[RawFile, ...]) -> Refused:
    what, sensor = ("angular rate", "gyro") if "accel" in files[0].name else ("acceleration", "accel")
    error = DataError(
        f"the {device} of person {person} has no {what}: data_{person}_{sensor}_{device}.txt is missing",
        where=files[0].shown,
        fix="pass the folder `raw`, which holds both sensors",
    )
    return Refused("wisdm-2019", files, error)


def _gyr_track(records: Records, rows: np.ndarray, clock: Clock) -> Track:
    return Track.of(records.ticks[rows] * clock.scale, measured(records.values[rows]))


WISDM_2019 = Format("wisdm-2019", "WISDM 2019", find_wisdm_2019)
