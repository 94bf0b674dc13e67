"""At which place of the body a device is worn, of those that a light head has learned: told by a whole recording."""

from __future__ import annotations

import numpy as np

MOST_COUNTED = 10.0
"""Windows of a recording are alike: together they tell no more than so many that know nothing of each other."""
SURE_LOG_ODDS = 4.0
"""Of the likeliest place against the next; less is no choice."""


def likeliest_place(placed: np.ndarray, strangeness: np.ndarray) -> int | None:
    """Return the number of the place that windows of one recording speak for; None where that is not sure.

    Args:
        placed: [window, place]: log-likelihoods, up to a constant in each window; of motion alone where a turned device
            must not matter.
        strangeness: [window]: those above 1 are like nothing that was learned anywhere, and tell no place.
    """
    own = placed[strangeness <= 1]
    if not len(own):
        return None
    log_p = own - np.logaddexp.reduce(own, axis=1, keepdims=True)
    evidence = np.maximum(log_p, -MOST_COUNTED).mean(axis=0) * min(len(own), MOST_COUNTED)
    likeliest, next_one = np.argsort(evidence)[::-1][:2]
    return int(likeliest) if evidence[likeliest] - evidence[next_one] > SURE_LOG_ODDS else None
