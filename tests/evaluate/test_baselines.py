from __future__ import annotations

import numpy as np

from llasa_core.evaluate.baselines import predict_forest, predict_majority


def test_the_majority_is_that_of_training():
    assert predict_majority(np.array([2, 0, 2, 1]), 3).tolist() == [2, 2, 2]


def test_a_forest_learns_what_simple_features_tell():
    rng = np.random.default_rng(0)
    truth = np.arange(60) % 3
    features = truth[:, None] + rng.normal(0, 0.1, (60, 4))

    found = predict_forest(features[:30], truth[:30], features[30:], trees=20, seed=7)

    assert found.tolist() == truth[30:].tolist()


def test_the_same_seed_grows_the_same_forest():
    rng = np.random.default_rng(0)
    features, truth = rng.normal(size=(80, 5)), rng.integers(0, 3, 80)  # nothing to learn: every tree votes otherwise

    first, again, other = (
        predict_forest(features[:40], truth[:40], features[40:], trees=20, seed=seed) for seed in (7, 7, 8)
    )

    assert (first == again).all()
    assert (first != other).any()
