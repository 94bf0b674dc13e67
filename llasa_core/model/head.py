"""A light head: how likely each activity is in a window, without the encoder and without the LM.

It looks at what the projector gets beside the encoder's features: means and log standard deviations of short stretches.
`head.safetensors` in a checkpoint's folder; a checkpoint without one works too, a hundred times slower.
Computed in NumPy: a timeline of hours starts before torch would have been imported.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from llasa_core.data.channels import ACC, CHANNELS
from llasa_core.errors import ModelError
from llasa_core.files import written_whole

if TYPE_CHECKING:
    from pathlib import Path

HEAD_FILE = "head.safetensors"
ACC_UNIT = 9.8
"""As LIMU-BERT divides the acceleration, so that the statistics are those of the projector."""
LEAST_STD = 1e-3
"""In units of 9.8 m/s² and rad/s: about the noise of a phone at rest."""
WINDOWS_AT_ONCE = 1024
LEAST_LOG_P = -12.0
"""No window is taken for proof: six in a million is as far from sure as a few thousand training windows can tell."""


@dataclass(frozen=True)
class HeadWeights:
    """Each stretch of a window through one layer, then mean and spread over the stretches, then the classes."""

    shift: np.ndarray
    """float32 [statistic], as all that follow."""
    scale: np.ndarray
    """[statistic]: a statistic minus its shift, times this, has a spread of about 1."""
    hidden: np.ndarray
    """[statistic, hidden]."""
    hidden_bias: np.ndarray
    """[hidden]."""
    out: np.ndarray
    """[2 × hidden, class]."""
    out_bias: np.ndarray
    """[class]."""
    centres: np.ndarray
    """[class, 2 × hidden]: where the windows of each class lie in the mean, whitened."""
    whiten: np.ndarray
    """[2 × hidden, 2 × hidden]: makes differences within a class about as long in every direction."""

    def pooled(self, statistics: np.ndarray) -> np.ndarray:
        """Return mean and spread of the hidden layer over a window's stretches, float32 [window, 2 × hidden]."""
        h = np.maximum(((statistics - self.shift) * self.scale) @ self.hidden + self.hidden_bias, 0)
        return np.concatenate([h.mean(axis=1), h.std(axis=1)], axis=1)


@dataclass(frozen=True)
class WindowHead:
    """Names the activity of windows of one length and rate."""

    weights: HeadWeights
    activities: tuple[str, ...]
    n_stretches: int
    """Equal parts that a window is looked at in."""
    temperature: float
    """Fitted on people that were not learned from."""
    threshold: float
    """A probability below it is no answer; fitted likewise."""
    farthest: float
    """Of a hundred validation windows, 99 were nearer to the centre of a class; what is not, is unlike all training."""
    sampling_rate_hz: float
    window_s: float

    def log_probabilities(self, windows: np.ndarray) -> np.ndarray:
        """Return calibrated log-probabilities of the activities, float64 [window, activity].

        Args:
            windows: [window, time, channel] as they are stored: acc in m/s² with gravity, gyr in rad/s.

        Raises:
            ModelError: the windows are of another length than those that were learned.
        """
        return self.judge(windows)[0]

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return `log_probabilities`, and how far each window is from all that was learned, [window]: 1 is the limit.

        Raises:
            ModelError: the windows are of another length than those that were learned.
        """
        log_p, distance = np.empty((len(windows), len(self.activities))), np.empty(len(windows))
        for start in range(0, len(windows), WINDOWS_AT_ONCE):
            here = slice(start, start + WINDOWS_AT_ONCE)
            log_p[here], distance[here] = self.judge_seen(self.seen(windows[here]))
        return log_p, distance

    def seen(self, windows: np.ndarray) -> np.ndarray:
        """Return the features that everything else rests on, float32 [window, feature].

        Raises:
            ModelError: the windows are of another length than those that were learned.
        """
        wanted = round(self.window_s * self.sampling_rate_hz)
        if windows.shape[1] != wanted:
            raise ModelError(
                f"a window of {windows.shape[1]} samples; this head was trained on {wanted}",
                fix="cut windows of the checkpoint's length and rate",
            )
        return self.weights.pooled(stretch_statistics(windows, self.n_stretches))

    def judge_seen(self, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what `judge` does, of features [window, feature]."""
        logits = (seen @ self.weights.out + self.weights.out_bias).astype(np.float64) / self.temperature
        log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        distance = distances(seen, self.weights.centres, self.weights.whiten)
        return np.maximum(log_p, LEAST_LOG_P), distance / self.farthest


