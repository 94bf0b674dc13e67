"""Numbers that say how good predictions are, from confusion tables and probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ECE_BINS = 15
"""Equal bins of the winning probability, as in Guo et al. (2017)."""


@dataclass(frozen=True)
class ClassScore:
    """How one class was met; a value is None where nothing stands below its fraction line."""

    name: str
    windows: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None


def confusion_of(truth: np.ndarray, prediction: np.ndarray, n_classes: int) -> np.ndarray:
    """Count windows: int64 [true class, predicted class]."""
    flat = np.bincount(truth.astype(np.int64) * n_classes + prediction, minlength=n_classes**2)
    return flat.reshape(n_classes, n_classes)


def confusion_by_subject(truth: np.ndarray, prediction: np.ndarray, subject: np.ndarray, n_classes: int) -> np.ndarray:
    """Count windows for each person that is there, in the order of their numbers: [subject, true, predicted]."""
    people = np.unique(subject)
    tables = [confusion_of(truth[subject == one], prediction[subject == one], n_classes) for one in people]
    return np.stack(tables) if tables else np.zeros((0, n_classes, n_classes), np.int64)


def accuracy(confusion: np.ndarray) -> np.ndarray:
    """Return the share of windows that were named rightly; [..., true, predicted] -> [...]."""
    right = np.trace(confusion, axis1=-2, axis2=-1)
    return _divided(right, confusion.sum((-2, -1)))


def macro_f1(confusion: np.ndarray) -> np.ndarray:
    """Return the mean F1 over the classes that are present in the truth; [..., true, predicted] -> [...].

    A class that nobody did has no recall; counting its F1 as 0, as the usual macro average does, would lower the score
    for what the data lacks. Windows that are wrongly given such a class still count against their own class.
    """
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    present = confusion.sum(-1) > 0
    f1 = _divided(2 * right, confusion.sum(-1) + confusion.sum(-2))
    return _divided((f1 * present).sum(-1), present.sum(-1))


def class_scores(confusion: np.ndarray, names: tuple[str, ...]) -> tuple[ClassScore, ...]:
    """Return precision, recall and F1 of every class, in the order of `names`."""
    return tuple(_class_score(confusion, index, name) for index, name in enumerate(names))


def expected_calibration_error(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return how far confidence is from accuracy, weighted by the windows in each of 15 equal bins.

    Args:
        probabilities: [window, class], each row sums to 1.
        truth: [window], the true class.

    Source:
        Guo et al., On Calibration of Modern Neural Networks (2017), eq. 3; a bin holds (low, high].
    """
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == truth
    bins = np.clip(np.ceil(confidence * ECE_BINS).astype(np.int64) - 1, 0, ECE_BINS - 1)
    gaps = np.bincount(bins, right - confidence, minlength=ECE_BINS)  # sums over a bin: (accuracy - confidence) × count
    return float(np.abs(gaps).sum() / len(truth))


def _class_score(confusion: np.ndarray, index: int, name: str) -> ClassScore:
    right, windows, predicted = confusion[index, index], confusion[index].sum(), confusion[:, index].sum()
    return ClassScore(
        name=name,
        windows=int(windows),
        predicted=int(predicted),
        precision=_share(right, predicted),
        recall=_share(right, windows),
        f1=_share(2 * right, windows + predicted) if windows else None,
    )


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def _divided(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide, with 0 where there is nothing to divide by."""
    return np.asarray(np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) != 0))
