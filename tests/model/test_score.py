from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from llasa_core.data.qa import Turn
from llasa_core.errors import ModelError
from llasa_core.model import score
from llasa_core.model.answer_tree import ROOT, Branch, Tree
from llasa_core.model.collate import Sample, encode
from llasa_core.model.packing import pack
from llasa_core.model.score import positions_of, score_choices, score_prompts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.model.multimodal import LlasaModel

CHOICES = ("Walking.", "Sitting.", "Climbing stairs.", "Climbing.")
PROMPTS = (
    (Turn("human", "<sensor>\nWhat is the person doing?"),),
    (Turn("human", "<sensor>\nWhat is the person up to?"),),
    (Turn("human", "A question before <sensor> and after it?"),),
)


def alone(model: LlasaModel, sample: Sample, choice: str) -> float:
    """Return a choice's log-likelihood from a forward of its own, as training computes it."""
    encoded = encode(model.template, [*sample.turns, Turn("gpt", choice)], len(sample.windows))
    n_tokens = len(model.template.encode_answer(choice))
    encoded.is_answer = [False] * (len(encoded.ids) - n_tokens) + [True] * n_tokens  # not what was said before
    return -float(model(pack([encoded], [sample.windows], model.config.sensor_tokens)).total.detach())


def one_by_one(model: LlasaModel, windows: Sequence[np.ndarray], prompt: tuple[Turn, ...]) -> np.ndarray:
    return np.array([[alone(model, Sample(part, prompt), choice) for choice in CHOICES] for part in windows])


def test_branches_share_what_they_begin_with():
    tree = Tree.of([Branch([7, 8], [1, 2, 9]), Branch([7, 8], [1, 9]), Branch([7, 5], [1, 9])], torch.device("cpu"))

    assert tree.ids.tolist() == [7, 8, 1, 2, 5, 1]  # no node for the 9s, behind which nothing comes
    assert tree.depth.tolist() == [0, 1, 2, 3, 1, 2]
    assert tree.is_visible[3].tolist() == [True, True, True, True, False, False]
    assert tree.is_visible[5].tolist() == [True, False, False, False, True, True]
    assert tree.follows.tolist() == [1, 2, 3, 1, 2, 4, 5]
    assert tree.predicted.tolist() == [1, 2, 9, 1, 9, 1, 9]
    assert tree.branch.tolist() == [0, 0, 0, 1, 1, 2, 2]


def test_an_answer_without_a_question_follows_the_root():
    tree = Tree.of([Branch([], [4, 9])], torch.device("cpu"))

    assert tree.follows.tolist() == [ROOT, 0]
    assert tree.mask(2, 1)[0, 0].tolist() == [[True, True, True, False], [True, True, True, True]]
    assert tree.positions(2, 1).tolist() == [[2, 3]]


def test_the_tree_equals_a_forward_for_each_choice_of_each_prompt(model: LlasaModel, windows: np.ndarray):
    samples = [window[None] for window in windows[:3]]

    scores = score_prompts(model, samples, PROMPTS, CHOICES)

    for number, prompt in enumerate(PROMPTS):
        assert scores[:, number] == pytest.approx(one_by_one(model, samples, prompt), abs=1e-4)


@pytest.mark.parametrize(
    "turns",
    [
        (Turn("human", "First: <sensor> Second: <sensor> Do they differ?"),),
        (Turn("human", "<sensor> What is it?"), Turn("gpt", "Walking."), Turn("human", "And this: <sensor>")),
    ],
)
def test_several_windows_and_turns_stand_before_the_tree(
    model: LlasaModel, windows: np.ndarray, turns: tuple[Turn, ...]
):
    pairs = [windows[:2], windows[2:4]]

    scores = score_choices(model, [Sample(pair, turns) for pair in pairs], CHOICES)

    assert scores == pytest.approx(one_by_one(model, pairs, turns), abs=1e-4)


def test_text_alone_can_be_scored(model: LlasaModel, windows: np.ndarray):
    turns = (Turn("human", "What is walking?"),)
    nothing = windows[:0]

    scores = score_choices(model, [Sample(nothing, turns)], CHOICES)

    assert scores == pytest.approx(one_by_one(model, [nothing], turns), abs=1e-4)


def test_samples_keep_their_order_whatever_is_computed_together(
    model: LlasaModel, windows: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    samples = [Sample(window[None], PROMPTS[i % 2]) for i, window in enumerate(windows)]
    together = score_choices(model, samples, CHOICES)
    told: list[int] = []
    monkeypatch.setattr(score, "POSITIONS_PER_FORWARD", 3 * positions_of(model, PROMPTS[0], CHOICES, 120))
    monkeypatch.setattr(score, "LOGITS_AT_ONCE", 1)

    apart = score_choices(model, samples, CHOICES, told.append)

    assert apart == pytest.approx(together, abs=1e-4)
    assert told == [3, 1, 3, 1]


def test_without_choices_there_is_nothing_to_score(model: LlasaModel, windows: np.ndarray):
    with pytest.raises(ModelError, match="there are no choices to score"):
        score_choices(model, [Sample(windows[:1], PROMPTS[0])], [])


@pytest.mark.network
def test_the_tree_equals_single_forwards_on_a_real_lm(make_real_model: Callable[[], LlasaModel], windows: np.ndarray):
    model = make_real_model()
    samples = [window[None] for window in windows[:2]]

    scores = score_prompts(model, samples, PROMPTS[:2], CHOICES)

    for number, prompt in enumerate(PROMPTS[:2]):
        assert scores[:, number] == pytest.approx(one_by_one(model, samples, prompt), abs=1e-4)
