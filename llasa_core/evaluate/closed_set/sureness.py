"""How far the checkpoint's probabilities can be relied on: fitted on validation people, measured on the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.store import MANIFEST
from llasa_core.evaluate.closed_set.selective import RiskCoverage, Threshold, choose_threshold, fewest_windows
from llasa_core.evaluate.closed_set.temperature import (
    FEWEST_WINDOWS,
    Reliability,
    negative_log_likelihood,
    temperature_for_new_people,
)
from llasa_core.evaluate.measured import Share, measure_share
from llasa_core.files import sha256_of
from llasa_core.model.calibration import Calibration, softmax

if TYPE_CHECKING:
    from llasa_core.evaluate.closed_set.class_set import ClassSet
    from llasa_core.evaluate.eval_set import EvalSet
    from llasa_core.evaluate.exam import Exam


@dataclass(frozen=True)
class Sureness:
    """Calibration and abstaining."""

    calibration: Calibration | None
    """None where there are too few validation windows."""
    before: Reliability
    after: Reliability
    """At the fitted temperature; the same as `before` where none was fitted."""
    risk: RiskCoverage
    wanted_precision: float
    threshold: Threshold | None
    """None where the validation windows give none."""
    coverage: Share | None
    """Windows that reach the threshold."""
    precision: Share | None
    """Of those; None where no window reaches it."""
    val_windows: int
    val_people: int

    @property
    def temperature(self) -> float:
        """Of the probabilities that are reported."""
        return 1.0 if self.calibration is None else self.calibration.temperature

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: `calibration` and `abstaining`."""
        threshold = self.threshold
        return {
            "calibration": {
                "fitted": None if self.calibration is None else self.calibration.as_dict(),
                "ece_before": self.before.ece,
                "ece_after": None if self.calibration is None else self.after.ece,
                "reliability_before": self.before.as_dict(),
                "reliability_after": None if self.calibration is None else self.after.as_dict(),
            },
            "abstaining": {
                "wanted_precision": self.wanted_precision,
                "threshold": None if threshold is None else threshold.confidence,
                "val_precision": None if threshold is None else threshold.precision,
                "val_windows_answered": None if threshold is None else threshold.windows,
                "val_windows": self.val_windows,
                "val_subjects": self.val_people,
                "coverage": None if self.coverage is None else self.coverage.as_dict(),
                "precision": None if self.precision is None else self.precision.as_dict(),
                "aurc": self.risk.aurc,
                "excess_aurc": self.risk.excess_aurc,
                "risk_coverage": self.risk.thinned(),
            },
        }

    def notes(self) -> list[str]:
        """Return what could not be had, and why."""
        found = []
        if self.calibration is None:
            found.append(
                f"no temperature was fitted: the validation people have {self.val_windows} windows of activities "
                f"that the checkpoint knows, {FEWEST_WINDOWS} are needed"
            )
        if self.threshold is None:
            needed = fewest_windows(self.wanted_precision)
            found.append(
                f"no threshold for a precision of {self.wanted_precision:g}: no {needed} of the surest among "
                f"{self.val_windows} validation windows reach it"
            )
        return found


def measure_sureness(
    log_likelihood: np.ndarray, val_log_likelihood: np.ndarray, val: EvalSet, exam: Exam, class_set: ClassSet
) -> Sureness:
    """Fit temperature and threshold on validation windows of known activities, and measure both on the exam's.

    Args:
        log_likelihood: [window, class], of the exam's windows.
        val_log_likelihood: [window, class].
        val: the validation windows.
        exam: what is measured.
        class_set: its classes.
    """
    truth, subject, config = exam.windows.truth, exam.windows.subject, exam.config
    is_known = class_set.is_known[val.truth]
    val, val_log_likelihood = val.part(np.flatnonzero(is_known)), val_log_likelihood[is_known]
    calibration = _fitted(val_log_likelihood, val, exam, class_set)
    temperature = 1.0 if calibration is None else calibration.temperature
    confidence, right = _sure(log_likelihood, truth, temperature)
    threshold = choose_threshold(*_sure(val_log_likelihood, val.truth, temperature), config.abstain_precision)
    answered = np.zeros(len(truth), dtype=bool) if threshold is None else confidence >= threshold.confidence
    coverage = None if threshold is None else measure_share(answered, subject, config.bootstrap, exam.seed)
    precision = (
        measure_share(right[answered], subject[answered], config.bootstrap, exam.seed) if answered.any() else None
    )
    return Sureness(
        calibration=calibration,
        before=Reliability.of(log_likelihood, truth, 1.0),
        after=Reliability.of(log_likelihood, truth, temperature),
        risk=RiskCoverage.of(confidence, right),
        wanted_precision=config.abstain_precision,
        threshold=threshold,
        coverage=coverage,
        precision=precision,
        val_windows=len(val),
        val_people=len(np.unique(val.subject)),
    )


def _sure(log_likelihood: np.ndarray, truth: np.ndarray, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the winning probability of each window, and whether it won rightly."""
    probabilities = softmax(log_likelihood, temperature)
    return probabilities.max(1, initial=0), probabilities.argmax(1) == truth


def _fitted(log_likelihood: np.ndarray, val: EvalSet, exam: Exam, class_set: ClassSet) -> Calibration | None:
    if len(val) < FEWEST_WINDOWS:
        return None
    temperature = temperature_for_new_people(log_likelihood, val.truth, val.subject)
    return Calibration(
        temperature=temperature,
        question=exam.config.question,
        classes=class_set.classes,
        split="val",
        windows=len(val),
        people=len(np.unique(val.subject)),
        data=f"{exam.store.folder.name} {sha256_of(exam.store.folder / MANIFEST)[:12]}",
        nll_before=negative_log_likelihood(log_likelihood, val.truth, 1.0),
        nll_after=negative_log_likelihood(log_likelihood, val.truth, temperature),
    )
