"""A device that is worn turned: both sensors turn with it, and gravity comes from another side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import ACC, GYR
from llasa_core.data.draws import directions

if TYPE_CHECKING:
    from collections.abc import Sequence


def turned(windows: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """Return windows in the axes of a turned device: lengths of vectors stay, directions change.

    Args:
        windows: [window, time, channel].
        rotations: [window, 3, 3], one for acceleration and angular rate alike.
    """
    changed = np.empty_like(windows)
    for sensor in (ACC, GYR):
        changed[..., sensor] = np.einsum("nij,ntj->nti", rotations, windows[..., sensor])
    return changed


def rotations_about(axes: np.ndarray, angle_deg: float) -> np.ndarray:
    """Return rotations by an angle: unit vectors [window, 3] -> [window, 3, 3].

    Source:
        Rodrigues' formula: R = I + sin a · K + (1 − cos a) · K², where K v = axis × v.
    """
    x, y, z = axes.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    angle = np.deg2rad(angle_deg)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def random_axes(rows: Sequence[int] | np.ndarray, seed: int) -> np.ndarray:
    """Return an axis for each window, any direction being as likely: [window, 3]; the same for all angles."""
    return directions(rows, 3, seed, salt=1)


def random_orientations(rows: Sequence[int] | np.ndarray, seed: int) -> np.ndarray:
    """Return a rotation for each window, any orientation being as likely: [window, 3, 3].

    Source:
        Unit quaternions that are uniform on the sphere in four dimensions (Shoemake 1992).
    """
    w, x, y, z = directions(rows, 4, seed, salt=2).T
    rotations = [
        *(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        *(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        *(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    ]
    return np.stack(rotations, axis=1).reshape(-1, 3, 3)
