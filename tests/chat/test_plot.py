from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.chat.plot import plot, plot_span
from llasa_core.chat.spans import Span

if TYPE_CHECKING:
    from llasa_core.chat.known_recording import KnownRecording


def still(n_samples: int) -> np.ndarray:
    """Return a device at rest, gravity along x."""
    samples = np.zeros((n_samples, 6))
    samples[:, 0] = 9.8
    return samples


def test_a_still_device_draws_gravity_at_the_top_and_zeros_at_the_bottom():
    assert plot(still(100), duration_s=2.0, width=17).splitlines() == [
        "acc_x    9.8 ⠉⠉⠉⠉",
        "m/s²     0.0 ⠀⠀⠀⠀",
        "acc_y    9.8 ⠀⠀⠀⠀",
        "m/s²     0.0 ⣀⣀⣀⣀",
        "acc_z    9.8 ⠀⠀⠀⠀",
        "m/s²     0.0 ⣀⣀⣀⣀",
        "|gyr|    0.0 ⠀⠀⠀⠀",
        "rad/s    0.0 ⣀⣀⣀⣀",
        "             0 s 2.0 s",
    ]


def test_a_rising_signal_rises_from_left_to_right():
    samples = np.zeros((8, 6))
    samples[:, 0] = np.arange(8)

    assert [line[13:] for line in plot(samples, 1.0, width=17).splitlines()[:2]] == ["⠀⢀⡴⠋", "⡴⠋⠀⠀"]


def test_one_sample_in_a_long_recording_is_not_lost():
    samples = still(100_000)
    samples[50_000, 5] = 3.0

    turning = plot(samples, 2000.0, width=33).splitlines()[6:8]

    assert [line[13:] for line in turning] == ["⠀⠀⠀⠀⠀⠀⠀⠀⠀⢸⡇⠀⠀⠀⠀⠀⠀⠀⠀⠀", "⣀⣀⣀⣀⣀⣀⣀⣀⣀⣸⣇⣀⣀⣀⣀⣀⣀⣀⣀⣀"]


def test_fewer_samples_than_dots_are_drawn_too():
    lines = plot(still(1), 0.05, width=40).splitlines()

    assert {len(line) for line in lines[:8]} == {40}


def test_a_part_is_drawn_with_a_letter_for_each_activity(spliced: KnownRecording):
    lines = plot_span(spliced, Span(48, 60), width=25).splitlines()

    assert len(lines) == 11
    assert lines[8] == "activity     LLLLLLWWWWWW"
    assert lines[9] == "             L lying, W walking"
    assert lines[10] == "             0:48    1:00"


def test_still_has_a_letter_too(still_in_parts: KnownRecording):
    assert plot_span(still_in_parts, Span(0.0, 150.0), 72).splitlines()[-2].strip() == "- still, W walking, L lying"
