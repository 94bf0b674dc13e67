"""Paper and ink of every picture: 1,200 pixels wide, the same bytes for the same content."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from llasa_core.files import written_whole

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

INK, PAPER, FAINT = "#1b1f24", "#ffffff", "#d5d8dc"  # its own paper: it reads the same on a light and a dark page
DPI = 120
WIDTH_IN = 10.0


def figure_of(height_in: float) -> Figure:
    """Return an empty picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - only where something is drawn
    from matplotlib.figure import Figure  # noqa: PLC0415 - no pyplot: it would hold every figure ever drawn

    figure = Figure(figsize=(WIDTH_IN, height_in), facecolor=PAPER, layout="constrained", dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a picture as PNG, whole or not at all, whatever the name ends in."""
    for axes in figure.axes:
        axes.tick_params(colors=INK)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[:].set_color(INK)
    with warnings.catch_warnings(), written_whole(path) as beside:
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a name in a script it cannot draw
        figure.savefig(beside, dpi=DPI, format="png", metadata={"Software": None})  # no version: the same bytes again
