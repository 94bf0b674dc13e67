"""HHAR: four models of phones at the waist and two of watches, nine people, six activities.

Source:
    archive.ics.uci.edu/dataset/344 (CC BY 4.0), `Activity recognition exp`: one table for each kind of device and
    sensor, `Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt`; m/s² and rad/s, 50 to 200 Hz by model.
    `Creation_Time` is the sensor's, in ns, from 1970 or from the device's start; `Arrival_Time` the application's, in
    ms. The rows of a person and device are told apart before anything is sorted, since devices' clocks differ.

The files have 1.3 GB each, so that rows wait on the disk until their person and device are read.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.assemble import About, origin_of, recordings_of_tracks
from llasa_core.data.labels import Dropped
from llasa_core.data.readers.dataset_tables import BAD_ROW, check_gravity, first_lines, known_table
from llasa_core.data.readers.label_codes import Code, meaning_of
from llasa_core.data.readers.reader import Format
from llasa_core.data.timeline import JUMP_BACK_S, MOST_REPEATS
from llasa_core.data.tracks import Track
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.labels import Meaning
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording
    from llasa_core.data.table import Rows

HEADER = ("Index", "Arrival_Time", "Creation_Time", "x", "y", "z", "User", "Model", "Device", "gt")
ARRIVAL, CREATION, X, USER, DEVICE, LABEL = 1, 2, 3, 6, 8, 9
NUMBERS = (ARRIVAL, CREATION, X, X + 1, X + 2)
SENSORS = ("accelerometer", "gyroscope")
CODES = {"null": Code("null", Dropped('label "null": nobody said what was done'))}
DECIDED = "acceleration in m/s², angular rate in rad/s, as the dataset documents them"
NO_LABEL = "null"
EMPTY = (None, "", "?")
"""How an empty cell of text, or one that says null, comes out of a table; numpy fills masked texts with a ?."""
CLOCKS = ((1, "Creation_Time", 1e-9, "ns"), (0, "Arrival_Time", 1e-3, "ms"))
"""Place among `NUMBERS`, name, seconds a tick, unit; the better first."""
LEAST_SHARED = 0.5
"""So much of the acceleration has to lie within the gyroscope's time for two clocks to be one."""
SPREADSHEET_NS = 1000
"""From this rounding on a spreadsheet wrote the stamps: it keeps 15 digits of 19."""
_DOWNLOAD_AGAIN = "unpack the dataset again, with all files of `Activity recognition exp` in one folder"

Key = tuple[str, str]
"""Person and device."""


