"""A small network beside the light head's discriminants, for sensors that were worn at several places: NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class HeadNet:
    """One hidden layer over the features of a window."""

    hidden: np.ndarray
    """float32 [feature, unit], as all that follow."""
    hidden_bias: np.ndarray
    """[unit]."""
    out: np.ndarray
    """[unit, class]."""
    out_bias: np.ndarray
    """[class]."""

    def log_probabilities(self, scaled: np.ndarray) -> np.ndarray:
        """Return log-probabilities, float64 [window, class].

        Args:
            scaled: features [window, feature] as `Space.scaled` returns them.
        """
        units = np.maximum(scaled @ self.hidden.astype(np.float64) + self.hidden_bias, 0)
        logits = units @ self.out.astype(np.float64) + self.out_bias
        return np.asarray(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))

    def fits(self, n_features: int, n_classes: int) -> bool:
        """Say whether the arrays fit each other and what they are used for."""
        n = len(self.hidden_bias)
        wanted = [(n_features, n), (n,), (n, n_classes), (n_classes,)]
        return [array.shape for array in (self.hidden, self.hidden_bias, self.out, self.out_bias)] == wanted
