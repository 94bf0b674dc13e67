"""Stretches of time on a recording's clock, and how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llasa_core.timeline.text import clock_text, length_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHORT_S, A_MINUTE_S = 1e-6, 60.0


class Span(NamedTuple):
    """A stretch `[start_s, end_s)`."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.end_s - self.start_s

    @property
    def middle_s(self) -> float:
        """Half way."""
        return (self.start_s + self.end_s) / 2

    def __str__(self) -> str:
        """`2:19–3:06.5`."""
        return f"{clock(self.start_s)}–{clock(self.end_s)}"

    def cut(self, other: Span) -> Span | None:
        """Return what lies in both; None where that is nothing."""
        start_s, end_s = max(self.start_s, other.start_s), min(self.end_s, other.end_s)
        return Span(start_s, end_s) if end_s - start_s > SHORT_S else None


def cut_all(spans: Iterable[Span], within: Sequence[Span]) -> list[Span]:
    """Return the parts of spans that lie within others, in order."""
    parts = [part for span in spans for other in within if (part := span.cut(other)) is not None]
    return sorted(parts)


def total_s(spans: Iterable[Span]) -> float:
    """Return the length of all."""
    return sum(span.duration_s for span in spans)


def clock(seconds: float) -> str:
    """Return a time as a person reads it: `2:19`, `3:06.5`, `1:03:20`."""
    return clock_text(seconds).removesuffix(".0")


def length(seconds: float) -> str:
    """Return a length as a person reads it: `47.5 s`, `12 s`, `3 min 20 s`."""
    text = length_text(seconds)
    return text.replace(".0 s", " s") if seconds < 2 * A_MINUTE_S else text.removesuffix(" 0 s").removesuffix(" 0 min")


def listed(parts: Sequence[str], last: str = "and") -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    if len(parts) <= 1:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
