"""SHL: the Sussex-Huawei locomotion dataset, four phones at once on three people, whole days.

Source:
    www.shl-dataset.org: `User1/220617/{Bag,Hand,Hips,Torso}_Motion.txt` of 23 columns (time in ms, acceleration in
    m/s², angular rate in rad/s, and more that is not read), and `Label.txt` on the same clock (time, coarse label, fine
    label, road, traffic, tunnels, social, food), both 100 Hz. Columns and label codes as programs have them that read
    the real files; the units are those of Android, from memory.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.assemble import About, Words, origin_of, recordings_of
from llasa_core.data.clock import find_clock
from llasa_core.data.readers.beginnings import first_lines
from llasa_core.data.readers.dataset_parts import are_numbers, at_least_one, measured
from llasa_core.data.readers.dataset_tables import BAD_ROW, check_gravity, known_table
from llasa_core.data.readers.label_codes import Code, CodeBook, outside
from llasa_core.data.readers.reader import Format, Refused
from llasa_core.data.timeline import Samples, Timeline
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.clock import Clock
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording
    from llasa_core.data.table import Rows, Table

SENSORS = ("acc", "gyr", "mag")
MOTION_COLUMNS = (
    "time",
    *(f"{sensor}_{axis}" for sensor in SENSORS for axis in "xyz"),
    *(f"orientation_{axis}" for axis in "wxyz"),
    *(f"{kind}_{axis}" for kind in ("gravity", "linear_acc") for axis in "xyz"),
    "pressure",
    "altitude",
    "temperature",
)
WANTED = range(7)
"""Time, acceleration and angular rate."""
LABEL_COLUMNS = ("time", "coarse", "fine", "road", "traffic", "tunnels", "social", "food")
COARSE = {
    "0": Code("null", None),
    "2": Code("walk", "walking"),
    "3": Code("run", "jogging"),
    "4": Code("bike", "biking"),
    "5": outside("car"),
    "6": outside("bus"),
    "7": outside("train"),
    "8": outside("subway"),
}
STILL = 1
FINE = {
    "still 0": outside("still"),
    "still 1": Code("still;stand;outside", "standing"),
    "still 2": Code("still;stand;inside", "standing"),
    "still 3": Code("still;sit;outside", "sitting"),
    "still 4": Code("still;sit;inside", "sitting"),
}
"""What the fine label says of those who are still."""
LABEL = "Label.txt"
LABEL_HOLE_MS = 500.0
"""Between rows of labels that are further apart nobody said anything."""
LABEL_STEP_MS = 10.0
"""From one row of labels to the next."""
DECIDED = "acceleration in m/s² with gravity, angular rate in rad/s, times in ms, as the dataset documents them"
_NAME = re.compile(r"(\w+)_Motion\.txt", re.IGNORECASE)
_USER = re.compile(r"user(\d+)", re.IGNORECASE)


class _Stretches(NamedTuple):
    """Times of one label each, in order."""

    starts_ms: np.ndarray
    ends_ms: np.ndarray
    numbers: np.ndarray
    """Of the labels, as `CodeBook.meanings` has them."""

    def at(self, times_ms: np.ndarray) -> np.ndarray:
        """Return the number of the label at each time; 0 where there is none."""
        nth = np.maximum(np.searchsorted(self.starts_ms, times_ms, side="right") - 1, 0)
        is_within = (times_ms >= self.starts_ms[nth]) & (times_ms < self.ends_ms[nth])
        return np.where(is_within, self.numbers[nth], 0).astype(np.int32)


@dataclass(frozen=True)
class ShlPhone:
    """What one phone recorded in a day, not read yet."""

    motion: RawFile
    label: RawFile

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "shl"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """Motion, and the labels of all four phones."""
        return self.motion, self.label

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what the phone recorded: one recording, or several where there are gaps.

        Raises:
            DataError: a row cannot be read, or a label is not known.
        """
        where = Place(self.motion.shown)
        book = CodeBook({**COARSE, **FINE}, options.label_map)
        labels = _labels(self.label, book, options)
        table = known_table(self.motion, MOTION_COLUMNS, options)
        first = _first_with_time(table, where)
        ticks = first.numbers[:, 0]
        ticks = ticks[np.isfinite(ticks)]
        clock = find_clock(ticks, "time", "ms", None, where, said="the dataset documents it")
        if not options.describe_only:
            check_gravity(measured(first.numbers[:, 1:4]), clock.rate_hz, "m/s^2", self.motion.shown)
        samples = (_samples(block, labels, ticks[0], clock) for block in table.rows(WANTED))
        found = recordings_of(
            self._about(clock), samples, Timeline(clock, where), Words(book.meanings), lambda: _lost(table)
        )
        yield from at_least_one(found, len(ticks), where)

    def _about(self, clock: Clock) -> About:
        folder = self.motion.shown.parent
        user = next((match[1] for part in reversed(folder.parts) if (match := _USER.fullmatch(part))), None)
        match = _NAME.fullmatch(self.motion.name)
        placement = match[1].lower() if match else "unknown"
        return About(
            file=self.motion.shown,
            dataset="shl",
            session=f"user{user}_{folder.name}_{placement}" if user else f"{folder.name}_{placement}",
            subject=f"shl/{user or folder.name}",
            origin=origin_of("shl", "m/s^2", "rad/s", clock.unit, clock.rate_hz),
            placement=placement,
            notes=(DECIDED, clock.note),
            since_1970_s=clock.since_1970_s,
        )


