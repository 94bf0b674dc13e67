from __future__ import annotations

import numpy as np
import pytest

from llasa_core.evaluate.open_ended.agreement import agreements, krippendorff_alpha, spearman
from llasa_core.evaluate.open_ended.scores import Scores


def alike(*overall: float | None) -> list[Scores | None]:
    return [None if score is None else Scores(score, score, score, score) for score in overall]


def test_two_judges_are_compared_where_both_have_scored():
    found = agreements({"a": alike(10, 20, 30, 40, None), "b": alike(20, 30, 40, None, 0)})

    assert [one.criterion for one in found] == [
        *("overall", "correctness", "completeness"),
        *("consistency", "helpfulness"),
    ]
    assert (found[0].n, found[0].spearman, found[0].mean_absolute_difference) == (3, pytest.approx(1), 10)


def test_ranks_count_and_ties_share_theirs():
    assert spearman(np.array([1, 2, 3, 4.0]), np.array([1, 10, 100, 1000.0])) == pytest.approx(1)
    assert spearman(np.array([1, 2, 3.0]), np.array([3, 2, 1.0])) == pytest.approx(-1)
    # ranks 1.5 1.5 3 against 1 2 3: the covariance is 0.75, the deviations are √0.75 and 1
    assert spearman(np.array([5, 5, 9.0]), np.array([1, 2, 3.0])) == pytest.approx(0.75 / 0.75**0.5)


def test_a_judge_that_gives_everybody_the_same_has_no_correlation():
    assert spearman(np.array([50, 50, 50.0]), np.array([1, 2, 3.0])) is None
    assert spearman(np.array([1, 2.0]), np.array([1, 2.0])) is None


def test_alpha_by_hand():
    ratings = np.array([[1, 2, 3.0], [1, 2, 4.0]])
    # observed: squared differences within answers 0, 0, 1, twice each, over 6 values: 2 / 6
    # expected: all 30 ordered pairs of 1 1 2 2 3 4: the sum of squared differences is 82, over 6 × 5
    values = ratings.ravel()
    pairs = sum((a - b) ** 2 for a in values for b in values)
    assert krippendorff_alpha(ratings) == pytest.approx(1 - (2 / 6) / (pairs / 30))


def test_alpha_is_one_where_judges_agree_and_has_no_value_where_nothing_differs():
    assert krippendorff_alpha(np.array([[10, 90.0], [10, 90.0]])) == 1
    assert krippendorff_alpha(np.array([[10, 10.0], [10, 10.0]])) is None
    assert krippendorff_alpha(np.array([[10, np.nan], [np.nan, 10.0]])) is None


def test_alpha_leaves_out_what_one_judge_alone_has_scored():
    ratings = np.array([[1, 2, 3, 77.0], [1, 2, 4, np.nan]])
    assert krippendorff_alpha(ratings) == krippendorff_alpha(ratings[:, :3])
