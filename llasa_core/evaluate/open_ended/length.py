"""What length has to do with it: longer answers please judges, whatever they say."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

RIDGE = 0.01
"""Weight of the squared slope in the fit: keeps it finite where length tells every winner."""
STEPS = 50
CLOSE = 1e-10


def length_controlled_win_rate(points: np.ndarray, n_words: np.ndarray, n_words_other: np.ndarray) -> float | None:
    """Return how often the first would win if both answers were equally long, 0 to 1.

    A logistic regression of the points on an intercept and on tanh of the standardised difference in words; the rate
    is what it says at no difference. Without a difference anywhere it is the plain rate (but for the smoothing).

    Args:
        points: [pair], 1 for a win of the first answer, 0 for one of the second, 0.5 for a tie.
        n_words: [pair], of the first answer.
        n_words_other: [pair], of the second.

    Returns:
        None without a pair.

    Source:
        Dubois et al., Length-Controlled AlpacaEval (2024), eq. 2, without the terms for the instruction and the model;
        one win and one loss of half a point are added at no difference, so that a clean sweep has log-odds.
    """
    if not len(points):
        return None
    difference = (n_words - n_words_other).astype(np.float64)
    spread = np.sqrt((difference**2).mean())
    scaled = np.tanh(difference / spread) if spread else difference
    design = np.stack([np.ones(len(points) + 2), np.append(scaled, [0, 0])], axis=1)  # [pair, (intercept, slope)]
    weights = np.append(np.ones(len(points)), [0.5, 0.5])
    intercept, _ = _logistic(design, np.append(points, [0.0, 1.0]), weights)
    return float(expit(intercept))


def _logistic(design: np.ndarray, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the coefficients of a logistic regression by Newton's method; points may lie between 0 and 1."""
    penalty = np.diag([0.0, RIDGE])
    found = np.zeros(2)
    for _ in range(STEPS):
        chance = expit(design @ found)
        slope = design.T @ (weights * (points - chance)) - penalty @ found
        bend = (design * (weights * chance * (1 - chance))[:, None]).T @ design + penalty
        step = np.linalg.solve(bend, slope)
        found += step
        if np.abs(step).max() < CLOSE:
            break
    return found
