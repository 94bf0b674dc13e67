"""Worse sensors: white noise, and an offset that was not calibrated away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.channels import ACC, GYR
from llasa_core.data.draws import directions, normals

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

GYR_NOISE = 0.3
"""rad/s of noise for each m/s² of it: about how motion spreads over both sensors in walking."""
GYR_OFFSET = 0.1
"""rad/s of offset for each m/s² of it."""


def with_noise(windows: np.ndarray, rows: Sequence[int] | np.ndarray, sigma: float, seed: int) -> np.ndarray:
    """Return windows with white noise on every axis; for one window the same noise at every strength.

    Args:
        windows: [window, time, channel].
        rows: number of each in the store.
        sigma: standard deviation, in m/s²; that of the angular rate is `GYR_NOISE` times it, in rad/s.
        seed: of the evaluation.
    """
    noise = sigma * normals(rows, windows.shape[1:], seed, salt=3)
    noise[..., GYR] *= GYR_NOISE
    return (windows + noise).astype(windows.dtype)


def with_offset(windows: np.ndarray, rows: Sequence[int] | np.ndarray, size: float, seed: int) -> np.ndarray:
    """Return windows with an offset of each sensor, in a direction of its own that lasts through the window.

    Args:
        windows: [window, time, channel].
        rows: number of each in the store.
        size: length of the offset, in m/s²; that of the angular rate is `GYR_OFFSET` times it, in rad/s.
        seed: of the evaluation.
    """
    changed = windows.copy()
    changed[..., ACC] += size * directions(rows, 3, seed, salt=4)[:, None]
    changed[..., GYR] += size * GYR_OFFSET * directions(rows, 3, seed, salt=5)[:, None]
    return changed