def stretch_statistics(windows: np.ndarray, n_stretches: int) -> np.ndarray:
    """Return what the head looks at: `window_statistics` of the projector, in NumPy.

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


def distances(pooled: np.ndarray, centres: np.ndarray, whiten: np.ndarray) -> np.ndarray:
    """Return how far each window is from the centre of the nearest class: [window].

    Source:
        Lee et al., A Simple Unified Framework for Detecting Out-of-Distribution Samples (2018): Mahalanobis distance
        in the features of the last layer but one, with one covariance for all classes.
    """
    difference = (pooled @ whiten)[:, None] - centres  # [window, class, feature]
    return np.asarray(np.sqrt((difference**2).sum(axis=2)).min(axis=1))


def n_statistics() -> int:
    """Return how many statistics a stretch has."""
    return 3 * len(CHANNELS)


def _std(values: np.ndarray, axis: int) -> np.ndarray:
    """Count from the first sample, so that a channel at rest has exactly 0: the logarithm would show 1e-7."""
    return np.asarray((values - values.take([0], axis=axis)).std(axis=axis))


def _loudness(std: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(std + np.float32(LEAST_STD)) + 2)


def save_head(head: WindowHead, folder: Path) -> None:
    """Write a head into a checkpoint's folder, whole.

    Raises:
        RunError: the disk is full.
    """
    about = {
        "activities": list(head.activities),
        "n_stretches": head.n_stretches,
        "temperature": head.temperature,
        "threshold": head.threshold,
        "farthest": head.farthest,
        "sampling_rate_hz": head.sampling_rate_hz,
        "window_s": head.window_s,
    }
    tensors = {
        field.name: np.ascontiguousarray(getattr(head.weights, field.name), np.float32) for field in fields(HeadWeights)
    }
    with written_whole(folder / HEAD_FILE) as beside:
        beside.write_bytes(save(tensors, {"head": json.dumps(about, ensure_ascii=False)}))


def read_head(folder: Path) -> WindowHead | None:
    """Return a checkpoint's head; None where it has none.

    Raises:
        ModelError: the file is damaged.
    """
    file = folder / HEAD_FILE
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="numpy") as opened:
            about = json.loads(opened.metadata()["head"])
            weights = HeadWeights(**{field.name: opened.get_tensor(field.name) for field in fields(HeadWeights)})
        head = WindowHead(weights, **{**about, "activities": tuple(about["activities"])})
        _check(head)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{HEAD_FILE} cannot be read: {str(error).splitlines()[0]}",
            where=file,
            fix="copy the checkpoint again; or remove the file: timelines take longer without it",
        ) from error
    return head


def _check(head: WindowHead) -> None:
    w, n_classes = head.weights, len(head.activities)
    n_hidden = w.hidden_bias.size
    arrays = (w.shift, w.scale, w.hidden, w.out, w.out_bias, w.centres, w.whiten)
    n, s = n_statistics(), 2 * n_hidden
    wanted = [(n,), (n,), (n, n_hidden), (s, n_classes), (n_classes,), (n_classes, s), (s, s)]
    if [array.shape for array in arrays] != wanted:
        raise ValueError("its arrays do not fit each other")
    length = round(head.window_s * head.sampling_rate_hz)
    if not (head.temperature > 0 and head.farthest > 0 and 0 <= head.threshold < 1 and head.n_stretches > 0):
        raise ValueError(f"temperature {head.temperature}, threshold {head.threshold}, {head.n_stretches} stretches")
    if length % head.n_stretches:
        raise ValueError(f"{head.n_stretches} stretches do not divide {length} samples")
