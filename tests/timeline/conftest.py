"""Recordings of somebody who stands or walks, and a classifier that tells these by how much the sensor moves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.recording import Recording, Segment

if TYPE_CHECKING:
    from collections.abc import Callable

HZ = 50.0


@dataclass(frozen=True)
class ByMovement:
    """Stands below 0.5 m/s² of spread, walks above; beyond 20 m/s² it has never seen the like."""

    activities: tuple[str, ...] = ("standing", "walking")
    sampling_rate_hz: float = 20.0
    window_s: float = 6.0
    stride_s: float = 3.0
    threshold: float = 0.6

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `WindowClassifier`."""
        spread = windows[:, :, 2].std(axis=1)
        odds = np.clip(4 * np.log((spread + 1e-6) / 0.5), -8, 8)
        log_p = np.stack([-np.logaddexp(0, odds), -np.logaddexp(0, -odds)], axis=1)
        return log_p, spread / 20


def moving(seconds: float, *, walks: bool, size: float = 3.0) -> np.ndarray:
    """Return samples [time, 6] of standing, or of walking with two steps a second."""
    times = np.arange(round(seconds * HZ)) / HZ
    samples = np.random.default_rng(0).normal(0, 0.02, (len(times), 6))
    samples[:, 2] += 9.81 + walks * size * np.sin(4 * np.pi * times)
    return samples


def recorded(samples: np.ndarray, start_s: float = 0.0, **more: object) -> Recording:
    whole = (Segment(0, len(samples), None),)
    return Recording(Path("walk.csv"), "csv", "csv/walk", "walk", HZ, samples, whole, start_s=start_s, **more)  # type: ignore[arg-type]


@pytest.fixture
def classifier() -> ByMovement:
    return ByMovement()


@pytest.fixture
def stand_walk_stand() -> np.ndarray:
    """30 s of standing, 40 s of walking, 30 s of standing."""
    parts = [moving(30, walks=False), moving(40, walks=True), moving(30, walks=False)]
    return np.concatenate(parts)


@pytest.fixture
def record() -> Callable[..., Recording]:
    return recorded


@pytest.fixture
def move() -> Callable[..., np.ndarray]:
    return moving
