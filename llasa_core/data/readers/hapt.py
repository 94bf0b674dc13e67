"""UCI HAPT: smartphone at the waist, 30 people, six activities and the transitions between postures.

Source:
    archive.ics.uci.edu/dataset/341, folder `RawData` (CC BY 4.0): `acc_exp01_user01.txt` in g, `gyro_exp01_user01.txt`
    in rad/s, both 50 Hz; `labels.txt`: experiment, user, activity, first and last sample, counted from 0.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.assemble import origin_of
from llasa_core.data.channels import CHANNELS, STANDARD_GRAVITY
from llasa_core.data.labels import Dropped
from llasa_core.data.readers.label_codes import Code, meaning_of
from llasa_core.data.readers.plain_numbers import read_numbers
from llasa_core.data.readers.reader import Format
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile

SAMPLING_RATE_HZ = 50.0
LABELS = "labels.txt"
_TRANSITION = Dropped("transition between postures")
"""Over in a few seconds, and no activity of ours."""
CODES = {
    "1": Code("walking", "walking"),
    "2": Code("walking upstairs", "climbing stairs"),
    "3": Code("walking downstairs", "descending stairs"),
    "4": Code("sitting", "sitting"),
    "5": Code("standing", "standing"),
    "6": Code("laying", "lying"),
    "7": Code("stand to sit", _TRANSITION),
    "8": Code("sit to stand", _TRANSITION),
    "9": Code("sit to lie", _TRANSITION),
    "10": Code("lie to sit", _TRANSITION),
    "11": Code("stand to lie", _TRANSITION),
    "12": Code("lie to stand", _TRANSITION),
}
"""As the dataset's activity_labels.txt has them."""
DECIDED = "acceleration from g to m/s² (× 9.80665), angular rate in rad/s and 50 Hz, as the dataset documents them"
_FILE = re.compile(r"(acc|gyro)_exp(\d+)_user(\d+)\.txt")
MOST_DIGITS = 12
"""Of a whole number: more are damage."""
_DOWNLOAD_AGAIN = "unpack the dataset again, with all files of RawData in one folder"


class _Label(NamedTuple):
    row: int
    activity: int
    start: int
    end: int


