"""The temperature under which probabilities say how often they are right, and how well they do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from llasa_core.evaluate.metrics import ECE_BINS
from llasa_core.model.calibration import softmax

COLDEST, HOTTEST = 0.05, 20.0
FEWEST_WINDOWS = 20
"""With fewer validation windows no temperature is fitted."""


def fit_temperature(log_likelihood: np.ndarray, truth: np.ndarray) -> float:
    """Return the temperature with the least negative log-likelihood, within 0.05 to 20.

    Args:
        log_likelihood: [window, class].
        truth: int64 [window].

    Source:
        Guo et al., On Calibration of Modern Neural Networks (2017), 4.2. Found by Brent's method on the logarithm of
        the temperature; the loss has one minimum in 1 / temperature.
    """
    found = minimize_scalar(
        lambda log_t: negative_log_likelihood(log_likelihood, truth, float(np.exp(log_t))),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(np.exp(found.x))


def temperature_for_new_people(log_likelihood: np.ndarray, truth: np.ndarray, subject: np.ndarray) -> float:
    """Return the fitted temperature, or 1 where it cannot be expected to help people it was not fitted on.

    It is fitted without each person in turn. Where the windows of those left out are no likelier under those
    temperatures than under 1, the few mistakes of few people have set it, and others would seem surer than they are.

    Args:
        log_likelihood: [window, class].
        truth: int64 [window].
        subject: [window]: who; of one person nothing can be left out, and the fit is returned.
    """
    fitted = fit_temperature(log_likelihood, truth)
    people = np.unique(subject)
    if len(people) == 1:
        return fitted
    gained = 0.0
    for person in people:
        is_out = subject == person
        out = log_likelihood[is_out], truth[is_out]
        others = fit_temperature(log_likelihood[~is_out], truth[~is_out])
        gained += is_out.sum() * (negative_log_likelihood(*out, 1.0) - negative_log_likelihood(*out, others))
    return fitted if gained > 0 else 1.0


def negative_log_likelihood(log_likelihood: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    """Return the mean of -log p(true class), in nats."""
    scaled = log_likelihood / temperature
    return float((np.logaddexp.reduce(scaled, axis=1) - scaled[np.arange(len(truth)), truth]).mean())


@dataclass(frozen=True)
class Reliability:
    """Confidence beside accuracy in equal bins of confidence; empty bins are left out."""

    confidence: np.ndarray
    """[bin]: mean of the winning probability."""
    accuracy: np.ndarray
    """[bin]."""
    windows: np.ndarray
    """int64 [bin]."""

    @classmethod
    def of(cls, log_likelihood: np.ndarray, truth: np.ndarray, temperature: float) -> Reliability:
        """Sort windows into the bins (low, high] of `expected_calibration_error`."""
        probabilities = softmax(log_likelihood, temperature)
        confidence = probabilities.max(1)
        right = probabilities.argmax(1) == truth
        bins = np.clip(np.ceil(confidence * ECE_BINS).astype(np.int64) - 1, 0, ECE_BINS - 1)
        windows = np.bincount(bins, minlength=ECE_BINS)
        filled = windows > 0
        sums = (np.bincount(bins, values, minlength=ECE_BINS)[filled] for values in (confidence, right))
        mean_confidence, accuracy = (each / windows[filled] for each in sums)
        return cls(mean_confidence, accuracy, windows[filled])

    @property
    def ece(self) -> float:
        """Expected calibration error: the gaps between confidence and accuracy, weighted by windows."""
        return float((np.abs(self.accuracy - self.confidence) * self.windows).sum() / self.windows.sum())

    def as_dict(self) -> dict[str, list[float]]:
        """Return plain values for JSON."""
        return {
            "confidence": self.confidence.tolist(),
            "accuracy": self.accuracy.tolist(),
            "windows": self.windows.tolist(),
        }
