from __future__ import annotations

import numpy as np
import pytest

from llasa_core.model.sureness import fit_temperature, fit_threshold


def test_the_threshold_is_where_answers_become_right_often_enough():
    surest_first = np.log([[0.9, 0.1]] * 98 + [[0.6, 0.4]] * 2)
    truth = np.array([0] * 98 + [1] * 2)

    assert fit_threshold(surest_first, truth) == pytest.approx(0.9)
    assert fit_threshold(surest_first, np.zeros(100, int)) == pytest.approx(0.6)


def test_the_temperature_makes_three_of_four_three_quarters_sure():
    logits = np.tile(np.log([[0.99, 0.01]]), (400, 1))
    truth = np.array([0, 0, 0, 1] * 100)
    odds = np.exp(logits[0] / fit_temperature(lambda temperature: logits / temperature, truth))

    assert odds[0] / odds.sum() == pytest.approx(0.75, abs=0.01)
