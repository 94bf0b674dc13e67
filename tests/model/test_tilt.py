from __future__ import annotations

import numpy as np
import pytest

from llasa_core.model.tilt import UNUSUAL, Tilts, common_direction

X, Y, Z = np.eye(3)
GROUP_OF = np.array([0, 0, 1, 2])
"""Of walking, jogging, standing, lying."""


def tilts() -> Tilts:
    """Return tilts of people who walk and stand upright, and lie level."""
    return Tilts(np.radians([0, 0, 90]).astype(np.float32), np.ones(3, np.float32), np.arange(3, dtype=np.int32))


def test_whoever_is_level_lies_to_whichever_side():
    found = tilts().log_odds(np.stack([X, Y, -X]), Z, GROUP_OF)

    np.testing.assert_allclose(found, found[[0, 0, 0]], atol=1e-9)
    walking, jogging, standing, lying = found[0]
    assert lying > np.log(3)
    assert walking == jogging == standing == pytest.approx(np.log(UNUSUAL), abs=1e-6)


def test_all_directions_may_turn_together():
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    up = np.random.default_rng(1).normal(size=(50, 3))
    up /= np.linalg.norm(up, axis=1, keepdims=True)

    np.testing.assert_allclose(
        tilts().log_odds(up @ turned.T, turned @ Z, GROUP_OF), tilts().log_odds(up, Z, GROUP_OF), atol=1e-9
    )


def test_a_tilt_that_nobody_had_is_not_met():
    halfway = (X + Z) / np.sqrt(2)

    assert tilts().is_met(np.stack([X, Z, halfway]), Z).tolist() == [True, True, False]


def test_densities_are_over_that_of_any_direction():
    drawn = np.random.default_rng(0).normal(size=(200_000, 3))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)

    np.testing.assert_allclose(np.exp(tilts().log_odds(drawn, Z, GROUP_OF)).mean(axis=0), 1, atol=0.05)


def test_directions_that_are_far_apart_have_none_in_common():
    np.testing.assert_allclose(common_direction(np.stack([X, X, X])), X)
    assert common_direction(np.stack([X, Y])) is None
    assert common_direction(np.empty((0, 3))) is None
