"""Sensors that are missing, and readings that are taken for what they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import ACC, GYR, STANDARD_GRAVITY

if TYPE_CHECKING:
    import numpy.typing as npt


def without_gyroscope(windows: np.ndarray) -> np.ndarray:
    """Return windows as `prepare-data --allow-missing gyro` makes them: the angular rate is zero."""
    return _changed(windows, GYR, np.zeros_like(windows[..., GYR]))


def g_as_metres(windows: np.ndarray) -> np.ndarray:
    """Return windows whose acceleration was in g and was taken for m/s²: rest reads 1 instead of 9.8."""
    return _changed(windows, ACC, windows[..., ACC] / STANDARD_GRAVITY)


def degrees_as_radians(windows: np.ndarray) -> np.ndarray:
    """Return windows whose angular rate was in °/s and was taken for rad/s: 57 times too much."""
    return _changed(windows, GYR, np.rad2deg(windows[..., GYR]))


def without_gravity(windows: np.ndarray) -> np.ndarray:
    """Return windows of linear acceleration: gravity, which is the mean over the window here, is gone."""
    acc = windows[..., ACC]
    return _changed(windows, ACC, acc - acc.mean(axis=1, keepdims=True))


def with_opposite_sign(windows: np.ndarray) -> np.ndarray:
    """Return windows of a device whose acceleration at rest points down, as on iOS, taken for one that points up."""
    return _changed(windows, ACC, -windows[..., ACC])


def _changed(windows: np.ndarray, sensor: slice, values: npt.ArrayLike) -> np.ndarray:
    changed = windows.copy()
    changed[..., sensor] = values
    return changed
