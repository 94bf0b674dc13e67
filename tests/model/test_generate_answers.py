"""Many answers at once are the answers one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from llasa_core.data.qa import SENSOR, Turn
from llasa_core.errors import ModelError
from llasa_core.model import generate
from llasa_core.model.collate import Sample
from llasa_core.model.generate import generate_answers, generate_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from llasa_core.model.multimodal import LlasaModel

MOST = 12


def mixed(windows: np.ndarray) -> list[Sample]:
    """Prompts of many lengths, with one, two and three windows, and a conversation."""
    samples = [Sample(windows[nth : nth + 1], (Turn("human", f"{SENSOR}\nWhat{' then' * nth}?"),)) for nth in range(6)]
    both = Turn("human", f"First: {SENSOR}\nSecond: {SENSOR}\nWhich?")
    samples.append(Sample(windows[:2], (both,)))
    samples.append(Sample(windows[2:4], (both, Turn("gpt", "The first."), Turn("human", "Why?"))))
    samples.append(Sample(windows[4:7], (Turn("human", "A: <sensor>\nB: <sensor>\nC: <sensor>\nOrder?"),)))
    return samples


def one_by_one(model: LlasaModel, samples: list[Sample], most: int = MOST) -> list[list[int]]:
    return [list(generate_tokens(model, one.windows, one.turns, max_new_tokens=most)) for one in samples]


@pytest.fixture
def ending(model: LlasaModel, windows: np.ndarray) -> LlasaModel:
    """A model whose answers to `mixed` differ, and end early, late and never."""
    torch.manual_seed(0)
    for weights in model.lm.parameters():  # as it comes it says one token for ever
        if weights.ndim > 1:
            torch.nn.init.normal_(weights, std=0.3)
    said = one_by_one(model, mixed(windows))
    ends = {token: {row.index(token) if token in row else MOST for row in said} for row in said for token in row}
    model.template.end_of_turn = max(ends, key=lambda token: len(ends[token]))
    return model


def test_many_answers_are_those_one_by_one(ending: LlasaModel, windows: np.ndarray) -> None:
    samples = mixed(windows)
    expected = one_by_one(ending, samples)
    told: list[int] = []

    answers = generate_answers(ending, samples, max_new_tokens=MOST, progress=told.append)

    assert [answer.text for answer in answers] == [ending.codec.decode(tokens) for tokens in expected]
    assert [answer.tokens for answer in answers] == [len(tokens) for tokens in expected]
    assert [answer.ended for answer in answers] == [len(tokens) < MOST for tokens in expected]
    assert len({answer.tokens for answer in answers}) > 2
    assert sum(told) == len(samples)


@pytest.mark.parametrize("at_once", [1, 250, 500])
def test_the_size_of_groups_changes_no_answer(
    ending: LlasaModel, windows: np.ndarray, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    whole = generate_answers(ending, mixed(windows), max_new_tokens=MOST)
    monkeypatch.setattr(generate, "POSITIONS_AT_ONCE", at_once)
    told: list[int] = []

    assert generate_answers(ending, mixed(windows), max_new_tokens=MOST, progress=told.append) == whole
    assert len(told) > 1


def test_windows_of_other_lengths_are_answered_too(make_model: Callable[..., LlasaModel], windows: np.ndarray) -> None:
    model = make_model()
    ask = (Turn("human", f"{SENSOR}\nWhat?"),)
    samples = [Sample(windows[:1], ask), Sample(windows[:1, :12], ask), Sample(windows[1:2], ask)]

    answers = generate_answers(model, samples, max_new_tokens=6)

    assert [answer.text for answer in answers] == [model.codec.decode(row) for row in one_by_one(model, samples, 6)]


def test_no_samples_are_no_answers(model: LlasaModel) -> None:
    assert generate_answers(model, []) == []


def test_a_prompt_without_its_placeholder_is_refused(model: LlasaModel, windows: np.ndarray) -> None:
    with pytest.raises(ModelError) as caught:
        generate_answers(model, [Sample(windows[:1], (Turn("human", "What?"),))])

    assert caught.value.message == "the prompt holds 0 <sensor> placeholders for 1 windows"
