"""Which windows are changed: a fixed random choice in which activities and people have their share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from llasa_core.evaluate.eval_set import EvalSet


def stratified(windows: EvalSet, n_wanted: int | None, seed: int) -> np.ndarray:
    """Return positions of windows, in order: every activity has its share, and every person their share of it.

    Windows are put in order of activity, person and chance, and every n-th is taken from a random start on: shares are
    met to within one window.

    Args:
        windows: to choose from.
        n_wanted: how many; all where there are no more, or None.
        seed: of the choice.

    Returns:
        int64 [window], positions in `windows`.
    """
    n_all = len(windows)
    if n_wanted is None or n_wanted >= n_all:
        return np.arange(n_all)
    rng = np.random.default_rng([seed, 4])
    order = np.lexsort([rng.permutation(n_all), windows.subject, windows.truth])
    steps = (np.arange(n_wanted) + rng.random()) * (n_all / n_wanted)
    return np.sort(order[steps.astype(np.int64)])
