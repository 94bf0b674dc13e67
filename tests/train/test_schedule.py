from __future__ import annotations

from itertools import pairwise

import pytest

from llasa_core.train.schedule import Schedule, learning_rate_factor


def schedule(**changes: int | None) -> Schedule:
    settings = {"n_items": 10, "batch_size": 4, "epochs": 2, "items_per_epoch": 10, "max_steps": None, "seed": 7}
    return Schedule(**{**settings, **changes})


def test_an_epoch_holds_every_item_once():
    seen = [item for step in range(3) for item in schedule().items_of(step).tolist()]

    assert [len(schedule().items_of(step)) for step in range(3)] == [4, 4, 2]
    assert sorted(seen) == list(range(10))


def test_each_epoch_has_its_own_order():
    first, second = ([schedule().items_of(start + step).tolist() for step in range(3)] for start in (0, 3))

    assert first != second


def test_a_capped_epoch_draws_anew_each_time():
    capped = schedule(items_per_epoch=4)

    assert capped.n_steps == 2
    assert set(capped.items_of(0).tolist()) != set(capped.items_of(1).tolist())


def test_max_steps_ends_the_stage():
    assert schedule().n_steps == 6
    assert schedule(max_steps=5).n_steps == 5


def test_a_step_depends_on_seed_and_place_alone():
    assert schedule().items_of(4).tolist() == schedule().items_of(4).tolist()
    assert schedule().items_of(4).tolist() != schedule(seed=8).items_of(4).tolist()


def test_the_learning_rate_rises_then_falls_to_zero():
    factors = [learning_rate_factor(step, 100, 0.03) for step in range(100)]

    assert factors[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert all(a > b for a, b in pairwise(factors[3:]))
    assert factors[-1] < 0.001
