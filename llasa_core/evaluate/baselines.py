"""What needs no language model, on the same windows: a number beside ours, so that nobody is fooled.

Baselines learn from the training people alone, as the LM does; the validation people stay out of both.
"""

from __future__ import annotations

import numpy as np


def predict_majority(train_activity: np.ndarray, n_windows: int) -> np.ndarray:
    """Name every window after the commonest activity of training; of equals, the first.

    Args:
        train_activity: [train window], class numbers, at least one.
        n_windows: how many answers to give.

    Returns:
        int64 [n_windows].
    """
    return np.full(n_windows, np.bincount(train_activity).argmax(), dtype=np.int64)


def predict_forest(
    train_features: np.ndarray, train_activity: np.ndarray, features: np.ndarray, *, trees: int, seed: int
) -> np.ndarray:
    """Learn a random forest and name windows by it; the same seed gives the same answers.

    Args:
        train_features: [train window, feature].
        train_activity: [train window], class numbers.
        features: [window, feature], to be named.
        trees: how many; other settings are scikit-learn's.
        seed: of the trees.

    Returns:
        int64 [window], class numbers.
    """
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - takes a second to import

    forest = RandomForestClassifier(n_estimators=trees, random_state=seed, n_jobs=-1)
    forest.fit(train_features, train_activity)
    forest.set_params(n_jobs=1)  # threads would add the votes in any order, and the last bit can decide a tie
    return np.asarray(forest.predict(features), dtype=np.int64)
