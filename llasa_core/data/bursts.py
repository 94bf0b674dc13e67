"""Stamps of when samples were handed over, several at once, instead of when they were taken."""

from __future__ import annotations

import numpy as np

CLOSE = 0.2
"""A sample that follows another by less than this share of the usual step belongs to its burst."""
FEWEST_CLOSE = 0.3
"""Share of such samples from which on a recording comes in bursts; clocks that tremble stay far below."""
STEADY, MOST = 0.25, 0.8
"""So many of the bursts last as long as their samples at the usual rate, give or take so much; else nothing is known
of when the samples were taken, and their stamps stay."""


def with_bursts_as_one(times_s: np.ndarray, rate_hz: float) -> tuple[np.ndarray, str | None]:
    """Return times in which the samples of a burst all have the stamp of the first, and a note; or the same times.

    Phones hand samples to an app, and radio modules to a phone, several at a time: stamps then lie a millisecond apart,
    ten times, and a tenth of a second follows. Who gets equal stamps can spread them evenly.

    Args:
        times_s: float64 [time], never falling.
        rate_hz: samples a second, roughly.
    """
    steps = np.diff(times_s)
    is_close = steps < CLOSE / rate_hz
    if not len(steps) or np.mean(is_close & (steps > 0)) < FEWEST_CLOSE:
        return times_s, None
    first = np.flatnonzero(np.append(True, ~is_close))
    if len(first) < 4:  # noqa: PLR2004 - the first and the last burst may be cut
        return times_s, None
    sizes = np.diff(first, append=len(times_s))
    each = np.diff(times_s[first])[1:] / sizes[1:-1]
    if np.mean(np.abs(each / np.median(each) - 1) < STEADY) < MOST:
        return times_s, None
    note = f"samples come in bursts of about {np.median(sizes):g}: their times spread evenly up to the next burst"
    return np.repeat(times_s[first], sizes), note