@dataclass(frozen=True)
class HharDevices:
    """The two tables of one kind of devices, not read yet."""

    acc: RawFile
    gyr: RawFile

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "hhar"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """Both tables."""
        return self.acc, self.gyr

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield the recordings of each person and device.

        Raises:
            DataError: a row or label cannot be read, or no device has both sensors on a clock that can be used.
        """
        with tempfile.TemporaryDirectory(prefix="llasa-") as folder:
            acc = _Sorted(Path(folder, "acc"), self.acc, options)
            gyr = _Sorted(Path(folder, "gyr"), self.gyr, options)
            both = [key for key in acc.counts if key in gyr.counts]
            if not both:
                raise DataError(
                    f"no person and device of {self.acc.name} is in {self.gyr.name}",
                    where=self.gyr.shown,
                    fix=_DOWNLOAD_AGAIN,
                )
            counted = Counter[str](**{BAD_ROW: acc.n_dropped + gyr.n_dropped})
            for one, other, sensor in ((acc, gyr, "gyroscope"), (gyr, acc, "accelerometer")):
                for key in one.counts.keys() - other.counts.keys():
                    counted[f"{key[1]} has no {sensor}"] += one.counts[key]
            yield from self._of_all(sorted(both), acc, gyr, counted)

    def _of_all(self, keys: Sequence[Key], acc: _Sorted, gyr: _Sorted, counted: Counter[str]) -> Iterator[Recording]:
        """Yield the recordings of all devices; one whose clocks cannot be used is left out, unless all are."""
        held: Recording | None = None
        refused: DataError | None = None
        for key in keys:
            try:
                found = list(self._recordings(key, acc, gyr))
            except DataError as error:
                refused = refused or error
                counted[f"{key[0]}_{key[1]}: {error.message}"] += acc.counts[key]
                continue
            for recording in found:
                if held is not None:
                    yield held
                held = recording
        if held is None:
            raise refused or DataError("no device was on for a second", where=self.acc.shown, fix=_DOWNLOAD_AGAIN)
        told = tuple(sorted(part for part in counted.items() if part[1]))
        yield replace(held, left_out=(*held.left_out, *told))  # held back, so that the last tells of the whole file

    def _recordings(self, key: Key, acc: _Sorted, gyr: _Sorted) -> Iterator[Recording]:
        user, device = key
        rows = acc.rows(key), gyr.rows(key)
        where = Place(self.acc.shown)
        tracks, clock, note = _on_a_clock(rows, key, where)
        check_gravity(tracks[0].values, 100.0, "m/s^2", self.acc.shown)
        about = About(
            self.acc.shown,
            "hhar",
            f"{user}_{device}",
            f"hhar/{user}",
            origin_of("hhar", "m/s^2", "rad/s", clock),
            placement="wrist" if "watch" in self.acc.name.lower() else "waist",
            notes=(DECIDED, note, *acc.notes, *gyr.notes),
        )
        yield from recordings_of_tracks(about, *tracks, where, meanings=acc.meanings)


class _Stamped(NamedTuple):
    """Rows of one person, device and sensor, in the order of the file."""

    ticks: np.ndarray
    """float64 [row, 2]: arrival in ms, creation in ns."""
    values: np.ndarray
    """float64 [row, 3]."""
    labels: np.ndarray
    """int [row]: positions in `_Sorted.meanings`."""


@dataclass
class _Sorted:
    """The rows of one table, apart for each person and device, on the disk."""

    folder: Path
    file: RawFile
    options: ReadOptions
    counts: dict[Key, int] = field(default_factory=lambda: defaultdict(int), init=False)
    """Rows of each, in the order in which they are met."""
    meanings: list[Meaning] = field(default_factory=list, init=False)
    n_dropped: int = field(default=0, init=False)
    notes: tuple[str, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        """Read the table once.

        Raises:
            DataError: a row or label cannot be read.
        """
        self.folder.mkdir()
        self._numbers: dict[Key, int] = {}
        self._labels: dict[str, int] = {}
        separator = "\t" if "\t" in first_lines(self.file, 1)[0] else ","
        table = known_table(self.file, HEADER, self.options, separator=separator, n_header_lines=1)
        for rows in table.rows(NUMBERS, (USER, DEVICE, LABEL)):
            if len(rows.line):
                self._add(rows)
        self.n_dropped, self.notes = table.n_dropped, tuple(table.notes)

    def rows(self, key: Key) -> _Stamped:
        """Return the rows of a person and device."""
        table = np.fromfile(self._path(key)).reshape(-1, len(NUMBERS) + 1)
        return _Stamped(table[:, :2], table[:, 2:5], table[:, 5].astype(np.int32))

    def _path(self, key: Key) -> Path:
        return self.folder / f"{self._numbers.setdefault(key, len(self._numbers))}.rows"

    def _add(self, rows: Rows) -> None:
        users, devices, labels = rows.words.T
        is_new = (users[1:] != users[:-1]) | (devices[1:] != devices[:-1]) | (labels[1:] != labels[:-1])
        changes = np.flatnonzero(is_new) + 1
        for start, end in zip((0, *changes.tolist()), (*changes.tolist(), len(users)), strict=True):
            user, device, word = ((None if cell in EMPTY else cell) for cell in rows.words[start])
            label = self._label(word or NO_LABEL, int(rows.line[start]))
            key = (user or "unknown", device or "unknown")
            self.counts[key] += end - start
            table = np.column_stack([rows.numbers[start:end], np.full(end - start, label, np.float64)])
            with self._path(key).open("ab") as stream:
                table.tofile(stream)

    def _label(self, word: str, line: int) -> int:
        if word not in self._labels:
            where = Place(self.file.shown, line, LABEL + 1)
            self.meanings.append(meaning_of(word, CODES, self.options.label_map, where))
            self._labels[word] = len(self._labels)
        return self._labels[word]


def find_hhar(files: Sequence[RawFile], options: ReadOptions) -> list[HharDevices]:
    """Return the pairs of tables with HHAR's header, whose names tell the sensor.

    Raises:
        DataError: a table lacks its other sensor.
    """
    del options  # the headers leave nothing open
    tables: dict[tuple[Path, str], dict[str, RawFile]] = defaultdict(dict)
    for file in files:
        name = file.name.lower()
        sensor = next((sensor for sensor in SENSORS if sensor in name), None)
        if sensor and file.shown.suffix.lower() in {".csv", ".tsv", ".txt"} and _has_header(file):
            tables[file.shown.parent, name.replace(sensor, "*")][sensor] = file
    found = []
    for (folder, _), pair in tables.items():
        for sensor in SENSORS:
            if sensor not in pair:
                other = next(iter(pair.values())).name
                missing = re.sub("|".join(SENSORS), sensor, other, flags=re.IGNORECASE)
                raise DataError(
                    f"{other} has no {sensor} beside it: {missing} is missing", where=folder, fix=_DOWNLOAD_AGAIN
                )
        found.append(HharDevices(pair["accelerometer"], pair["gyroscope"]))
    return found


def _has_header(file: RawFile) -> bool:
    return any(
        tuple(cell.strip() for cell in line.split(separator)) == HEADER
        for line in first_lines(file, 1)
        for separator in ",\t"
    )


def _on_a_clock(rows: tuple[_Stamped, _Stamped], key: Key, where: Place) -> tuple[tuple[Track, Track], str, str]:
    """Return both sensors' tracks on the best clock that they share, its unit, and a note on it.

    Raises:
        DataError: neither clock can be used.
    """
    why: list[str] = []
    for column, name, scale, unit in CLOCKS:
        ticks = [one.ticks[:, column] for one in rows]
        base = min(float(np.nanmin(one)) for one in ticks)
        tracks = [
            _in_order(Track.of((own - base) * scale, one.values, one.labels))
            for own, one in zip(ticks, rows, strict=True)
        ]
        problem = _problem(ticks, tracks)
        if problem is None and tracks[0] is not None and tracks[1] is not None:
            rounding = _rounding_note(ticks[0]) if unit == "ns" else ""
            instead = f" ({'; '.join(why)})" if why else ""
            return (tracks[0], tracks[1]), unit, f"time is {name}, in {unit}{instead}{rounding}"
        why.append(f"{name}: {problem}")
    raise DataError(
        f"neither clock of user {key[0]} and {key[1]} tells when samples were taken: {'; '.join(why)}",
        where=where,
        fix="take the dataset's original files: a spreadsheet rounds long numbers",
    )


def _problem(ticks: Sequence[np.ndarray], tracks: Sequence[Track | None]) -> str | None:
    """Return why a clock cannot be used, None where it can."""
    for own, sensor in zip(ticks, SENSORS, strict=True):
        n_repeats = int((np.diff(own) == 0).sum())
        if n_repeats > MOST_REPEATS * len(own):
            return f"rounded time stamps, {n_repeats} of {len(own)} of the {sensor} repeat the one before"
    acc, gyr = tracks
    if acc is None or gyr is None:
        return "it jumps back into times that were there before"
    low, high = np.nanmin(gyr.time_s), np.nanmax(gyr.time_s)
    share = float(((acc.time_s >= low) & (acc.time_s <= high)).mean())
    if share < LEAST_SHARED:
        return f"{100 * share:.0f} % of the acceleration lies within the gyroscope's time"
    return None


def _in_order(track: Track) -> Track | None:
    """Return the track sorted by time if the parts between its jumps back do not overlap, else None."""
    track = track.part(np.isfinite(track.time_s))
    ends = np.flatnonzero(np.diff(track.time_s) < -JUMP_BACK_S) + 1
    runs = [np.array(run) for run in np.split(track.time_s, ends)]
    spans = sorted((float(run.min()), float(run.max())) for run in runs if len(run))
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        return None
    return track.part(np.argsort(track.time_s, kind="stable"))


def _rounding_note(ticks: np.ndarray) -> str:
    """Return what a spreadsheet did to stamps in ns, if it did."""
    rounding = 1
    exact = np.spacing(np.nanmax(ticks))  # what float64 leaves of such numbers
    while np.nanmax(np.abs(ticks - np.round(ticks / (10 * rounding)) * 10 * rounding)) <= exact:
        rounding *= 10
        if rounding > np.nanmax(ticks):
            return ""
    if rounding < SPREADSHEET_NS:
        return ""
    n_repeats = int((np.diff(ticks) == 0).sum())
    return (
        f"; its stamps are rounded to {rounding / 1000:g} µs, as a spreadsheet does, and {n_repeats} of {len(ticks)} "
        "repeat the one before"
    )


HHAR = Format("hhar", "HHAR", find_hhar)
