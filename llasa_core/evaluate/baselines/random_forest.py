"""A random forest on simple features: hard to beat on six activities and one placement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.evaluate.features import window_features

if TYPE_CHECKING:
    from llasa_core.evaluate.baselines.lessons import Lessons, NameWindows


def learn_forest(lessons: Lessons, *, trees: int, seed: int) -> NameWindows:
    """Return what names windows by a random forest on `window_features`; the same seed gives the same names.

    Args:
        lessons: windows to learn from.
        trees: how many; other settings are scikit-learn's.
        seed: of the trees.
    """
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - takes a second to import

    forest = RandomForestClassifier(n_estimators=trees, random_state=seed, n_jobs=-1)
    forest.fit(window_features(lessons.windows, lessons.sampling_rate_hz), lessons.truth)
    forest.set_params(n_jobs=1)  # threads would add the votes in any order, and the last bit can decide a tie
    return lambda windows: np.asarray(forest.predict(window_features(windows, lessons.sampling_rate_hz)))
