from __future__ import annotations

import numpy as np
import pytest

from llasa_core.data.regrid import at_times, even_samples


def sines(times_s: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(2 * np.pi * 4 * times_s), np.cos(2 * np.pi * 2 * times_s)], axis=1)


def test_even_stamps_are_left_alone():
    times = 3 + np.arange(500) / 50
    even = even_samples(times, sines(times), 1e-9)

    assert even.rate_hz == 50
    assert (even.values == sines(times)).all()
    assert even.note == "50 Hz, even stamps"


def test_stamps_that_are_even_but_for_their_rounding_are_left_alone():
    times = np.floor(1000 * np.arange(500) / 64) / 1000

    assert even_samples(times, sines(times), 1e-3).rate_hz == 64
    assert even_samples(times, sines(times), 1e-3).values.tolist() == sines(times).tolist()


def test_a_few_missing_samples_are_filled_and_the_others_left_alone():
    times = np.arange(5000) / 50
    kept = np.delete(np.arange(5000), [0, 100, 101, 102, 2000, 4990, 4999])
    for resolution_s, stamps in ((1e-9, times), (1e-3, np.floor(1000 * times) / 1000)):
        even = even_samples(stamps[kept], sines(times)[kept], resolution_s)

        assert (even.rate_hz, len(even.values)) == (50, 4998)
        assert (even.values[kept - 1] == sines(times)[kept]).all()
        assert np.abs(even.values - sines(times)[1:-1]).max() < 0.05
        assert even.note == "50 Hz, even stamps, 5 missing filled by a cubic spline"
        assert np.abs(stamps[kept][even.source] - times[1:-1]).max() < 0.05


def test_bursts_are_no_even_stamps_of_which_most_are_missing():
    times = np.repeat(np.arange(500) * 0.04, 4) + np.tile([0, 1e-4, 2e-4, 3e-4], 500)

    assert even_samples(times, sines(times), 1e-9).rate_hz == 100


def test_an_odd_rate_is_kept():
    times = np.arange(5000) / 49.7241

    assert even_samples(times, sines(times), 1e-9).rate_hz == pytest.approx(49.7241)


def test_uneven_stamps_are_evened_by_a_cubic():
    times = np.sort(np.arange(5000) / 100 + 1.5e-3 * np.random.default_rng(7).normal(size=5000))
    even = even_samples(times, sines(times), 1e-9)
    wanted = times[0] + np.arange(len(even.values)) / 100

    assert even.rate_hz == 100
    assert np.abs(even.values - sines(wanted))[10:-10].max() < 2e-3  # taking the stamps for even ones is off by 0.1
    assert np.abs(times[even.source] - wanted).max() < 0.011
    assert even.note.startswith("100 Hz with uneven stamps (off by 1.5 ms rms), cubic spline to 100 Hz")


def test_bursts_are_evened_by_lines_that_do_not_swing():
    times = np.repeat(np.arange(200) * 0.04, 2) + np.tile([0, 1e-4], 200)
    values = np.tile([0.0, 1.0], 200)[:, None]
    even = even_samples(times, values, 1e-9)

    assert "straight lines" in even.note
    assert even.values.min() >= 0
    assert even.values.max() <= 1


def test_a_rate_between_whole_numbers_goes_up_where_stamps_are_uneven():
    times = np.sort(np.arange(2000) / 49.7 + 1e-3 * np.random.default_rng(7).normal(size=2000))

    assert even_samples(times, sines(times), 1e-9).rate_hz == 50


def test_a_sensor_is_read_at_the_times_of_another_and_not_where_it_slept():
    times = np.concatenate([np.arange(100), np.arange(200, 300)]) / 100
    wanted = np.array([-0.1, 0.105, 0.5, 1.5, 2.5, 3.5])
    values = at_times(wanted, times, np.stack([times, 2 * times], axis=1), 0.11)

    assert values[[1, 2, 4]] == pytest.approx(np.stack([wanted, 2 * wanted], axis=1)[[1, 2, 4]])
    assert np.isnan(values[[0, 3, 5]]).all()
