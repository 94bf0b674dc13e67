"""Shoaib et al. 2014: five phones on each of ten people, seven activities.

Source:
    "Fusion of Smartphone Motion Sensors for Physical Activity Recognition" (Sensors 2014); the University of Twente's
    `sensors-activity-recognition-dataset-shoaib.rar`, `Participant_1.csv`: a row of positions, a row of names, then
    for each position 14 columns: time_stamp (ms), acceleration with gravity (Ax, m/s²), without (Lx), angular rate
    (Gx, rad/s), magnetic field, and an empty one, which for the last position is the activity. 50 Hz. What each person
    did one after the other stands end to end; stairs are `upsatirs` in some files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.labels import segments_of
from llasa_core.data.readers.dataset_tables import (
    BAD_ROW,
    check_gravity,
    first_lines,
    known_table,
    read_rows,
    with_left_out,
)
from llasa_core.data.readers.hapt import without_bad_rows
from llasa_core.data.readers.label_codes import Code, meaning_of
from llasa_core.data.readers.reader import Format
from llasa_core.data.recording import Recording
from llasa_core.data.timeline import MOST_REPEATS, SHORTEST_S
from llasa_core.data.tracks import Track
from llasa_core.errors import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.labels import Meaning
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.dataset_tables import KnownRows
    from llasa_core.data.readers.raw_files import RawFile

SAMPLING_RATE_HZ = 50.0
ONE_POSITION = ("time_stamp", *(f"{kind}{axis}" for kind in "algm" for axis in "xyz"))
BLOCK = len(ONE_POSITION) + 1
POSITIONS = ("left pocket", "right pocket", "wrist", "upper arm", "belt")
"""In the files' order."""
LABEL = BLOCK * len(POSITIONS) - 1
CODES = {"upsatirs": Code("upstairs", "climbing stairs")}
"""A typing error in the data."""
DECIDED = "acceleration (A) in m/s² with gravity, angular rate in rad/s, as the dataset documents them"
TOO_SHORT = "less than a second of one label"
_OF_ONE = (0, 1, 2, 3, 7, 8, 9)
"""Columns of a position that are read: time, acceleration, angular rate."""
_NAME = re.compile(r"participant[_ -]?(\d+)", re.IGNORECASE)


class _Run(NamedTuple):
    """Rows `[start, end)` from one change of the label to the next."""

    start: int
    end: int
    meaning: Meaning

    @property
    def n_rows(self) -> int:
        return self.end - self.start

    @property
    def is_short(self) -> bool:
        return self.n_rows < SHORTEST_S * SAMPLING_RATE_HZ


@dataclass(frozen=True)
class ShoaibParticipant:
    """The file of one person, not read yet."""

    file: RawFile

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "shoaib"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The one file."""
        return (self.file,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield a recording for each position and activity: between two activities nobody knows how much is missing.

        Raises:
            DataError: a number or label cannot be read.
        """
        header = [[cell.strip() for cell in line.split(",")] for line in first_lines(self.file, 2)]
        positions = _positions(header[0])
        columns = [f"{positions[min(at // BLOCK, len(positions) - 1)]} {name}" for at, name in enumerate(header[1])]
        columns[LABEL] = "activity"
        wanted = [BLOCK * number + column for number in range(len(positions)) for column in _OF_ONE]
        table = known_table(self.file, columns, options, separator=",", n_header_lines=2)
        rows = read_rows(table, wanted, [LABEL])
        runs = list(self._runs(rows, options))
        left_out = [(BAD_ROW, rows.n_dropped), (TOO_SHORT, sum(run.n_rows for run in runs if run.is_short))]
        yield from with_left_out(self._recordings(rows, positions, runs), left_out)

    def _recordings(self, rows: KnownRows, positions: Sequence[str], runs: Sequence[_Run]) -> Iterator[Recording]:
        for number, position in enumerate(positions):
            own = rows.numbers[:, len(_OF_ONE) * number :][:, : len(_OF_ONE)]
            check_gravity(own[:, 1:4], SAMPLING_RATE_HZ, "m/s^2", self.file.shown)
            is_sound, note = _judge_clock(own[:, 0])
            about = self._about(position, (DECIDED, note, *rows.notes), is_sound=is_sound)
            for nth, run in enumerate(runs, start=1):
                if not run.is_short:
                    named = replace(about, session=f"{about.session}-{nth}")
                    yield from _recordings(named, own[run.start : run.end], run.meaning, is_sound=is_sound)

    def _runs(self, rows: KnownRows, options: ReadOptions) -> Iterator[_Run]:
        """Yield the stretches of one label each, and what it means; a row that could not be read changes nothing."""
        read = np.flatnonzero(rows.line)
        words = [(word or "").strip() for word in rows.words[read, 0]]
        changes = [at for at in range(1, len(words)) if words[at] != words[at - 1]]
        for start, end in zip((0, *changes), (*changes, len(words)), strict=True):
            where = Place(self.file.shown, int(rows.line[read[start]]), LABEL + 1)
            meaning = meaning_of(words[start], CODES, options.label_map, where)
            yield _Run(int(read[start]), int(read[end]) if end < len(read) else len(rows.line), meaning)

    def _about(self, position: str, notes: tuple[str, ...], *, is_sound: bool) -> About:
        stem = Path(self.file.name).stem
        match = _NAME.fullmatch(stem)
        person = f"{int(match[1]):02d}" if match else stem
        clock = "ms" if is_sound else "none: 50 Hz, the dataset's rate"
        return About(
            self.file.shown,
            "shoaib",
            f"participant{person}-{position.replace(' ', '-')}",
            f"shoaib/{person}",
            origin_of("shoaib", "m/s^2", "rad/s", clock, SAMPLING_RATE_HZ),
            placement=position,
            notes=notes,
        )


