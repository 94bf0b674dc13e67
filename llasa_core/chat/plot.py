"""A small plot of a recording as lines of text, drawn with braille dots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.chat.spans import clock
from llasa_core.data.channels import ACC, CHANNELS, GYR
from llasa_core.timeline.segments import STILL, UNKNOWN

if TYPE_CHECKING:
    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.chat.spans import Span

ROWS = 2
"""Lines of text for each signal."""
DOTS_DOWN, DOTS_ACROSS = 4, 2
"""Dots of one braille character."""
BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Unicode's bit for each dot of a braille character."""
BLANK = 0x2800
LABEL_WIDTH = 13
"""Columns before the dots: name or unit, then the value of the line's edge."""


def plot(samples: np.ndarray, duration_s: float, width: int = 80) -> str:
    """Draw the three axes of acceleration on one scale, so that gravity shows, and the angular rate's magnitude.

    Every column spans the smallest to the largest value of its time, so that nothing short is lost in a long recording.

    Args:
        samples: `[time, channel]`, acc in m/s², gyr in rad/s.
        duration_s: written at the end of the time axis.
        width: columns of text, labels included.

    Returns:
        Lines of text without a trailing newline.
    """
    n_columns = max(1, width - LABEL_WIDTH)
    acc = samples[:, ACC]
    low, high = float(acc.min()), float(acc.max())
    lines = []
    for channel in range(ACC.start, ACC.stop):
        lines += _strip(samples[:, channel], (CHANNELS[channel], "m/s²"), low, high, n_columns)
    turning = np.linalg.norm(samples[:, GYR], axis=1)
    lines += _strip(turning, ("|gyr|", "rad/s"), 0.0, float(turning.max()), n_columns)
    return "\n".join([*lines, _time_axis(duration_s, n_columns)])


def plot_span(recording: KnownRecording, span: Span, width: int = 80) -> str:
    """Draw a part of a recording, and below it a letter for each activity; gaps are left out of the signal.

    Args:
        recording: a recording.
        span: of it.
        width: columns of text, labels included.
    """
    rate_hz = recording.sampling_rate_hz
    parts = []
    for stretch in recording.stretches:
        first, last = (round((at - stretch.start_s) * rate_hz) for at in span)
        parts.append(stretch.samples[max(first, 0) : max(last, 0)])
    samples = np.concatenate(parts)
    if not len(samples):
        return f"{span}: nothing was recorded"
    lines = plot(samples, span.duration_s, width).splitlines()[:-1]
    n_columns = max(1, width - LABEL_WIDTH)
    lines += _activity_lines(recording, span, n_columns)
    start, end = clock(span.start_s), clock(span.end_s)
    return "\n".join([*lines, " " * LABEL_WIDTH + start + " " * max(1, n_columns - len(start) - len(end)) + end])


def _activity_lines(recording: KnownRecording, span: Span, n_columns: int) -> list[str]:
    """Return a letter for the activity in each column, and what the letters mean."""
    timeline = recording.timeline
    if not recording.names_activities:
        return []
    letter_of: dict[str, str] = {STILL: "-", UNKNOWN: "?"}
    for name in timeline.activities:
        free = [letter for letter in name.upper() if letter.isalpha() and letter not in letter_of.values()]
        letter_of[name] = free[0] if free else "*"
    middles = span.start_s + (np.arange(n_columns) + 0.5) * span.duration_s / n_columns
    segments = [timeline.at(float(middle)) for middle in middles]
    row = "".join(" " if one is None else letter_of[one.activity] for one in segments)
    shown = dict.fromkeys(one.activity for one in segments if one is not None)
    meaning = ", ".join(f"{letter_of[name]} {name}" for name in shown)
    return [f"{'activity':<{LABEL_WIDTH}}{row}", f"{'':<{LABEL_WIDTH}}{meaning}"]


def _strip(signal: np.ndarray, labels: tuple[str, str], low: float, high: float, n_columns: int) -> list[str]:
    dots = _dots(signal, low, high, n_columns)
    edges = (high, low)
    return [f"{label:<6}{edge:>6.1f} {row}" for label, edge, row in zip(labels, edges, dots, strict=True)]


def _dots(signal: np.ndarray, low: float, high: float, n_columns: int) -> list[str]:
    """Return the signal's envelope as lines of braille, top first."""
    n_across, n_down = n_columns * DOTS_ACROSS, ROWS * DOTS_DOWN
    starts = np.arange(n_across) * len(signal) // n_across
    following = signal[np.append(starts[1:], len(signal) - 1)]  # each column reaches to where the next begins
    bottom = np.minimum(np.minimum.reduceat(signal, starts), following)
    top = np.maximum(np.maximum.reduceat(signal, starts), following)
    scale = (n_down - 1) / ((high - low) or 1.0)
    bottom, top = (((edge - low) * scale).round() for edge in (bottom, top))
    height = np.arange(n_down)[::-1, None]  # [dot down, dot across], highest first
    is_on = (height >= bottom) & (height <= top)
    codes = is_on.reshape(ROWS, DOTS_DOWN, n_columns, DOTS_ACROSS).swapaxes(1, 2)  # [row, column, dot, dot]
    return ["".join(map(chr, row)) for row in BLANK + (codes * BITS).sum(axis=(2, 3))]


def _time_axis(duration_s: float, n_columns: int) -> str:
    start, end = "0 s", f"{duration_s:.1f} s"
    gap = max(1, n_columns - len(start) - len(end))
    return " " * LABEL_WIDTH + start + " " * gap + end
