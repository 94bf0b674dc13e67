from __future__ import annotations

import numpy as np
import pytest

from llasa_core.evaluate.metrics import (
    ClassScore,
    accuracy,
    class_scores,
    confusion_by_subject,
    confusion_of,
    expected_calibration_error,
    macro_f1,
)

CONFUSION = np.array([[3, 1, 0], [0, 2, 2], [0, 0, 0]])  # the third class was predicted twice and never done


def test_confusion_has_the_truth_in_rows():
    found = confusion_of(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), 3)

    assert found.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_confusions_by_subject_add_up_to_that_of_all():
    truth, prediction, subject = np.array([0, 1, 1]), np.array([0, 1, 0]), np.array([9, 4, 9])

    found = confusion_by_subject(truth, prediction, subject, 2)

    assert found.tolist() == [[[0, 0], [0, 1]], [[1, 0], [1, 0]]]  # person 4, then 9
    assert (found.sum(0) == confusion_of(truth, prediction, 2)).all()


def test_accuracy_is_the_share_on_the_diagonal():
    assert accuracy(CONFUSION) == 5 / 8


def test_macro_f1_averages_over_the_classes_that_are_present():
    f1_of_first, f1_of_second = 2 * 3 / (4 + 3), 2 * 2 / (4 + 3)

    assert macro_f1(CONFUSION) == pytest.approx((f1_of_first + f1_of_second) / 2)


def test_scores_of_stacked_confusions_are_stacked():
    stacked = np.stack([CONFUSION, np.eye(3, dtype=int)])

    assert accuracy(stacked).tolist() == [5 / 8, 1.0]
    assert macro_f1(stacked).tolist() == [float(macro_f1(CONFUSION)), 1.0]


def test_class_scores_leave_out_what_has_nothing_below_the_line():
    walking, sitting, biking = class_scores(CONFUSION, ("walking", "sitting", "biking"))

    assert walking == ClassScore("walking", windows=4, predicted=3, precision=1.0, recall=0.75, f1=6 / 7)
    assert sitting == ClassScore("sitting", windows=4, predicted=3, precision=2 / 3, recall=0.5, f1=4 / 7)
    assert biking == ClassScore("biking", windows=0, predicted=2, precision=0.0, recall=None, f1=None)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.4, 0.6]] * 10)
    truth = np.array([0] * 8 + [1] * 2 + [1] * 6 + [0] * 4)  # 0.9 is right 8 times of 10, 0.6 is right 6 times of 10

    assert expected_calibration_error(probabilities, truth) == pytest.approx((10 * 0.1 + 10 * 0.0) / 20)


def test_full_confidence_falls_into_the_last_bin():
    assert expected_calibration_error(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1])) == pytest.approx(0.5)
