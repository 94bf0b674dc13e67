"""A conversation's keys and values over its turns."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest
import torch

from llasa_core.data.qa import Turn
from llasa_core.model.checkpoint import load_checkpoint
from llasa_core.model.generate import generate_tokens
from llasa_core.model.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from llasa_core.model.multimodal import LlasaModel

ASK = Turn("human", "<sensor>\nWhat is it?")


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> LlasaModel:
    loaded = load_checkpoint(tiny_checkpoint, device="cpu")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for weights in loaded.lm.parameters():  # as it comes it says one token for ever
            weights.data = torch.randn_like(weights) * (0.3 if weights.dim() > 1 else 1.0)
    return loaded


@pytest.fixture(scope="module")
def in_transformers(tiny_checkpoint: Path) -> LlasaModel:
    return load_checkpoint(tiny_checkpoint, device="cpu", in_transformers=True)


def fresh(model: LlasaModel, windows: np.ndarray, turns: tuple[Turn, ...]) -> list[int]:
    return list(generate_tokens(model, windows, turns, max_new_tokens=8))


def test_a_later_turn_reads_what_is_new_alone_and_answers_as_if_it_had_read_all(model: LlasaModel, windows: np.ndarray):
    session, window = Session(model), windows[:1]
    session.read(window, (ASK,))
    n_prompt = len(session)
    said = list(session.decode(max_new_tokens=8))
    turns = (ASK, Turn("gpt", model.codec.decode(said)), Turn("human", "Why?"))

    session.read(window, turns)

    assert session.reused >= n_prompt
    assert list(session.decode(max_new_tokens=8)) == fresh(model, window, turns)


def test_history_that_is_cut_goes_back_to_what_both_begin_with(model: LlasaModel, windows: np.ndarray):
    session, window = Session(model), windows[:1]
    session.read(window, (ASK, Turn("gpt", "A."), Turn("human", "Why?")))
    cut = (Turn("human", "<sensor>\nWhy?"),)

    session.read(window, cut)

    assert 24 < session.reused < len(session)
    assert list(session.decode(max_new_tokens=8)) == fresh(model, window, cut)


def test_another_window_is_read_anew(model: LlasaModel, windows: np.ndarray):
    session = Session(model)
    session.read(windows[:1], (ASK,))

    session.read(windows[1:2], (ASK,))

    assert session.reused < 24
    assert list(session.decode(max_new_tokens=8)) == fresh(model, windows[1:2], (ASK,))


def test_the_same_prompt_again_reads_its_last_position(model: LlasaModel, windows: np.ndarray):
    session = Session(model)
    session.read(windows[:1], (ASK,))

    session.read(windows[:1], (ASK,))

    assert session.reused == len(session) - 1


def test_a_session_is_usable_after_an_interrupt_in_the_middle(
    model: LlasaModel, windows: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    session = Session(model)
    block = model.lm.blocks[1]

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    list(islice(session.reading(windows[:1], (ASK,), chunk=10), 2))
    with monkeypatch.context() as patched:
        patched.setattr(block, "forward", interrupted)
        with pytest.raises(KeyboardInterrupt):
            session.read(windows[:1], (ASK,))
    session.read(windows[:1], (ASK,))

    assert session.reused == 20
    assert list(session.decode(max_new_tokens=8)) == fresh(model, windows[:1], (ASK,))


def test_transformers_lms_keep_their_turns_too(in_transformers: LlasaModel, windows: np.ndarray):
    session, window = Session(in_transformers), windows[:1]
    longer = (ASK, Turn("gpt", "A."), Turn("human", "Why?"))
    session.read(window, longer)
    n_read = len(session)

    session.read(window, (*longer, Turn("gpt", "B."), Turn("human", "And?")))
    kept = session.reused
    session.read(window, (ASK,))

    assert (kept, session.reused) == (n_read, 0)
    assert list(session.decode(max_new_tokens=4)) == list(
        generate_tokens(in_transformers, window, (ASK,), max_new_tokens=4)
    )
