"""What the direction of gravity says of an activity: much where the device is worn as in training, else nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CONCENTRATION = 40.0
"""Of the von Mises-Fisher kernel about each direction: 68 % lie within 13 degrees."""
WORN_OTHERWISE = 0.1
"""Share of windows of devices that are worn in no direction that was learned; any is as likely then."""
MET = 0.3
"""Of the density of any direction: what is rarer in all that was learned was not met there. What one person of twenty
has shown reaches 20 degrees far."""


@dataclass(frozen=True)
class Gravity:
    """Directions that were met in training, by group of activities."""

    directions: np.ndarray
    """float32 [direction, 3], unit vectors."""
    weights: np.ndarray
    """float32 [direction]; those of a group sum to 1."""
    group: np.ndarray
    """int32 [direction]."""
    group_of: np.ndarray
    """int32 [activity]: postures stand alone, all motion is group 0, since its direction is that of the placement."""

    def log_odds(self, up: np.ndarray) -> np.ndarray:
        """Return how much likelier a direction is in each activity than any direction is: float64 [window, activity].

        Args:
            up: unit vectors [window, 3].
        """
        return np.asarray(np.log((1 - WORN_OTHERWISE) * self._density(up) + WORN_OTHERWISE)[:, self.group_of])

    def familiarity(self, up: np.ndarray) -> np.ndarray:
        """Return the log of how much likelier a direction is here, all activities as likely, than any, [window].

        Args:
            up: unit vectors [window, 3].
        """
        return np.asarray(np.log(np.exp(self.log_odds(up)).mean(axis=1)))

    def is_met(self, up: np.ndarray) -> np.ndarray:
        """Return whether gravity came about so in something that was learned: bool [window].

        Args:
            up: unit vectors [window, 3].
        """
        return np.asarray(self._density(up).max(axis=1) > MET)

    def is_worn_so(self, upright: np.ndarray) -> bool:
        """Return whether gravity came so in training while people moved.

        Args:
            upright: unit vector [3].
        """
        return bool(self._density(upright[None])[0, 0] > 1)

    def _density(self, up: np.ndarray) -> np.ndarray:
        """Return the density of directions in each group over that of any direction, [window, group]."""
        height = CONCENTRATION * 2 / (1 - np.exp(-2 * CONCENTRATION))  # of the kernel, over the uniform density
        kernels = height * np.exp(CONCENTRATION * (up.astype(np.float64) @ self.directions.T - 1))
        n_groups = int(self.group_of.max()) + 1
        return np.stack(
            [kernels[:, self.group == one] @ self.weights[self.group == one] for one in range(n_groups)], axis=1
        )
