"""Pictures of recordings and windows: both sensors over time, gaps shaded, labels as coloured bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.channels import CHANNELS
from llasa_core.data.counting import number_of
from llasa_core.inspect.canvas import FAINT, INK, figure_of, save
from llasa_core.inspect.looked import hertz, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from llasa_core.inspect.envelope import Envelope
    from llasa_core.inspect.recording import Band, RecordingFound

AXIS_COLOURS = ("#0072b2", "#d55e00", "#009e73")
"""x, y, z: blue, vermilion and green of Okabe and Ito, which the colour-blind can tell apart."""
BAND_COLOURS = (
    "#88b6de", "#f3b37a", "#a3d39c", "#e79aa8", "#c3a6dd", "#e8d66f",
    "#8fd6d2", "#d3ad8c", "#c9c9c9", "#f2a3d7", "#b9cf6c", "#9aa7e6",
)  # fmt: skip
"""Of activities; light, since curves are never drawn over them but names may be."""
GAP_COLOUR = "#f0f1f2"
MOST_STRIPS = 80
"""Of recordings in one picture."""
MANY_SPANS = 800
"""From so many spans on lines hide one another, and thinner ones show more."""


class View(NamedTuple):
    """What a picture shows of a recording or a window."""

    title: str
    envelope: Envelope
    units: tuple[str, str]
    gaps: Sequence[tuple[float, float]] = ()
    bands: Sequence[Band] = ()
    has_gyr: bool = True


def draw_recording(one: RecordingFound, envelope: Envelope, path: Path) -> None:
    """Draw one recording into a PNG file, with an envelope of its samples."""
    gyr = f"gyr {hertz(one.gyr_rate_hz)}" if one.has_gyr else "no gyr"
    rates = f"acc {hertz(one.acc_rate_hz)}, {gyr}"
    known = [one.format if (one.subject or "").endswith(f"/{one.name}") else one.subject, one.placement]
    who = ", ".join(text for text in known if text and text != "unknown")
    title = f"{one.name} ({who})   {rates}   {time_of(one.duration_s)}"
    draw_view(View(title, envelope, one.units_drawn, one.gaps, one.bands, one.has_gyr), path)


def draw_view(view: View, path: Path) -> None:
    """Draw acceleration above angular rate, over a strip of labels where there are any, into a PNG file."""
    names = _names(view.bands)
    heights = [5.0, 5.0] if view.has_gyr else [5.0]
    heights += [0.45] if names else []
    figure = figure_of(sum(heights) * 0.46 + 0.9)
    every = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    sensors = (("acceleration", 0), ("angular rate", 3))[: 1 + view.has_gyr]
    for axes, (what, first), unit in zip(every, sensors, view.units, strict=False):
        _draw_sensor(axes, view.envelope, first)
        axes.set_ylabel(f"{what}\n({unit})", color=INK)
        _shade_gaps(axes, view.gaps)
    if names:
        _draw_bands(every[-1], view.bands, names, 0.0, 1.0)
        every[-1].set(yticks=[], ylim=(0, 1))
        every[-1].spines["left"].set_visible(False)
        every[-1].set_ylabel("label", rotation=0, ha="right", va="center", color=INK)
        _shade_gaps(every[-1], view.gaps)
    every[0].set_title(view.title, color=INK, fontsize="medium", loc="left", parse_math=False)
    every[-1].set_xlabel("time (s)", color=INK)
    start_s = view.envelope.start_s
    every[-1].set_xlim(start_s, start_s + view.envelope.duration_s)
    _legend(figure, _axis_handles() + _gap_handles(view.gaps) + _band_handles(names))
    save(figure, path)


def draw_strips(recordings: Sequence[RecordingFound], source: Path, path: Path) -> None:
    """Draw how strongly each of several recordings moves, a strip each with its labels, into a PNG file.

    Args:
        recordings: those without an envelope are not drawn.
        source: where they are from.
        path: the picture.
    """
    drawable = [(one, one.envelope) for one in recordings if one.envelope is not None]
    strips = drawable[:MOST_STRIPS]
    shown = [one for one, _ in strips]
    names = _names(band for one in shown for band in one.bands)
    figure = figure_of(0.22 * len(shown) + 1.1)
    axes = figure.subplots()
    for row, (one, envelope) in enumerate(strips):
        _draw_strip(axes, one, envelope, row, names)
    axes.set_yticks(np.arange(len(shown)) + 0.5, [_short(one.name) for one in shown], fontsize="x-small", color=INK)
    axes.set_ylim(len(shown), 0)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, max(one.duration_s for one in shown))
    axes.set_xlabel("time since its first sample (s)", color=INK)
    of_all = f"the first {len(shown)} of " if len(shown) < len(drawable) else ""
    title = f"{source.name}: {of_all}{number_of(len(drawable), 'recording')}; |acc|, each on its own scale"
    axes.set_title(title, color=INK, fontsize="medium", loc="left", parse_math=False)
    has_gaps = [gap for one in shown for gap in one.gaps]
    _legend(figure, _gap_handles(has_gaps) + _band_handles(names))
    save(figure, path)


def _draw_sensor(axes: Axes, envelope: Envelope, first: int) -> None:
    """Draw three axes; a span's lowest and highest value one after the other look as all its samples would."""
    low, high = (edge[:, first : first + len(AXIS_COLOURS)] for edge in (envelope.low, envelope.high))
    is_one_sample = np.array_equal(low, high, equal_nan=True)
    values = low if is_one_sample else np.stack([low, high], axis=1).reshape(-1, len(AXIS_COLOURS))
    times = envelope.start_s + np.arange(len(values)) * envelope.span_s / (1 if is_one_sample else 2)
    width = 0.6 if len(low) > MANY_SPANS else 1.0
    spread = np.nanmean(high - low, axis=0)
    for axis in np.argsort(-spread, kind="stable"):  # the calmest on top, where the others do not hide it
        axes.plot(times, values[:, axis], color=AXIS_COLOURS[axis], linewidth=width, alpha=0.85)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def _draw_strip(axes: Axes, one: RecordingFound, envelope: Envelope, row: int, names: Sequence[str]) -> None:
    high = envelope.columns(len(envelope.high), "|acc|")[1]
    low, top = np.nanmin(high), np.nanmax(high)
    times = (np.arange(len(high)) + 0.5) * envelope.span_s
    here = [band._replace(start_s=band.start_s - one.start_s, end_s=band.end_s - one.start_s) for band in one.bands]
    _draw_bands(axes, here, names, row + 0.06, row + 0.94)
    axes.plot(times, row + 0.9 - 0.8 * (high - low) / ((top - low) or 1.0), color=INK, linewidth=0.7)
    for start_s, end_s in one.gaps:
        axes.fill_between(
            [start_s - one.start_s, end_s - one.start_s], row + 0.06, row + 0.94, color=FAINT, linewidth=0
        )


