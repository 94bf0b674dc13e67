"""Simple numbers about a window, for baselines that know no language."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np

from llasa_core.data.channels import ACC, GYR

SIGNALS = ("acc", "gyr", "acc along gravity", "acc across gravity", "gyr about gravity", "gyr across gravity")
"""What is described of a window: two lengths of vectors, and motion split by the direction of gravity."""

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
BANDS_HZ = (0.0, 0.5, 1.0, 2.0, 3.0, 6.0, np.inf)
"""Edges of the frequency bands, each (low, high]; steps lie between 1 and 3 Hz."""

_OF_A_SIGNAL = (
    *(f"quantile {share}" for share in QUANTILES),
    *("mean", "std", "mean change"),
    *(f"log energy above {low} Hz" for low in BANDS_HZ[:-1]),
    *("peak Hz", "peak share", "spectral entropy"),
)
FEATURES = (
    *("gravity x", "gravity y", "gravity z"),
    *(f"{signal}: {number}" for number in _OF_A_SIGNAL for signal in SIGNALS),
    *(f"{first} with {second}" for first, second in combinations(SIGNALS, 2)),
)
"""What the columns of `window_features` hold, in order."""

_TINY = 1e-9  # keeps a still channel's logarithms and quotients finite


def window_features(windows: np.ndarray, sampling_rate_hz: float) -> np.ndarray:
    """Describe windows by the mean acceleration, and by statistics, spectra and correlations of `SIGNALS`.

    Only the mean acceleration depends on how the device was turned. With statistics of the six channels instead, a
    forest confuses more people's sitting with their standing: .952 on HAPT's test people instead of .971, and .955
    instead of .971 over four folds of all 30.

    Args:
        windows: [window, time, channel], acc in m/s² with gravity, gyr in rad/s.
        sampling_rate_hz: of the windows; places the spectrum.

    Returns:
        float32 [window, feature], named by `FEATURES`.
    """
    acc, gyr = windows[..., ACC].astype(np.float64), windows[..., GYR].astype(np.float64)
    gravity = acc.mean(1)  # [window, axis]
    signals = _signals(acc, gyr, gravity)
    shape = _shape(signals)
    spectrum = _spectrum(signals, sampling_rate_hz)
    return np.concatenate([gravity, shape, spectrum, _correlations(signals)], axis=1).astype(np.float32)


def _signals(acc: np.ndarray, gyr: np.ndarray, gravity: np.ndarray) -> np.ndarray:
    """Return what `SIGNALS` names: [window, time, signal]."""
    down = (gravity / np.maximum(np.linalg.norm(gravity, axis=1, keepdims=True), _TINY))[:, None]  # unit vectors
    moving = acc - gravity[:, None]
    acc_along, gyr_about = (moving * down).sum(2), (gyr * down).sum(2)
    acc_across = np.linalg.norm(moving - acc_along[..., None] * down, axis=2)
    gyr_across = np.linalg.norm(gyr - gyr_about[..., None] * down, axis=2)
    lengths = np.linalg.norm(acc, axis=2), np.linalg.norm(gyr, axis=2)
    return np.stack([*lengths, acc_along, acc_across, gyr_about, gyr_across], axis=2)


def _shape(signals: np.ndarray) -> np.ndarray:
    quantiles = np.quantile(signals, QUANTILES, axis=1)  # [quantile, window, signal]
    changes = np.abs(np.diff(signals, axis=1)).mean(1)
    return np.concatenate([*quantiles, signals.mean(1), signals.std(1), changes], axis=1)


def _spectrum(signals: np.ndarray, sampling_rate_hz: float) -> np.ndarray:
    hz = np.fft.rfftfreq(signals.shape[1], 1 / sampling_rate_hz)[1:]
    power = np.abs(np.fft.rfft(signals, axis=1)[:, 1:]) ** 2  # [window, frequency, signal], without the mean
    bands = [power[:, (hz > low) & (hz <= high)].sum(1) for low, high in pairwise(BANDS_HZ)]
    share = power / np.maximum(power.sum(1, keepdims=True), _TINY)
    entropy = -(share * np.log(np.maximum(share, _TINY))).sum(1)
    return np.concatenate(
        [*(np.log(band + _TINY) for band in bands), hz[share.argmax(1)], share.max(1), entropy], axis=1
    )


def _correlations(signals: np.ndarray) -> np.ndarray:
    centred = signals - signals.mean(1, keepdims=True)
    scaled = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), _TINY)  # a still signal gives 0
    products = np.einsum("nts,ntu->nsu", scaled, scaled)
    rows, columns = np.triu_indices(len(SIGNALS), 1)
    return np.asarray(products[:, rows, columns])
