"""What a baseline learns from, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.eval_set import EvalSet

NameWindows = Callable[[np.ndarray], np.ndarray]
"""What was learned: float32 [window, time, channel] -> int64 [window], class numbers."""

WINDOWS_AT_ONCE = 4096
"""Windows that are named at once, 12 MB."""


@dataclass(frozen=True)
class Lessons:
    """Windows whose activities are told."""

    windows: np.ndarray
    """float32 [window, time, channel], m/s² and rad/s."""
    truth: np.ndarray
    """int64 [window], class numbers."""
    sampling_rate_hz: float
    n_classes: int
    """Of the whole closed set; lessons may hold fewer."""

    @classmethod
    def of(cls, store: WindowStore, eval_set: EvalSet) -> Lessons:
        """Read the windows of people to learn from."""
        return cls(store.take(eval_set.rows), eval_set.truth, store.sampling_rate_hz, len(eval_set.classes))

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def only_class(self) -> int | None:
        """The class of all lessons, where there is no second one to tell it from."""
        first = int(self.truth[0])
        return first if (self.truth == first).all() else None

    def at_most(self, n_windows: int, seed: int) -> Lessons:
        """Return a random part of so many windows, or all."""
        if n_windows >= len(self):
            return self
        drawn = np.sort(np.random.default_rng(seed).choice(len(self), n_windows, replace=False))
        return Lessons(self.windows[drawn], self.truth[drawn], self.sampling_rate_hz, self.n_classes)


def named(store: WindowStore, rows: np.ndarray, name_windows: NameWindows) -> np.ndarray:
    """Return what windows of a store are named: int64 [row]."""
    starts = range(0, len(rows), WINDOWS_AT_ONCE)
    parts = [name_windows(store.take(rows[start : start + WINDOWS_AT_ONCE])) for start in starts]
    return np.concatenate(parts).astype(np.int64)
