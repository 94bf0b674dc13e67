"""Resample a Recording and cut it into windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import PositiveFloat, model_validator

from llasa_core.data.channels import ACC, GYR, STANDARD_GRAVITY
from llasa_core.data.compat import WINDOW_LEN, binned
from llasa_core.data.quality import Quality
from llasa_core.data.resample import ratio, resample
from llasa_core.errors import DataError, Place
from llasa_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.recording import Recording, Segment

STILL = 0.013 * STANDARD_GRAVITY
"""A device that moves less than this (standard deviation, m/s²) is not worn or does not move."""
STUCK_S = 1.0
"""A sensor that repeats one value for longer is stuck."""
CLIPPED_SAMPLES = 3
"""So many equal values in a row at the end of the range are no coincidence."""
SMALLEST_ACC_RANGE = 1.9 * STANDARD_GRAVITY
"""Extremes below it are motion: no accelerometer in use has a smaller range than 2 g."""
SMALLEST_GYR_RANGE = 4.3
"""Likewise in rad/s, for 250 °/s."""


class WindowConfig(Settings):
    """What a window is; an encoder must see the windows that it was pretrained on."""

    sampling_rate_hz: PositiveFloat = 20.0
    """Rate after resampling; the encoder must have been pretrained at the same rate."""
    window_s: PositiveFloat = 6.0
    """Length of one window."""
    stride_s: PositiveFloat = 3.0
    """From the start of one window to the start of the next."""
    allow_upsample: bool = False
    """Take recordings of a lower rate; their windows hold nothing above half that rate, and are flagged."""
    compat: Literal["limu-bert"] | None = None
    """`limu-bert`: the published bin means over each labelled segment, for comparison with published numbers."""

    @model_validator(mode="after")
    def _is_as_published(self) -> WindowConfig:
        if self.compat and (self.window_len, self.stride_len) != (WINDOW_LEN, WINDOW_LEN):
            raise ValueError(
                f"compat limu-bert needs windows of {WINDOW_LEN} samples side by side, "
                f"not {self.window_len} samples every {self.stride_len}"
            )
        if self.window_len < 1 or self.stride_len < 1:
            raise ValueError(f"window and stride must hold a sample at {self.sampling_rate_hz:g} Hz")
        return self

    @property
    def window_len(self) -> int:
        """Samples of one window."""
        return round(self.window_s * self.sampling_rate_hz)

    @property
    def stride_len(self) -> int:
        """Samples from one window to the next."""
        return round(self.stride_s * self.sampling_rate_hz)


@dataclass(frozen=True)
class LeftOut:
    """A part of a recording that is in no window, and why."""

    reason: str
    samples: int
    """At the recording's own rate."""


@dataclass(frozen=True)
class WindowSet:
    """The windows of one recording, oldest first."""

    windows: np.ndarray
    """float32 [window, time, channel], acc in m/s² with gravity, gyr in rad/s."""
    start_s: np.ndarray
    """float64 [window]: seconds from the recording's first sample."""
    activities: tuple[str | None, ...]
    """What the person does in each; None where nobody said."""
    quality: np.ndarray
    """uint16 [window]: bits of `Quality`."""
    left_out: tuple[LeftOut, ...]
    """The reader's and our own, each reason once."""


def windows_of(recording: Recording, config: WindowConfig) -> WindowSet:
    """Return the windows of a recording, as `prepare-data` stores them and `chat` asks about them.

    The whole recording is resampled, so that the filter meets no edge inside it; windows are then cut inside labelled
    segments only, so that none spans a change of activity.

    Raises:
        DataError: the recording is shorter than a window, or its rate is below the windows' and that is not allowed.
    """
    _check(recording, config)
    is_raw = (
        recording.sampling_rate_hz != config.sampling_rate_hz
    )  # the published windows themselves are not binned again
    cut = _published_windows if config.compat and is_raw else _resampled_windows
    windows, first_samples, activities, left_out = cut(recording, config)
    return WindowSet(
        windows.astype(np.float32),
        first_samples / recording.sampling_rate_hz,
        activities,
        _quality(recording, config, windows, first_samples),
        (*(LeftOut(*part) for part in recording.left_out), *left_out),
    )


