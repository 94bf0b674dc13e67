"""What can be measured in a window, and said of it: each fact with its unit, its definition and its source.

Facts come from the six stored channels alone, the same on every machine. Many windows are measured at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.channels import ACC, GYR, STANDARD_GRAVITY

if TYPE_CHECKING:
    from collections.abc import Mapping

AXES = ("x", "y", "z")
INTENSITIES = (("still", 0.0), ("light", 16.7), ("moderate", 91.0), ("vigorous", 414.0))
"""Names of intensity, each from so many mg of mean amplitude deviation on."""
MOVING_MG = 16.7
"""From here on somebody moves."""
CADENCE_SPM = (60.0, 240.0)
"""Steps a minute that are looked for."""
PERIODIC = 0.4
"""From this autocorrelation at the step on, a motion counts as rhythmic, and its cadence is stated."""
SAME_HEIGHT = 0.85
"""Of several peaks of the autocorrelation about as high as the highest, the first is the period."""
HALF_LAG_SHARE = 0.4
"""A peak at half the period, and so much of its height, is the step of which the period is the stride."""
SPECTRUM_HZ = (0.3, 8.0)
"""Where the dominant frequency is looked for."""
UPRIGHT_DEG = 30.0
"""A device axis that is no further from the vertical points up or down."""
POSTURE_CHANGE_DEG = 30.0
"""Gravity that turns by more from the first to the last second is a change of posture."""
CLEARLY = 1.2
"""An axis is the strongest, and one half of a window more vigorous, by this ratio at least."""


class Definition(NamedTuple):
    """What a fact means."""

    unit: str
    text: str
    source: str


_MOE = "Moe-Nilssen and Helbostad 2004, doi:10.1016/S0021-9290(03)00233-1"
_MAD = "Vähä-Ypyä et al. 2015, doi:10.1371/journal.pone.0134813"
_OURS = "our own"

DEFINITIONS: Mapping[str, Definition] = {
    "mean": Definition("m/s^2, rad/s", "mean of each channel", _OURS),
    "std": Definition("m/s^2, rad/s", "standard deviation of each channel", _OURS),
    "low": Definition("m/s^2, rad/s", "smallest value of each channel", _OURS),
    "high": Definition("m/s^2, rad/s", "largest value of each channel", _OURS),
    "intensity_mg": Definition("mg", "mean amplitude deviation: mean of | |a| − mean |a| |", _MAD),
    "dominant_hz": Definition(
        "Hz",
        f"frequency of the highest peak of the spectrum of |a| (Hann, {SPECTRUM_HZ[0]:g}–{SPECTRUM_HZ[1]:g} Hz)",
        _OURS,
    ),
    "cadence_spm": Definition(
        "steps/min", "60 over the time of a step, from the period of the unbiased autocorrelation of |a|", _MOE
    ),
    "periodicity": Definition("1", "that autocorrelation at the period, which is a step or a stride", _MOE),
    "symmetry": Definition("1", "autocorrelation at one step over that at two, the smaller over the larger", _MOE),
    "up": Definition("1", "unit vector of the mean acceleration: at rest it points up", _OURS),
    "posture_change_deg": Definition(
        "deg", "angle between the mean acceleration of the first and of the last second", _OURS
    ),
    "turning_dps": Definition("deg/s", "mean of |w|", _OURS),
    "peak_turning_dps": Definition("deg/s", "largest |w|", _OURS),
    "heading_deg": Definition(
        "deg", "integral of the turning about the vertical, anticlockwise seen from above", _OURS
    ),
    "peak_g": Definition("g", "largest |a|", _OURS),
    "peak_s": Definition("s", "when |a| was largest, from the window's start", _OURS),
    "first_half_mg": Definition("mg", "mean amplitude deviation of the first half", _MAD),
    "second_half_mg": Definition("mg", "mean amplitude deviation of the second half", _MAD),
}
"""By the field of `Facts`."""


@dataclass(frozen=True)
class Facts:
    """The facts of many windows, as columns; `DEFINITIONS` says what each means."""

    mean: np.ndarray
    """[window, channel]."""
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray
    intensity_mg: np.ndarray
    """[window], as all that follow but `up`."""
    dominant_hz: np.ndarray
    """NaN where nobody moves."""
    cadence_spm: np.ndarray
    """NaN where there is no rhythm, or nobody moves."""
    periodicity: np.ndarray
    symmetry: np.ndarray
    """NaN where there is no rhythm."""
    up: np.ndarray
    """[window, axis]."""
    posture_change_deg: np.ndarray
    turning_dps: np.ndarray
    peak_turning_dps: np.ndarray
    heading_deg: np.ndarray
    peak_g: np.ndarray
    peak_s: np.ndarray
    first_half_mg: np.ndarray
    second_half_mg: np.ndarray

    def __len__(self) -> int:
        return len(self.intensity_mg)

    @property
    def is_moving(self) -> np.ndarray:
        """Bool [window]: the intensity is that of some movement."""
        return self.intensity_mg >= MOVING_MG

    def rows(self, keep: slice | np.ndarray) -> Facts:
        """Return the facts of some of the windows."""
        return Facts(**{field.name: getattr(self, field.name)[keep] for field in fields(self)})


def facts_of(windows: np.ndarray, sampling_rate_hz: float) -> Facts:
    """Return the facts of windows.

    Args:
        windows: [window, time, channel] in `CHANNELS` order, acc in m/s² with gravity, gyr in rad/s; two seconds and
            more each.
        sampling_rate_hz: of the windows.
    """
    windows = np.asarray(windows, np.float64)
    acc, gyr = windows[:, :, ACC], windows[:, :, GYR]
    size = np.linalg.norm(acc, axis=2)
    turning = np.degrees(np.linalg.norm(gyr, axis=2))
    intensity_mg = _amplitude_deviation(size)
    is_moving = intensity_mg >= MOVING_MG
    rhythm = _rhythm(size, sampling_rate_hz)
    is_rhythmic = is_moving & (rhythm.periodicity >= PERIODIC)
    mean = windows.mean(axis=1)
    up = mean[:, ACC] / np.maximum(np.linalg.norm(mean[:, ACC], axis=1, keepdims=True), 1e-9)
    half = windows.shape[1] // 2
    return Facts(
        mean=mean,
        std=windows.std(axis=1),
        low=windows.min(axis=1),
        high=windows.max(axis=1),
        intensity_mg=intensity_mg,
        dominant_hz=np.where(is_moving, _dominant_hz(size, sampling_rate_hz), np.nan),
        cadence_spm=np.where(is_rhythmic, rhythm.cadence_spm, np.nan),
        periodicity=rhythm.periodicity,
        symmetry=np.where(is_rhythmic & np.isfinite(rhythm.cadence_spm), rhythm.symmetry, np.nan),
        up=up,
        posture_change_deg=_posture_change_deg(acc, sampling_rate_hz),
        turning_dps=turning.mean(axis=1),
        peak_turning_dps=turning.max(axis=1),
        heading_deg=np.degrees((gyr * up[:, None, :]).sum(axis=(1, 2))) / sampling_rate_hz,
        peak_g=size.max(axis=1) / STANDARD_GRAVITY,
        peak_s=size.argmax(axis=1) / sampling_rate_hz,
        first_half_mg=_amplitude_deviation(size[:, :half]),
        second_half_mg=_amplitude_deviation(size[:, half:]),
    )


def intensity_word(intensity_mg: float) -> str:
    """Return the name of an intensity: still, light, moderate or vigorous."""
    return next(name for name, least in reversed(INTENSITIES) if intensity_mg >= least)


def axis_up(up: np.ndarray) -> str | None:
    """Return which device axis points up, such as `+y` or `-z`; None where none is within `UPRIGHT_DEG` of it.

    Args:
        up: [axis], a unit vector.
    """
    axis = int(np.abs(up).argmax())
    if abs(up[axis]) < np.cos(np.radians(UPRIGHT_DEG)):
        return None
    return f"{'+' if up[axis] > 0 else '-'}{AXES[axis]}"


def strongest(values: np.ndarray) -> str | None:
    """Return the axis with the largest value; None where another is nearly as large.

    Args:
        values: [axis], such as standard deviations.
    """
    order = np.argsort(values)
    return AXES[order[-1]] if values[order[-1]] >= CLEARLY * values[order[-2]] else None


class _Rhythm(NamedTuple):
    cadence_spm: np.ndarray
    periodicity: np.ndarray
    symmetry: np.ndarray


def _amplitude_deviation(size: np.ndarray) -> np.ndarray:
    """Return the mean amplitude deviation of |a| [window, time] in mg."""
    deviation = np.abs(size - size.mean(axis=1, keepdims=True)).mean(axis=1)
    return np.asarray(1000 * deviation / STANDARD_GRAVITY)


def _rhythm(size: np.ndarray, rate_hz: float) -> _Rhythm:
    """Return cadence, periodicity and symmetry from the unbiased autocorrelation of |a| [window, time]."""
    correlation = _autocorrelation(size)
    shortest, longest = int(np.ceil(60 * rate_hz / CADENCE_SPM[1])), int(60 * rate_hz / CADENCE_SPM[0])
    period, height = _period(correlation, shortest, min(2 * longest, correlation.shape[1] - 2))
    is_stride, step = _step(correlation, period, height, shortest, longest)
    at_period, period_lag = _refined(correlation, period)
    step_lag = np.where(is_stride, period_lag / 2, period_lag)
    at_step, _ = _refined(correlation, step)
    double = np.minimum(np.round(2 * step_lag).astype(int), correlation.shape[1] - 2)
    at_stride = np.where(is_stride, at_period, _refined(correlation, _highest_near(correlation, double))[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        symmetry = np.clip(np.minimum(at_step, at_stride) / np.maximum(at_step, at_stride), 0.0, 1.0)
    cadence_spm = 60 * rate_hz / step_lag
    is_a_step = (cadence_spm >= CADENCE_SPM[0]) & (cadence_spm <= CADENCE_SPM[1])
    return _Rhythm(np.where(is_a_step, cadence_spm, np.nan), np.clip(height, 0.0, 1.0), symmetry)


def _period(correlation: np.ndarray, shortest: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the shortest lag at which a motion repeats about as well as at any, and how well; [window] each."""
    inside = correlation[:, shortest : longest + 1]
    before, after = correlation[:, shortest - 1 : longest], correlation[:, shortest + 1 : longest + 2]
    peaks = np.where((inside >= before) & (inside > after), inside, -1.0)
    highest = peaks.max(axis=1, keepdims=True)
    first = (peaks >= np.maximum(SAME_HEIGHT * highest, 0.0)).argmax(axis=1)
    found = peaks[np.arange(len(peaks)), first]
    return first + shortest, np.where(found > 0, found, 0.0)


