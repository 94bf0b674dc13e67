"""Opportunity: five body-worn IMUs at once on four people in a kitchen.

Source:
    archive.ics.uci.edu/dataset/226 (CC BY 4.0), `dataset/S1-ADL1.dat`, 250 columns separated by blanks, and its
    `column_names.txt` (as copied in public programs): column 1 is the time in ms; from columns 38 (back), 51 (right
    upper arm), 64 (right lower arm), 77 (left upper arm) and 90 (left lower arm) on there are acceleration,
    `round(original_value / 9.8 * 1000)`, `unit = milli g`, and angular rate, `round(original_value * 1000)`,
    `unit = unknown`; column 244 is the locomotion: 1 stand, 2 walk, 4 sit, 5 lie. 30 Hz, NaN where a sensor was off.
    The single accelerometers, the shoes' IMUs and the objects' sensors are not read.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.labels import Dropped
from llasa_core.data.readers.beginnings import first_lines
from llasa_core.data.readers.dataset_parts import (
    Group,
    are_numbers,
    both_in_order,
    cells_of,
    recordings_of_groups,
    tracks_of,
)
from llasa_core.data.readers.dataset_tables import check_gravity, known_table
from llasa_core.data.readers.label_codes import Code, CodeBook
from llasa_core.data.readers.reader import Format
from llasa_core.data.unit_words import GYR_SCALE, TIME_SCALE
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

RATE_HZ = 30.0
N_COLUMNS = 250
LOCOMOTION = 244
"""Column, from 1; so are those in `IMUS`."""
IMUS = {
    "back": ("BACK", 38),
    "right upper arm": ("RUA", 51),
    "right lower arm": ("RLA", 64),
    "left upper arm": ("LUA", 77),
    "left lower arm": ("LLA", 90),
}
"""By placement: the dataset's name, and the column of acc x; gyr z is the fifth after it."""
MG_MS2 = 9.8 / 1000
"""The dataset divided by 9.8 to get g."""
CODES = {
    "0": Code("null", Dropped("no locomotion label")),
    "1": Code("stand", "standing"),
    "2": Code("walk", "walking"),
    "4": Code("sit", "sitting"),
    "5": Code("lie", "lying"),
}
DECIDED = "acceleration from mg to m/s² (× 0.0098) and times in ms, as the dataset documents them"
_NAME = re.compile(r"S(\d+)-(\w+)\.dat", re.IGNORECASE)


@dataclass(frozen=True)
class OpportunityRun:
    """One run of one person, not read yet."""

    file: RawFile

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "opportunity"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The file."""
        return (self.file,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what each IMU recorded: one recording, or several where it has gaps.

        Raises:
            DataError: the unit of the angular rate is not given, a row cannot be read, or a label is not known.
        """
        where = Place(self.file.shown)
        if options.gyr_unit is None and not options.describe_only:
            raise DataError(
                "the unit of the angular rate is not known: the dataset says `unit = unknown` of its value × 1000",
                where=where,
                fix="pass `--gyr-unit rad/s` or `--gyr-unit deg/s`, whichever you take the values for",
            )
        columns = [column - 1 + offset for _, column in IMUS.values() for offset in range(6)]
        names = [f"column {column}" for column in range(1, N_COLUMNS + 1)]
        cells = cells_of(known_table(self.file, names, options), (0, *columns, LOCOMOTION - 1))
        book = CodeBook(CODES, options.label_map)
        codes = book.numbers_of(cells.numbers[:, -1], cells.line, self.file.shown, LOCOMOTION)
        numbers = cells.numbers[:, :-1]
        groups = [
            Group(
                placement,
                len(codes),
                partial(self._imu, placement, numbers[:, [0, *range(at, at + 6)]], codes, book, options),
            )
            for at, placement in zip(range(1, numbers.shape[1], 6), IMUS, strict=True)
        ]
        yield from recordings_of_groups(groups, Counter(dict(cells.left_out)), where)

    def _imu(
        self, placement: str, numbers: np.ndarray, codes: np.ndarray, book: CodeBook, options: ReadOptions
    ) -> Iterator[Recording]:
        """Yield what one IMU recorded; `numbers` [row, 7] are time, acc and gyr as in the file."""
        where = Place(self.file.shown)
        times_s = numbers[:, 0] * TIME_SCALE["ms"]
        unit = options.gyr_unit
        scale = GYR_SCALE[unit] / 1000 if unit else 1.0  # without a unit it is described only
        first, second, left_out = tracks_of(times_s, numbers[:, 1:] * np.repeat([MG_MS2, scale], 3), codes)
        acc, gyr, notes = both_in_order(first, second, where)
        if not options.describe_only:
            check_gravity(acc.values, RATE_HZ, "mg", self.file.shown)
        match = _NAME.fullmatch(self.file.name)
        stem = PurePath(self.file.name).stem
        said = (f"gyr in {unit} (× 1000 in the file): `--gyr-unit` says so",) if unit else ()
        about = About(
            file=self.file.shown,
            dataset="opportunity",
            session=f"{stem}_{IMUS[placement][0]}",
            subject=f"opportunity/{match[1] if match else stem}",
            origin=origin_of("opportunity", "mg", unit, "ms"),
            placement=placement,
            notes=(DECIDED, *said, *notes),
        )
        yield from recordings_of_tracks(about, acc, gyr, where, meanings=book.meanings, left_out=left_out)


def find_opportunity(files: Sequence[RawFile], options: ReadOptions) -> list[OpportunityRun]:
    """Return the runs among files: tables of 250 columns."""
    del options  # the columns leave nothing open
    return [OpportunityRun(file) for file in files if file.shown.suffix.lower() == ".dat" and _is_run(file)]


def _is_run(file: RawFile) -> bool:
    cells = first_lines(file)[:1] and first_lines(file)[0].split()
    return len(cells) == N_COLUMNS and are_numbers(cells)


OPPORTUNITY = Format("opportunity", "Opportunity", find_opportunity)