def cut_windows(samples: np.ndarray, config: WindowConfig) -> np.ndarray:
    """Cut samples into equal windows, oldest first.

    Args:
        samples: [time, channel] at the windows' rate.
        config: window length and stride.

    Returns:
        A view [window, time, channel]; window i holds samples [i * stride_len, i * stride_len + window_len). The tail
        that does not fill a window is left out; fewer samples than a window give none.
    """
    if len(samples) < config.window_len:
        return np.empty((0, config.window_len, samples.shape[1]), samples.dtype)
    every_start = np.lib.stride_tricks.sliding_window_view(samples, config.window_len, axis=0)
    return every_start[:: config.stride_len].swapaxes(1, 2)


_Cut = tuple[np.ndarray, np.ndarray, tuple[str | None, ...], tuple[LeftOut, ...]]
"""Windows [window, time, channel], the raw sample each starts at, activities, what was left out."""


def _resampled_windows(recording: Recording, config: WindowConfig) -> _Cut:
    up, down = ratio(recording.sampling_rate_hz, config.sampling_rate_hz)
    samples = resample(recording.samples, recording.sampling_rate_hz, config.sampling_rate_hz)
    parts = []
    for segment in recording.segments:
        start, end = (-(-sample * up // down) for sample in (segment.start, segment.end))  # up to the next new sample
        windows = cut_windows(samples[start:end], config)
        first_steps = start + np.arange(len(windows)) * config.stride_len
        used = (len(windows) - 1) * config.stride_len + config.window_len
        unused = (end - start - used) * down / up if len(windows) else segment.end - segment.start
        parts.append((segment, windows, first_steps * down / up, max(0, round(unused))))
    return _joined(parts, config)


def _published_windows(recording: Recording, config: WindowConfig) -> _Cut:
    samples_a_step = recording.sampling_rate_hz / config.sampling_rate_hz
    parts = []
    for segment in recording.segments:
        last = segment.end - 1  # as published, a label's last sample is left out
        means, starts = binned(recording.samples, segment.start, last, samples_a_step)
        n_windows = len(means) // WINDOW_LEN if len(means) > WINDOW_LEN else 0
        windows = means[: n_windows * WINDOW_LEN].reshape(n_windows, WINDOW_LEN, means.shape[1])
        first_samples = starts[: n_windows * WINDOW_LEN : WINDOW_LEN]
        unused = segment.end - segment.start - round(n_windows * WINDOW_LEN * samples_a_step)
        parts.append((segment, windows, first_samples, unused))
    return _joined(parts, config)


def _joined(parts: list[tuple[Segment, np.ndarray, np.ndarray, int]], config: WindowConfig) -> _Cut:
    tail = sum(unused for _, windows, _, unused in parts if len(windows))
    short = sum(unused for _, windows, _, unused in parts if not len(windows))
    activities = tuple(segment.activity for segment, windows, _, _ in parts for _ in range(len(windows)))
    reasons = (("shorter than one window", short), ("end of a segment that fills no window", tail))
    left_out = tuple(LeftOut(reason, samples) for reason, samples in reasons if samples)
    if not activities:
        return np.empty((0, config.window_len, 6)), np.empty(0), (), left_out
    all_windows = np.concatenate([windows for _, windows, _, _ in parts])
    return all_windows, np.concatenate([first for _, _, first, _ in parts]), activities, left_out


def _check(recording: Recording, config: WindowConfig) -> None:
    rate_hz = _slowest_hz(recording)
    if rate_hz < config.sampling_rate_hz and not config.allow_upsample:
        raise DataError(
            f"the recording has {rate_hz:.4g} Hz, windows need {config.sampling_rate_hz:g} Hz",
            where=Place(recording.file),
            fix=f"record faster, or pass `--allow-upsample`: the windows will hold nothing above {rate_hz / 2:.4g} Hz",
        )
    if is_too_short(recording, config):
        raise DataError(
            f"the recording lasts {len(recording.samples) / recording.sampling_rate_hz:.1f} s, "
            f"one window needs {config.window_s:g} s",
            where=Place(recording.file),
            fix="pass a smaller `--window`, or leave this recording out",
        )


def _slowest_hz(recording: Recording) -> float:
    """Return the rate of the slower sensor; a clock's drift of 2 % is none that windows would notice."""
    if recording.origin is None:
        return recording.sampling_rate_hz
    slowest = recording.origin.slowest_hz
    return recording.sampling_rate_hz if slowest > 0.98 * recording.sampling_rate_hz else slowest


def is_too_short(recording: Recording, config: WindowConfig) -> bool:
    """Return whether the whole recording is shorter than one window."""
    up, down = ratio(recording.sampling_rate_hz, config.sampling_rate_hz)
    return -(-len(recording.samples) * up // down) < config.window_len


def _quality(recording: Recording, config: WindowConfig, windows: np.ndarray, first_samples: np.ndarray) -> np.ndarray:
    flags = np.full(len(windows), int(recording.quality), np.uint16)
    if _slowest_hz(recording) < config.sampling_rate_hz:
        flags |= int(Quality.UPSAMPLED)
    if not len(windows):
        return flags
    flags[_is_still(windows)] |= int(Quality.STATIONARY)
    first = np.floor(first_samples).astype(np.int64)
    last = np.minimum(np.ceil(first_samples + config.window_s * recording.sampling_rate_hz), len(recording.samples))
    for flag, spans in _bad_spans(recording):
        if len(spans):
            is_bad = np.zeros(len(recording.samples), bool)
            for start, end in spans:
                is_bad[start:end] = True
            bad_before = np.concatenate([[0], np.cumsum(is_bad)])
            flags[bad_before[last.astype(np.int64)] > bad_before[first]] |= int(flag)
    return flags


def _is_still(windows: np.ndarray) -> np.ndarray:
    """Return whether nothing but noise is on any axis of acceleration, for each window."""
    still = np.arange(len(windows))
    for axis in range(ACC.start, ACC.stop):
        still = still[windows[still, :, axis].std(axis=1) < STILL]
    is_still = np.zeros(len(windows), bool)
    is_still[still] = True
    return is_still


def _bad_spans(recording: Recording) -> Iterator[tuple[Quality, np.ndarray]]:
    """Yield the flags that begin with single samples, with where they hold: int64 [span, 2], samples [start, end)."""
    yield Quality.GAP_BRIDGED, np.array(recording.bridged, np.int64).reshape(-1, 2)
    channels = np.ascontiguousarray(recording.samples.T)
    sensors = [ACC] if recording.quality & Quality.GYRO_MISSING else [ACC, GYR]
    too_long = int(STUCK_S * recording.sampling_rate_hz) + 1
    for sensor in sensors:
        yield Quality.STUCK, _long_runs(_repeats(channels[sensor]), too_long)
        for values in channels[sensor]:
            for extreme in (values.max(), values.min()):
                if abs(extreme) >= (SMALLEST_ACC_RANGE if sensor == ACC else SMALLEST_GYR_RANGE):
                    is_extreme = values == extreme
                    yield Quality.CLIPPED, _long_runs(is_extreme[1:] & is_extreme[:-1], CLIPPED_SAMPLES)


def _repeats(channels: np.ndarray) -> np.ndarray:
    """Return whether all channels say at i + 1 what they said at i."""
    repeats: np.ndarray = channels[0, 1:] == channels[0, :-1]
    if repeats.any():  # else none of the others can change it
        for values in channels[1:]:
            repeats &= values[1:] == values[:-1]
    return repeats


def _long_runs(repeats: np.ndarray, at_least: int) -> np.ndarray:
    """Return the runs of `at_least` equal samples, int64 [run, 2]; repeats[i] says that i + 1 equals i."""
    found = np.flatnonzero(repeats)
    edges = np.flatnonzero(np.diff(found) > 1)
    starts = found[np.concatenate([[0], edges + 1])] if len(found) else found
    ends = found[np.concatenate([edges, [len(found) - 1]])] + 2 if len(found) else found
    is_long = ends - starts >= at_least
    return np.stack([starts[is_long], ends[is_long]], axis=1)