@dataclass(frozen=True)
class HaptExperiment:
    """One experiment of one person, not read yet."""

    acc: RawFile
    gyr: RawFile
    labels_file: RawFile
    labels: tuple[_Label, ...]
    experiment: int
    user: int

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "hapt"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """All that is read; the acceleration names the experiment in messages."""
        return self.acc, self.gyr, self.labels_file

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield the one recording.

        Raises:
            DataError: a number cannot be read, the two files differ in length, or a label lies outside them.
        """
        drop_bad = options.bad_rows == "drop"
        acc = read_numbers(self.acc, CHANNELS[:3], drop_bad=drop_bad)
        gyr = read_numbers(self.gyr, CHANNELS[3:], drop_bad=drop_bad)
        if len(acc) != len(gyr):
            raise DataError(
                f"{len(acc)} rows of acceleration, but {len(gyr)} of angular rate in {self.gyr.name}",
                where=self.acc.shown,
                fix=_DOWNLOAD_AGAIN,
            )
        samples = np.concatenate([acc * STANDARD_GRAVITY, gyr], axis=1)
        segments, left_out = self._segments(len(samples), options.label_map)
        recording = Recording(
            file=self.acc.shown,
            origin=origin_of("hapt", "g", "rad/s", "none: 50 Hz, the dataset's rate", SAMPLING_RATE_HZ),
            dataset="hapt",
            subject=f"hapt/{self.user:02d}",
            session=f"exp{self.experiment:02d}_user{self.user:02d}",
            sampling_rate_hz=SAMPLING_RATE_HZ,
            samples=samples,
            segments=segments,
            placement="waist",
            notes=(DECIDED,),
            left_out=left_out,
        )
        yield without_bad_rows(recording)

    def _segments(
        self, n_samples: int, label_map: Sequence[tuple[str, str]]
    ) -> tuple[tuple[Segment, ...], tuple[tuple[str, int], ...]]:
        segments: list[Segment] = []
        dropped: Counter[str] = Counter()
        labelled_until = 0
        for label in sorted(self.labels, key=lambda label: label.start):
            if label.start < labelled_until or label.end >= n_samples or label.end < label.start:
                raise DataError(
                    f"samples {label.start} to {label.end} overlap another label, or lie outside the {n_samples} here",
                    where=Place(self.labels_file.shown, label.row, 4),
                    fix=_DOWNLOAD_AGAIN,
                )
            labelled_until = label.end + 1
            place = Place(self.labels_file.shown, label.row, 3)
            meaning = meaning_of(str(label.activity), CODES, label_map, place)
            if isinstance(meaning, Dropped):
                dropped[meaning.reason] += label.end + 1 - label.start
            else:
                segments.append(Segment(label.start, label.end + 1, meaning))
        n_labelled = dropped.total() + sum(segment.end - segment.start for segment in segments)
        no_label = (("no label", n_samples - n_labelled),) if n_labelled < n_samples else ()
        return tuple(segments), (*dropped.items(), *no_label)


def find_hapt(files: Sequence[RawFile], options: ReadOptions) -> list[HaptExperiment]:
    """Return the experiments among the files, by number; none where no file is named like one.

    Raises:
        DataError: an experiment lacks its other sensor or its labels, or a label cannot be read.
    """
    del options  # the names and the labels leave nothing open
    folders: dict[Path, dict[str, RawFile]] = defaultdict(dict)
    for file in files:
        folders[file.shown.parent][file.name] = file
    found = []
    for folder, by_name in folders.items():
        matches = [match for name in by_name if (match := _FILE.fullmatch(name))]
        if not matches:
            continue
        labels = _read_labels(folder, by_name)
        for experiment, user in sorted(
            {(match[2], match[3]) for match in matches}, key=lambda key: tuple(map(int, key))
        ):
            acc, gyr = (_sensor_file(folder, by_name, sensor, experiment, user) for sensor in ("acc", "gyro"))
            own = tuple(labels.get((int(experiment), int(user)), ()))
            found.append(HaptExperiment(acc, gyr, by_name[LABELS], own, int(experiment), int(user)))
    return found


def without_bad_rows(recording: Recording) -> Recording:
    """Return the recording with rows of NaN bridged, and its segments cut around them, so that no window holds one.

    Raises:
        DataError: there is no other row.
    """
    is_bad = np.isnan(recording.samples).any(axis=1)
    if not is_bad.any():
        return recording
    if is_bad.all():
        raise DataError("no row has a value for every channel", where=recording.file, fix="copy or download it again")
    samples = recording.samples.copy()
    good = np.flatnonzero(~is_bad)
    for channel in samples.T:
        channel[is_bad] = np.interp(np.flatnonzero(is_bad), good, channel[good])
    segments = []
    for segment in recording.segments:
        edges = np.flatnonzero(np.diff(np.concatenate([[True], is_bad[segment.start : segment.end], [True]])))
        for start, end in (edges + segment.start).reshape(-1, 2):
            segments.append(replace(segment, start=int(start), end=int(end)))
    return replace(
        recording,
        samples=samples,
        segments=tuple(segments),
        left_out=(*recording.left_out, ("row that could not be read", int(is_bad.sum()))),
    )


def _sensor_file(folder: Path, by_name: dict[str, RawFile], sensor: str, experiment: str, user: str) -> RawFile:
    name = f"{sensor}_exp{experiment}_user{user}.txt"
    if name not in by_name:
        what = {"acc": "acceleration", "gyro": "angular rate"}[sensor]
        raise DataError(
            f"experiment {experiment} of user {user} has no {what}: {name} is missing",
            where=folder,
            fix=_DOWNLOAD_AGAIN,
        )
    return by_name[name]


def _read_labels(folder: Path, by_name: dict[str, RawFile]) -> dict[tuple[int, int], list[_Label]]:
    if LABELS not in by_name:
        raise DataError(f"{LABELS} is missing beside the recordings", where=folder, fix=_DOWNLOAD_AGAIN)
    labels = defaultdict(list)
    text = by_name[LABELS].read_bytes().decode("utf-8", errors="replace")
    for row, line in enumerate(text.splitlines(), start=1):
        if not (cells := line.split()):
            continue
        names = ("experiment", "user", "activity", "first sample", "last sample")
        for column, (name, cell) in enumerate(zip(names, cells, strict=False), start=1):
            if not cell.isdecimal() or len(cell) > MOST_DIGITS:
                raise DataError(
                    f'{name} is not a whole number: "{cell}"',
                    where=Place(folder / LABELS, row, column),
                    fix=_DOWNLOAD_AGAIN,
                )
        if len(cells) != len(names):
            raise DataError(
                f"a label has {len(names)} numbers, not {len(cells)}: {', '.join(names)}",
                where=Place(folder / LABELS, row),
                fix=_DOWNLOAD_AGAIN,
            )
        experiment, user, activity, start, end = map(int, cells)
        if str(activity) not in CODES:
            raise DataError(
                f"activity {activity} is none of HAPT's 1 to 12",
                where=Place(folder / LABELS, row, 3),
                fix=_DOWNLOAD_AGAIN,
            )
        labels[experiment, user].append(_Label(row, activity, start, end))
    return labels


HAPT = Format("hapt", "UCI HAPT", find_hapt)
