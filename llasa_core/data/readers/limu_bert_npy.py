"""LIMU-BERT's `data_20_120.npy` and `label_20_120.npy`: windows that are resampled and cut already.

Source:
    dapowan/LIMU-BERT-Public `dataset/data_config.json` says what each column of the labels means; `dataset/*.py`, how
    users were numbered. Acceleration is in m/s² there, with 9.8 or 9.80665 for one g.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.assemble import origin_of
from llasa_core.data.channels import ACC, CHANNELS
from llasa_core.data.readers.reader import Format
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile

GRAVITY_RANGE = (8.3, 11.3)
"""Where the median length of the windows' mean acceleration lies when it is in m/s² with gravity."""
LARGEST_VALUE = 1e6
"""Beyond it a number is damage."""
_DATA_FILE = re.compile(r"data_(\d+)_(\d+)\.npy")


@dataclass(frozen=True)
class Meaning:
    """What the columns and numbers of a published label file stand for."""

    dataset: str
    activity_column: int
    activities: tuple[str, ...]
    user_column: int
    users: tuple[str, ...]
    placements: tuple[str, ...]
    placement_column: int | None = None


_UP, _DOWN = "climbing stairs", "descending stairs"
MEANING_OF = {
    "uci": Meaning(
        "hapt",
        0,
        ("walking", _UP, _DOWN, "sitting", "standing", "lying"),
        1,
        tuple(f"{user:02d}" for user in range(1, 31)),
        ("waist",),
    ),
    "hhar": Meaning(
        "hhar", 2, ("biking", "sitting", _DOWN, _UP, "standing", "walking"), 0, tuple("abcdefghi"), ("waist",)
    ),
    "motion": Meaning(
        "motionsense",
        0,
        (_DOWN, _UP, "sitting", "standing", "walking", "jogging"),
        1,
        tuple(f"{user:02d}" for user in range(1, 25)),
        ("trouser pocket",),
    ),
    "shoaib": Meaning(
        "shoaib",
        0,
        ("walking", "sitting", "standing", "jogging", "biking", _UP, _DOWN),
        2,
        ("01", "10", "02", "03", "04", "05", "06", "07", "08", "09"),  # files in the order of their names as texts
        ("left pocket", "right pocket", "wrist", "upper arm", "belt"),
        1,
    ),
}
"""By the name of the folder that upstream keeps each set in."""


