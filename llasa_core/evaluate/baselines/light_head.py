"""The checkpoint's own light head, which `llasa timeline` and `llasa chat` go by: no baseline, but measured as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.model.head import Worn
from llasa_core.timeline.wearing import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.eval_set import EvalSet
    from llasa_core.model.head import WindowHead


def named_by(head: WindowHead, store: WindowStore, windows: EvalSet, classes: Sequence[str]) -> np.ndarray:
    """Return what a head names windows: the likeliest of its activities that is among the classes, int64 [window].

    Args:
        head: with at least one of the classes among its activities.
        store: has the windows.
        windows: of which recordings.
        classes: the closed set.
    """
    shared = [at for at, activity in enumerate(head.activities) if activity in classes]
    number = np.array([classes.index(head.activities[at]) for at in shared])
    return np.asarray(number[judged_by(head, store, windows)[:, shared].argmax(axis=1)], np.int64)


def judged_by(head: WindowHead, store: WindowStore, windows: EvalSet) -> np.ndarray:
    """Return a head's log-probabilities [window, activity of the head], as a timeline has them before it is smoothed.

    Of a head that has learned several places of the body, the place is chosen by the windows of each recording that are
    measured; what is known of its device otherwise, and which way it is turned, is not looked for.
    """
    found = np.empty((len(windows), len(head.activities)))
    for recording in np.unique(windows.recording):
        own = np.flatnonzero(windows.recording == recording)
        look = head.look(head.motion(store.take(windows.rows[own])))
        found[own] = head.told(look, Worn(place=place_of([look], head)))[0]
    return found
