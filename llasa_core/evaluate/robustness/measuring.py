"""How well changed windows were named: all of them, moving and still ones apart, and with postures taken as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.activity_words import same_kind
from llasa_core.evaluate.measured import Share, measure_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.eval_set import EvalSet

A_POSTURE = "sitting"


@dataclass(frozen=True)
class Named:
    """How well some windows were named."""

    all: Share
    """The very class."""
    moving: Share | None
    """Of the windows in which somebody moves; None where nobody does."""
    still: Share | None
    """Of the windows in which somebody sits, stands or lies."""
    still_merged: Share
    """Any posture counts as any other: a turned sensor cannot tell them apart, but has to tell them from motion."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        apart = {"moving": self.moving, "still": self.still, "still_merged": self.still_merged}
        whole = self.all.as_dict()
        return {
            "accuracy": whole["value"],
            "accuracy_ci": whole["ci"],
            **{f"accuracy_{name}": None if share is None else share.value for name, share in apart.items()},
            **{
                f"accuracy_{name}_ci": None if share is None else share.as_dict()["ci"] for name, share in apart.items()
            },
        }


def measure_named(
    windows: EvalSet, prediction: np.ndarray, classes: Sequence[str], *, resamples: int, seed: int
) -> Named:
    """Return the shares of windows that were named rightly, each with its interval over people.

    Args:
        windows: with their true classes.
        prediction: int64 [window], class numbers.
        classes: their names, those of the windows first.
        resamples: of the people; 0 gives no interval.
        seed: of the resampling.
    """
    still = is_still(classes)
    is_right, lies_still = prediction == windows.truth, still[windows.truth]

    def share(is_so: np.ndarray, where: np.ndarray) -> Share | None:
        return measure_share(is_so[where], windows.subject[where], resamples, seed) if where.any() else None

    everywhere = np.ones(len(windows), bool)
    whole, merged = share(is_right, everywhere), share(is_right | (lies_still & still[prediction]), everywhere)
    assert whole is not None  # noqa: S101 - there are windows
    assert merged is not None  # noqa: S101
    return Named(whole, share(is_right, ~lies_still), share(is_right, lies_still), merged)


def is_still(classes: Sequence[str]) -> np.ndarray:
    """Return which classes are postures: bool [class]."""
    *kinds, posture = same_kind([*classes, A_POSTURE])
    return np.asarray(np.array(kinds) == posture)
