"""How sure is sure: a temperature, and the confidence below which there is no answer; from windows not learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

if TYPE_CHECKING:
    from collections.abc import Callable

WANTED_PRECISION = 0.99
"""So many of the windows that reach the threshold shall be named rightly."""
MOST_ABSTAINED = 0.05
"""But no more than this share of them is left without an answer."""
UNFITTED_THRESHOLD = 0.5
"""Where there is nobody to fit one on."""
HIGHEST = 0.95
"""A threshold above it would be beyond what can be measured."""
HOTTEST = 1000.0
"""Discriminants of people who are very unlike those learned from may need it."""


LEAST_VOTE = -1e6
"""Of a class that nobody did: finite, so that whoever did it in the check after all does not make every loss alike."""


def fit_temperature(votes: Callable[[float], np.ndarray], truth: np.ndarray, beside: np.ndarray | float = 0.0) -> float:
    """Return the temperature with the least cross-entropy (Guo et al. 2017, 4.2).

    Args:
        votes: temperature -> log-likelihoods [window, class], up to what all classes of a window share.
        truth: int [window], class numbers.
        beside: log-odds [window, class] that are added afterwards, as they are.
    """

    def loss(log_t: float) -> float:
        scaled = np.maximum(votes(float(np.exp(log_t))), LEAST_VOTE) + beside
        return float((np.logaddexp.reduce(scaled, axis=1) - scaled[np.arange(len(truth)), truth]).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def fit_threshold(logits: np.ndarray, truth: np.ndarray) -> float:
    """Return the lowest confidence from which on answers are as precise as wanted, within what may be abstained.

    Args:
        logits: [window, class], or log-probabilities.
        truth: int [window], class numbers.
    """
    confidence = np.exp(logits.max(axis=1) - np.logaddexp.reduce(logits, axis=1))
    order = np.argsort(-confidence, kind="stable")
    precision = np.cumsum((logits.argmax(axis=1) == truth)[order]) / np.arange(1, len(truth) + 1)
    is_precise = np.flatnonzero(precision >= WANTED_PRECISION)
    n_answered = max(is_precise[-1] + 1 if len(is_precise) else 0, int(np.ceil((1 - MOST_ABSTAINED) * len(truth))))
    return float(min(confidence[order[n_answered - 1]], HIGHEST))
