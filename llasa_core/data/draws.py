"""Random numbers that belong to a window: the same whoever computes it, and with whatever other windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def normals(rows: Sequence[int] | np.ndarray, shape: tuple[int, ...], seed: int, salt: int) -> np.ndarray:
    """Return standard normal numbers: float64 [window, *shape].

    Args:
        rows: number of each window in the store.
        shape: of the numbers of one window.
        seed: of the evaluation or the recipe.
        salt: what the numbers are for, so that two changes do not share them.
    """
    return np.stack([np.random.default_rng([seed, salt, int(row)]).normal(size=shape) for row in rows])


def directions(rows: Sequence[int] | np.ndarray, n_axes: int, seed: int, salt: int) -> np.ndarray:
    """Return unit vectors that point anywhere alike: float64 [window, axis]; arguments as of `normals`."""
    drawn = normals(rows, (n_axes,), seed, salt)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
