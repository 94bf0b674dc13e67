"""A sweep as a picture: the metric against each setting."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.inspect.canvas import FAINT, INK, figure_of, save

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

PLOT = "sweep.png"
LINES = ("#1f4e99", "#d1652b", "#2e8b57", "#8250a8", "#b8860b", "#3a8fb7", "#a33b5e", "#6b7280")
"""Told apart by people with any colour vision while there are few."""
BEST = "#c0392b"
GREY = "#9aa3ad"
PER_LINE = 5
"""Entries of a legend beside each other."""
ACROSS = 3
"""Panels beside each other."""
LOG_ABOVE = 10
"""Values that span more than this factor stand on a logarithmic axis."""
BY_COLOUR = 2
"""Settings up to which colour can tell the other one."""
DODGE = 0.012
"""Between whiskers that would cover each other, as a share of the axis."""


@dataclass(frozen=True)
class Point:
    """One trial."""

    values: tuple[Any, ...]
    """Of each setting."""
    metric: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Scale:
    """Where the values of a setting stand: numbers as they are, all else one after the other."""

    values: tuple[Any, ...]
    """In order, each once."""
    is_numeric: bool

    @classmethod
    def of(cls, values: Sequence[Any]) -> Scale:
        """Return the scale on which all values have a place."""
        is_numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        once = dict.fromkeys(values)
        return cls(tuple(sorted(once) if is_numeric else once), is_numeric)

    @property
    def is_log(self) -> bool:
        """Whether the values span so much that equal steps would hide the small ones."""
        return self.is_numeric and self.values[0] > 0 and self.values[-1] / self.values[0] > LOG_ABOVE

    def at(self, value: Any, shift: float = 0.0) -> float:
        """Return where a value stands, moved by a share of the axis."""
        if not self.is_numeric:
            return self.values.index(value) + shift * max(1, len(self.values) - 1)
        low, high = self.values[0], self.values[-1]
        if self.is_log:
            return float(value * (high / low) ** shift)
        return float(value + shift * (high - low or 1))

    @property
    def edges(self) -> tuple[float, float]:
        """Where the axis begins and ends."""
        if len(self.values) == 1 and self.is_numeric:
            return self.at(self.values[0], -0.5), self.at(self.values[0], 0.5)
        return self.at(self.values[0], -0.12), self.at(self.values[-1], 0.12)


def draw_sweep(names: Sequence[str], points: Sequence[Point], metric: str, file: Path) -> None:
    """Draw one panel a setting, all with the same upright axis.

    With one setting or two, lines join the trials that differ in the panel's setting alone; with more, a line joins
    the best trial of each value. Whiskers are the 95 % intervals. The best trial has a ring.

    Args:
        names: of the settings.
        points: the trials, the best first.
        metric: its name.
        file: a PNG file to write.
    """
    n_rows = -(-len(names) // ACROSS)
    figure = figure_of(0.9 + 3.4 * n_rows)
    grid = figure.subplots(n_rows, min(len(names), ACROSS), sharey=True, squeeze=False)
    scales = [Scale.of([point.values[i] for point in points]) for i in range(len(names))]
    for i, axes in enumerate(grid.flat):
        if i >= len(names):
            axes.set_visible(False)
            continue
        _draw_panel(axes, i, names, scales, points)
        if i % ACROSS == 0:
            axes.set_ylabel(f"validation {metric}", color=INK)
    best = ", ".join(f"{name} {_tick(value)}" for name, value in zip(names, points[0].values, strict=True))
    title = f"best of {len(points)}: {metric} {points[0].metric:.3f} with {best}"
    if len(names) <= BY_COLOUR and any(point.interval for point in points):
        title += "; whiskers: 95 % intervals over people"
    figure.suptitle("\n".join(textwrap.wrap(title, 110)), color=INK, fontsize="medium")
    save(figure, file)


def _draw_panel(axes: Axes, i: int, names: Sequence[str], scales: Sequence[Scale], points: Sequence[Point]) -> None:
    scale = scales[i]
    if len(names) <= BY_COLOUR:
        _draw_lines(axes, i, names, scales, points)
    else:
        axes.plot(
            [scale.at(point.values[i]) for point in points],
            [point.metric for point in points],
            linestyle="none",
            marker="o",
            markersize=4,
            color=GREY,
            alpha=0.7,
            label="a trial",
        )
        tops = [max(p.metric for p in points if p.values[i] == value) for value in scale.values]
        axes.plot([scale.at(value) for value in scale.values], tops, color=LINES[0], marker="o", label="best of each")
        _ring(axes, scale.at(points[0].values[i]), points[0].metric)
        _legend(axes)
    if scale.is_log:
        axes.set_xscale("log")
    axes.set_xlim(*scale.edges)
    axes.set_xticks([scale.at(value) for value in scale.values], [_tick(value) for value in scale.values])
    axes.minorticks_off()
    if not scale.is_numeric and max(len(_tick(value)) for value in scale.values) > 12:  # noqa: PLR2004
        axes.tick_params(axis="x", rotation=20)
    axes.set_xlabel(names[i], color=INK)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)


def _draw_lines(axes: Axes, i: int, names: Sequence[str], scales: Sequence[Scale], points: Sequence[Point]) -> None:
    other = 1 - i if len(names) == BY_COLOUR else None
    groups = (None,) if other is None else scales[other].values
    for n, group in enumerate(groups):
        shift = DODGE * (n - (len(groups) - 1) / 2)
        line = [point for point in points if other is None or point.values[other] == group]
        line.sort(key=lambda point: scales[i].values.index(point.values[i]))
        x = [scales[i].at(point.values[i], shift) for point in line]
        colour = LINES[n % len(LINES)]
        y = np.array([point.metric for point in line])
        ends = np.array([point.interval or (point.metric, point.metric) for point in line])
        axes.vlines(x, ends[:, 0], ends[:, 1], color=colour, alpha=0.35, linewidth=2)
        style = "-" if scales[i].is_numeric else ":"
        axes.plot(x, y, color=colour, linestyle=style, marker="o", markersize=5, label=_tick(group))
        if points[0] in line:
            _ring(axes, x[line.index(points[0])], points[0].metric)
    if other is not None:
        _legend(axes, names[other])


def _ring(axes: Axes, x: float, y: float) -> None:
    axes.plot(x, y, marker="o", markersize=12, markerfacecolor="none", markeredgecolor=BEST, markeredgewidth=1.8)


def _legend(axes: Axes, title: str | None = None) -> None:
    """Explain the colours above the panel, where no trial is."""
    handles, labels = axes.get_legend_handles_labels()
    if title:
        labels = [f"{title} {labels[0]}", *labels[1:]]
    legend = axes.legend(
        handles,
        labels,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=min(len(labels), PER_LINE),
        frameon=False,
        fontsize="small",
        handlelength=1.4,
        columnspacing=1.2,
    )
    for text in legend.get_texts():
        text.set_color(INK)


def _tick(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "+".join(map(str, value)) if isinstance(value, tuple) else str(value)
