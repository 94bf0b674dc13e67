from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.qa import Turn
from llasa_core.errors import RunError
from llasa_core.eval_settings import EvalConfig
from llasa_core.evaluate.closed_set import probabilities
from llasa_core.evaluate.closed_set.probabilities import class_probabilities, prompt_of
from llasa_core.evaluate.eval_set import choose_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.data.store import WindowStore
    from llasa_core.model.collate import Sample

LIKELIHOODS = {"Walking.": 0.2, "Sitting.": 0.1, "Lying.": 0.1}


def score(samples: Sequence[Sample], choices: Sequence[str], progress: Callable[[int], None]) -> np.ndarray:
    """Score answers by a fixed table, whatever the window."""
    progress(len(samples))
    return np.log([[LIKELIHOODS[choice] for choice in choices]] * len(samples))


def test_probabilities_are_the_answers_likelihoods_divided_by_their_sum(make_data: Callable[..., WindowStore]):
    store = make_data()
    eval_set = choose_windows(store, EvalConfig(), seed=7)

    found = class_probabilities(eval_set, store, "What is the person doing?", score, lambda _n: None)

    assert found.shape == (36, 3)
    assert np.allclose(found, [0.5, 0.25, 0.25])


def test_very_unlikely_answers_still_give_probabilities(make_data: Callable[..., WindowStore]):
    store = make_data()
    eval_set = choose_windows(store, EvalConfig(), seed=7)

    found = class_probabilities(
        eval_set, store, "?", lambda samples, _c, _p: np.tile([-5000.0, -5001.0, -9000.0], (len(samples), 1)), print
    )

    assert np.allclose(found[0], [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1)), 0])


def test_every_window_is_asked_alone_and_in_order(
    make_data: Callable[..., WindowStore], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(probabilities, "WINDOWS_AT_ONCE", 10)
    store = make_data()
    eval_set = choose_windows(store, EvalConfig(), seed=7)
    asked: list[Sample] = []
    done: list[float] = []

    def listen(samples: Sequence[Sample], choices: Sequence[str], progress: Callable[[int], None]) -> np.ndarray:
        asked.extend(samples)
        return score(samples, choices, progress)

    class_probabilities(eval_set, store, "What now?", listen, done.append)

    assert (np.concatenate([sample.windows for sample in asked]) == store.take(eval_set.rows)).all()
    assert {sample.turns for sample in asked} == {(Turn("human", "<sensor>\nWhat now?"),)}
    assert done == [10, 20, 30, 36]


def test_a_question_may_place_the_window_itself():
    assert prompt_of("What now?") == "<sensor>\nWhat now?"
    assert prompt_of("In <sensor>, what now?") == "In <sensor>, what now?"


def test_a_checkpoint_that_gives_no_numbers_is_an_error(make_data: Callable[..., WindowStore]):
    store = make_data()
    eval_set = choose_windows(store, EvalConfig(), seed=7)

    def broken(samples: Sequence[Sample], choices: Sequence[str], progress: Callable[[int], None]) -> np.ndarray:
        found = score(samples, choices, progress)
        found[[2, 5], 1] = np.nan
        return found

    with pytest.raises(RunError) as error:
        class_probabilities(eval_set, store, "?", broken, lambda _n: None)

    assert str(error.value) == (
        "the checkpoint's log-likelihoods are no numbers for 2 of 36 windows\n"
        f"  where: {store.folder / 'windows-00000.h5'}:/samples[{eval_set.rows[2]}]\n"
        "  fix:   if this window is sound, the checkpoint is not: train it again, or with `model.dtype: float32`"
    )
