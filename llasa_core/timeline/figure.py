"""A picture of a timeline: how strongly the sensor moved, and below it a row of coloured segments for each activity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import STANDARD_GRAVITY
from llasa_core.inspect.canvas import FAINT, INK, figure_of, save
from llasa_core.inspect.envelope import SIGNALS
from llasa_core.timeline.segments import STILL, UNKNOWN
from llasa_core.timeline.text import length_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from llasa_core.timeline.timeline import Timeline

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#1b1f24", "#f0e442")
"""Of Okabe and Ito, which the colour-blind can tell apart; each activity has a row of its own besides."""
STILL_COLOUR, UNKNOWN_COLOUR, GAP_COLOUR = "#a58fc4", "#8d939b", "#f0f1f2"
SHADE = 0.28
"""How strong a segment's colour is behind the signal."""
HOUR_S, MINUTE_S = 3600.0, 60.0
SHORT_S, LONG_S = 600.0, 3 * 3600.0
"""Up to the first, the axis counts seconds; from the second on, hours."""


def draw_timeline(timeline: Timeline, path: Path) -> None:
    """Draw a timeline into a PNG file; the same timeline gives the same bytes."""
    names = list(timeline.totals_s)
    colour_of = colours_of(timeline.activities)
    figure = figure_of(0.9 + 2.0 + 0.3 * len(names))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.0, 0.3 * len(names)])
    unit_s, unit = _unit(timeline.end_s - timeline.start_s)
    _draw_signal(above, timeline, unit_s)
    for row, name in enumerate(names):
        own = [one for one in timeline.segments if one.activity == name]
        spans = [(one.start_s / unit_s, one.duration_s / unit_s) for one in own]
        for one in own:
            above.axvspan(one.start_s / unit_s, one.end_s / unit_s, color=colour_of[name], alpha=SHADE, linewidth=0)
        below.broken_barh(spans, (row + 0.12, 0.76), facecolor=colour_of[name], linewidth=0)
    for start_s, end_s in timeline.gaps:
        for axes in (above, below):
            axes.axvspan(
                start_s / unit_s, end_s / unit_s, facecolor=GAP_COLOUR, edgecolor=FAINT, hatch="////", linewidth=0
            )
    labels = [f"{name}  {length_text(timeline.totals_s[name])}" for name in names]
    below.set_yticks(np.arange(len(names)) + 0.5, labels, color=INK, fontsize="small", parse_math=False)
    below.set_ylim(len(names), 0)
    below.tick_params(axis="y", length=0)
    below.set_xlabel(f"time ({unit})", color=INK)
    below.set_xlim(timeline.start_s / unit_s, timeline.end_s / unit_s)
    length = length_text(timeline.end_s - timeline.start_s)
    above.set_title(f"{timeline.name}   {length}", color=INK, fontsize="medium", loc="left", parse_math=False)
    if timeline.gaps:
        _gap_legend(above)
    save(figure, path)


def colours_of(activities: Sequence[str]) -> Mapping[str, str]:
    """Return the colour of each activity, of still and of unknown, the same in every picture of the same checkpoint."""
    own = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(activities)}
    return {STILL: STILL_COLOUR, UNKNOWN: UNKNOWN_COLOUR} | own


def _draw_signal(axes: Axes, timeline: Timeline, unit_s: float) -> None:
    envelope, which = timeline.envelope, SIGNALS.index("|acc|")
    edges = np.stack([envelope.low[:, which], envelope.high[:, which]], axis=1) / STANDARD_GRAVITY
    times = envelope.start_s + np.arange(2 * len(edges)) * envelope.span_s / 2
    axes.plot(times / unit_s, edges.reshape(-1), color=INK, linewidth=0.6)
    axes.set_ylabel("|acc| (g)", color=INK)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def _gap_legend(axes: Axes) -> None:
    from matplotlib.patches import Patch  # noqa: PLC0415 - only where something is drawn

    gap = Patch(facecolor=GAP_COLOUR, edgecolor=FAINT, hatch="////", label="gap: not recorded")
    axes.legend(handles=[gap], loc="upper right", frameon=False, labelcolor=INK, fontsize="small")


def _unit(duration_s: float) -> tuple[float, str]:
    if duration_s <= SHORT_S:
        return 1.0, "s"
    return (MINUTE_S, "min") if duration_s <= LONG_S else (HOUR_S, "h")
