"""KU-HAR: phone at the waist, 90 people, 18 activities; refused, because its acceleration is without gravity.

Source:
    data.mendeley.com/datasets/45f952y38r (CC BY 4.0): `1.Raw_time_domian_data/5.Lay/1052_F_1.csv` (and trimmed ones),
    without a header: time of the acceleration, acceleration x y z in m/s², time of the angular rate, angular rate x y z
    in rad/s; 100 Hz as programs have it that read the real files. Whether the times count in ms, as the page says, is
    told by that rate. That gravity is missing is from memory; so it is looked for in the values, and nothing is refused
    where it is there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.clock import find_clock
from llasa_core.data.readers.beginnings import first_lines
from llasa_core.data.readers.dataset_parts import are_numbers, at_least_one, both_in_order, cells_of, measured
from llasa_core.data.readers.dataset_tables import known_table
from llasa_core.data.readers.reader import Format, Refused
from llasa_core.data.tracks import Track
from llasa_core.data.units import Stated, Steadiness, decide_acc_unit
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

COLUMNS = ("acc time", "acc_x", "acc_y", "acc_z", "gyr time", "gyr_x", "gyr_y", "gyr_z")
RATE_HZ = 100.0
FEWEST_ROWS = 2 * int(RATE_HZ)
"""Two seconds tell whether gravity is there."""
_NAME = re.compile(r"\d+_[A-R]_\d+\.csv", re.IGNORECASE)


@dataclass(frozen=True)
class KuHarSample:
    """One file, to be described and not to be used."""

    file: RawFile

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "ku-har"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The file."""
        return (self.file,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what the file holds, without gravity.

        Raises:
            DataError: a row cannot be read.
        """
        where = Place(self.file.shown)
        cells = cells_of(known_table(self.file, COLUMNS, options, separator=","), range(len(COLUMNS)))
        ticks = cells.numbers[:, 0]
        clock = find_clock(ticks[np.isfinite(ticks)], "acc time", None, RATE_HZ, where)
        acc, gyr, notes = both_in_order(
            Track.of(ticks * clock.scale, measured(cells.numbers[:, 1:4])),
            Track.of(cells.numbers[:, 4] * clock.scale, measured(cells.numbers[:, 5:])),
            where,
        )
        about = About(
            file=self.file.shown,
            dataset="ku-har",
            session=self.file.name.removesuffix(".csv"),
            subject=f"ku-har/{self.file.name.split('_')[0]}",
            origin=replace(origin_of("ku-har", "m/s^2", "rad/s", clock.unit), gravity="removed"),
            placement="waist",
            notes=(*cells.notes, *notes),
        )
        yield from at_least_one(
            recordings_of_tracks(about, acc, gyr, where, left_out=cells.left_out), len(ticks), where
        )


def find_ku_har(files: Sequence[RawFile], options: ReadOptions) -> list[KuHarSample | Refused]:
    """Return the files of the dataset, those of a folder in one refusal; to be described, one by one."""
    folders: dict[Path, list[RawFile]] = defaultdict(list)
    for file in files:
        if _NAME.fullmatch(file.name) and _is_table(first_lines(file)[:1]):
            folders[file.shown.parent].append(file)
    found: list[KuHarSample | Refused] = []
    for of_folder in folders.values():
        size = next((size for file in of_folder if (size := _gravity_missed(file)) is not None), None)
        if size is not None and options.describe_only:
            found += [KuHarSample(file) for file in of_folder]
        elif size is not None:
            found.append(_refused(of_folder, size))
    return found


def _is_table(lines: Sequence[str]) -> bool:
    return bool(lines) and all(len(cells) == len(COLUMNS) and are_numbers(cells) for cells in _split(lines))


def _split(lines: Sequence[str]) -> list[list[str]]:
    return [line.split(",") for line in lines]


def _gravity_missed(file: RawFile) -> float | None:
    """Return the size of the mean acceleration where it is not gravity; None where it is, or nobody can tell."""
    rows = _split(file.head().decode("latin-1").splitlines())[:-1]
    table = np.array([[float(cell) for cell in row] for row in rows if _is_table([",".join(row)])])
    if len(table) < FEWEST_ROWS:
        return None
    try:
        decide_acc_unit(table[:, 1:4], None, RATE_HZ, Stated("m/s^2", "KU-HAR"), file.shown)
    except DataError:
        return Steadiness.of(table[:, 1:4], RATE_HZ).size
    return None


def _refused(files: Sequence[RawFile], size: float) -> Refused:
    error = DataError(
        f"the acceleration of KU-HAR has no gravity: the median of its 1-s means is {size:.3g} m/s^2, "
        "where gravity reads 9.81",
        where=files[0].shown,
        fix="leave it out: posture cannot be told without gravity, and nothing brings it back",
    )
    return Refused("ku-har", tuple(files), error)


KU_HAR = Format("ku-har", "KU-HAR", find_ku_har)
