"""What the angle between gravity and a known upright says of an activity, however the device is turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from llasa_core.model.gravity import MET

CONCENTRATION = 40.0
"""Of the von Mises-Fisher kernel at each angle: 68 % lie within 13 degrees."""
UNUSUAL = 0.1
"""Share of windows that are tilted as nobody was in training; any direction is as likely then."""


STEADY_DEG = 25.0
"""How far directions may lie from their mean, on average, to be one."""


def common_direction(up: np.ndarray) -> np.ndarray | None:
    """Return the mean direction, float64 unit vector [3]; None where there are none, or where they are too far apart.

    Args:
        up: unit vectors [n, 3].
    """
    if not len(up):
        return None
    mean = up.astype(np.float64).mean(axis=0)
    length = float(np.linalg.norm(mean))
    return mean / length if length > np.cos(np.radians(STEADY_DEG)) else None


@dataclass(frozen=True)
class Tilts:
    """Angles from upright that were met in training, by group of activities."""

    angles: np.ndarray
    """float32 [tilt], in radians from the direction in which gravity came while the same person stood or walked."""
    weights: np.ndarray
    """float32 [tilt]; those of a group sum to 1."""
    group: np.ndarray
    """int32 [tilt]; groups are those of `Gravity.group_of`."""

    def __len__(self) -> int:
        return len(self.angles)

    def log_odds(self, up: np.ndarray, upright: np.ndarray, group_of: np.ndarray) -> np.ndarray:
        """Return how much likelier a direction is in each activity than any direction is: float64 [window, activity].

        Nobody knows to which side a person turns when they lie down, so every side is as likely.

        Args:
            up: unit vectors [window, 3], of gravity.
            upright: unit vector [3], in which gravity comes while the person is upright.
            group_of: int [activity], of `Gravity`.

        Source:
            The mean of von Mises-Fisher densities over all azimuths has the modified Bessel function of order 0:
            Mardia and Jupp, Directional Statistics (2000), 9.3.2.
        """
        groups = [self.group == one for one in range(int(group_of.max()) + 1)]
        kernels = self._kernels(up, upright)
        density = np.stack([kernels[:, own] @ self.weights[own] for own in groups], axis=1)
        return np.asarray(np.log((1 - UNUSUAL) * density + UNUSUAL)[:, group_of])

    def is_met(self, up: np.ndarray, upright: np.ndarray) -> np.ndarray:
        """Return whether somebody was tilted so in training, bool [window]; arguments as in `log_odds`."""
        kernels = self._kernels(up, upright)
        groups = [self.group == one for one in np.unique(self.group)]
        density = np.stack([kernels[:, own] @ self.weights[own] for own in groups], axis=1)
        return np.asarray(density.max(axis=1) > MET)

    def _kernels(self, up: np.ndarray, upright: np.ndarray) -> np.ndarray:
        """Return how much denser directions are about each tilt than any direction is, [window, tilt]."""
        beta = np.arccos(np.clip(up.astype(np.float64) @ upright, -1, 1))[:, None]
        alpha = self.angles.astype(np.float64)
        height = CONCENTRATION * 2 / (1 - np.exp(-2 * CONCENTRATION))
        along = np.exp(CONCENTRATION * (np.cos(alpha) * np.cos(beta) - 1))
        return np.asarray(height * along * np.i0(CONCENTRATION * np.sin(alpha) * np.sin(beta)))
