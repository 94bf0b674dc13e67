"""A device that samples more slowly, whose recordings were brought to the windows' rate."""

from __future__ import annotations

import numpy as np

from llasa_core.data.resample import resample


def slowed(windows: np.ndarray, rate_hz: float, recorded_hz: float) -> np.ndarray:
    """Return windows as if they had been recorded at a lower rate, and upsampled by `prepare-data --allow-upsample`.

    Motion that the lower rate cannot hold is filtered out first, as in a sensor with a filter of its own; a line goes
    on at both ends of a window.

    Args:
        windows: [window, time, channel].
        rate_hz: their rate.
        recorded_hz: the lower rate.
    """
    n_windows, n_times, n_channels = windows.shape
    samples = windows.astype(np.float64).swapaxes(0, 1).reshape(n_times, -1)  # [time, window × channel]
    back = resample(resample(samples, rate_hz, recorded_hz), recorded_hz, rate_hz)[:n_times]
    return back.reshape(n_times, n_windows, n_channels).swapaxes(0, 1).astype(windows.dtype)
