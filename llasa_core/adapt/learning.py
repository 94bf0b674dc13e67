"""From the features of a handful of windows to prototypes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.model.adapted import Prototypes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.model.head import WindowHead

PRIOR_WINDOWS = 32
"""The head's own scatter within a class counts as much as so many of the new windows'. Of 8, 32, 128 and no new scatter
at all, on twelve people of MotionSense, from 4 and from 10 windows an activity: docs/experiments.md."""
SCALE = 0.02
"""Where there are too few windows to fit it. The head's features are many and alike; distances between them, taken for
log-likelihoods, would be sure of everything (docs/experiments.md)."""


def learn(seen: np.ndarray, activity: np.ndarray, names: Sequence[str], head: WindowHead) -> Prototypes:
    """Return a prototype for each activity, and the metric that the windows' own scatter calls for.

    Args:
        seen: the head's features, [window, feature].
        activity: names [window].
        names: one prototype each, with at least a window.
        head: whose features they are.

    Source:
        Snell et al., Prototypical Networks for Few-shot Learning (2017): a class is the mean of its few windows. The
        covariance is that of linear discriminant analysis, shrunk to the head's own (Friedman, Regularized Discriminant
        Analysis, 1989).
    """
    whitened = seen.astype(np.float64) @ head.weights.whiten
    centres = np.stack([whitened[activity == name].mean(axis=0) for name in names])
    number = {name: nth for nth, name in enumerate(names)}
    scatter = whitened - centres[[number[name] for name in activity.tolist()]]
    n_features = whitened.shape[1]
    covariance = (PRIOR_WINDOWS * np.eye(n_features) + scatter.T @ scatter) / (PRIOR_WINDOWS + len(whitened))
    values, vectors = np.linalg.eigh(covariance)
    return Prototypes(centres, vectors / np.sqrt(values), SCALE, head.farthest)