def find_shoaib(files: Sequence[RawFile], options: ReadOptions) -> list[ShoaibParticipant]:
    """Return the tables whose second row names five blocks of 14 columns."""
    del options  # the header leaves nothing open
    return [ShoaibParticipant(file) for file in files if file.shown.suffix.lower() == ".csv" and _is_shoaib(file)]


def _is_shoaib(file: RawFile) -> bool:
    lines = first_lines(file, 2)
    if len(lines) < 2:  # noqa: PLR2004 - the second has the names
        return False
    names = [cell.strip().lower() for cell in lines[1].split(",")]
    blocks = [tuple(names[BLOCK * n : BLOCK * n + len(ONE_POSITION)]) for n in range(len(POSITIONS))]
    return len(names) > LABEL and all(block == ONE_POSITION for block in blocks)


def _positions(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the positions that the first row names, in its order; those documented where it names others."""
    named = tuple(cell.strip().lower().replace("_", " ") for cell in cells if cell.strip())
    named = tuple(name for name in named if name != "activity")
    return named if sorted(named) == sorted(POSITIONS) else POSITIONS


def _judge_clock(ticks: np.ndarray) -> tuple[bool, str]:
    """Return whether the stamps tell when samples were taken, and the note that says so."""
    known = ticks[np.isfinite(ticks)]
    n_repeats = int((np.diff(known) == 0).sum())
    n_missing = len(ticks) - len(known)
    if max(n_repeats, n_missing) <= MOST_REPEATS * len(ticks):
        return True, "time in ms: the dataset documents it so"
    why = f"{n_repeats} of {len(ticks)} repeat the one before" if n_repeats > n_missing else f"{n_missing} are missing"
    return False, f"time stamps are rounded ({why}): rows taken at 50 Hz, the dataset's rate"


def _recordings(about: About, rows: np.ndarray, meaning: Meaning, *, is_sound: bool) -> Iterator[Recording]:
    """Yield the recording in rows of `_OF_ONE`: on their clock if it is sound, else at the documented rate."""
    if is_sound:
        rows = rows[np.isfinite(rows[:, 0])]  # what could not be read is counted already
        tracks = Track.of(rows[:, 0] / 1000, rows[:, 1:4]), Track.of(rows[:, 0] / 1000, rows[:, 4:])
        yield from recordings_of_tracks(about, *tracks, Place(about.file), meanings=[meaning])
        return
    segments, left_out = segments_of(np.zeros(len(rows), np.int32), [meaning])
    yield without_bad_rows(
        Recording(
            file=about.file,
            dataset=about.dataset,
            subject=about.subject,
            session=about.session,
            sampling_rate_hz=SAMPLING_RATE_HZ,
            samples=rows[:, 1:].copy(),
            segments=segments,
            placement=about.placement,
            notes=about.notes,
            left_out=left_out,
            origin=about.origin,
        )
    )


SHOAIB = Format("shoaib", "Shoaib et al. 2014", find_shoaib)