def _draw_bands(axes: Axes, bands: Iterable[Band], names: Sequence[str], low: float, high: float) -> None:
    spans: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for band in bands:
        if band.activity in spans:
            spans[band.activity].append((band.start_s, band.end_s - band.start_s))
    for place, name in enumerate(names):
        colour = BAND_COLOURS[place % len(BAND_COLOURS)]
        axes.broken_barh(spans[name], (low, high - low), facecolor=colour, linewidth=0)


def _shade_gaps(axes: Axes, gaps: Iterable[tuple[float, float]]) -> None:
    for start_s, end_s in gaps:
        axes.axvspan(start_s, end_s, facecolor=GAP_COLOUR, edgecolor=FAINT, hatch="////", linewidth=0, zorder=0)


def _names(bands: Iterable[Band]) -> list[str]:
    return list(dict.fromkeys(band.activity for band in bands if band.activity is not None))


def _axis_handles() -> list[object]:
    from matplotlib.lines import Line2D  # noqa: PLC0415 - as above

    return [Line2D([], [], color=colour, label=name[-1]) for colour, name in zip(AXIS_COLOURS, CHANNELS, strict=False)]


def _gap_handles(gaps: Sequence[tuple[float, float]]) -> list[object]:
    from matplotlib.patches import Patch  # noqa: PLC0415 - as above

    return [Patch(facecolor=GAP_COLOUR, edgecolor=FAINT, hatch="////", label="gap")] if gaps else []


def _band_handles(names: Sequence[str]) -> list[object]:
    from matplotlib.patches import Patch  # noqa: PLC0415 - as above

    return [Patch(facecolor=BAND_COLOURS[place % len(BAND_COLOURS)], label=name) for place, name in enumerate(names)]


def _legend(figure: Figure, handles: Sequence[object]) -> None:
    if handles:
        figure.legend(handles=handles, loc="outside right upper", frameon=False, labelcolor=INK, fontsize="small")


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:18]}…{name[-9:]}"  # noqa: PLR2004 - what fits beside the strips
