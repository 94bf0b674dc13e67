"""Samples that are handed over several at once."""

from __future__ import annotations

import numpy as np

from llasa_core.data.bursts import with_bursts_as_one


def test_a_burst_has_one_time():
    times, note = with_bursts_as_one(np.array([0, 0.001, 0.002, 0.3, 0.301, 0.302, 0.6, 0.601, 0.602, 0.9]), 10)

    assert times.tolist() == [0, 0, 0, 0.3, 0.3, 0.3, 0.6, 0.6, 0.6, 0.9]
    assert note == "samples come in bursts of about 3: their times spread evenly up to the next burst"


def test_even_and_trembling_stamps_stay():
    for times in (np.arange(100) / 50, np.sort(np.arange(1000) / 50 + np.random.default_rng(1).normal(0, 0.004, 1000))):
        kept, note = with_bursts_as_one(times, 50)

        assert kept is times
        assert note is None


def test_bursts_at_no_steady_rate_stay():
    sizes = np.random.default_rng(1).integers(1, 20, 200)
    times = np.repeat(np.arange(200) / 5, sizes) + np.concatenate([np.arange(size) / 1000 for size in sizes])

    assert with_bursts_as_one(times, 50)[1] is None


def test_equal_stamps_are_no_bursts():
    times = np.repeat(np.arange(100.0), 50)

    assert with_bursts_as_one(times, 50)[0] is times


def test_too_few_bursts_tell_nothing():
    times = np.array([0, 0.001, 0.002, 0.3, 0.301, 0.302])

    assert with_bursts_as_one(times, 10)[0] is times
    assert len(with_bursts_as_one(times[:1], 10)[0]) == 1
