from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from llasa_core.data.store import WindowStore
from llasa_core.model.head import stretch_statistics
from llasa_core.train.head import _spliced, _with_own_spread, fit_head

if TYPE_CHECKING:
    from llasa_core.recipe_file import LoadedRecipe


@pytest.fixture
def store(tiny: LoadedRecipe) -> WindowStore:
    return WindowStore(tiny.resolved.data.folder)


def known(store: WindowStore) -> tuple[str, ...]:
    return tuple(store.activity_names[i] for i in np.unique(store.activity) if i >= 0)


def test_the_same_seed_fits_the_same_head_and_draws_nothing_from_others(store: WindowStore):
    before = torch.get_rng_state()
    one, report = fit_head(store, known(store), seed=3)
    other, _ = fit_head(store, known(store), seed=3)

    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(one.weights.out, other.weights.out)
    assert one.temperature == other.temperature
    assert report.windows == len(store.rows("train"))


def test_a_head_learns_its_training_windows(store: WindowStore):
    names = known(store)
    head, _ = fit_head(store, names, seed=3)
    rows = store.rows("train")
    truth = [names.index(store.activity_names[i]) for i in store.activity[rows]]

    assert (head.log_probabilities(store.take(rows)).argmax(axis=1) == truth).mean() > 0.9


def test_a_class_that_nobody_did_is_never_near(store: WindowStore):
    head, _ = fit_head(store, (*known(store), "biking"), seed=3)

    assert np.isinf(head.weights.centres[-1]).all()
    assert np.isfinite(head.judge(store.take(store.rows("val")))[1]).all()


def test_a_spliced_window_keeps_more_than_half_of_its_own():
    inputs = torch.arange(6.0)[:, None, None] * torch.ones(6, 12, 18)
    torch.manual_seed(0)
    own = (_spliced(inputs)[..., 0] == inputs[..., 0]).sum(dim=1)

    assert own.min() > 6
    assert own.min() < 12


def test_the_deviation_of_a_spliced_window_is_that_of_its_samples():
    windows = np.random.default_rng(0).normal(size=(2, 120, 6)).astype(np.float32)
    both = np.concatenate([windows[:1, :60], windows[1:, 60:]], axis=1)
    halves = torch.from_numpy(stretch_statistics(windows, 12))
    spliced = _with_own_spread(torch.cat([halves[:1, :6], halves[1:, 6:]], dim=1))

    np.testing.assert_allclose(spliced.numpy(), stretch_statistics(both, 12), atol=0.01)
