"""Small, true recordings that can be checked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

from llasa_core.data.recording import Recording, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class MakeRecording(Protocol):
    """Makes a recording of some samples."""

    def __call__(
        self, samples: np.ndarray, rate_hz: float = 20.0, segments: Sequence[Segment] | None = None
    ) -> Recording: ...


@pytest.fixture
def recording_of() -> MakeRecording:
    """Return a maker of recordings; without segments, all of it is one without a label."""

    def make(samples: np.ndarray, rate_hz: float = 20.0, segments: Sequence[Segment] | None = None) -> Recording:
        return Recording(
            file=Path("walk.csv"),
            dataset="csv",
            subject="csv/walk",
            session="walk",
            sampling_rate_hz=rate_hz,
            samples=np.asarray(samples, np.float64),
            segments=tuple(segments if segments is not None else [Segment(0, len(samples), None)]),
        )

    return make


@pytest.fixture
def still() -> Callable[[int], np.ndarray]:
    """Return a maker of samples of a sensor that lies on its back: gravity on z, no turning."""
    return lambda n_samples: np.tile([0, 0, 9.80665, 0, 0, 0], (n_samples, 1))


@pytest.fixture
def hapt_folder(tmp_path: Path) -> Path:
    """Return a folder like HAPT's RawData: two people, 30 s each, half walking and half sitting, 1 s unlabelled."""
    folder = tmp_path / "RawData"
    write_hapt(folder, users=(1, 3), seconds=30)
    return folder


@pytest.fixture
def make_hapt() -> Callable[..., None]:
    """Return what writes a folder like HAPT's RawData."""
    return write_hapt


def write_hapt(folder: Path, *, users: Sequence[int], seconds: int) -> None:
    """Write one experiment a person: walking, then a transition of 1 s, then sitting, and 1 s without a label."""
    folder.mkdir()
    labels = []
    for experiment, user in enumerate(users, start=1):
        random = np.random.default_rng(user)
        half = 50 * seconds // 2
        gravity = np.tile([1.0, 0.0, 0.0], (2 * half, 1))
        for sensor, level in (("acc", gravity), ("gyro", 0 * gravity)):
            noise = random.normal(size=(2 * half, 3)) * np.repeat([[0.3], [0.001]], half, axis=0)
            np.savetxt(folder / f"{sensor}_exp{experiment:02d}_user{user:02d}.txt", level + noise, fmt="%.9g")
        labels += [
            f"{experiment} {user} 1 0 {half - 51}",
            f"{experiment} {user} 8 {half - 50} {half - 1}",
            f"{experiment} {user} 4 {half} {2 * half - 51}",
        ]
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
