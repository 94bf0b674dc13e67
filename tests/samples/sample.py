"""The motion that every sample holds, and what a sample says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.read_options import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GRAVITY = 9.80665


def motion(times_s: np.ndarray) -> np.ndarray:
    """Return what a device measures that nods by half a radian and turns slowly while its wearer steps: [time, 6].

    acc in m/s² with gravity, gyr in rad/s: nothing above 5 Hz, so that any rate from 20 Hz on holds it.
    """
    nod = 0.5 * np.sin(0.2 * np.pi * times_s)
    samples = np.zeros((len(times_s), 6))
    samples[:, 0] = -GRAVITY * np.sin(nod) + 0.4 * np.sin(2 * np.pi * 1.9 * times_s)
    samples[:, 1] = 0.6 * np.sin(2 * np.pi * 1.9 * times_s + 1)
    samples[:, 2] = GRAVITY * np.cos(nod) + 1.2 * np.sin(2 * np.pi * 3.8 * times_s + 2)
    samples[:, 3] = 0.2 * np.sin(2 * np.pi * 0.95 * times_s)
    samples[:, 4] = 0.1 * np.pi * np.cos(0.2 * np.pi * times_s)
    samples[:, 5] = 0.15 * np.cos(2 * np.pi * 1.9 * times_s)
    return samples


def gravity(times_s: np.ndarray) -> np.ndarray:
    """Return the part of the acceleration in `motion` that is gravity, in m/s²: [time, 3]."""
    nod = 0.5 * np.sin(0.2 * np.pi * times_s)
    return np.stack([-GRAVITY * np.sin(nod), 0 * nod, GRAVITY * np.cos(nod)], axis=1)


@dataclass(frozen=True)
class Sample:
    """A folder in the layout of a format; its recordings hold `motion` from their first sample on."""

    format: str
    write: Callable[[Path], None]
    """Fills an empty folder."""
    acc_unit: str
    gyr_unit: str
    rates_hz: tuple[float, float]
    """Of acc and gyr."""
    subject: str
    """Of the first recording."""
    activities: tuple[str | None, ...] = (None,)
    """Of the first recording's segments, in order."""
    n_recordings: int = 1
    tolerance: float = 0.02
    """Largest difference between what is read and `motion`, in m/s² and rad/s: what rounding in the files leaves, and
    interpolation at their ends."""
    begins_s: float = 0.0
    """The time of `motion` at the first sample that is read."""
    name: str = ""
    """Tells several samples of one format apart."""
    placement: str = "unknown"
    options: ReadOptions = field(default_factory=ReadOptions)
    """What a person has to say, because the files do not."""

    def __str__(self) -> str:
        return f"{self.format}-{self.name}" if self.name else self.format
