"""What stretches of a window look like: the projector's statistics, in NumPy."""

from __future__ import annotations

import numpy as np

from llasa_core.data.channels import ACC

ACC_UNIT = 9.8
"""As LIMU-BERT divides the acceleration, so that the statistics are those of the projector."""
LEAST_STD = 1e-3
"""In units of 9.8 m/s² and rad/s: about the noise of a phone at rest."""


def stretch_statistics(windows: np.ndarray, n_stretches: int) -> np.ndarray:
    """Return what the projector gets beside the encoder's features: `window_statistics`, in NumPy.

    Args:
        windows: [window, time, channel] as they are stored.
        n_stretches: equal parts of a window; divides its samples.

    Returns:
        float32 [window, stretch, 18]: mean of the stretch, log standard deviation of the stretch, log standard
        deviation of the whole window, six channels each.
    """
    scaled = np.asarray(windows, np.float32).copy()
    scaled[..., ACC] /= ACC_UNIT
    n, length, n_channels = scaled.shape
    stretches = scaled.reshape(n, n_stretches, length // n_stretches, n_channels)
    whole = np.broadcast_to(_loudness(_std(scaled, 1))[:, None], (n, n_stretches, n_channels))
    return np.concatenate([2 * stretches.mean(axis=2), _loudness(_std(stretches, 2)), whole], axis=-1)


def _std(values: np.ndarray, axis: int) -> np.ndarray:
    """Count from the first sample, so that a channel at rest has exactly 0: the logarithm would show 1e-7."""
    return np.asarray((values - values.take([0], axis=axis)).std(axis=axis))


def _loudness(std: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(std + np.float32(LEAST_STD)) + 2)
