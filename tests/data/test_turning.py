from __future__ import annotations

import numpy as np
import pytest

from llasa_core.data.turning import random_axes, random_orientations, rotations_about, turned

UP_X = np.array([[[9.8, 0, 0, 0.1, 0.2, 0.3]]])
"""One window of one sample: gravity along x."""
Y = np.array([[0.0, 1.0, 0.0]])


def test_a_quarter_turn_about_y_puts_gravity_from_x_on_the_other_axis():
    found = turned(UP_X, rotations_about(Y, 90))

    assert found[0, 0] == pytest.approx([0, 0, -9.8, 0.3, 0.2, -0.1])


def test_half_a_turn_turns_what_lies_across_the_axis_around():
    assert turned(UP_X, rotations_about(Y, 180))[0, 0] == pytest.approx([-9.8, 0, 0, -0.1, 0.2, -0.3])


def test_no_turn_changes_nothing():
    assert turned(UP_X, rotations_about(Y, 0)).tolist() == UP_X.tolist()


def test_a_turn_keeps_lengths_and_the_angle_between_samples():
    windows = np.random.default_rng(0).normal(size=(5, 20, 6))
    for rotations in (rotations_about(random_axes(range(5), 7), 60), random_orientations(range(5), 7)):
        found = turned(windows, rotations)
        for sensor in (slice(0, 3), slice(3, 6)):
            before, after = windows[..., sensor], found[..., sensor]
            assert np.einsum("nti,nsi->nts", after, after) == pytest.approx(np.einsum("nti,nsi->nts", before, before))


def test_turns_are_by_the_angle_that_was_asked_for():
    rotations = rotations_about(random_axes(range(50), 7), 60)

    assert np.trace(rotations, axis1=1, axis2=2) == pytest.approx(np.full(50, 2.0))  # 1 + 2 cos 60°


def test_random_orientations_are_proper_and_favour_no_direction():
    rotations = random_orientations(range(4000), 7)

    assert np.linalg.det(rotations) == pytest.approx(np.ones(4000))
    assert rotations.mean(0) == pytest.approx(np.zeros((3, 3)), abs=0.04)
    assert (rotations**2).mean(0) == pytest.approx(np.full((3, 3), 1 / 3), abs=0.02)


def test_a_window_turns_about_the_same_axis_whoever_computes_it():
    together = random_axes([3, 8, 5], 7)

    assert random_axes([8], 7)[0].tolist() == together[1].tolist()
    assert random_axes([8], 6)[0].tolist() != together[1].tolist()
