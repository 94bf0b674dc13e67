"""UCI HAR: smartphone at the waist, 30 people, six activities, as windows that overlap by half.

Source:
    archive.ics.uci.edu/dataset/240, folder `Inertial Signals` of `train` and `test` (CC BY 4.0):
    `total_acc_x_train.txt` in g and `body_gyro_x_train.txt` in rad/s, 128 samples at 50 Hz a row, noise above 20 Hz
    filtered out; `y_train.txt` and `subject_train.txt` label the rows. `body_acc` has no gravity and is not read.

    HAPT's people are the same, under the same numbers: the first and last of the official test people, 2 and 24, were
    found again in HAPT's files `user02` and `user24` (r = 0.96 and 0.99 with the sample's own stretch there, below
    0.91 elsewhere). The recordings are partly the same too, but for the filter.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.assemble import origin_of
from llasa_core.data.channels import ACC, STANDARD_GRAVITY
from llasa_core.data.labels import segments_of
from llasa_core.data.readers.dataset_tables import KnownRows, check_gravity, known_table, read_rows, with_left_out
from llasa_core.data.readers.label_codes import Code, CodeBook
from llasa_core.data.readers.reader import Format
from llasa_core.data.recording import Recording
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.labels import Meaning
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile

SAMPLING_RATE_HZ = 50.0
WINDOW_LEN = 128
HALF = WINDOW_LEN // 2
SIGNALS = tuple(f"{sensor}_{axis}" for sensor in ("total_acc", "body_gyro") for axis in "xyz")
CODES = {
    "1": Code("walking", "walking"),
    "2": Code("walking_upstairs", "climbing stairs"),
    "3": Code("walking_downstairs", "descending stairs"),
    "4": Code("sitting", "sitting"),
    "5": Code("standing", "standing"),
    "6": Code("laying", "lying"),
}
DECIDED = (
    "acceleration (total_acc) from g to m/s² (× 9.80665), angular rate in rad/s and 50 Hz, as the dataset documents "
    "them; windows that overlap by half are joined again"
)
SAME_PEOPLE = (
    "HAPT holds the same people under the same numbers, and partly the same recordings: a person is in the same split "
    "of both"
)
_FILE = re.compile(r"total_acc_x_(\w+)\.txt")
_DOWNLOAD_AGAIN = "pass the folder `UCI HAR Dataset` as it was unpacked, or the zip"


@dataclass(frozen=True)
class HarPart:
    """The windows of `train` or `test`, not read yet."""

    part: str
    signals: tuple[RawFile, ...]
    """In the order of `SIGNALS`."""
    labels: RawFile
    subjects: RawFile

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "har"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """All that is read; the first acceleration names the part in messages."""
        return (*self.signals, self.labels, self.subjects)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield one recording for each run of windows that go on from one another.

        Raises:
            DataError: a number or label cannot be read, or the files differ in length.
        """
        columns = tuple(f"sample {number}" for number in range(1, WINDOW_LEN + 1))
        found = [read_rows(known_table(file, columns, options), range(WINDOW_LEN)) for file in self.signals]
        labels = read_rows(known_table(self.labels, ("label",), options), (0,))
        subjects = read_rows(known_table(self.subjects, ("subject",), options), (0,))
        self._check_lengths((*found, labels, subjects))
        windows = np.stack([rows.numbers for rows in found], axis=2)  # [window, time, channel]
        windows[:, :, ACC] *= STANDARD_GRAVITY
        check_gravity(windows[:, :, ACC].reshape(-1, 3), SAMPLING_RATE_HZ, "g", self.signals[0].shown)
        people = _whole_numbers(subjects, self.subjects.shown)
        book = CodeBook(CODES, options.label_map)
        codes = book.numbers_of(labels.numbers[:, 0], labels.line, self.labels.shown, 1)
        is_bad = np.isnan(windows).any(axis=(1, 2)) | (people < 1) | np.isnan(labels.numbers[:, 0])
        recordings = (
            self._recording(windows[start:end], int(people[start]), start, book.meanings[codes[start]])
            for start, end in _runs(windows, people, codes, is_bad)
        )
        yield from with_left_out(recordings, [("window that could not be read", HALF * int(is_bad.sum()))])

    def _recording(self, windows: np.ndarray, person: int, start: int, meaning: Meaning) -> Recording:
        samples = np.concatenate([windows[0], *windows[1:, HALF:]])
        segments, left_out = segments_of(np.zeros(len(samples), np.int32), [meaning])
        return Recording(
            file=self.signals[0].shown,
            dataset="har",
            subject=f"har/{person:02d}",
            session=f"{self.part}-{start + 1:05d}",
            sampling_rate_hz=SAMPLING_RATE_HZ,
            samples=samples,
            segments=segments,
            placement="waist",
            notes=(DECIDED, SAME_PEOPLE),
            left_out=left_out,
            origin=origin_of("har", "g", "rad/s", "none: 50 Hz, the dataset's rate", SAMPLING_RATE_HZ),
        )

    def _check_lengths(self, found: Sequence[KnownRows]) -> None:
        for rows, file in zip(found, self.files, strict=True):
            if len(rows.line) != len(found[0].line):
                raise DataError(
                    f"{len(rows.line)} rows, but {len(found[0].line)} in {self.files[0].name}",
                    where=file.shown,
                    fix=_DOWNLOAD_AGAIN,
                )


