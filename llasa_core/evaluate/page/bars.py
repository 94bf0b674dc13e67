"""Shares beside each other: a bar from 0, its interval as a whisker, and the value as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from llasa_core.evaluate.page.axes import share_axis, short
from llasa_core.evaluate.page.figure import figure
from llasa_core.evaluate.page.html import NOTHING, Html, element, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.page.axes import Tick
    from llasa_core.evaluate.page.blocks import Bar, Bars

HEIGHT = 18
MIDDLE = HEIGHT / 2


def draw_bars(bars: Bars) -> Html:
    """Return a figure of bars: a list, so that it reads well where nothing is drawn."""
    values = [value for bar in bars.bars for value in (bar.value, bar.low, bar.high) if value is not None]
    low, high, ticks = share_axis([0.0, *values])
    rows = [_row(bar, low, high) for bar in bars.bars]
    drawn = joined([element("ul", *rows, class_="bars"), _axis(low, high, ticks, bars.x_label)])
    return figure(bars.title, drawn, bars.caption, class_="full")


def _row(bar: Bar, low: float, high: float) -> Html:
    name = element("span", bar.name, class_="name")
    value = element("span", element("b", _value(bar)), _note(bar), class_="value")
    return element("li", name, _picture(bar, low, high), value, class_="strong" if bar.is_strong else None)


def _value(bar: Bar) -> str:
    return f"{bar.value:.3f}" if abs(bar.value) <= 1 else short(bar.value)


def _note(bar: Bar) -> Html:
    has_ends = bar.low is not None and bar.high is not None
    ends = [f"{bar.low:.3f} – {bar.high:.3f}"] if has_ends else []
    words = ", ".join([*ends, *([bar.note] if bar.note else [])])
    return element("small", f" {words}") if words else NOTHING


def _picture(bar: Bar, low: float, high: float) -> Html:
    parts = []
    if math.isfinite(bar.value):
        left, right = sorted((_percent(0.0, low, high), _percent(bar.value, low, high)))
        width = f"{right - left:.2f}%"
        parts.append(element("rect", x=f"{left:.2f}%", y=3, width=width, height=HEIGHT - 6, class_="bar"))
    if bar.low is not None and bar.high is not None:
        ends = [f"{_percent(end, low, high):.2f}%" for end in (bar.low, bar.high)]
        parts.append(element("line", x1=ends[0], x2=ends[1], y1=MIDDLE, y2=MIDDLE, class_="whisker"))
        parts += [element("line", x1=end, x2=end, y1=MIDDLE - 4, y2=MIDDLE + 4, class_="whisker") for end in ends]
    return element("svg", *parts, height=HEIGHT, aria_hidden="true")


def _axis(low: float, high: float, ticks: Sequence[Tick], says: str) -> Html:
    marks = [element("span", words, style=f"left:{_percent(value, low, high):.2f}%") for value, words in ticks]
    label = element("p", says) if says else NOTHING
    return element("div", element("div", *marks), label, class_="bars-axis", aria_hidden="true")


def _percent(value: float, low: float, high: float) -> float:
    return 100 * (value - low) / (high - low)
