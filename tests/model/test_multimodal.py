from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from llasa_core.data.qa import Turn
from llasa_core.errors import ModelError
from llasa_core.model.collate import Sample, collate, encode
from llasa_core.model.generate import stream_answer
from llasa_core.model.packing import pack
from llasa_core.model.score import score_choices

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.model.packing import Pack

ASK = Turn("human", "<sensor>\nWhat is the person doing?")
WORDS = ("Walking.", "Sitting.", "Climbing stairs.")


def pack_of(model: LlasaModel, windows: np.ndarray, answers: list[str]) -> Pack:
    encoded = [encode(model.template, [ASK, Turn("gpt", answer)], 1) for answer in answers]
    return pack(encoded, [window[None] for window in windows], model.config.sensor_tokens)


def test_exchanging_the_window_changes_the_answers_likelihood(model: LlasaModel, windows: np.ndarray):
    scores = score_choices(model, [Sample(window[None], (ASK,)) for window in windows], WORDS)

    assert np.abs(scores[0] - scores[1:]).max(axis=1).min() > 1e-4


def test_eight_qa_pairs_are_learned_by_heart(make_model: Callable[..., LlasaModel], windows: np.ndarray):
    model = make_model(sensor_tokens=4).requires_grad_(requires_grad=True)
    answers = [WORDS[i] for i in (0, 1, 2, 1, 0, 2, 2, 0)]
    samples = pack_of(model, windows, answers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=200)
    for _ in range(200):
        loss = model(samples)
        (loss.total / loss.n_items).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        decay.step()
        optimizer.zero_grad()

    told = ["".join(stream_answer(model, window[None], [ASK], max_new_tokens=20)) for window in windows]

    assert told == answers


def test_sensor_tokens_are_means_of_neighbours(make_model: Callable[..., LlasaModel], windows: np.ndarray):
    model = make_model(sensor_tokens=2, projector="linear")
    features = model.encoder(torch.from_numpy(windows[:1]))
    expected = model.projector(torch.stack([features[0, :60].mean(0), features[0, 60:].mean(0)]))

    torch.testing.assert_close(model.sensor_tokens(torch.from_numpy(windows[:1]))[0], expected)


def test_a_prompt_may_hold_several_windows(model: LlasaModel, windows: np.ndarray):
    turns = [Turn("human", "First: <sensor> Second: <sensor> Do they differ?")]
    forth, back = (score_choices(model, [Sample(pair, tuple(turns))], WORDS) for pair in (windows[:2], windows[1::-1]))

    assert np.abs(forth - back).max() > 1e-5


def test_sensor_tokens_must_divide_the_window(make_model: Callable[..., LlasaModel]):
    with pytest.raises(ModelError) as caught:
        make_model(sensor_tokens=25)

    assert str(caught.value) == (
        "25 sensor tokens do not divide a window of 120 samples\n  fix:   set `model.sensor_tokens` to a divisor of 120"
    )


def test_a_cached_token_is_what_a_whole_forward_would_choose(model: LlasaModel, windows: np.ndarray):
    answer = "".join(stream_answer(model, windows[:1], [ASK], max_new_tokens=12))
    ids = [*model.template.encode([ASK]).ids]
    for _ in range(12):
        encoded = model.template.encode([ASK])
        encoded.ids = list(ids)
        encoded.is_answer = [False] * len(ids)
        batch = collate([encoded], [windows[:1]], model.config.sensor_tokens)
        token = int(model.logits(model.decode(model.embed(batch))[0, -1]).argmax())
        if token == model.template.end_of_turn:
            break
        ids.append(token)

    assert answer == model.codec.decode(ids[len(model.template.encode([ASK]).ids) :])


def test_drawing_is_repeatable_by_seed(model: LlasaModel, windows: np.ndarray):
    def draw(seed: int) -> str:
        return "".join(stream_answer(model, windows[:1], [ASK], max_new_tokens=12, temperature=1.0, seed=seed))

    assert draw(3) == draw(3)
    assert len({draw(seed) for seed in range(5)}) > 1