@dataclass(frozen=True)
class PublishedWindows:
    """One pair of files, not read yet."""

    data: RawFile
    labels: RawFile
    meaning: Meaning
    sampling_rate_hz: float
    window_len: int

    @property
    def format(self) -> str:
        """As `--format` names it."""
        return "limu-bert"

    @property
    def files(self) -> tuple[RawFile, ...]:
        """All that is read; the data name the pair in messages."""
        return self.data, self.labels

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield one recording for each person and placement: the windows end to end, a segment for each.

        At the same rate and window length, cutting them again gives the windows unchanged.

        Raises:
            DataError: an array is damaged, has an unexpected shape, or numbers mean nothing.
        """
        del options  # the files leave nothing open
        data, labels = _array(self.data), _array(self.labels)
        self._check(data, labels)
        first = labels[:, 0].astype(np.int64)
        is_constant = (labels == labels[:, :1]).all(axis=(1, 2))
        meaning = self.meaning
        placed = first[:, meaning.placement_column] if meaning.placement_column is not None else 0 * first[:, 0]
        users = first[:, meaning.user_column]
        for user, place in sorted(set(zip(users.tolist(), placed.tolist(), strict=True))):
            is_its = (users == user) & (placed == place)
            yield self._recording(
                data[is_its, :, : len(CHANNELS)],
                first[is_its, meaning.activity_column],
                is_constant[is_its],
                meaning.users[user],
                meaning.placements[place],
            )

    def _recording(
        self, windows: np.ndarray, activities: np.ndarray, is_constant: np.ndarray, user: str, placement: str
    ) -> Recording:
        length = self.window_len
        segments = tuple(
            Segment(nth * length, (nth + 1) * length, self.meaning.activities[activity])
            for nth, (activity, is_one) in enumerate(zip(activities.tolist(), is_constant.tolist(), strict=True))
            if is_one
        )
        n_mixed = length * int((~is_constant).sum())
        dataset = self.meaning.dataset
        return Recording(
            file=self.data.shown,
            dataset=dataset,
            subject=f"{dataset}/{user}",
            session=f"published_user{user}_{placement.replace(' ', '-')}",
            sampling_rate_hz=self.sampling_rate_hz,
            samples=windows.reshape(-1, len(CHANNELS)).astype(np.float64),
            segments=segments,
            placement=placement,
            notes=(
                f"{dataset}: LIMU-BERT's windows in m/s² and rad/s at {self.sampling_rate_hz:g} Hz, taken as they are",
            ),
            left_out=(("activity changes within the window", n_mixed),) if n_mixed else (),
            origin=origin_of(
                "limu-bert", "m/s^2", "rad/s", "none: the rate is in the file's name", self.sampling_rate_hz
            ),
        )

    def _check(self, data: np.ndarray, labels: np.ndarray) -> None:
        expected = f"[window, {self.window_len}, 6 or more]"
        if data.ndim != 3 or data.shape[1] != self.window_len or data.shape[2] < len(CHANNELS):  # noqa: PLR2004 - axes
            raise self._refused(self.data, f"the array has shape {list(data.shape)}, not {expected}")
        if labels.ndim != 3 or labels.shape[:2] != data.shape[:2]:  # noqa: PLR2004 - axes
            raise self._refused(
                self.labels,
                f"the array has shape {list(labels.shape)}, the data need [{len(data)}, {self.window_len}, columns]",
            )
        if not len(data):
            raise self._refused(self.data, "the array holds no window")
        bad = np.argwhere(~(np.abs(data[:, :, : len(CHANNELS)]) <= LARGEST_VALUE))
        if len(bad):
            window, step, channel = bad[0].tolist()
            raise self._refused(self.data, f"{CHANNELS[channel]} is not a number in window {window}, step {step}")
        gravity = float(np.median(np.linalg.norm(data[:, :, ACC].mean(axis=1), axis=1)))
        if not GRAVITY_RANGE[0] <= gravity <= GRAVITY_RANGE[1]:
            raise self._refused(
                self.data, f"the acceleration is not in m/s² with gravity: the windows' means have length {gravity:.3g}"
            )
        self._check_labels(labels)

    def _check_labels(self, labels: np.ndarray) -> None:
        meaning = self.meaning
        columns = [
            ("activity", meaning.activity_column, len(meaning.activities)),
            ("user", meaning.user_column, len(meaning.users)),
        ]
        if meaning.placement_column is not None:
            columns.append(("placement", meaning.placement_column, len(meaning.placements)))
        for what, column, n_values in columns:
            if column >= labels.shape[2]:
                raise self._refused(self.labels, f"there is no label column {column}, which holds the {what}")
            values = labels[:, :, column]
            bad = np.argwhere((values != np.round(values)) | (values < 0) | (values >= n_values))
            if len(bad):
                window, step = bad[0].tolist()
                raise self._refused(
                    self.labels,
                    f"{what} {values[window, step]:g} in window {window} is none of 0 to {n_values - 1}",
                )

    def _refused(self, file: RawFile, message: str) -> DataError:
        return DataError(
            message,
            where=file.shown,
            fix="check that these are LIMU-BERT's files and that `--format` names their dataset",
        )


def find_limu_bert(files: Sequence[RawFile], options: ReadOptions) -> list[PublishedWindows]:
    """Return the pairs of data and label files; none where no file is named like one.

    Raises:
        DataError: the labels are missing, or nothing says which dataset's numbers they hold.
    """
    by_place = {file.shown: file for file in files}
    found = []
    for file in files:
        if match := _DATA_FILE.fullmatch(file.name):
            labels = by_place.get(file.shown.with_name(f"label{file.name.removeprefix('data')}"))
            if labels is None:
                raise DataError(
                    f"label{file.name.removeprefix('data')} is missing beside the data",
                    where=file.shown,
                    fix="pass the folder that holds both files",
                )
            found.append(PublishedWindows(file, labels, _meaning(file, options), float(match[1]), int(match[2])))
    return found


def _meaning(file: RawFile, options: ReadOptions) -> Meaning:
    folder = file.shown.absolute().parent.name.lower()
    name = options.format.removeprefix("limu-bert-")
    for known in (name, folder):
        if known in MEANING_OF:
            return MEANING_OF[known]
    raise DataError(
        f'the folder "{folder}" does not say which dataset the label numbers belong to',
        where=file.shown,
        fix="pass `--format limu-bert-uci`, `-hhar`, `-motion` or `-shoaib`, or give the folder that name",
    )


def _array(file: RawFile) -> np.ndarray:
    try:
        return np.asarray(np.load(io.BytesIO(file.read_bytes()), allow_pickle=False), np.float64)
    except Exception as error:  # numpy evaluates the header as Python, which fails in any way
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(
            f"not a whole array of numbers: {reason}", where=file.shown, fix="copy the file again"
        ) from error


LIMU_BERT = Format("limu-bert", "LIMU-BERT's windows", find_limu_bert)
