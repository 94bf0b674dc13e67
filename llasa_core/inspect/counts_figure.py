"""How many windows of each activity are in each split, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.counting import number_of
from llasa_core.data.split import SPLITS
from llasa_core.inspect.canvas import INK, figure_of, save

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.inspect.data_folder import DataFolderFound

SPLIT_COLOURS = ("#0072b2", "#e69f00", "#56b4e9")


def draw_counts(found: DataFolderFound, path: Path) -> None:
    """Draw a bar for each activity, in parts for the splits, into a PNG file."""
    figure = figure_of(0.34 * len(found.activities) + 1.3)
    axes = figure.subplots()
    places = np.arange(len(found.activities))
    before = np.zeros(len(places))
    for split, colour in zip(SPLITS, SPLIT_COLOURS, strict=True):
        counts = np.array([of_split[split] for of_split in found.activities.values()])
        people = number_of(found.splits[split]["subjects"], "subject")
        axes.barh(places, counts, left=before, color=colour, height=0.7, label=f"{split}, {people}")
        before += counts
    for place, total in enumerate(before.tolist()):
        axes.text(total, place, f" {total:,.0f}", va="center", ha="left", color=INK, fontsize="small")
    axes.set_yticks(places, list(found.activities), color=INK)
    axes.set_ylim(len(places) - 0.5, -0.5)
    axes.set_xlabel(f"windows of {found.window_s:g} s", color=INK)
    axes.margins(x=0.08)
    title = f"{found.folder.name}: {number_of(found.windows, 'window')} of {number_of(found.subjects, 'subject')}"
    axes.set_title(title, color=INK, fontsize="medium", loc="left", parse_math=False)
    figure.legend(loc="outside right upper", frameon=False, labelcolor=INK, fontsize="small")
    save(figure, path)
