"""Where numbers lie on an axis, and which of them are written there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
"""What a step between ticks may be, times a power of ten."""
MOST_DECIMALS = 6
SLIGHTLY = 0.25
"""Of a step: an axis reaches so far beyond its last tick rather than to the next."""

Tick = tuple[float, str]
"""Where, and what is written there."""


@dataclass(frozen=True)
class Scale:
    """Numbers [low, high] on a line from `start` to `end`, in pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return where a number lies."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def round_ticks(low: float, high: float, about: int = 5) -> list[Tick]:
    """Return round numbers within [low, high], about so many, each written with the same decimals."""
    return _ticks(low, high, _step((high - low) / max(about - 1, 1)))


def round_axis(low: float, high: float, about: int = 5) -> tuple[float, float, list[Tick]]:
    """Return the ends of an axis that holds [low, high], and its ticks: round numbers, about so many.

    The axis ends at a round number, unless it would reach far beyond what it holds.
    """
    if low == high:
        low, high = low - 0.5, high + 0.5
    step = _step((high - low) / max(about - 1, 1))
    first, last = low / step, high / step
    start = first if math.ceil(first) - first < SLIGHTLY else math.floor(first)
    end = last if last - math.floor(last) < SLIGHTLY else math.ceil(last)
    return start * step, end * step, _ticks(start * step, end * step, step)


def share_axis(values: Sequence[float]) -> tuple[float, float, list[Tick]]:
    """Return the ends and ticks of an axis that holds all values; for shares it goes from 0 to 1."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    return round_axis(0.0, 1.0) if low >= 0 and high <= 1 else round_axis(low, high)


def written(value: float, decimals: int) -> str:
    """Return a number with a true minus sign and commas in thousands."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def short(value: float) -> str:
    """Return a number in four digits, for people."""
    if not math.isfinite(value):
        return "–"
    size = math.floor(math.log10(abs(value))) if value else 0
    text = written(value, max(0, 3 - max(size, 0)))
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ticks(low: float, high: float, step: float) -> list[Tick]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = _decimals(step)
    return [(number * step, written(number * step, decimals)) for number in range(first, last + 1)]


def _step(at_least: float) -> float:
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(step * power for step in STEPS if step * power >= at_least * (1 - 1e-9))


def _decimals(step: float) -> int:
    return next((n for n in range(MOST_DECIMALS) if math.isclose(step, round(step, n))), MOST_DECIMALS)
