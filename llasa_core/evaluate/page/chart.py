"""A chart of lines, with bands where intervals are known, and its numbers as a table that can be opened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.evaluate.page import svg
from llasa_core.evaluate.page.axes import Scale, Tick, round_ticks, share_axis, short
from llasa_core.evaluate.page.blocks import Table
from llasa_core.evaluate.page.decimate import kept_points
from llasa_core.evaluate.page.figure import figure, legend
from llasa_core.evaluate.page.html import NOTHING, Html, element
from llasa_core.evaluate.page.table import draw_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.page.blocks import Chart, Line

WIDTH, HEIGHT = 320.0, 226.0
TOP, RIGHT, BOTTOM = 26.0, 10.0, 40.0
EDGE = 5.0
MOST_ROWS = 40
"""A longer table says less than the chart."""


@dataclass(frozen=True)
class Frame:
    """A chart's axes."""

    x: Scale
    y: Scale
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]

    def point(self, x: float, y: float) -> svg.Point:
        """Return where a point lies."""
        return self.x(x), self.y(y)

    def inside(self, *parts: Html) -> Html:
        """Return what is drawn between the axes, cut off beyond them; a mark on their edge stays whole."""
        left, top = self.x.start - EDGE, self.y.end - EDGE
        width, height = self.x.end - self.x.start + 2 * EDGE, self.y.start - self.y.end + 2 * EDGE
        return svg.inside(left, top, width, height, *parts)


def draw_chart(chart: Chart) -> Html:
    """Return a figure of a chart."""
    frame = _frame(chart)
    parts = [_diagonal(frame)] if chart.has_diagonal else []
    parts += [_band(line, frame, number) for number, line in enumerate(chart.lines)]
    parts += [_line(line, frame, number) for number, line in enumerate(chart.lines)]
    if chart.has_markers:
        parts += [_marks(chart, line, frame, number) for number, line in enumerate(chart.lines)]
    picture = svg.drawing(WIDTH, HEIGHT, _in_words(chart), _grid(frame), _labels(chart, frame), frame.inside(*parts))
    names = [line.name for line in chart.lines]
    key = legend(names, has_marks=chart.has_markers) if len(names) > 1 else NOTHING
    return figure(chart.title, picture, chart.caption, key=key, below=_numbers(chart))


def _frame(chart: Chart) -> Frame:
    xs = [float(x) for line in chart.lines for x in line.x]
    ys = [float(y) for line in chart.lines for part in (line.y, line.low, line.high) if part is not None for y in part]
    y_low, y_high, y_ticks = (*chart.y_range, round_ticks(*chart.y_range)) if chart.y_range else share_axis(ys)
    left = max((len(words) for _, words in y_ticks), default=1) * svg.LETTER + 10
    x_low, x_high = chart.x_range or _spread(xs)
    x = Scale(x_low, x_high, left, WIDTH - RIGHT)
    x_ticks = chart.x_ticks or round_ticks(x_low, x_high)
    return Frame(x, Scale(y_low, y_high, HEIGHT - BOTTOM, TOP), _apart(x_ticks, x), y_ticks)