def find_har(files: Sequence[RawFile], options: ReadOptions) -> list[HarPart]:
    """Return the parts among the files, by name; none where no file is named like one.

    Raises:
        DataError: a part lacks a signal, its labels or its subjects.
    """
    del options  # the files leave nothing open
    parts = [(file, match[1]) for file in files if (match := _FILE.fullmatch(file.name))]
    if not parts:
        return []
    folders: dict[Path, dict[str, RawFile]] = defaultdict(dict)
    for file in files:
        folders[file.shown.parent][file.name] = file
    found = []
    for first, part in parts:
        folder = first.shown.parent
        signals = tuple(_member(folders[folder], f"{name}_{part}.txt", folder) for name in SIGNALS)
        above = folders.get(folder.parent, {})
        labels, subjects = (_member(above, f"{name}_{part}.txt", folder.parent) for name in ("y", "subject"))
        found.append(HarPart(part, signals, labels, subjects))
    return found


def _member(by_name: dict[str, RawFile], name: str, folder: Path) -> RawFile:
    if name not in by_name:
        raise DataError(f"{name} is missing from UCI HAR's files", where=folder, fix=_DOWNLOAD_AGAIN)
    return by_name[name]


def _whole_numbers(rows: KnownRows, file: Path) -> np.ndarray:
    """Return the numbers of the subjects; 0 for a row that could not be read."""
    numbers = np.nan_to_num(rows.numbers[:, 0])
    bad = np.flatnonzero((numbers != np.round(numbers)) | (numbers < 0))
    if len(bad):
        raise DataError(
            f"subject {numbers[bad[0]]:g} is no whole number",
            where=Place(file, int(rows.line[bad[0]]), 1),
            fix=_DOWNLOAD_AGAIN,
        )
    return np.asarray(numbers, int)


def _runs(windows: np.ndarray, people: np.ndarray, codes: np.ndarray, is_bad: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the windows `[start, end)` of one person and label each of which begins with the half the last ended with.

    The numbers are the same to the last digit, since the windows were cut from one filtered signal.
    """
    goes_on: np.ndarray = (people[1:] == people[:-1]) & (codes[1:] == codes[:-1])
    goes_on &= (windows[:-1, HALF:] == windows[1:, :HALF]).all(axis=(1, 2)) & ~is_bad[1:] & ~is_bad[:-1]
    starts = np.flatnonzero(np.concatenate([[True], ~goes_on]))
    for start, end in zip(starts.tolist(), (*starts[1:].tolist(), len(windows)), strict=True):
        if not is_bad[start]:  # it is a run of its own
            yield start, end


HAR = Format("har", "UCI HAR", find_har)
