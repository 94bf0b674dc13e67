"""Long signals as few points as a drawing can show."""

from __future__ import annotations

import numpy as np

MOST_POINTS = 400
"""Of one line: more than a drawing on a page has pixels."""


def kept_points(values: np.ndarray, most: int = MOST_POINTS) -> np.ndarray:
    """Return which points of a line are drawn, so that its envelope stays: int64 positions, in order.

    A long line is cut into equal stretches, of each of which the lowest and the highest point are kept, and both ends.

    Args:
        values: [point].
        most: all are kept of a line of at most so many points.
    """
    if len(values) <= most:
        return np.arange(len(values))
    stretches = np.array_split(np.arange(len(values)), max(1, (most - 2) // 2))
    extremes = [(part[values[part].argmin()], part[values[part].argmax()]) for part in stretches]
    return np.unique([0, *(point for pair in extremes for point in pair), len(values) - 1])