def _spread(xs: Sequence[float]) -> tuple[float, float]:
    finite = [x for x in xs if math.isfinite(x)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _apart(ticks: Sequence[Tick], scale: Scale) -> list[Tick]:
    """Leave out the words of ticks that would run into those before; the ticks stay."""
    kept: list[Tick] = []
    free_from = -math.inf
    for value, words in sorted(ticks):
        half = len(words) * svg.LETTER / 2
        at = scale(value)
        if at - half >= free_from:
            kept.append((value, words))
            free_from = at + half + svg.LETTER
        else:
            kept.append((value, ""))
    return kept


def _grid(frame: Frame) -> Html:
    left, right, bottom = frame.x.start, frame.x.end, frame.y.start
    lines = [svg.rule(left, frame.y(value), right, frame.y(value), "grid") for value, _ in frame.y_ticks]
    lines += [svg.text(words, left - 6, frame.y(value) + 4, anchor="end") for value, words in frame.y_ticks]
    lines += [svg.rule(left, bottom, right, bottom, "axis")]
    for value, words in frame.x_ticks:
        at = frame.x(value)
        lines.append(svg.rule(at, bottom, at, bottom + 4, "axis"))
        if words:
            lines.append(svg.text(words, _within(at, words), bottom + 17, anchor="middle"))
    return element("g", *lines)


def _within(at: float, words: str) -> float:
    """Move a tick's words to the left where they would be cut off at the right."""
    return min(at, WIDTH - len(words) * svg.LETTER / 2)


def _labels(chart: Chart, frame: Frame) -> Html:
    middle = (frame.x.start + frame.x.end) / 2
    return element(
        "g",
        svg.text(chart.y_label, 0, 13, class_="label"),
        svg.text(chart.x_label, middle, HEIGHT - 5, class_="label", anchor="middle"),
    )


def _diagonal(frame: Frame) -> Html:
    low, high = max(frame.x.low, frame.y.low), min(frame.x.high, frame.y.high)
    return svg.line([frame.point(low, low), frame.point(high, high)], "diagonal")


def _band(line: Line, frame: Frame, number: int) -> Html:
    if line.low is None or line.high is None:
        return NOTHING
    upper, lower = _points(line, line.high, frame), _points(line, line.low, frame)
    both = [(up, down) for up, down in zip(upper, lower, strict=True) if math.isfinite(up[1] + down[1])]
    if len(both) == 1:  # one point has no band, but a whisker
        (up, down) = both[0]
        return svg.rule(*up, *down, f"whisker {svg.colour(number)}")
    return svg.area([up for up, _ in both], [down for _, down in both], f"band {svg.colour(number)}")


def _line(line: Line, frame: Frame, number: int) -> Html:
    return svg.line(_points(line, line.y, frame), f"line {svg.colour(number)}")


def _points(line: Line, ys: Sequence[float], frame: Frame) -> list[svg.Point]:
    kept = kept_points(np.asarray(line.y, np.float64))
    return [frame.point(float(line.x[at]), float(ys[at])) for at in kept.tolist()]


def _marks(chart: Chart, line: Line, frame: Frame, number: int) -> Html:
    marks = [
        svg.mark(number, *frame.point(float(x), float(y)), f"mark {svg.colour(number)}", _said(chart, line, at))
        for at, (x, y) in enumerate(zip(line.x, line.y, strict=True))
        if math.isfinite(float(y))
    ]
    return element("g", *marks)


def _said(chart: Chart, line: Line, at: int) -> str:
    return f"{line.name}, {_x_words(chart, float(line.x[at]))}: {_value(line, at)}"


def _value(line: Line, at: int) -> str:
    value = short(float(line.y[at]))
    if line.low is None or line.high is None or not math.isfinite(float(line.low[at])):
        return value
    return f"{value} ({short(float(line.low[at]))} – {short(float(line.high[at]))})"


def _x_words(chart: Chart, x: float) -> str:
    named = dict(chart.x_ticks or ())
    return named.get(x) or short(x)


def _in_words(chart: Chart) -> str:
    ends = [
        f"{line.name} goes from {short(float(line.y[0]))} at {_x_words(chart, float(line.x[0]))} "
        f"to {short(float(line.y[-1]))} at {_x_words(chart, float(line.x[-1]))}"
        for line in chart.lines
        if len(line.x)
    ]
    return f"{chart.title}: {chart.y_label} against {chart.x_label}. {'; '.join(ends)}."


def _numbers(chart: Chart) -> Html:
    """Return a table of what is drawn, closed until somebody opens it."""
    xs = sorted({float(x) for line in chart.lines for x in line.x})
    if not xs or len(xs) > MOST_ROWS:
        return NOTHING
    at_x = [{float(x): _value(line, at) for at, x in enumerate(line.x)} for line in chart.lines]
    rows = [(_x_words(chart, x), *(values.get(x, "–") for values in at_x)) for x in xs]
    table = draw_table(Table((chart.x_label, *(line.name for line in chart.lines)), rows), says=chart.title)
    return element("details", element("summary", "Numbers"), table)
