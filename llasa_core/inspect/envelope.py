"""A recording made small: the lowest and the highest value of each signal in a few thousand spans of time."""

from __future__ import annotations

import numpy as np

from llasa_core.data.channels import ACC, CHANNELS, GYR

SIGNALS = (*CHANNELS, "|acc|", "|gyr|")
MOST_SPANS = 2000
"""More than a picture has columns."""


class Envelope:
    """Lowest and highest values of `SIGNALS`, in spans of one length that becomes longer as the recording does.

    Nothing short is lost: a single peak in a day is the highest value of its span. What was not recorded is NaN.
    """

    def __init__(self, start_s: float, sampling_rate_hz: float, most_spans: int = MOST_SPANS) -> None:
        """Begin at a time, with spans of one sample."""
        self.start_s = start_s
        self.span_s = 1 / sampling_rate_hz
        self.low = np.empty((0, len(SIGNALS)), np.float32)
        """float32 [span, signal]."""
        self.high = self.low.copy()
        self._most = most_spans

    @property
    def duration_s(self) -> float:
        """From its start to the end of its last span."""
        return len(self.low) * self.span_s

    def add(self, samples: np.ndarray, start_s: float, sampling_rate_hz: float) -> None:
        """Take a stretch of the recording that is not earlier than those before.

        Args:
            samples: [time, channel].
            start_s: when the first was taken, on the clock of `self.start_s`.
            sampling_rate_hz: of these samples.
        """
        begins_s = start_s - self.start_s
        self._lengthen(begins_s + len(samples) / sampling_rate_hz, self._most)
        span = ((begins_s + np.arange(len(samples)) / sampling_rate_hz) / self.span_s + 1e-6).astype(np.int64)
        firsts = np.flatnonzero(np.diff(span, prepend=-1))
        signals = _signals(samples)
        self._extend(int(span[-1]) + 1)
        covered = np.arange(span[0], span[-1] + 1)
        nearest = np.searchsorted(span[firsts], covered, side="right") - 1  # slow samples leave spans between them
        for mine, reduce in ((self.low, np.fmin), (self.high, np.fmax)):
            mine[covered] = reduce(mine[covered], reduce.reduceat(signals, firsts)[nearest])

    def shrink(self, most_spans: int) -> None:
        """Make it smaller for good."""
        self._most = most_spans
        self._lengthen(self.duration_s, most_spans)

    def columns(self, n_columns: int, signal: str) -> tuple[np.ndarray, np.ndarray]:
        """Return lowest and highest values of a signal in equal parts of the recording: float32 [column] each."""
        which = SIGNALS.index(signal)
        starts = np.arange(n_columns) * len(self.low) // n_columns
        return np.fmin.reduceat(self.low[:, which], starts), np.fmax.reduceat(self.high[:, which], starts)

    def _lengthen(self, duration_s: float, most_spans: int) -> None:
        """Double the spans until so long a recording has few enough."""
        while duration_s > self.span_s * most_spans * (1 + 1e-9):
            self.span_s *= 2
            self._extend(len(self.low) + len(self.low) % 2)
            self.low = np.fmin.reduce(self.low.reshape(-1, 2, len(SIGNALS)), axis=1)
            self.high = np.fmax.reduce(self.high.reshape(-1, 2, len(SIGNALS)), axis=1)

    def _extend(self, n_spans: int) -> None:
        missing = ((0, max(0, n_spans - len(self.low))), (0, 0))
        self.low = np.pad(self.low, missing, constant_values=np.nan)
        self.high = np.pad(self.high, missing, constant_values=np.nan)


def _signals(samples: np.ndarray) -> np.ndarray:
    lengths = [np.linalg.norm(samples[:, sensor], axis=1) for sensor in (ACC, GYR)]
    return np.column_stack([samples, *lengths]).astype(np.float32)
