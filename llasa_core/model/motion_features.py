"""What a light head looks at: how a window moves, in numbers that no rotation of the device changes, and where up is.

Motion is split by gravity: along it, and across it in the direction that moves most and the one at right angles. What
is said of each part is mostly its shape (rhythm, spectrum, asymmetry), since how large a motion is depends on where the
sensor is worn. Which numbers carry over from a waist to a trouser pocket is in docs/experiments.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from llasa_core.data.channels import ACC, GYR, STANDARD_GRAVITY

ACC_SIGNALS = ("vertical", "along", "across", "horizontal", "size")
"""Acceleration without its mean: along gravity; in the horizontal direction with the most motion, and at right angles
to it; the length of both; and the length of all three with gravity."""
GYR_SIGNALS = ("about vertical", "main axis", "tilting")
"""Angular rate about gravity; about the horizontal axis with the most of it; the length of all that is horizontal."""
UNSIGNED = ("along", "across", "main axis")
"""Which end of a direction is the front nobody knows: numbers that would change sign with it are taken without one."""
BANDS_HZ = (0.0, 0.7, 1.3, 1.7, 2.3, 3.2, 4.5, 6.5, np.inf)
"""Edges of the frequency bands, each (low, high]; strides lie near 1 Hz, steps near 2."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
PERIOD_S = (0.3, 2.0)
"""Between which a motion's period is looked for."""
STEP_S = (0.3, 0.95)
"""Likewise the time of a step."""
LAGS_S = (-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4)
"""By which one signal is moved against another to see how they go together."""
ACC_PAIRS = (("vertical", "along"), ("vertical", "across"), ("vertical", "horizontal"), ("along", "across"))
MIXED_PAIRS = (
    ("vertical", "main axis"),
    ("along", "main axis"),
    ("vertical", "tilting"),
    ("horizontal", "tilting"),
    ("vertical", "about vertical"),
)
ACC_RATIOS = (("vertical", "horizontal"), ("vertical", "along"), ("across", "along"), ("size", "vertical"))
MIXED_RATIOS = (("about vertical", "main axis"), ("main axis", "vertical"), ("main axis", "along"))
STILL = 1e-3
"""In m/s² and rad/s, added to deviations: below the noise of any sensor."""
LARGEST = 20.0
"""No number is further from 0; quotients of a sensor at rest would be."""
_TINY = 1e-9
WINDOWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Motion:
    """Windows, described."""

    features: np.ndarray
    """float32 [window, feature], named by `feature_names`; those of acceleration alone come first."""
    up: np.ndarray
    """float32 [window, 3]: the direction of the mean acceleration, a unit vector in the device's axes."""
    has_gyr: np.ndarray
    """bool [window]: False where the angular rate is zero throughout, as `--allow-missing gyro` makes it."""

    def __len__(self) -> int:
        return len(self.up)

    def part(self, keep: np.ndarray) -> Motion:
        """Return some of the windows, by their numbers or by a mask."""
        return Motion(self.features[keep], self.up[keep], self.has_gyr[keep])


def motion_of(windows: np.ndarray, sampling_rate_hz: float) -> Motion:
    """Describe windows.

    Args:
        windows: [window, time, channel] as they are stored: acc in m/s² with gravity, gyr in rad/s.
        sampling_rate_hz: of the windows.
    """
    parts = [
        _motion_of(np.asarray(windows[start : start + WINDOWS_AT_ONCE], np.float64), sampling_rate_hz)
        for start in range(0, max(1, len(windows)), WINDOWS_AT_ONCE)
    ]
    return Motion(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("features", "up", "has_gyr")))


def _motion_of(windows: np.ndarray, sampling_rate_hz: float) -> Motion:
    gravity = windows[..., ACC].mean(axis=1)
    size = np.linalg.norm(gravity, axis=1, keepdims=True)
    up = gravity / np.maximum(size, _TINY)
    columns = _columns(_signals(windows, gravity, up), sampling_rate_hz)
    features = np.stack([*columns[0], np.log(size[:, 0] / STANDARD_GRAVITY + _TINY), *columns[1]], axis=1)
    return Motion(
        np.clip(features, -LARGEST, LARGEST).astype(np.float32),
        up.astype(np.float32),
        np.asarray((windows[..., GYR] != 0).any(axis=(1, 2))),
    )


@cache
def n_features() -> tuple[int, int]:
    """Return how many features acceleration alone gives, and how many there are in all."""
    still = _signals(np.ones((1, 8, 6)), np.ones((1, 3)), np.full((1, 3), 3**-0.5))
    acc, mixed = _columns(still, 20.0)
    return len(acc) + 1, len(acc) + 1 + len(mixed)


def _signals(windows: np.ndarray, gravity: np.ndarray, up: np.ndarray) -> dict[str, np.ndarray]:
    """Return the signals by name, [window, time] each, without their means."""
    moving, turning, up = windows[..., ACC] - gravity[:, None], windows[..., GYR], up[:, None]
    vertical, about = (moving * up).sum(axis=2), (turning * up).sum(axis=2)
    level, tilting = moving - vertical[..., None] * up, turning - about[..., None] * up
    along_axis, main_axis = _main_axis(level), _main_axis(tilting)
    signals = {
        "vertical": vertical,
        "along": (level * along_axis).sum(axis=2),
        "across": (level * np.cross(up, along_axis)).sum(axis=2),
        "horizontal": np.linalg.norm(level, axis=2),
        "size": np.linalg.norm(windows[..., ACC], axis=2),
        "about vertical": about,
        "main axis": (tilting * main_axis).sum(axis=2),
        "tilting": np.linalg.norm(tilting, axis=2),
    }
    return {name: signal - signal.mean(axis=1, keepdims=True) for name, signal in signals.items()}


