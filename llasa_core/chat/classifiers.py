"""What stands for a classifier where there is none, and one that is loaded when the first window has to be named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.timeline.classifier import LM_THRESHOLD
from llasa_core.timeline.options import STRIDE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.timeline.classifier import WindowClassifier


@dataclass(frozen=True)
class Nameless:
    """Tells no activities apart: for a checkpoint that names none; all else is known of a recording all the same."""

    sampling_rate_hz: float
    window_s: float
    activities: tuple[str, ...] = ()
    stride_s: float = STRIDE_S
    threshold: float = LM_THRESHOLD

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `WindowClassifier`."""
        return np.empty((len(windows), 0)), np.zeros(len(windows))


@dataclass
class WhenNeeded:
    """An LM that is asked about windows, loaded with the first one: what cannot be read costs nothing."""

    load: Callable[[], WindowClassifier]
    activities: tuple[str, ...]
    sampling_rate_hz: float
    window_s: float
    threshold: float = LM_THRESHOLD
    _loaded: WindowClassifier | None = field(default=None, init=False)

    @property
    def stride_s(self) -> float:
        """See `WindowClassifier`: windows side by side."""
        return self.window_s

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `WindowClassifier`."""
        if self._loaded is None:
            self._loaded = self.load()
        return self._loaded.judge(windows)
