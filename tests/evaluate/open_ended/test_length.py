from __future__ import annotations

import numpy as np
import pytest

from llasa_core.evaluate.open_ended.length import length_controlled_win_rate

SAME = np.full(10, 5)


def test_without_a_difference_in_length_it_is_the_win_rate():
    points = np.array([1, 1, 1, 1, 1, 1, 1, 0, 0, 0.0])  # and half a win and half a loss more

    assert length_controlled_win_rate(points, SAME, SAME) == pytest.approx(7.5 / 11)


def test_who_wins_by_length_alone_wins_half_without_it():
    rng = np.random.default_rng(0)
    ours, theirs = rng.integers(5, 50, 400), rng.integers(5, 30, 400)
    points = (np.sign(ours - theirs) + 1) / 2

    assert points.mean() > 0.7
    assert length_controlled_win_rate(points, ours, theirs) == pytest.approx(0.5, abs=0.05)


def test_who_wins_whatever_the_length_goes_on_winning():
    rng = np.random.default_rng(0)
    ours, theirs = rng.integers(5, 50, 400), rng.integers(5, 50, 400)
    points = (rng.random(400) < 0.8).astype(float)

    assert length_controlled_win_rate(points, ours, theirs) == pytest.approx(points.mean(), abs=0.02)


def test_a_clean_sweep_has_a_rate_and_nothing_has_none():
    found = length_controlled_win_rate(np.ones(10), np.arange(10), SAME)

    assert found is not None
    assert 0.9 < found < 1
    assert length_controlled_win_rate(np.zeros(0), np.zeros(0), np.zeros(0)) is None
