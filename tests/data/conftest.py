"""Small, true recordings that can be checked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.recording import Recording, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@pytest.fixture
def recording_of() -> Callable[..., Recording]:
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
def nodding() -> Callable[..., np.ndarray]:
    """Return a maker of samples of a device that nods by 0.5 rad at 0.1 Hz, so that gyr tells how gravity turns."""

    def make(n_samples: int, rate_hz: float = 50.0) -> np.ndarray:
        angle = 0.5 * np.sin(0.2 * np.pi * np.arange(n_samples) / rate_hz)
        samples = np.zeros((n_samples, 6))
        samples[:, 0], samples[:, 2] = -9.80665 * np.sin(angle), 9.80665 * np.cos(angle)
        samples[:, 4] = 0.1 * np.pi * np.cos(0.2 * np.pi * np.arange(n_samples) / rate_hz)
        return samples

    return make
