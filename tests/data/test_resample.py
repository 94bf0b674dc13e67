from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import firwin, resample_poly

from llasa_core.data.resample import CUTOFF, HALF_LENGTH, _windowed_sinc, filtered, ratio, resample


def tone(frequency_hz: float, rate_hz: float = 50, seconds: float = 60) -> np.ndarray:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.sin(2 * np.pi * frequency_hz * time_s + 0.4)[:, None]


def gain_db(frequency_hz: float) -> float:
    inside = slice(40, -40)  # away from the ends
    return 20 * np.log10(resample(tone(frequency_hz), 50, 20)[inside].std() / tone(frequency_hz).std())


@pytest.mark.parametrize("rate_hz", [25, 49.7, 50, 64, 100, 128])
def test_a_constant_stays_constant_up_to_both_ends(rate_hz: float):
    constant = np.full((500, 6), 9.80665)

    assert resample(constant, rate_hz, 20) == pytest.approx(9.80665, rel=1e-12)


def test_motion_passes_and_what_would_alias_is_stopped():
    assert gain_db(3) == pytest.approx(0, abs=0.01)
    assert gain_db(8) == pytest.approx(-0.4, abs=0.1)
    assert gain_db(11) < -55
    assert gain_db(17) < -55


def test_the_first_sample_stays_where_it_is_in_time():
    slow = resample(tone(1.0), 50, 20)

    assert slow[40:-40] == pytest.approx(
        tone(1.0, rate_hz=20)[40:-40], abs=5e-3
    )  # the ripple of a Hamming window is 0.2 %
    assert len(slow) == 60 * 20


def test_equal_rates_change_nothing():
    samples = tone(1.0)

    assert resample(samples, 20, 20.0) is samples


def test_a_ratio_is_given_in_whole_numbers():
    assert ratio(50, 20) == (2, 5)
    assert ratio(12.5, 20) == (8, 5)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(50, 20), (100, 20), (25, 20), (20, 50), (52.3, 20), (20, 20.5)])
@pytest.mark.parametrize("n_samples", [2, 7, 301])
def test_short_recordings_are_filtered_as_scipy_does_bit_for_bit(from_hz: float, to_hz: float, n_samples: int):
    up, down = ratio(from_hz, to_hz)
    longer = max(up, down)
    taps = firwin(2 * HALF_LENGTH * longer + 1, 2 * CUTOFF / longer)
    samples = np.random.default_rng(0).normal(0, 9, (n_samples, 6))

    ours = filtered(samples, up, down, taps)

    assert np.array_equal(ours, resample_poly(samples, up, down, axis=0, window=taps, padtype="line"))
    assert np.array_equal(_windowed_sinc(len(taps), 2 * CUTOFF / longer), taps)
