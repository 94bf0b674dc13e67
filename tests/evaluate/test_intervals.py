from __future__ import annotations

import numpy as np

from llasa_core.evaluate.intervals import Interval, subject_interval
from llasa_core.evaluate.metrics import accuracy


def interval(right: list[int], windows: list[int], *, resamples: int = 1000, seed: int = 7) -> Interval | None:
    """Return the interval of the accuracy of people with so many right windows of so many."""
    tables = np.array([[[r, n - r], [0, 0]] for r, n in zip(right, windows, strict=True)])
    return subject_interval(tables, accuracy, np.array(windows), resamples=resamples, seed=seed)


def width(found: Interval | None) -> float:
    assert found is not None
    return found.high - found.low


def test_an_interval_holds_the_measured_value_and_stays_between_0_and_1():
    found = interval([70, 60, 69, 50], [70, 70, 70, 70])

    assert found is not None
    assert 0 < found.low < 249 / 280 < found.high < 1


def test_one_person_gives_no_interval():
    assert interval([60], [70]) is None


def test_no_resamples_give_no_interval():
    assert interval([60, 50], [70, 70], resamples=0) is None


def test_the_same_seed_gives_the_same_interval():
    people = [70, 69, 68, 65, 60, 50, 69, 70, 66, 30], [70] * 10

    assert interval(*people) == interval(*people)
    assert interval(*people) != interval(*people, seed=8)


def test_more_people_narrow_the_interval():
    assert width(interval([60, 50] * 10, [70, 70] * 10)) < width(interval([60, 50] * 3, [70, 70] * 3))


def test_more_windows_of_the_same_people_are_no_more_people():
    few, many = interval([42, 54, 60] * 3, [60] * 9), interval([420, 540, 600] * 3, [600] * 9)

    assert width(many) > 0.8 * width(few)  # windows drawn alone would give a third of the width


def test_people_who_agree_by_chance_still_leave_doubt():
    found = interval([63] * 8, [70] * 8)  # everybody exactly .9

    assert found is not None
    assert found.low < 0.86
    assert found.high > 0.93


def test_a_perfect_score_of_few_people_leaves_doubt_below_only():
    found = interval([70] * 8, [70] * 8)

    assert found is not None
    assert 0.92 < found.low < 0.97
    assert found.high == 1


def test_95_percent_intervals_over_8_people_hold_the_truth_that_often():
    """Percentile intervals over the same 8 people hold it in about 80 %; `benchmarks/coverage.py` looks everywhere."""
    rng = np.random.default_rng(0)
    n_held = n_held_percentile = 0
    for _ in range(300):
        right = rng.binomial(70, rng.beta(12.35, 0.65, 8))  # mean .95, standard deviation .058
        found = interval(right.tolist(), [70] * 8, resamples=400)
        assert found is not None
        n_held += found.low <= 0.95 <= found.high
        low, high = np.quantile(right[rng.integers(0, 8, (400, 8))].mean(1) / 70, [0.025, 0.975])
        n_held_percentile += low <= 0.95 <= high

    assert n_held >= 0.93 * 300
    assert n_held_percentile < 0.88 * 300
