"""From samples at the times that a clock stamped to samples at an even rate."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

LITTLE_JITTER = 0.02
"""Root-mean-square deviation from an even rate, in steps, that changes nothing one could measure (−60 dB at 4 Hz)."""
COARSE = 0.25
"""A clock that ticks only so often in a step excuses nothing: its stamps may hide a missed sample."""
BURSTS = 0.25
"""Standard deviation of the steps, over a step, from which on a cubic would swing: lines do not."""
MOST_MISSING = 1.05
"""Samples there should be over samples there are, up to which stamps are even ones of which a few are missing."""
NEAR = 12
"""Samples on either side that decide what a cubic says of a missing one: the next change it by a millionth."""
BLOCK = 8192
"""Values that are computed at once, which stay near the processor."""
OVERLAP = 40
"""Samples around a block that its cubic sees: the next ones would change it by 1e-23."""
CLOSE, MOST_CLOSE = 0.25, 0.01
"""A sample that follows another by less than this share of a step makes a cubic swing. It is passed over where such
samples are few, since its neighbour tells nearly the same."""


class EvenSamples(NamedTuple):
    """Samples of an even rate."""

    rate_hz: float
    values: np.ndarray
    """float64 [time, channel]."""
    source: np.ndarray
    """int64 [time]: the nearest sample that each was made of."""
    note: str
    """What was done, and why."""


def even_samples(times_s: np.ndarray, values: np.ndarray, resolution_s: float) -> EvenSamples:
    """Return samples at an even rate, changed only where the clock's stamps are uneven.

    Args:
        times_s: float64 [time], rising, two at least.
        values: float64 [time, channel].
        resolution_s: the finest step of the clock; stamps that are even within it are even.

    Source:
        A cubic spline through stamps with 1.5 ms of jitter at 100 Hz is right to −97 dB at 4 Hz, lines to −46 dB, and
        taking uneven stamps for even ones to −28 dB.
    """
    numbers = _numbers(times_s)
    index = numbers - numbers.mean()
    step = float(np.sum(index * (times_s - times_s[0])) / np.sum(index**2))  # least squares
    off = times_s - times_s.mean() - index * step
    worst, typical = float(np.abs(off).max()) / step, float(np.sqrt(np.mean(off**2))) / step
    n_even = int(numbers[-1]) + 1
    rate = _rounded(1 / step, n_even)
    rounding = resolution_s / step if resolution_s <= COARSE * step else 0.0
    is_even = typical <= LITTLE_JITTER or worst <= rounding
    if is_even and n_even > len(times_s):
        return _with_missing(times_s, values, numbers, rate)
    misses_some = bool(np.diff(times_s).max() > (1.5 + rounding) * step)
    if is_even and not misses_some:
        return EvenSamples(rate, values, np.arange(len(values)), f"{rate:.6g} Hz, even stamps")
    new_rate = _whole_rate(times_s, rate)
    wanted = times_s[0] + np.arange(int((times_s[-1] - times_s[0]) * new_rate + 1e-6) + 1) / new_rate
    curve, kind = smooth_curve(times_s, values)
    note = f"{rate:.4g} Hz with uneven stamps (off by {_as_ms(typical * step)} ms rms), {kind} to {new_rate:g} Hz"
    return EvenSamples(new_rate, curve(wanted), _nearest(times_s, wanted), note)


def _numbers(times_s: np.ndarray) -> np.ndarray:
    """Return the numbers of samples, int64 [time]: where even steps miss a few, these are counted."""
    steps = np.diff(times_s)
    usual = float(np.median(steps))
    if usual > 0 and steps.max() > 1.5 * usual:
        counts = np.round(steps / usual)
        numbers = np.append(0, np.cumsum(counts)).astype(np.int64)
        is_counted = counts.min() > 0 and np.abs(steps / usual - counts).max() <= COARSE
        if is_counted and numbers[-1] + 1 <= MOST_MISSING * len(times_s):
            return numbers
    return np.arange(len(times_s))


def _spline(times_s: np.ndarray, values: np.ndarray, **options: Any) -> Any:
    from scipy.interpolate import make_interp_spline  # noqa: PLC0415 - half a second, which even stamps do not need

    return make_interp_spline(times_s, values, **options)


def _with_missing(times_s: np.ndarray, values: np.ndarray, numbers: np.ndarray, rate_hz: float) -> EvenSamples:
    """Return even samples with the few that are missing; those that were measured stay as they are."""
    result = np.empty((numbers[-1] + 1, values.shape[1]))
    result[numbers] = values
    is_missing = np.ones(len(result), bool)
    is_missing[numbers] = False
    missing = np.flatnonzero(is_missing)
    after = np.unique(np.searchsorted(numbers, missing))
    near = np.unique(np.clip(after[:, None] + np.arange(-NEAR, NEAR), 0, len(numbers) - 1))
    curve = _spline(times_s[near], values[near], k=min(3, len(near) - 1))
    wanted = times_s[0] + np.arange(len(result)) / rate_hz
    result[missing] = curve(wanted[missing])
    note = f"{rate_hz:.6g} Hz, even stamps, {len(missing)} missing filled by a cubic spline"
    return EvenSamples(rate_hz, result, _nearest(times_s, wanted), note)


def at_times(wanted_s: np.ndarray, times_s: np.ndarray, values: np.ndarray, longest_hole_s: float) -> np.ndarray:
    """Return a sensor's values at the times of another.

    Args:
        wanted_s: float64 [wanted].
        times_s: float64 [time], when the sensor sampled, in order; a repeated time counts once.
        values: float64 [time, axis].
        longest_hole_s: values are made up between samples that are no further apart.

    Returns:
        float64 [wanted, axis]; NaN where the sensor did not sample around the time.
    """
    result = np.full((len(wanted_s), values.shape[1]), np.nan)
    is_new = np.diff(times_s, prepend=-np.inf) > 0
    times_s, values = times_s[is_new], values[is_new]
    if len(times_s) < 2:  # noqa: PLR2004 - nothing lies between fewer
        return result
    before = np.clip(np.searchsorted(times_s, wanted_s, side="right") - 1, 0, len(times_s) - 2)
    is_within = (wanted_s >= times_s[0]) & (wanted_s <= times_s[-1])
    is_within &= times_s[before + 1] - times_s[before] <= longest_hole_s
    result[is_within] = smooth_curve(times_s, values)[0](wanted_s[is_within])
    return result


def smooth_curve(times_s: np.ndarray, values: np.ndarray) -> tuple[Callable[[np.ndarray], np.ndarray], str]:
    """Return a curve through samples, and how it is called: a cubic, or lines where samples come in bursts."""
    steps = np.diff(times_s)
    usual = float(np.median(steps))
    is_close = steps < CLOSE * usual
    is_calm = is_close.mean() <= MOST_CLOSE and np.std(np.minimum(steps, 2 * usual)) <= BURSTS * usual
    if is_calm and len(times_s) - is_close.sum() > 3:  # noqa: PLR2004 - points that make a cubic
        keep = np.append(True, ~is_close)
        return partial(_on_curve, times_s[keep], values[keep], 3), "cubic spline"
    return partial(_on_curve, times_s, values, 1), "straight lines"


def _on_curve(times_s: np.ndarray, values: np.ndarray, degree: int, wanted_s: np.ndarray) -> np.ndarray:
    """Return the values of a spline at times within it, made block by block: a third faster than all at once."""
    if (np.diff(wanted_s) < 0).any():
        return np.asarray(_spline(times_s, values, k=degree)(wanted_s))
    result = np.empty((len(wanted_s), values.shape[1]))
    for start in range(0, len(wanted_s), BLOCK):
        part = wanted_s[start : start + BLOCK]
        first, last = np.searchsorted(times_s, part[[0, -1]])
        around = slice(max(0, first - OVERLAP), last + OVERLAP)
        spline = _spline(times_s[around], values[around], k=degree, check_finite=False)
        result[start : start + BLOCK] = spline(part)
    return result


def _whole_rate(times_s: np.ndarray, rate_hz: float) -> float:
    """Return the whole rate at which a sensor with uneven stamps samples, or the next above it.

    Missed samples do not count; in bursts, where the usual step says nothing, the rate of all samples does.
    """
    steps = np.diff(times_s)
    usual = float(np.median(steps))
    between_neighbours = 1 / float(np.mean(steps[np.abs(steps - usual) <= usual / 2]))
    rate_hz = between_neighbours if between_neighbours < 1.2 * rate_hz else rate_hz  # one in six missed
    is_whole = abs(rate_hz / max(1, round(rate_hz)) - 1) < 0.005  # noqa: PLR2004 - 0.5 %
    return float(max(1, round(rate_hz)) if is_whole else np.ceil(rate_hz))


def _rounded(rate_hz: float, n_samples: int) -> float:
    """Return the whole rate if it puts no sample further off than half a step: the stamps cannot tell them apart."""
    whole = max(1, round(rate_hz))
    return float(whole) if n_samples * abs(rate_hz / whole - 1) <= 0.5 else rate_hz  # noqa: PLR2004 - half a step


def _nearest(times_s: np.ndarray, wanted_s: np.ndarray) -> np.ndarray:
    middles = (times_s[1:] + times_s[:-1]) / 2
    return np.searchsorted(middles, wanted_s)


def _as_ms(seconds: float) -> str:
    """Return milliseconds with two digits, and never as a power of ten."""
    value = 1000 * seconds
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004 - two digits
