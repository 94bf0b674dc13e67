"""Whether a text with numbers speaks of its own window: readings that repeat it, statistics over time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import ACC, GYR
from llasa_core.data.llm_written.mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llasa_core.data.importers.texts import Readings

PUBLISHED_G = 9.8
"""What the published windows are divided by."""
_SCALES = (1.0, PUBLISHED_G, 1 / PUBLISHED_G)
"""A text and its window may have acceleration in different units."""
FEWEST_DIGITS = 3
"""After the point: a number with fewer may be many things."""
_NEAR = 60
"""Letters before a number in which its statistic is named."""
_STATISTICS: dict[str, Callable[..., np.ndarray]] = {
    "minimum": np.min,
    "maximum": np.max,
    "median": np.median,
    "variance": np.var,
}
_NAMED = {
    "minimum": re.compile(r"\bmin(?:imum|ima)?\b", re.IGNORECASE),
    "maximum": re.compile(r"\bmax(?:imum|ima)?\b", re.IGNORECASE),
    "median": re.compile(r"\bmedians?\b", re.IGNORECASE),
    "variance": re.compile(r"\bvariances?\b", re.IGNORECASE),
}


def repeats(readings: Readings, window: np.ndarray) -> bool:
    """Return whether readings are those of a window, taken at a lower rate.

    Args:
        readings: as a text has them.
        window: [time, channel] in any unit of acceleration.
    """
    said = np.concatenate([readings.acc, readings.gyr], axis=1)
    if len(said) > len(window):
        return False
    return any(_are_alike(said, rows) for rows in _slower(window, len(said)))


def wrong_statistics(text: str, window: np.ndarray) -> list[str]:
    """Return the numbers of a text that are statistics across x, y and z at one instant, and none over time.

    Args:
        text: an answer.
        window: [time, channel].

    Source:
        The published generator took minimum, maximum, median and variance along the last axis, and so did the texts
        that were written from them.
    """
    found = []
    for mention in mentions(text):
        if mention.digits < FEWEST_DIGITS:
            continue
        before = text[max(0, mention.start - _NEAR) : mention.start]
        named = [name for name, word in _NAMED.items() if word.search(before)]
        margin = 0.51 * 10.0**-mention.digits
        if any(_is_among(mention.value, _across_axes(window, name), margin) for name in named) and not any(
            _is_among(mention.value, _over_time(window, name), margin) for name in _STATISTICS
        ):
            found.append(mention.written)
    return found


def _slower(window: np.ndarray, length: int) -> Iterator[np.ndarray]:
    """Yield a window at a lower rate in each way that is in use."""
    yield window[np.round(np.linspace(0, len(window) - 1, length)).astype(int)]
    step = len(window) // length
    for first in range(step):
        yield window[first::step][:length]
    yield window[: step * length].reshape(length, step, -1).mean(axis=1)


def _are_alike(said: np.ndarray, rows: np.ndarray) -> bool:
    if len(rows) != len(said):
        return False
    margin = 1.1 * 0.5 * 10.0 ** -_digits(said) + 1e-5
    if np.abs(said[:, GYR] - rows[:, GYR]).max() > margin:
        return False
    return any(np.abs(said[:, ACC] - scale * rows[:, ACC]).max() <= margin * max(1.0, scale) for scale in _SCALES)


def _digits(values: np.ndarray) -> int:
    """Return how many decimals numbers were written with."""
    return next((digits for digits in range(6) if np.allclose(values, values.round(digits), rtol=0, atol=1e-9)), 6)


def _across_axes(window: np.ndarray, name: str) -> Iterator[np.ndarray]:
    statistic, power = _STATISTICS[name], 2 if name == "variance" else 1
    acc = statistic(window[:, ACC], axis=1)
    yield from (acc * scale**power for scale in _SCALES)
    yield statistic(window[:, GYR], axis=1)


def _over_time(window: np.ndarray, name: str) -> Iterator[np.ndarray]:
    statistic, power = _STATISTICS[name], 2 if name == "variance" else 1
    for part in (window, window[::2]):
        both = statistic(part, axis=0)
        yield from (both[ACC] * scale**power for scale in _SCALES)
        yield both[GYR]


def _is_among(value: float, groups: Iterator[np.ndarray], margin: float) -> bool:
    return any(bool((np.abs(group - value) <= margin).any()) for group in groups)
