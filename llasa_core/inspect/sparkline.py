"""Signals and labels in one line of text each."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llasa_core.inspect.looked import Paper

BLOCKS, ASCII_BLOCKS = "▁▂▃▄▅▆▇█", "_.-~=+*#"
"""Eight heights, lowest first."""
GAP, ASCII_GAP = "·", "/"
LETTERS = string.ascii_lowercase + string.ascii_uppercase


def sparkline(heights: np.ndarray, low: float, high: float, paper: Paper) -> str:
    """Return one character a column, as high as the value; a gap's is neither high nor low.

    Args:
        heights: [column]; NaN in a gap.
        low: what the lowest character stands for.
        high: likewise the highest.
        paper: says which characters there are.
    """
    blocks, gap = (ASCII_BLOCKS, ASCII_GAP) if paper.is_ascii else (BLOCKS, GAP)
    share = np.clip((np.nan_to_num(heights) - low) / ((high - low) or 1.0), 0, 1)
    steps = np.minimum(share * len(blocks), len(blocks) - 1).astype(int)
    return "".join(gap if np.isnan(height) else blocks[step] for height, step in zip(heights, steps, strict=True))


def with_gaps(
    heights: np.ndarray, gaps: Sequence[tuple[float, float]], start_s: float, duration_s: float
) -> np.ndarray:
    """Return the heights with the longest gaps in them, also those that are narrower than a column."""
    heights = heights.copy()
    longest = sorted(gaps, key=lambda gap: gap[0] - gap[1])[: max(1, len(heights) // 8)]
    for begin_s, end_s in longest:
        column = int(((begin_s + end_s) / 2 - start_s) / duration_s * len(heights))
        heights[min(max(column, 0), len(heights) - 1)] = np.nan
    return heights


def letter_line(
    bands: Iterable[tuple[float, float, str | None]], start_s: float, duration_s: float, n_columns: int
) -> tuple[str, dict[str, str]]:
    """Return a line with a letter for what is done in the middle of each column, and what the letters stand for.

    Args:
        bands: from when to when, in seconds, and what; None is not shown.
        start_s: of the first column.
        duration_s: of all columns.
        n_columns: columns.
    """
    middles = start_s + (np.arange(n_columns) + 0.5) * duration_s / n_columns
    line = [" "] * n_columns
    letter_of: dict[str, str] = {}
    for begin_s, end_s, name in bands:
        first, after = np.searchsorted(middles, [begin_s, end_s])
        if name is None or first == after or (name not in letter_of and len(letter_of) == len(LETTERS)):
            continue
        letter = letter_of.setdefault(name, LETTERS[len(letter_of) % len(LETTERS)])
        line[first:after] = letter * int(after - first)
    return "".join(line).rstrip(), {letter: name for name, letter in letter_of.items()}


def time_axis(start_s: float, end_s: float, n_columns: int) -> str:
    """Return the times of the first and last column."""
    begin, end = f"{start_s:.4g} s", f"{end_s:,.1f} s"
    return begin + " " * max(1, n_columns - len(begin) - len(end)) + end
