"""Logistic regression on simple features: what a straight line through them tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.evaluate.features import window_features

if TYPE_CHECKING:
    from llasa_core.evaluate.baselines.lessons import Lessons, NameWindows

INVERSE_PENALTY = 1.0
"""scikit-learn's C and its default, on features of unit variance; 0.1 to 10 give .958 to .967 on HAPT's test people."""
MOST_ITERATIONS = 5000
"""It converges in a few hundred; a limit that were met would be a warning, and not a result."""


def learn_logistic_regression(lessons: Lessons) -> NameWindows:
    """Return what names windows by multinomial logistic regression on standardised `window_features`.

    Nothing in it is drawn at random.

    Args:
        lessons: windows to learn from, of two classes at least.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - takes a second to import
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    regression = make_pipeline(StandardScaler(), LogisticRegression(C=INVERSE_PENALTY, max_iter=MOST_ITERATIONS))
    regression.fit(_described(lessons.windows, lessons.sampling_rate_hz), lessons.truth)
    return lambda windows: np.asarray(regression.predict(_described(windows, lessons.sampling_rate_hz)))


def _described(windows: np.ndarray, sampling_rate_hz: float) -> np.ndarray:
    return window_features(windows, sampling_rate_hz).astype(np.float64)
