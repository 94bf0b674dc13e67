"""The confusion matrix as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

INK, PAPER = "#1b1f24", "#ffffff"  # the picture brings its own paper, so it reads the same on a light and a dark page
DARK_CELL = 0.55
"""Share of a row from which a cell is so dark that its number is written in white."""


def draw_confusion(confusion: np.ndarray, classes: Sequence[str], path: Path) -> None:
    """Draw who was taken for what: windows in each cell, shaded by their share of the row.

    Args:
        confusion: [true class, predicted class], windows.
        classes: names of both axes.
        path: a PNG file to write, whatever its name ends in.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - only where something is drawn
    from matplotlib.figure import Figure  # noqa: PLC0415 - no pyplot: it would hold every figure ever drawn

    side = 2.6 + 0.62 * len(classes)
    figure = Figure(figsize=(side + 0.8, side), facecolor=PAPER, layout="constrained")
    axes = figure.add_subplot(facecolor=PAPER)
    _draw_cells(axes, confusion)
    axes.set_xticks(range(len(classes)), classes, rotation=40, ha="right", rotation_mode="anchor", color=INK)
    axes.set_yticks(range(len(classes)), classes, color=INK)
    axes.set_xlabel("predicted", color=INK)
    axes.set_ylabel("true", color=INK)
    axes.set_title("windows; darker: larger share of the row", color=INK, fontsize="medium")
    axes.tick_params(length=0)
    axes.spines[:].set_color(INK)
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=150, format="png", metadata={"Software": None})  # no version: the same bytes again


def _draw_cells(axes: Axes, confusion: np.ndarray) -> None:
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), windows in np.ndenumerate(confusion):
        ink = PAPER if share[row, column] > DARK_CELL else INK
        axes.text(column, row, f"{windows:,}", ha="center", va="center", color=ink, fontsize="small")
