"""Recordings of somebody who shakes or rocks the phone, with the activity in a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

HZ = 50
STEPS = {"shaking": (5.0, 12.0), "rocking": (0.7, 2.0), "resting": (1.0, 0.0), "sitting": (1.0, 0.0)}
"""Hz and m/s² of what is done along y."""


def signal(activity: str, seconds: float, seed: int) -> np.ndarray:
    """Return samples [time, 6]; what has no place in `STEPS` is a rest like any other."""
    hz, size = STEPS.get(activity, (1.0, 0.0))
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * HZ)) / HZ
    samples = random.normal(0, 0.05, (len(times), 6))
    samples[:, 2] += 9.81
    samples[:, 1] += size * np.sin(2 * np.pi * hz * times + random.uniform(0, 6))
    return samples


def write_recording(file: Path, parts: Sequence[tuple[str, float]], seed: int = 0) -> Path:
    """Write a CSV of parts (activity, seconds), with a column that names them; an empty name is no label."""
    file.parent.mkdir(parents=True, exist_ok=True)
    samples = np.concatenate([signal(name, seconds, seed + nth) for nth, (name, seconds) in enumerate(parts)])
    labels = [name for name, seconds in parts for _ in range(round(seconds * HZ))]
    header = [f"{sensor} {axis} ({unit})" for sensor, unit in [("acc", "m/s^2"), ("gyr", "rad/s")] for axis in "xyz"]
    rows = [",".join(["time (s)", *header, "activity"])]
    for nth, (row, label) in enumerate(zip(samples.tolist(), labels, strict=True)):
        rows.append(",".join([f"{nth / HZ:.2f}", *(f"{value:.4f}" for value in row), label]))
    file.write_text("\n".join(rows) + "\n")
    return file


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a recording: `record("a.csv", [("shaking", 20), ("rocking", 20)], seed=1)`."""
    return lambda name, parts, seed=0: write_recording(tmp_path / name, parts, seed)
