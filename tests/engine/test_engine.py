"""Many requests to one model at once."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from llasa_core.data.qa import Turn
from llasa_core.engine import Ask, BusyError, Engine, EngineLimits
from llasa_core.errors import RunError, UsageError
from llasa_core.model.checkpoint import load_checkpoint
from llasa_core.model.generate import generate_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llasa_core.model.multimodal import LlasaModel

QUESTIONS = ("What is it?", "Why?", "How long did the person walk, and was it even on the stairs?", "And?")
PATIENCE_S = 60


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> LlasaModel:
    loaded = load_checkpoint(tiny_checkpoint, device="cpu")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for weights in loaded.lm.parameters():  # as it comes it says one token for ever
            weights.data = torch.randn_like(weights) * (0.3 if weights.dim() > 1 else 1.0)
    return loaded


@pytest.fixture
def engine(model: LlasaModel) -> Iterator[Engine]:
    with Engine(model, EngineLimits(most_together=3, most_waiting=8, reads_between=7)) as running:
        yield running


def asks(n: int, **options: Any) -> list[Ask]:
    windows = np.random.default_rng(0).normal(0, 3, (n, 1, 120, 6)).astype(np.float32)
    turns = [(Turn("human", f"<sensor>\n{QUESTIONS[i % len(QUESTIONS)]}"),) for i in range(n)]
    return [Ask(windows[i], turns[i], **{"max_new_tokens": 5 + 3 * i, **options}) for i in range(n)]


def alone(model: LlasaModel, ask: Ask) -> list[int]:
    options: dict[str, Any] = {"max_new_tokens": ask.max_new_tokens, "temperature": ask.temperature, "seed": ask.seed}
    return list(generate_tokens(model, ask.windows, ask.turns, **options))


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_an_answer_does_not_depend_on_who_else_asks(model: LlasaModel, engine: Engine, temperature: float):
    asked = asks(7, temperature=temperature, seed=3)

    replies = [engine.submit(ask) for ask in asked]

    assert [list(reply.tokens()) for reply in replies] == [alone(model, ask) for ask in asked]
    assert {reply.ending for reply in replies} <= {"stop", "length"}


def test_who_comes_later_does_not_wait_for_the_others_to_finish(engine: Engine):
    long, short = asks(2, max_new_tokens=1500)[0], asks(2, max_new_tokens=2)[1]
    first = engine.submit(long)
    next(first.tokens())

    second = engine.submit(short)
    second.text()

    assert first.ending is None or first.answer_tokens < 1500
    first.cancel()
    assert first.wait(PATIENCE_S)
    assert first.ending == "cancelled"


def test_text_comes_in_pieces_that_make_the_answer(model: LlasaModel, engine: Engine):
    ask = asks(1, max_new_tokens=20)[0]

    pieces = list(engine.submit(ask).pieces())

    assert "".join(pieces) == model.codec.decode(alone(model, ask)).rstrip("\ufffd")


def test_more_than_may_wait_are_refused(model: LlasaModel):
    with Engine(model, EngineLimits(most_together=1, most_waiting=2)) as engine:
        ask = asks(1, max_new_tokens=1500)[0]
        replies = [engine.submit(ask)]
        next(replies[0].tokens())
        replies += [engine.submit(ask), engine.submit(ask)]

        with pytest.raises(BusyError) as caught:
            engine.submit(ask)

        assert caught.value.message == "2 requests wait already"
        assert engine.load["waiting"] == 2
        for reply in replies:
            reply.cancel()
        assert all(reply.wait(PATIENCE_S) for reply in replies)
        assert engine.submit(asks(1)[0]).wait(PATIENCE_S)  # there is room again


def test_memory_is_bounded_by_letting_fewer_in(model: LlasaModel):
    with Engine(model, EngineLimits(most_together=8, most_positions=500)) as engine:
        replies = [engine.submit(ask) for ask in asks(6, max_new_tokens=100)]
        most = 0
        while not all(reply.ending for reply in replies):
            most = max(most, engine.load["positions"])
            time.sleep(0.001)

        assert most <= 8 * 64 + 500  # rounded up to 64 positions a row
        assert {reply.ending for reply in replies} <= {"stop", "length"}
        with pytest.raises(UsageError, match="it is longer than 500"):
            engine.submit(asks(1, max_new_tokens=500)[0])


def test_a_fault_of_one_prompt_is_told_to_who_asked_it(model: LlasaModel, engine: Engine):
    good, bad = asks(2)
    bad = Ask(bad.windows[:, :, :5], bad.turns)

    replies = [engine.submit(bad), engine.submit(good)]

    with pytest.raises(RuntimeError):
        replies[0].text()
    assert replies[0].ending == "failed"
    assert list(replies[1].tokens()) == alone(model, good)


def test_a_closed_engine_ends_what_waits_and_takes_nothing_more(model: LlasaModel):
    engine = Engine(model)
    reply = engine.submit(asks(1, max_new_tokens=1500)[0])
    engine.close()

    assert reply.wait(PATIENCE_S)
    with pytest.raises(RunError, match="the engine is closed"):
        engine.submit(asks(1)[0])


def test_other_lms_take_turns(tiny_checkpoint: Path):
    model = load_checkpoint(tiny_checkpoint, device="cpu", in_transformers=True)
    with Engine(model, EngineLimits(most_together=2)) as engine:
        asked = asks(3, max_new_tokens=6)

        replies = [engine.submit(ask) for ask in asked]

        assert [list(reply.tokens()) for reply in replies] == [alone(model, ask) for ask in asked]


def test_tokens_can_be_heard_instead_of_waited_for(model: LlasaModel, engine: Engine):
    heard: list[int | None] = []
    ask = asks(1, max_new_tokens=6)[0]

    reply = engine.submit(replace(ask, heard=heard.append))

    assert reply.wait(PATIENCE_S)
    assert heard == [*alone(model, ask), None]


def test_work_between_answers_is_done_and_its_faults_told(model: LlasaModel):
    engine = Engine(model)

    assert engine.call(lambda model: model.config.sensor_tokens) == 24
    with pytest.raises(ZeroDivisionError):
        engine.call(lambda _model: 1 / 0)
    engine.close()
    with pytest.raises(RunError, match="the engine is closed"):
        engine.call(lambda model: model)
