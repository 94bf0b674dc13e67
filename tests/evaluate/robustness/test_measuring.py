from __future__ import annotations

import numpy as np
import pytest

from llasa_core.evaluate.eval_set import EvalSet
from llasa_core.evaluate.robustness.choosing import stratified
from llasa_core.evaluate.robustness.measuring import is_still, measure_named

CLASSES = ("walking", "sitting", "lying")


def windows(truth: list[int], subject: list[int] | None = None) -> EvalSet:
    """Return windows with these activities."""
    people = np.array(subject or [0] * len(truth))
    return EvalSet(np.arange(len(truth)) + 100, np.array(truth), people, people, CLASSES)


def test_postures_are_still():
    assert is_still((*CLASSES, "standing", "biking")).tolist() == [False, True, True, True, False]
    assert is_still(("walking", "jogging")).tolist() == [False, False]


def test_postures_count_as_one_where_they_are_merged():
    chosen = windows([0, 0, 1, 1, 2], [0, 1, 0, 1, 0])
    named = measure_named(chosen, np.array([0, 1, 1, 2, 0]), CLASSES, resamples=50, seed=7)

    assert named.all.value == pytest.approx(2 / 5)
    assert named.moving is not None
    assert named.moving.value == pytest.approx(1 / 2)
    assert named.still is not None
    assert named.still.value == pytest.approx(1 / 3)
    assert named.still_merged.value == pytest.approx(3 / 5)
    assert named.as_dict()["accuracy_still"] == pytest.approx(1 / 3)


def test_where_nobody_moves_nothing_is_said_of_moving():
    named = measure_named(windows([1, 2]), np.array([1, 1]), CLASSES, resamples=0, seed=7)

    assert named.moving is None
    assert named.as_dict()["accuracy_moving"] is None


def test_activities_and_people_have_their_shares_of_the_choice():
    truth = [0] * 60 + [1] * 30 + [2] * 10
    people = [number % 2 for number in range(100)]
    chosen = windows(truth, people)
    positions = stratified(chosen, 20, seed=7)

    assert np.bincount(chosen.truth[positions]).tolist() == [12, 6, 2]
    assert np.bincount(chosen.subject[positions]).tolist() == [10, 10]
    assert (np.diff(positions) > 0).all()
    assert positions.tolist() == stratified(chosen, 20, seed=7).tolist()
    assert positions.tolist() != stratified(chosen, 20, seed=8).tolist()


@pytest.mark.parametrize("n_wanted", [None, 4, 9])
def test_all_are_chosen_where_there_are_no_more(n_wanted: int | None):
    assert stratified(windows([0, 0, 1, 2]), n_wanted, seed=7).tolist() == [0, 1, 2, 3]
