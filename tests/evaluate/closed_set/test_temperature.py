from __future__ import annotations

import numpy as np
import pytest

from llasa_core.evaluate.closed_set.temperature import (
    Reliability,
    fit_temperature,
    negative_log_likelihood,
    temperature_for_new_people,
)
from llasa_core.evaluate.metrics import expected_calibration_error
from llasa_core.model.calibration import softmax


def too_sure(n_windows: int, seed: int, factor: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Return logits of a model that knows the true odds and exaggerates them: [window, class] and the truth."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(0, 1.5, (n_windows, 5))
    truth = (softmax(honest).cumsum(1) > rng.random((n_windows, 1))).argmax(1)
    return factor * honest, truth


def test_the_temperature_undoes_the_exaggeration():
    assert fit_temperature(*too_sure(20_000, seed=0)) == pytest.approx(3.0, rel=0.05)


def test_temperature_scaling_lowers_the_calibration_error_of_windows_that_it_was_not_fitted_on():
    temperature = fit_temperature(*too_sure(400, seed=1))
    scores, truth = too_sure(1000, seed=2)

    before, after = (Reliability.of(scores, truth, t).ece for t in (1.0, temperature))

    assert before > 0.15
    assert after < before / 3


def test_the_fitted_temperature_has_the_least_loss():
    scores, truth = too_sure(300, seed=3)
    best = fit_temperature(scores, truth)

    losses = [negative_log_likelihood(scores, truth, best * step) for step in (0.9, 1.0, 1.1)]

    assert losses[1] == min(losses)


def test_the_loss_is_the_mean_surprise_at_the_truth():
    scores = np.log([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])

    assert negative_log_likelihood(scores, np.array([0, 1]), 1.0) == pytest.approx(-np.log([0.5, 0.1]).mean())


def test_the_error_of_the_diagram_is_the_expected_calibration_error():
    scores, truth = too_sure(500, seed=4)

    found = Reliability.of(scores, truth, 2.0)

    assert found.ece == pytest.approx(expected_calibration_error(softmax(scores, 2.0), truth))
    assert found.windows.sum() == 500
    assert (found.windows > 0).all()


def test_scores_without_mistakes_get_a_temperature_at_the_cold_end():
    scores = np.eye(3)[np.arange(30) % 3]

    assert fit_temperature(scores, np.arange(30) % 3) == pytest.approx(0.05, rel=0.01)


def test_a_temperature_that_helps_whoever_is_left_out_is_used():
    scores, truth = too_sure(400, seed=1)

    assert temperature_for_new_people(scores, truth, np.arange(400) % 4) == fit_temperature(scores, truth)


def test_a_temperature_that_one_person_overturns_is_not_used():
    """Three people are named rightly whenever the scores are unsure, the fourth hardly ever."""
    scores, subject = np.tile([1.0, 0.0], (400, 1)), np.arange(400) % 4
    truth = np.where(subject == 3, np.arange(400) % 8 < 4, 0).astype(np.int64)

    assert fit_temperature(scores, truth) < 1
    assert temperature_for_new_people(scores, truth, subject) == 1
    assert temperature_for_new_people(scores[subject < 3], truth[subject < 3], subject[subject < 3]) < 1


def test_of_one_person_the_fit_stands():
    scores, truth = too_sure(400, seed=1)

    assert temperature_for_new_people(scores, truth, np.zeros(400)) == fit_temperature(scores, truth)
