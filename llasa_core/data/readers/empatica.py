"""Empatica E4: `ACC.csv` holds the start in seconds since 1970, the rate, then steps of 1/64 g; it has no gyroscope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.channels import STANDARD_GRAVITY
from llasa_core.data.clock import SINCE_1970
from llasa_core.data.dialect import Dialect, split_line
from llasa_core.data.readers.beginnings import first_lines
from llasa_core.data.readers.reader import Format
from llasa_core.data.table import Table
from llasa_core.data.tracks import Track
from llasa_core.data.units import Stated, decide_acc_unit
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

STEPS_A_G = 64
_FASTEST_HZ = 256
_FIRST_ROW = 3
_STEPS = re.compile(r"-?\d+,-?\d+,-?\d+")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_DIALECT = Dialect("utf-8", 0, ",", ".", 3, _FIRST_ROW, None, ("x", "y", "z"), None, (), ())


@dataclass(frozen=True)
class E4Recording:
    """One `ACC.csv`, not read yet."""

    file: RawFile
    start_s: float
    """Since 1970."""
    rate_hz: float

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "empatica"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The one table."""
        return (self.file,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield the one recording, with an angular rate of zero.

        Raises:
            DataError: a gyroscope is wanted, or a row cannot be read.
        """
        where = Place(self.file.shown)
        if not (options.allow_missing_gyro or options.describe_only):
            raise DataError(
                "no gyroscope: an Empatica E4 has none",
                where=where,
                fix="pass `--allow-missing gyro`: gyr is then zero, and the windows are flagged",
            )
        table = Table(self.file, _DIALECT, options.bad_rows)
        rows = list(table.rows((0, 1, 2)))
        acc = np.concatenate([block.numbers for block in rows]) / STEPS_A_G
        stated = Stated("g", "the format (Empatica E4)")
        notes = [f"acc in steps of 1/{STEPS_A_G} g", f"{self.rate_hz:g} Hz: the file's second row says so"]
        if not options.describe_only:
            notes.append(decide_acc_unit(acc, None, self.rate_hz, stated, where).note)
        lines = np.concatenate([block.line for block in rows])
        times_s = self.start_s + (lines - _FIRST_ROW) / self.rate_hz
        name = self._name()
        about = About(
            file=self.file.shown,
            dataset="empatica",
            session=name,
            subject=f"empatica/{name}",
            origin=origin_of("empatica", "g", None, f"none: {self.rate_hz:g} Hz, the file's second row"),
            placement="wrist",
            notes=(*notes, *table.notes),
            since_1970_s=0.0,
        )
        track = Track.of(times_s, acc * STANDARD_GRAVITY)
        left_out = [("row that could not be read", table.n_dropped)] if table.n_dropped else []
        yield from recordings_of_tracks(about, track, None, where, left_out=left_out)

    def _name(self) -> str:
        """Return the name of the folder, or zip, that Empatica gave the session, or that of a renamed file."""
        stem = Path(self.file.name).stem
        return self.file.shown.absolute().parent.name.removesuffix(".zip") if stem.upper() == "ACC" else stem


def find_e4(files: Sequence[RawFile], options: ReadOptions) -> list[E4Recording]:
    """Return the tables of acceleration among files, in the order of their names."""
    del options
    return [one for file in sorted(files) if file.name.lower().endswith(".csv") and (one := _e4(file)) is not None]


def _e4(file: RawFile) -> E4Recording | None:
    lines = first_lines(file)
    heads = [split_line(line, ",") for line in lines[: _FIRST_ROW - 1]]
    if len(lines) < _FIRST_ROW or not all(len(head) == 3 and len(set(head)) == 1 for head in heads):  # noqa: PLR2004 - one for each axis
        return None
    if not all(_NUMBER.fullmatch(head[0]) for head in heads) or not _STEPS.fullmatch(lines[_FIRST_ROW - 1].strip()):
        return None
    start_s, rate_hz = float(heads[0][0]), float(heads[1][0])
    is_one = SINCE_1970[0] <= start_s <= SINCE_1970[1] and 0 < rate_hz <= _FASTEST_HZ
    return E4Recording(file, start_s, rate_hz) if is_one else None


EMPATICA = Format("empatica", "Empatica E4", find_e4)