def _autocorrelation(size: np.ndarray) -> np.ndarray:
    """Return the unbiased autocorrelation [window, lag] of |a|, 1 at lag 0."""
    centred = size - size.mean(axis=1, keepdims=True)
    length = size.shape[1]
    spectrum = np.abs(np.fft.rfft(centred, 2 * length, axis=1)) ** 2
    correlation = np.fft.irfft(spectrum, axis=1)[:, :length] / (length - np.arange(length))
    return np.asarray(correlation / np.maximum(correlation[:, :1], 1e-12))


def _step(
    correlation: np.ndarray, period: np.ndarray, height: np.ndarray, shortest: int, longest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether the period is the time of two steps, and the lag of one."""
    half = _highest_near(correlation, np.maximum(period // 2, shortest))
    every = np.arange(len(period))
    at, before, after = (correlation[every, half + by] for by in (0, -1, 1))
    is_clear = (at >= before) & (at >= after) & (half < period - 1) & (at > HALF_LAG_SHARE * height)
    is_stride = is_clear | (period > longest)
    return is_stride, np.where(is_stride, half, period)


def _highest_near(correlation: np.ndarray, lag: np.ndarray) -> np.ndarray:
    """Return the lag of the highest value among a lag and its two neighbours."""
    every = np.arange(len(lag))
    around = np.stack([correlation[every, np.clip(lag + by, 1, correlation.shape[1] - 2)] for by in (-1, 0, 1)])
    return np.asarray(np.clip(lag + around.argmax(axis=0) - 1, 1, correlation.shape[1] - 2))


def _refined(correlation: np.ndarray, lag: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return height and place of the parabola through a peak and its neighbours."""
    every = np.arange(len(lag))
    before, at, after = (correlation[every, lag + by] for by in (-1, 0, 1))
    bend = before - 2 * at + after
    by = np.clip(np.where(bend < 0, (before - after) / (2 * np.minimum(bend, -1e-12)), 0.0), -0.5, 0.5)
    return at - (before - after) * by / 4, lag + by


def _dominant_hz(size: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the frequency of the highest peak of the spectrum of |a| [window, time]."""
    centred = (size - size.mean(axis=1, keepdims=True)) * np.hanning(size.shape[1])
    n_points = 8 * size.shape[1]  # zeros appended: a peak between two frequencies is found between them
    power = np.abs(np.fft.rfft(centred, n_points, axis=1))
    hz = np.fft.rfftfreq(n_points, 1 / rate_hz)
    is_inside = (hz >= SPECTRUM_HZ[0]) & (hz <= SPECTRUM_HZ[1])
    return np.asarray(hz[is_inside][power[:, is_inside].argmax(axis=1)])


def _posture_change_deg(acc: np.ndarray, rate_hz: float) -> np.ndarray:
    second = max(1, round(rate_hz))
    first, last = acc[:, :second].mean(axis=1), acc[:, -second:].mean(axis=1)
    cosine = (first * last).sum(axis=1) / np.maximum(np.linalg.norm(first, axis=1) * np.linalg.norm(last, axis=1), 1e-9)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
