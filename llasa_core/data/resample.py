"""Change a recording's rate without aliasing."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

HALF_LENGTH = 12
"""The filter reaches this many samples of the slower rate to either side: 0.6 s at 20 Hz."""
CUTOFF = 0.45
"""Of the slower rate; at 20 Hz the filter passes 8 Hz (−0.4 dB), halves 9 Hz and stops what folds from 11 Hz on."""
FINEST_RATIO = 1000
"""Largest term of up/down; the rate is met to within 1 in 1,000,000."""
MOST_PRODUCTS = 2**23
"""Samples times taps up to which NumPy is as quick as importing scipy."""


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
    products = samples.size * up // down * (len(taps) // up + 1)
    if len(samples) > 1 and products <= MOST_PRODUCTS:
        return filtered(samples, up, down, taps)
    from scipy.signal import resample_poly  # noqa: PLC0415 - half a second, which a short recording does not take

    return np.asarray(resample_poly(samples, up, down, axis=0, window=taps, padtype="line"))


def filtered(samples: np.ndarray, up: int, down: int, taps: np.ndarray) -> np.ndarray:
    """Return what scipy's `resample_poly` returns with `padtype="line"`, bit for bit, without importing scipy.

    Every output is summed from the oldest sample to the newest, as scipy's loop does, all outputs side by side.
    """
    half = len(taps) // 2
    n_in, n_out = len(samples), -(-len(samples) * up // down)
    each = -(-(len(taps) + down) // up)  # taps of a phase, with the zeros before them that scipy centres by
    before = down - half % down
    padded = np.zeros(each * up)
    padded[before : before + len(taps)] = taps * up
    phases = padded.reshape(each, up).T[:, ::-1]  # [phase, oldest first]
    at = (np.arange(n_out) + (half + before) // down) * down
    newest, phase = at // up, at % up
    slope = (samples[-1] - samples[0]) / (n_in - 1)
    left = samples[0] + np.arange(-each, 0)[:, None] * slope
    right = samples[-1] + np.arange(1, max(0, int(newest[-1]) - n_in + 1) + 1)[:, None] * slope
    extended = np.concatenate([left, samples, right])
    result = np.zeros((n_out, samples.shape[1]))
    for place in range(each):
        result += extended[newest + place + 1] * phases[phase, place, None]
    return result


@lru_cache(maxsize=64)
def ratio(from_hz: float, to_hz: float) -> tuple[int, int]:
    """Return (up, down), the smallest whole numbers with to_hz = from_hz × up / down."""
    wanted = Fraction(to_hz / from_hz).limit_denominator(FINEST_RATIO)
    return wanted.numerator, wanted.denominator


@lru_cache(maxsize=16)
def _low_pass(up: int, down: int) -> np.ndarray:
    longer = max(up, down)  # the filter runs at from_hz × up, where the slower rate is one sample in `longer`
    taps = _windowed_sinc(2 * HALF_LENGTH * longer + 1, 2 * CUTOFF / longer)
    for phase in range(up):  # each makes every up-th sample; equal sums keep gravity from rippling (0.015 % without)
        taps[phase::up] /= taps[phase::up].sum() * up
    return taps


def _windowed_sinc(n_taps: int, cutoff: float) -> np.ndarray:
    """Return scipy's `firwin(n_taps, cutoff)`, a sinc under Hamming's window, bit for bit."""
    taps = cutoff * np.sinc(cutoff * (np.arange(n_taps) - 0.5 * (n_taps - 1)))
    taps *= 0.54 + (1 - 0.54) * np.cos(np.linspace(-np.pi, np.pi, n_taps))
    return np.asarray(taps / taps.sum())