def _main_axis(vectors: np.ndarray) -> np.ndarray:
    """Return the direction in which vectors [window, time, 3] spread most: [window, 1, 3]; its sign means nothing."""
    spread = np.einsum("nti,ntj->nij", vectors, vectors)
    return np.asarray(np.linalg.eigh(spread)[1][:, None, :, -1])


def _columns(signals: dict[str, np.ndarray], rate_hz: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the features of acceleration alone, and those for which the gyroscope is needed; [window] each."""
    deviation = {name: signal.std(axis=1) + STILL for name, signal in signals.items()}
    scaled = {name: signal / deviation[name][:, None] for name, signal in signals.items()}

    def of(names: tuple[str, ...]) -> list[np.ndarray]:
        return [
            column
            for name in names
            for column in (
                np.log(deviation[name]),
                *_shape(scaled[name], is_signed=name not in UNSIGNED),
                *_spectrum(signals[name], rate_hz),
                *_rhythm(signals[name], rate_hz, is_stepping=name in {"vertical", "size"}),
            )
        ]

    def ratios(pairs: tuple[tuple[str, str], ...]) -> list[np.ndarray]:
        return [np.log(deviation[one] / deviation[other]) for one, other in pairs]

    def together(pairs: tuple[tuple[str, str], ...]) -> list[np.ndarray]:
        return [
            np.abs(column) if {one, other} & set(UNSIGNED) else column
            for one, other in pairs
            for column in _together(scaled[one], scaled[other], rate_hz)
        ]

    return (
        [*of(ACC_SIGNALS), *ratios(ACC_RATIOS), *together(ACC_PAIRS)],
        [*of(GYR_SIGNALS), *ratios(MIXED_RATIOS), *together(MIXED_PAIRS)],
    )


def _shape(scaled: np.ndarray, *, is_signed: bool) -> list[np.ndarray]:
    """Return how the values and the changes of signals of unit deviation are distributed."""
    changes = np.diff(scaled, axis=1)
    rate = changes.std(axis=1) + STILL
    skew, skew_of_changes = (scaled**3).mean(axis=1), ((changes / rate[:, None]) ** 3).mean(axis=1)
    kurtosis = np.log((scaled**4).mean(axis=1) + 0.1)
    if not is_signed:
        return [np.abs(skew), np.abs(skew_of_changes), kurtosis, np.log(rate)]
    return [skew, skew_of_changes, kurtosis, np.log(rate), *np.quantile(scaled, QUANTILES, axis=1)]


def _spectrum(signal: np.ndarray, rate_hz: float) -> list[np.ndarray]:
    """Return the share of each band, the mean frequency, and how evenly the power is spread."""
    length = signal.shape[1]
    power = np.abs(np.fft.rfft(signal * np.hanning(length), axis=1)[:, 1:]) ** 2
    hz = np.fft.rfftfreq(length, 1 / rate_hz)[1:]
    share = power / (power.sum(axis=1, keepdims=True) + _TINY)
    bands = [share[:, (hz > low) & (hz <= high)].sum(axis=1) for low, high in pairwise(BANDS_HZ)]
    entropy = -(share * np.log(share + _TINY)).sum(axis=1)
    return [*(np.log(band + 1e-3) for band in bands), np.log((share * hz).sum(axis=1) + 0.1), entropy]


def _rhythm(signal: np.ndarray, rate_hz: float, *, is_stepping: bool) -> list[np.ndarray]:
    """Return how well a signal repeats itself; where steps are felt also their time, and how alike two of them are."""
    length = signal.shape[1]
    spectrum = np.abs(np.fft.rfft(signal, 2 * length, axis=1)) ** 2
    correlation = np.fft.irfft(spectrum, axis=1)[:, :length] / (length - np.arange(length))
    correlation /= np.maximum(correlation[:, :1], _TINY)
    at = [correlation[:, _lags(PERIOD_S, rate_hz, length)].max(axis=1)]
    if not is_stepping:
        return at
    lags = _lags(STEP_S, rate_hz, length)
    step = lags[correlation[:, lags].argmax(axis=1)]
    near = np.clip(2 * step[:, None] + np.array([-1, 0, 1]), 0, length - 1)
    a_step, a_stride = correlation[:, lags].max(axis=1), np.take_along_axis(correlation, near, axis=1).max(axis=1)
    return [*at, step / rate_hz, a_step, a_stride, a_stride - a_step]


def _lags(between_s: tuple[float, float], rate_hz: float, length: int) -> np.ndarray:
    """Return lags in samples; one at least, and none beyond the signal."""
    first, last = (min(round(seconds * rate_hz), length - 1) for seconds in between_s)
    return np.arange(first, last + 1)


def _together(one: np.ndarray, other: np.ndarray, rate_hz: float) -> list[np.ndarray]:
    """Return the correlation of two signals of unit deviation, one moved against the other by each of `LAGS_S`."""
    length = one.shape[1]
    result = []
    for seconds in LAGS_S:
        lag = int(np.clip(round(seconds * rate_hz), 1 - length, length - 1))
        late, early = one[:, max(0, lag) : length + min(0, lag)], other[:, max(0, -lag) : length - max(0, lag)]
        result.append((late * early).mean(axis=1))
    return result
