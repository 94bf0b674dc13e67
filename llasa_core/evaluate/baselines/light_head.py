"""The checkpoint's own light head, which `llasa timeline` and `llasa chat` go by: no baseline, but measured as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.baselines.lessons import NameWindows
    from llasa_core.model.head import WindowHead


def read_by(head: WindowHead, classes: Sequence[str]) -> NameWindows:
    """Return what names windows by a head: the likeliest of its activities that is among the classes.

    Args:
        head: with at least one of the classes among its activities.
        classes: the closed set.
    """
    shared = [at for at, activity in enumerate(head.activities) if activity in classes]
    number = np.array([classes.index(head.activities[at]) for at in shared])
    return lambda windows: number[head.log_probabilities(windows)[:, shared].argmax(axis=1)]
