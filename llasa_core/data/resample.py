"""Change a recording's rate without aliasing."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.signal import firwin, resample_poly

HALF_LENGTH = 12
"""The filter reaches this many samples of the slower rate to either side: 0.6 s at 20 Hz."""
CUTOFF = 0.45
"""Of the slower rate; at 20 Hz the filter passes 8 Hz (−0.4 dB), halves 9 Hz and stops what folds from 11 Hz on."""
FINEST_RATIO = 1000
"""Largest term of up/down; the rate is met to within 1 in 1,000,000."""


def resample(samples: np.ndarray, from_hz: float, to_hz: float) -> np.ndarray:
    """Return the samples at another rate, the first at the same time as before.

    Args:
        samples: float64 [time, channel].
        from_hz: their rate.
        to_hz: the rate wanted.

    Returns:
        float64 [time, channel] of ceil(time × to_hz / from_hz) samples; the input itself where the rates are equal.

    Source:
        scipy's polyphase filter with a low-pass of our own. Its default damps 11 Hz, which folds to 9 Hz, by 23 dB,
        this one by 57; and it pads with zeros, which bends gravity by 40 % at both ends, where a line keeps it.
    """
    up, down = ratio(from_hz, to_hz)
    if up == down:
        return samples
    taps: Any = _low_pass(up, down)  # scipy takes taps for `window`, its stubs do not
    return np.asarray(resample_poly(samples, up, down, axis=0, window=taps, padtype="line"))


@lru_cache(maxsize=64)
def ratio(from_hz: float, to_hz: float) -> tuple[int, int]:
    """Return (up, down), the smallest whole numbers with to_hz = from_hz × up / down."""
    wanted = Fraction(to_hz / from_hz).limit_denominator(FINEST_RATIO)
    return wanted.numerator, wanted.denominator


@lru_cache(maxsize=16)
def _low_pass(up: int, down: int) -> np.ndarray:
    longer = max(up, down)  # the filter runs at from_hz × up, where the slower rate is one sample in `longer`
    taps = np.asarray(firwin(2 * HALF_LENGTH * longer + 1, 2 * CUTOFF / longer))
    for phase in range(up):  # each makes every up-th sample; equal sums keep gravity from rippling (0.015 % without)
        taps[phase::up] /= taps[phase::up].sum() * up
    return taps
