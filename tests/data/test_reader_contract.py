"""What every reader promises, whatever the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.data.recording import Recording


def write_published_windows(folder: Path) -> None:
    folder.mkdir()
    data = np.random.default_rng(0).normal(size=(4, 120, 6)) + np.array([0, 0, 9.8, 0, 0, 0])
    np.save(folder / "data_20_120.npy", data)
    np.save(folder / "label_20_120.npy", np.zeros((4, 120, 2)))


def write_table(folder: Path) -> None:
    folder.mkdir()
    acc = np.random.default_rng(0).normal(size=(500, 3)) + np.array([0, 0, 9.8])
    table = np.column_stack([np.arange(500) / 50, acc, 0.1 * acc])
    header = "time (s),acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2),gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s)"
    np.savetxt(folder / "walk.csv", table, delimiter=",", header=header, comments="")


@pytest.fixture(params=["hapt", "limu-bert", "csv"])
def source(request: pytest.FixtureRequest, tmp_path: Path, make_hapt: Callable[..., None]) -> Path:
    """Return a folder of each format."""
    folder = tmp_path / "uci"
    write = {
        "hapt": lambda folder: make_hapt(folder, users=[1], seconds=20),
        "limu-bert": write_published_windows,
        "csv": write_table,
    }
    write[request.param](folder)
    return folder


@pytest.fixture
def recording(source: Path) -> Recording:
    """Return the first recording of each format."""
    return next(read_recordings(source, ReadOptions()))


def test_samples_are_six_finite_channels_in_float64(recording: Recording):
    assert recording.samples.shape[1] == 6
    assert recording.samples.dtype == np.float64
    assert np.isfinite(recording.samples).all()


def test_acceleration_is_in_si_units_with_gravity(recording: Recording):
    mean = recording.samples[:, :3].mean(axis=0)

    assert np.linalg.norm(mean) == pytest.approx(9.8, abs=0.3)


def test_somebody_is_named_by_dataset(recording: Recording):
    assert recording.subject.startswith(f"{recording.dataset}/")
    assert recording.session
    assert recording.sampling_rate_hz in {20, 50}


def test_segments_lie_in_order_inside_the_recording(recording: Recording):
    edges = [edge for segment in recording.segments for edge in (segment.start, segment.end)]

    assert edges == sorted(edges)
    assert 0 <= edges[0] < edges[-1] <= len(recording.samples)


def test_what_was_decided_is_said(recording: Recording):
    assert all(recording.notes)
    assert recording.notes


def test_reading_again_gives_the_same(source: Path, recording: Recording):
    again = next(read_recordings(source, ReadOptions()))

    assert np.array_equal(again.samples, recording.samples)
    assert (again.segments, again.subject, again.notes) == (recording.segments, recording.subject, recording.notes)


def test_all_files_are_known_before_reading(source: Path):
    (unread,) = find_recordings(source, ReadOptions()).unread

    assert all(file.size == file.path.stat().st_size for file in unread.files)
