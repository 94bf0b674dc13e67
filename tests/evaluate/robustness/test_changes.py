"""Lower rate, worse sensors, and readings taken for what they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.slowing import slowed
from llasa_core.evaluate.robustness.disturbing import with_noise, with_offset
from llasa_core.evaluate.robustness.misreading import (
    degrees_as_radians,
    g_as_metres,
    with_opposite_sign,
    without_gravity,
    without_gyroscope,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = np.array([4, 9])
WINDOW = np.array([[[9.80665, 0, 0, 1, 0, 0], [9.80665, 2, 0, 3, 0, 0]]])


def sine(hz: float) -> np.ndarray:
    """Return one window of 6 s at 20 Hz, of this frequency on every channel."""
    wave = np.sin(2 * np.pi * hz * np.arange(120) / 20)
    return np.tile(wave[None, :, None], (1, 1, 6))


def test_a_lower_rate_leaves_slow_motion_and_takes_fast_motion_away():
    inside = slice(20, 100)

    assert slowed(sine(0.5), 20, 5)[0, inside] == pytest.approx(sine(0.5)[0, inside], abs=0.01)
    assert np.abs(slowed(sine(4.0), 20, 5)[0, inside]).max() < 0.02


@pytest.mark.parametrize("rate_hz", [10, 7, 5, 4])
def test_a_lower_rate_keeps_gravity_and_the_length_of_windows(rate_hz: float):
    found = slowed(np.full((3, 120, 6), 9.8, np.float32), 20, rate_hz)

    assert found.shape == (3, 120, 6)
    assert found.dtype == np.float32
    assert found == pytest.approx(9.8, rel=1e-6)


def test_windows_are_slowed_each_for_itself():
    windows = np.concatenate([sine(0.5), sine(1.5)])

    assert slowed(windows, 20, 5)[1:].tolist() == slowed(windows[1:], 20, 5).tolist()


def test_noise_has_the_size_that_was_asked_for():
    noise = with_noise(np.zeros((200, 120, 6)), np.arange(200), 2.0, seed=7)

    assert noise[..., :3].std() == pytest.approx(2.0, rel=0.01)
    assert noise[..., 3:].std() == pytest.approx(0.6, rel=0.01)
    assert noise.mean((0, 1)) == pytest.approx(np.zeros(6), abs=0.05)


def test_noise_grows_without_becoming_another():
    still = np.zeros((2, 120, 6))

    assert with_noise(still, ROWS, 2.0, 7) == pytest.approx(2 * with_noise(still, ROWS, 1.0, 7))
    assert with_noise(still[:1], ROWS[1:], 1.0, 7).tolist() == with_noise(still, ROWS, 1.0, 7)[1:].tolist()


def test_an_offset_lasts_and_has_the_length_that_was_asked_for():
    found = with_offset(np.zeros((2, 120, 6)), ROWS, 2.0, seed=7)

    assert (found == found[:, :1]).all()
    assert np.linalg.norm(found[:, 0, :3], axis=1) == pytest.approx([2.0, 2.0])
    assert np.linalg.norm(found[:, 0, 3:], axis=1) == pytest.approx([0.2, 0.2])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (without_gyroscope, [[9.80665, 0, 0, 0, 0, 0], [9.80665, 2, 0, 0, 0, 0]]),
        (g_as_metres, [[1, 0, 0, 1, 0, 0], [1, 2 / 9.80665, 0, 3, 0, 0]]),
        (degrees_as_radians, [[9.80665, 0, 0, 57.29578, 0, 0], [9.80665, 2, 0, 171.88734, 0, 0]]),
        (without_gravity, [[0, -1, 0, 1, 0, 0], [0, 1, 0, 3, 0, 0]]),
        (with_opposite_sign, [[-9.80665, 0, 0, 1, 0, 0], [-9.80665, -2, 0, 3, 0, 0]]),
    ],
)
def test_what_readings_are_taken_for(change: Callable[[np.ndarray], np.ndarray], expected: list[list[float]]):
    before = WINDOW.copy()

    assert change(WINDOW)[0] == pytest.approx(np.array(expected))
    assert (before == WINDOW).all()
