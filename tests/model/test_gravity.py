from __future__ import annotations

import numpy as np
import pytest

from llasa_core.model.gravity import WORN_OTHERWISE, Gravity

X, Y, Z = np.eye(3, dtype=np.float32)


def gravity() -> Gravity:
    """Return one that knows two ways to stand, one to lie, and one to move."""
    directions = np.stack([X, X, Y, Z])
    weights = np.array([1.0, 0.5, 0.5, 1.0], np.float32)
    group, group_of = np.array([0, 1, 1, 2], np.int32), np.array([0, 0, 1, 2], np.int32)
    return Gravity(directions, weights, group, group_of)  # of walking, jogging, standing, lying


def test_gravity_from_where_it_came_in_training_tells_postures_apart():
    walking, jogging, standing, lying = gravity().log_odds(Y[None])[0]

    assert standing > np.log(10)
    assert walking == jogging == pytest.approx(lying)


def test_from_anywhere_else_it_says_nothing():
    np.testing.assert_allclose(gravity().log_odds(-Z[None])[0], np.log(WORN_OTHERWISE), atol=1e-6)


def test_densities_are_over_that_of_any_direction():
    drawn = np.random.default_rng(0).normal(size=(200_000, 3))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)

    np.testing.assert_allclose(np.exp(gravity().log_odds(drawn)).mean(axis=0), 1, atol=0.05)


def test_a_direction_is_met_within_twenty_degrees_of_one_that_was_learned():
    near, far = (np.array([[np.cos(angle), 0, np.sin(angle)]]) for angle in np.radians([15, 40]))

    assert gravity().is_met(np.concatenate([near, far])).tolist() == [True, False]


def test_a_device_is_worn_as_learned_where_people_move_with_gravity_from_there():
    assert gravity().is_worn_so(X.astype(np.float64))
    assert not gravity().is_worn_so(Y.astype(np.float64))  # people lie so, nobody moves