def find_shl(files: Sequence[RawFile], options: ReadOptions) -> list[ShlPhone | Refused]:
    """Return what each phone recorded on each day; refused where the labels of the day are missing."""
    del options  # the names and the columns leave nothing open
    days: dict[Path, dict[str, RawFile]] = defaultdict(dict)
    for file in files:
        days[file.shown.parent][file.name] = file
    found: list[ShlPhone | Refused] = []
    for by_name in days.values():
        for motion in (file for name, file in by_name.items() if _NAME.fullmatch(name) and _is_motion(file)):
            label = by_name.get(LABEL)
            found.append(ShlPhone(motion, label) if label else _refused(motion))
    return found


def _is_motion(file: RawFile) -> bool:
    lines = first_lines(file)[:1]
    return all(len(line.split()) == len(MOTION_COLUMNS) and are_numbers(line.split()) for line in lines) and any(lines)


def _refused(motion: RawFile) -> Refused:
    error = DataError(
        f"{LABEL} is missing beside {motion.name}",
        where=motion.shown,
        fix=f"unpack the dataset again, with {LABEL} in the folder of each day",
    )
    return Refused("shl", (motion,), error)


def _labels(file: RawFile, book: CodeBook, options: ReadOptions) -> _Stretches:
    """Return the labels of a day; only where they change is kept.

    Raises:
        DataError: a row cannot be read, a label is not known, or there is none.
    """
    parts = [_changes(block) for block in known_table(file, LABEL_COLUMNS, options).rows((0, 1, 2))]
    changes = np.concatenate(parts) if parts else np.empty((0, 5))
    if not len(changes):
        raise DataError("the file holds no label", where=file.shown, fix="copy or download it again")
    numbers = np.array([_number(change[2:], book, file) for change in changes], np.int32)
    order = np.argsort(changes[:, 0], kind="stable")
    firsts, lasts, numbers = changes[order, 0], changes[order, 1], numbers[order]
    followed = np.append(firsts[1:], np.inf)
    ends = np.where(followed - lasts <= LABEL_HOLE_MS, followed, lasts + LABEL_STEP_MS)
    return _Stretches(firsts, ends, numbers)


def _changes(block: Rows) -> np.ndarray:
    """Return first and last time, coarse and fine label, and line of each stretch with one label: [stretch, 5]."""
    is_whole = np.isfinite(block.numbers).all(axis=1)
    lines, (times, coarse, fine) = block.line[is_whole], block.numbers[is_whole].T
    is_new = np.diff(times, prepend=-np.inf) > LABEL_HOLE_MS
    is_new[1:] |= (np.diff(coarse) != 0) | (np.diff(fine) != 0)
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], len(times))[: len(first)] - 1
    return np.stack([times[first], times[last], coarse[first], fine[first], lines[first]], axis=1)


def _number(labels: np.ndarray, book: CodeBook, file: RawFile) -> int:
    """Return the number of coarse label, fine label and line, as `_changes` has them."""
    coarse, fine, line = labels
    if coarse == STILL:
        return book.number_of(f"still {fine:g}", Place(file.shown, int(line), 3))
    return book.number_of(f"{coarse:g}", Place(file.shown, int(line), 2))


def _first_with_time(table: Table, where: Place) -> Rows:
    """Return the first block that tells what the clock does.

    Raises:
        DataError: there is none.
    """
    for block in table.rows(WANTED):
        if np.isfinite(block.numbers[:, 0]).sum() > 1:
            return block
    raise DataError("no two rows with a time", where=where, fix="copy or download it again")


def _samples(block: Rows, labels: _Stretches, first_ms: float, clock: Clock) -> Samples:
    times_ms = block.numbers[:, 0]
    codes = np.zeros((len(times_ms), 2), np.int32)
    codes[:, 0] = labels.at(times_ms)
    return Samples((times_ms - first_ms) * clock.scale, None, measured(block.numbers[:, 1:]), codes, block.starts)


def _lost(table: Table) -> tuple[dict[str, int], tuple[str, ...]]:
    mended, table.notes = tuple(table.notes), []
    return {BAD_ROW: table.n_dropped}, mended


SHL = Format("shl", "SHL", find_shl)
