from __future__ import annotations

import numpy as np
import pytest

from llasa_core.evaluate.closed_set.novelty import auroc
from llasa_core.evaluate.closed_set.selective import RiskCoverage, choose_threshold, fewest_windows


def test_risk_is_counted_from_the_surest_on():
    found = RiskCoverage.of(np.array([0.9, 0.6, 0.8, 0.7]), np.array([True, False, False, True]))

    assert found.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert found.risk == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert found.aurc == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert found.excess_aurc == pytest.approx(found.aurc - (0 + 0 + 1 / 3 + 2 / 4) / 4)


def test_the_best_order_has_no_excess():
    confidence = np.linspace(1, 0, 10)

    assert RiskCoverage.of(confidence, confidence > 0.25).excess_aurc == pytest.approx(0)


def test_equally_sure_windows_count_alike_in_any_order():
    confidence = np.full(4, 0.5)

    found = [
        RiskCoverage.of(confidence, np.array(right)).risk
        for right in ([1, 1, 1, 0], [0, 1, 1, 1])
        for right in [np.array(right, dtype=bool)]
    ]

    assert found[0] == pytest.approx([0.25] * 4)
    assert found[0] == pytest.approx(found[1])


def test_the_lowest_threshold_that_gives_the_precision_is_chosen():
    confidence = np.array([0.9] * 8 + [0.8, 0.7, 0.6, 0.5])
    right = np.array([True] * 8 + [False, True, False, False])

    found = choose_threshold(confidence, right, 0.9)

    assert found is not None
    assert (found.confidence, found.windows, found.precision) == (0.7, 10, 0.9)


def test_too_few_windows_give_no_threshold():
    assert fewest_windows(0.98) == 50
    assert choose_threshold(np.linspace(1, 0.5, 49), np.ones(49, dtype=bool), 0.98) is None
    assert choose_threshold(np.linspace(1, 0.5, 50), np.ones(50, dtype=bool), 0.98) is not None
    assert choose_threshold(np.zeros(0), np.zeros(0, dtype=bool), 0.9) is None


def test_auroc_counts_pairs_and_ties_as_half():
    assert auroc(np.array([3.0, 2.0, 2.0, 1.0]), [True, True, False, False]) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
