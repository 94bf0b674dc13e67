"""Seeded leaks between the splits of a data folder are found, whatever form they take."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.activities import ACTIVITIES
from llasa_core.data.leaks import refuse_leaks
from llasa_core.data.store import MANIFEST, SCHEMA_VERSION, Rows, ShardWriter, WindowStore
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError
from llasa_core.files import write_json

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = {"train": ["a/1", "a/2"], "val": ["a/3"], "test": ["a/4"]}
SUBJECTS = [name for names in PEOPLE.values() for name in names]
A_PERSON = 5


def signals(seed: int = 0) -> np.ndarray:
    """Return a walk of each person that is long enough for five windows: float32 [person, time, channel]."""
    rng = np.random.default_rng(seed)
    steps = np.sin(np.arange(A_PERSON * 120) / 20 * 2 * np.pi * 1.8)[None, :, None]
    return (rng.normal(0, 1, (len(SUBJECTS), A_PERSON * 120, 6)) + 2 * steps).astype(np.float32)


def store_of(folder: Path, windows: np.ndarray, splits: dict[str, list[str]] = PEOPLE, quality: int = 0) -> WindowStore:
    """Write windows [person, window, time, channel] as a data folder."""
    flat = windows.reshape(-1, *windows.shape[2:])
    subject = np.repeat(np.arange(len(SUBJECTS)), A_PERSON)
    columns = {name: np.zeros(len(flat)) for name in ("activity", "placement", "start_s")}
    columns |= {"subject": subject, "source": subject, "quality": np.full(len(flat), quality)}
    writer = ShardWriter(folder, WindowConfig(), max_windows=1000)
    writer.add(Rows(flat, columns))
    shard = writer.flush({"activity": ACTIVITIES, "subject": SUBJECTS, "placement": ["waist"]})
    write_json(
        folder / MANIFEST,
        {
            "schema_version": SCHEMA_VERSION,
            "settings": {"windows": WindowConfig().model_dump(mode="json")},
            "shards": [asdict(shard)],
            "sources": [{"name": f"{name}-walk"} for name in SUBJECTS],
            "activities": list(ACTIVITIES),
            "subjects": SUBJECTS,
            "splits": splits,
        },
    )
    return WindowStore(folder)


@pytest.fixture
def windows() -> np.ndarray:
    return signals().reshape(len(SUBJECTS), A_PERSON, 120, 6)


def test_people_who_walk_alike_are_apart(tmp_path: Path, windows: np.ndarray):
    refuse_leaks(store_of(tmp_path, windows))


def test_a_window_in_two_splits_is_refused(tmp_path: Path, windows: np.ndarray):
    windows[3, 2] = windows[0, 4]

    with pytest.raises(DataError) as caught:
        refuse_leaks(store_of(tmp_path, windows))

    assert str(caught.value) == (
        "the splits are not apart: 2 windows of train and test hold the same samples, in a/1-walk and a/4-walk\n"
        f"  where: {tmp_path / MANIFEST}\n"
        "  fix:   remove one of them from the sources and run `llasa prepare-data` again: a score on these splits "
        "means nothing"
    )


def test_a_subject_in_two_splits_is_refused(tmp_path: Path, windows: np.ndarray):
    splits = {**PEOPLE, "test": ["a/4", "a/2"]}

    with pytest.raises(DataError, match="1 subject is in train and in test: a/2"):
        refuse_leaks(store_of(tmp_path, windows, splits))


@pytest.mark.parametrize("shift", [1, 7, 60, 119])
def test_a_copy_cut_at_other_moments_is_refused(tmp_path: Path, shift: int):
    walks = signals()
    walks[3, : A_PERSON * 120 - shift] = walks[1, shift:]

    with pytest.raises(DataError, match=r"windows of train and test hold the same samples, in a/2-walk and a/4-walk"):
        refuse_leaks(store_of(tmp_path, walks.reshape(len(SUBJECTS), A_PERSON, 120, 6)))


@pytest.mark.parametrize(
    ("scale", "offset", "noise"),
    [(1 / 9.80665, 0, 0), (np.array([2, 1, 0.5, 3, 1, -1]) ** 2, 4, 0), (1, 0, 0.2), (1.01, 0, 0.1)],
)
def test_a_copy_that_was_scaled_or_disturbed_is_refused(
    tmp_path: Path, windows: np.ndarray, scale: float, offset: float, noise: float
):
    rng = np.random.default_rng(1)
    copy = windows[0, 1] * scale + offset
    windows[3, 2] = copy + noise * copy.std(0) * rng.normal(size=copy.shape)

    with pytest.raises(
        DataError, match="1 window of test is a scaled or noisy copy of train's, in a/1-walk and a/4-walk"
    ):
        refuse_leaks(store_of(tmp_path, windows))


def test_a_device_at_rest_is_compared_as_it_is_only(tmp_path: Path, windows: np.ndarray):
    still = np.full_like(windows, 9.8)

    refuse_leaks(store_of(tmp_path, still, quality=2))


def test_a_missing_gyroscope_is_no_likeness(tmp_path: Path, windows: np.ndarray):
    windows[..., 3:] = 0

    refuse_leaks(store_of(tmp_path, windows))


def test_all_that_was_found_is_said(tmp_path: Path, windows: np.ndarray):
    windows[3, 2] = windows[0, 4]
    splits = json.loads(json.dumps(PEOPLE))
    splits["val"].append("a/2")

    with pytest.raises(DataError, match=r"1 subject is in train and in val: a/2; .* train and test hold the same"):
        refuse_leaks(store_of(tmp_path, windows, splits))
