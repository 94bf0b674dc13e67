"""Windows that are copies of each other but for a factor or an offset on a channel, or a little noise.

Copies that are the same to the bit are found by `fingerprints.py`, wherever they were cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from llasa_core.data.store import WindowStore

LEAST_LIKENESS = 0.95
"""Mean correlation of two windows' channels from which on they are copies.

Windows of different people of HAPT reach 0.74; a copy whose channels were scaled, and to which noise of a fifth of
each one's standard deviation was added, keeps 0.98, and with three tenths 0.95.
"""
MOST_PAIRS = 20_000_000
"""Pairs that are compared, some 5 s; of larger data, windows that are spread over all of one side."""
LEAST_ALIVE = 2
"""Channels that change in a window that is compared."""
_AT_ONCE = 1024  # windows of one side
_TINY = 1e-6


def near_copies(store: WindowStore, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of windows, one of each side, that were cut at the same moment of what is the same recording.

    A copy that was both cut at another moment and changed is not found.

    Args:
        store: has the windows.
        one: rows; some of them, evenly spread, where there are too many pairs.
        other: rows.

    Returns:
        two int64 [pair] of rows; for each of `one` the most alike of `other`, if it is alike enough.
    """
    one = one[:: max(1, -(-len(one) * len(other) // MOST_PAIRS))]
    shapes, kept = _shapes(store, one)
    best = np.full(len(shapes), -1.0, np.float32)
    partner = np.zeros(len(shapes), np.int64)
    for start in range(0, len(other), _AT_ONCE):
        others, rows = _shapes(store, other[start : start + _AT_ONCE])
        if not len(rows) or not len(kept):
            continue
        likeness = shapes @ others.T  # [of one, of other]
        at = likeness.argmax(1)
        found = likeness[np.arange(len(at)), at]
        is_better = found > best
        best[is_better], partner[is_better] = found[is_better], rows[at[is_better]]
    is_copy = best >= LEAST_LIKENESS
    return kept[is_copy], partner[is_copy]


def _shapes(store: WindowStore, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what is left of windows without their channels' means and sizes, float32 [window, …], and their rows."""
    windows = store.take(rows)
    centred = windows - windows.mean(1, keepdims=True)
    size = np.linalg.norm(centred, axis=1, keepdims=True)  # [window, 1, channel]
    is_alive = size > _TINY * np.sqrt(windows.shape[1])
    n_alive = is_alive.sum(2, keepdims=True)
    shapes = np.where(is_alive, centred / np.maximum(size, _TINY), 0) / np.sqrt(np.maximum(n_alive, 1))
    compared = n_alive[:, 0, 0] >= LEAST_ALIVE
    return shapes.reshape(len(shapes), shapes.shape[1] * shapes.shape[2])[compared].astype(np.float32), rows[compared]
