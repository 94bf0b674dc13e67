from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llasa_core.errors import DataError
from llasa_core.eval_settings import EvalConfig
from llasa_core.evaluate.eval_set import choose_windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.data.store import WindowStore


def test_the_classes_are_the_activities_that_somebody_did(make_data: Callable[..., WindowStore]):
    found = choose_windows(make_data(), EvalConfig(), seed=7)

    assert found.classes == ("walking", "sitting", "lying")
    assert found.truth[:12].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]


def test_only_the_split_is_measured(make_data: Callable[..., WindowStore]):
    store = make_data()

    found = choose_windows(store, EvalConfig(split="val"), seed=7)

    assert {store.subject_names[number] for number in found.subject} == {"made/05"}
    assert len(found) == 12


def test_windows_without_an_activity_are_left_out(make_data: Callable[..., WindowStore]):
    store = make_data(activities=("walking", None, "sitting"))

    found = choose_windows(store, EvalConfig(), seed=7)

    assert len(found) == 3 * 2 * 4
    assert (store.activity[found.rows] >= 0).all()


def test_some_windows_are_drawn_once_and_for_all(make_data: Callable[..., WindowStore]):
    store = make_data()
    config = EvalConfig(max_windows=10)

    found = choose_windows(store, config, seed=7)

    assert len(found) == 10
    assert (found.rows == choose_windows(store, config, seed=7).rows).all()
    assert set(found.rows) <= set(store.rows("test"))
    assert (found.rows != choose_windows(store, config, seed=8).rows).any()


def test_more_windows_than_there_are_means_all(make_data: Callable[..., WindowStore]):
    assert len(choose_windows(make_data(), EvalConfig(max_windows=1000), seed=7)) == 36


def test_an_empty_split_is_an_error(make_data: Callable[..., WindowStore]):
    store = make_data(people={"train": ("made/01",)})

    with pytest.raises(DataError) as error:
        choose_windows(store, EvalConfig(), seed=7)

    assert str(error.value) == (
        "the test split holds no window with a known activity: 0 people, 0 windows\n"
        f"  where: {store.folder}\n"
        "  fix:   prepare recordings of more people, with their activities, or name another split with `--split`"
    )


def test_a_split_without_labels_is_an_error_with_its_counts(make_data: Callable[..., WindowStore]):
    store = make_data(activities=(None,))

    with pytest.raises(DataError, match="no window with a known activity: 3 people, 12 windows"):
        choose_windows(store, EvalConfig(), seed=7)
