"""From a handful of windows to prototypes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.model.adapted import AdaptedHead, Prototypes, placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.model.head import View, WindowHead
    from llasa_core.model.motion_features import Motion

PRIOR_WINDOWS = 32
"""The head's own scatter within a class counts as much as so many of the new windows'. Of 8, 32, 128 and no new scatter
at all, on twelve people of MotionSense, from 4 and from 10 windows an activity: docs/experiments.md."""
PERSONAL, BY_CHANCE = 0.1, 0.5
"""Of a feature's variance within a class: what a few windows of one person are off the mean of everybody, and what each
window adds to that by chance. Without this allowance 4 windows of one person were enough for 27 % of other people's
windows of a new activity, with it for two thirds; the old activities lose 2 points (docs/experiments.md)."""
SCALE = 0.02
"""Where there are too few windows to fit it. Features are many and alike; distances between them, taken for
log-likelihoods, would be sure of everything (docs/experiments.md)."""


def learn(
    motion: Motion, activity: np.ndarray, names: Sequence[str], head: WindowHead, *, keeps_old: bool, threshold: float
) -> AdaptedHead:
    """Return a head that knows a prototype of each activity.

    Args:
        motion: windows as the head sees them.
        activity: names [window].
        names: one prototype each, with at least a window.
        head: that learns.
        keeps_old: see `AdaptedHead`, as `threshold`.
        threshold: see above.
    """
    both = _prototypes(head.both, motion, activity, names) if motion.has_gyr.all() else None
    acceleration = _prototypes(head.acceleration, motion, activity, names)
    return AdaptedHead(head, both, acceleration, SCALE, tuple(names), keeps_old, threshold)


def _prototypes(view: View, motion: Motion, activity: np.ndarray, names: Sequence[str]) -> Prototypes:
    """Return the prototypes from one set of sensors, and the metric that the windows' own scatter calls for.

    Source:
        Snell et al., Prototypical Networks for Few-shot Learning (2017): a class is the mean of its few windows. The
        covariance is that of linear discriminant analysis, shrunk to the head's own (Friedman, Regularized Discriminant
        Analysis, 1989).
    """
    places = placed(view, motion)
    centres = np.stack([places[activity == name].mean(axis=0) for name in names])
    number = {name: nth for nth, name in enumerate(names)}
    scatter = places - centres[[number[name] for name in activity.tolist()]]
    n_features = places.shape[1]
    covariance = (PRIOR_WINDOWS * np.eye(n_features) + scatter.T @ scatter) / (PRIOR_WINDOWS + len(places))
    values, vectors = np.linalg.eigh(covariance)
    counts = np.array([(activity == name).sum() for name in names])
    allowance = n_features * (PERSONAL + BY_CHANCE / counts)
    return Prototypes(centres, vectors / np.sqrt(values), view.farthest, allowance)
