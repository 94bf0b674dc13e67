"""Windows of activities that were never trained on: can they be told by how unsure the checkpoint is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from llasa_core.model.calibration import softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.closed_set.class_set import ClassSet


@dataclass(frozen=True)
class Novelty:
    """How well unknown activities are told from known ones."""

    activities: tuple[str, ...]
    """The unknown ones that the windows hold."""
    unknown_windows: int
    unknown_people: int
    known_windows: int
    auroc: dict[str, float]
    """By `max_probability` and by `energy`: how often a known window is surer than an unknown one."""
    accepted: float | None
    """Share of unknown windows that reach the threshold for answering; None where there is no threshold."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "activities": list(self.activities),
            "unknown_windows": self.unknown_windows,
            "unknown_subjects": self.unknown_people,
            "known_windows": self.known_windows,
            "auroc": self.auroc,
            "falsely_accepted": self.accepted,
        }


def measure_novelty(
    log_likelihood: np.ndarray,
    truth: np.ndarray,
    subject: np.ndarray,
    class_set: ClassSet,
    *,
    temperature: float,
    threshold: float | None,
) -> Novelty | None:
    """Measure it, or return None where no window, or every window, is of an unknown activity.

    Only the classes that the checkpoint knows compete: with its own name among them, an unknown one could be named.

    Args:
        log_likelihood: [window, class].
        truth: int64 [window].
        subject: int32 [window].
        class_set: says which classes are known.
        temperature: of the probabilities.
        threshold: confidence from which on an answer is given.

    Source:
        Hendrycks & Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples (2017); Liu et al.,
        Energy-based Out-of-distribution Detection (2020), whose energy is here the log of the summed likelihoods.
    """
    is_known = class_set.is_known[truth]
    if is_known.all() or not is_known.any():
        return None
    among = log_likelihood[:, class_set.is_known]
    sureness = softmax(among, temperature).max(1)
    energy = np.logaddexp.reduce(among, axis=1)
    return Novelty(
        activities=tuple(class_set.classes[number] for number in np.unique(truth[~is_known])),
        unknown_windows=int((~is_known).sum()),
        unknown_people=len(np.unique(subject[~is_known])),
        known_windows=int(is_known.sum()),
        auroc={"max_probability": auroc(sureness, is_known), "energy": auroc(energy, is_known)},
        accepted=None if threshold is None else float((sureness[~is_known] >= threshold).mean()),
    )


def auroc(score: np.ndarray, is_positive: np.ndarray | Sequence[bool]) -> float:
    """Return how often a positive scores higher than a negative, ties counted as half (Mann-Whitney)."""
    positive = np.asarray(is_positive, dtype=bool)
    n_positive, n_negative = positive.sum(), (~positive).sum()
    ranks = rankdata(score)
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))
