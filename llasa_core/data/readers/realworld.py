"""RealWorld (HAR) 2016: seven devices at once on 15 people, eight activities of about ten minutes.

Source:
    sensor.informatik.uni-mannheim.de, `realworld2016_dataset.zip` (research): `proband1/data/acc_walking_csv.zip` holds
    `acc_walking_waist.csv`, `gyr_walking_csv.zip` holds `Gyroscope_walking_waist.csv`; where an activity was recorded
    in parts, there are zips inside with `_2_` in their names. Header `id,attr_time,attr_x,attr_y,attr_z`, times in ms
    since 1970, m/s² with gravity and rad/s, 50 Hz, Android. Names and header as programs have them that read the real
    files. Some positions are missing for some people.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.readers.beginnings import first_lines
from llasa_core.data.readers.dataset_parts import at_least_one, both_in_order, cells_of, measured
from llasa_core.data.readers.dataset_tables import known_table
from llasa_core.data.readers.label_codes import Code, meaning_of, outside
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

COLUMNS = ("id", "attr_time", "attr_x", "attr_y", "attr_z")
CODES = {
    "climbingup": Code("climbingup", "climbing stairs"),
    "climbingdown": Code("climbingdown", "descending stairs"),
    "running": Code("running", "jogging"),
    "jumping": outside("jumping"),
    **{name: Code(name, name) for name in ("lying", "sitting", "standing", "walking")},
}
PLACEMENTS = {"upperarm": "upper arm"}
"""The other names are plain words."""
SENSORS = {"acc": "acc", "accelerometer": "acc", "gyr": "gyr", "gyroscope": "gyr"}
DECIDED = "acceleration in m/s² with gravity, angular rate in rad/s, times in ms, as the dataset documents them"
_NAME = re.compile(
    r"(acc|accelerometer|gyr|gyroscope)_([a-z]+)_(?:(\d+)_)?(chest|forearm|head|shin|thigh|upperarm|waist)\.csv",
    re.IGNORECASE,
)
_PART = re.compile(r"_(\d+)_csv")
_PERSON = re.compile(r"(?:proband|subject|s)(\d+)", re.IGNORECASE)


class _Which(NamedTuple):
    """What one device recorded in one go."""

    folder: Path
    """Of the person."""
    person: str | None
    activity: str
    part: int
    position: str

    @property
    def session(self) -> str:
        """Unique among all people."""
        part = f"_{self.part}" if self.part > 1 else ""
        return f"{self.person or self.folder.name}_{self.activity}{part}_{self.position}"


@dataclass(frozen=True)
class RealWorldRecording:
    """One activity of one person at one position, not read yet."""

    which: _Which
    acc: RawFile
    gyr: RawFile | None
    alone: tuple[RawFile, ...] = ()
    """Files of the same person whose other sensor is missing: they are counted here, and left out."""

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "realworld"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """Acceleration first."""
        return (self.acc, *((self.gyr,) if self.gyr else ()), *self.alone)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what the device recorded: one recording, or several where there are gaps.

        Raises:
            DataError: a row cannot be read, or the sensors were never on at one time.
        """
        where = Place(self.acc.shown)
        meaning = meaning_of(self.which.activity, CODES, options.label_map, where)
        acc, notes, lost = _track(self.acc, options)
        gyr, gyr_notes, gyr_lost = _track(self.gyr, options) if self.gyr else (None, (), ())
        acc.codes[:, 0] = 1
        acc, gyr, order_notes = both_in_order(acc, gyr, where)
        about = About(
            file=self.acc.shown,
            dataset="realworld",
            session=self.which.session,
            subject=f"realworld/{self.which.person or self.which.folder.name}",
            origin=origin_of("realworld", "m/s^2", "rad/s" if gyr else None, "ms since 1970"),
            placement=PLACEMENTS.get(self.which.position, self.which.position),
            notes=(DECIDED, *notes, *gyr_notes, *order_notes),
            since_1970_s=0.0,
        )
        left_out = (*lost, *gyr_lost, *(_without_partner(file) for file in self.alone))
        found = recordings_of_tracks(about, acc, gyr, where, meanings=(None, meaning), left_out=left_out)
        yield from at_least_one(found, len(acc.time_s), where)


def find_realworld(files: Sequence[RawFile], options: ReadOptions) -> list[RealWorldRecording | Refused]:
    """Return what each device recorded; files whose other sensor is missing go with another of the person's."""
    found: dict[_Which, dict[str, RawFile]] = defaultdict(dict)
    for file in files:
        if (match := _NAME.fullmatch(file.name)) and _has_header(file):
            found[_which(file, match)][SENSORS[match[1].lower()]] = file
    may_lack = options.allow_missing_gyro or options.describe_only
    alone: dict[Path, list[RawFile]] = defaultdict(list)
    whole: list[RealWorldRecording] = []
    for which, by_sensor in sorted(found.items(), key=lambda item: (item[0].folder, *item[0][2:])):
        if "acc" in by_sensor and ("gyr" in by_sensor or may_lack):
            whole.append(RealWorldRecording(which, by_sensor["acc"], by_sensor.get("gyr")))
        else:
            alone[which.folder] += by_sensor.values()
    for nth, one in enumerate(whole):
        whole[nth] = replace(one, alone=tuple(alone.pop(one.which.folder, ())))
    return [*whole, *(_refused(files) for files in alone.values())]


def _which(file: RawFile, match: re.Match[str]) -> _Which:
    folder = file.shown.parent
    within = next((part for part in folder.parts[::-1] if _PART.search(part)), "")
    part = match[3] or (found[1] if (found := _PART.search(within)) else "1")
    while folder.name.lower().endswith(("_csv", ".zip", "data")) and folder != folder.parent:
        folder = folder.parent
    person = next((found[1] for name in folder.parts[::-1] if (found := _PERSON.fullmatch(name))), None)
    return _Which(folder, person, match[2].lower(), int(part), match[4].lower())


def _has_header(file: RawFile) -> bool:
    return [name.strip(' "') for line in first_lines(file)[:1] for name in line.split(",")] == list(COLUMNS)


def _track(file: RawFile, options: ReadOptions) -> tuple[Track, tuple[str, ...], tuple[tuple[str, int], ...]]:
    cells = cells_of(known_table(file, COLUMNS, options, separator=",", n_header_lines=1), (1, 2, 3, 4))
    return Track.of(cells.numbers[:, 0] * TIME_SCALE["ms"], measured(cells.numbers[:, 1:])), cells.notes, cells.left_out


def _without_partner(file: RawFile) -> tuple[str, int]:
    match = _NAME.fullmatch(file.name)
    missing = "acceleration" if match and SENSORS[match[1].lower()] == "gyr" else "angular rate"
    with file.open() as stream:
        n_rows = sum(1 for _ in stream) - 1
    return f"no {missing} beside {file.name}", n_rows


def _refused(files: Sequence[RawFile]) -> Refused:
    reason, _ = _without_partner(files[0])
    error = DataError(reason, where=files[0].shown, fix="pass the folder of the person, which holds both sensors")
    return Refused("realworld", tuple(files), error)


REALWORLD = Format("realworld", "RealWorld", find_realworld)
