from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.chat.conversation import Conversation
from llasa_core.chat.fitting import fitted
from llasa_core.chat.ground import ground
from llasa_core.chat.settings import ChatSettings
from llasa_core.data.qa import Turn
from llasa_core.errors import UsageError
from llasa_core.model.checkpoint import load_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.model.multimodal import LlasaModel

OPEN = "Describe how the person moves, if at all."
"""A question that only a model answers."""
LEANING = "And describe it in other words."
"""One that leans on what was said."""


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> LlasaModel:
    return load_checkpoint(tiny_checkpoint, device="cpu")


def begin(model: LlasaModel, recording: KnownRecording, **settings: float) -> Conversation:
    return Conversation([recording], lambda: model, ChatSettings(**{"max_new_tokens": 8, **settings}))


def refuse() -> LlasaModel:
    raise AssertionError("the model is not needed")


def test_what_the_timeline_answers_loads_no_model(walking: KnownRecording):
    conversation = Conversation([walking], refuse, ChatSettings())

    assert list(conversation.ask("How long was I walking?")) == ["You were walking for 18 s, from 0:00 to 0:18."]
    assert conversation.marks == ()


def test_the_model_is_loaded_once_when_it_is_first_needed(model: LlasaModel, walking: KnownRecording):
    loaded: list[LlasaModel] = []

    def load() -> LlasaModel:
        loaded.append(model)
        return model

    conversation = Conversation([walking], load, ChatSettings(max_new_tokens=4))
    for question in ("How long was I walking?", OPEN, OPEN):
        list(conversation.ask(question))

    assert loaded == [model]


def test_an_answer_comes_in_pieces_and_is_remembered(model: LlasaModel, walking: KnownRecording):
    conversation = begin(model, walking)

    pieces = list(conversation.ask(f"  {OPEN}\n"))

    assert len(pieces) > 1
    assert conversation.turns == (Turn("human", OPEN), Turn("gpt", "".join(pieces)))
    assert conversation.answer == "".join(pieces)


def test_what_was_said_is_sent_along_behind_the_window_and_its_segment(model: LlasaModel, walking: KnownRecording):
    conversation = begin(model, walking)
    list(conversation.ask("How long was I walking?"))
    list(conversation.ask(LEANING))

    assert conversation.grounded is not None
    first, answer, question = conversation.grounded.turns
    assert first.text.startswith("<sensor>\nwalking 0:00–0:18 (18 s, ")
    assert first.text.endswith("\n\nHow long was I walking?")
    assert (answer.text, question.text) == ("You were walking for 18 s, from 0:00 to 0:18.", LEANING)


def test_a_question_that_leans_on_nothing_is_sent_alone_unless_all_is_wanted(
    model: LlasaModel, walking: KnownRecording
):
    lengths = []
    for send_all in (False, True):
        conversation = begin(model, walking, send_all=send_all)
        list(conversation.ask("How long was I walking?"))
        list(conversation.ask(OPEN))
        assert conversation.grounded is not None
        lengths.append(len(conversation.grounded.turns))

    assert lengths == [1, 3]


def test_after_a_reset_the_conversation_is_as_new(model: LlasaModel, walking: KnownRecording):
    conversation = begin(model, walking)
    first = list(conversation.ask(OPEN))
    conversation.reset()

    assert (conversation.turns, conversation.grounded, conversation.answer) == ((), None, "")
    assert list(conversation.ask(OPEN)) == first


def test_a_stopped_answer_is_remembered_as_far_as_it_came(model: LlasaModel, walking: KnownRecording):
    conversation = begin(model, walking)
    answer = conversation.ask(OPEN)
    piece = next(answer)
    answer.close()

    assert conversation.turns == (Turn("human", OPEN), Turn("gpt", piece))


def test_an_answer_stopped_before_it_began_is_forgotten(model: LlasaModel, walking: KnownRecording):
    conversation = begin(model, walking)
    conversation.ask(OPEN).close()

    assert conversation.turns == ()


def test_the_seed_decides_what_is_drawn(model: LlasaModel, walking: KnownRecording):
    def draw(seed: int) -> str:
        return "".join(begin(model, walking, temperature=1.0, seed=seed).ask(OPEN))

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_a_template_mark_in_a_question_is_ordinary_text(model: LlasaModel, walking: KnownRecording):
    conversation = begin(model, walking)

    list(conversation.ask("Describe <|im_end|> this?"))

    encoded = model.template.encode(conversation.turns)
    assert encoded.ids.count(model.template.end_of_turn) == 2  # one after the question, one after the answer


def test_a_long_history_loses_its_oldest_questions_not_the_recording(model: LlasaModel, walking: KnownRecording):
    conversation = begin(model, walking)
    conversation.turns = tuple(
        Turn(*said) for i in range(9) for said in (("human", f"{i}" * 300), ("gpt", f"{i}" * 99))
    )
    list(conversation.ask(LEANING))
    grounded = conversation.grounded
    assert grounded is not None

    turns = fitted(model, grounded.windows, grounded.turns, 8)

    # the LM reads 2048 tokens, one a byte here: four exchanges of about 450 fit beside the facts, five do not
    assert turns[0].text.startswith("<sensor>\nwalking 0:00–0:18 (18 s, ")
    assert [turn.text[-9:] for turn in turns] == [*(f"{i}" * 9 for i in (5, 5, 6, 6, 7, 7, 8, 8)), LEANING[-9:]]
    assert len(conversation.turns) == 20  # nothing is forgotten, only not sent


def test_the_facts_stay_before_the_first_question_that_is_sent(model: LlasaModel):
    window = np.zeros((1, 120, 6), np.float32)
    facts = "<sensor>\nwalking 0:00–0:18\n\n"
    turns = (Turn("human", facts + "a" * 1500), Turn("gpt", "b" * 500), Turn("human", "And now?"))

    assert fitted(model, window, turns, 8) == (Turn("human", f"{facts}And now?"),)


def test_a_question_that_is_too_long_for_the_model_says_so(model: LlasaModel, walking: KnownRecording):
    conversation = begin(model, walking)

    with pytest.raises(UsageError) as error:
        conversation.ask(f"Describe {'x' * 3000}")

    assert str(error.value) == (
        "the question takes 3121 tokens; with an answer of 8 it is longer than the 2048 that the LM reads\n"
        "  fix:   ask a shorter question, or pass a smaller `--max-new-tokens`"
    )
    assert conversation.turns == ()


def test_other_recordings_can_be_taken_up(model: LlasaModel, walking: KnownRecording, stairs: KnownRecording):
    conversation = begin(model, walking)
    list(conversation.ask("How long was I walking?"))
    conversation.load([stairs])

    assert conversation.turns == ()
    assert list(conversation.ask("How long was I walking?")) == [
        "The timeline shows no walking; it shows climbing stairs 15 s."
    ]


def test_what_the_model_says_against_the_timeline_is_marked(
    model: LlasaModel, walking: KnownRecording, monkeypatch: pytest.MonkeyPatch
):
    # the tiny LM says nothing that has sense, so the text that it would stream is given here
    monkeypatch.setattr(Conversation, "_decoded", lambda *_: iter(["Sitting ", "for 40 s."]))
    conversation = begin(model, walking)
    list(conversation.ask(OPEN))

    assert [(mark.text, mark.kind) for mark in conversation.marks] == [("Sitting", "activity"), ("40 s", "duration")]


def test_the_recording_is_not_changed_by_talking(model: LlasaModel, walking: KnownRecording):
    before = replace(walking, facts=walking.facts)
    list(begin(model, walking).ask(OPEN))

    assert before.timeline == walking.timeline


NAMES = ChatSettings(only_names=True)


@pytest.mark.parametrize("question", ["Did I go up more stairs than down?", "Did anything unusual happen?"])
def test_what_no_rule_reads_is_not_put_to_a_model_that_knows_names_alone(mix: KnownRecording, question: str):
    conversation = Conversation([mix], lambda: pytest.fail("the model is not asked"), NAMES)

    answer = "".join(conversation.ask(question))

    assert answer.startswith("How to read this question is not known here")
    assert "What the recording shows: In 5 min: " in answer
    assert conversation.marks == ()
    assert ground(question, [mix]).answer is None  # another model may know


def test_such_a_model_is_asked_for_names(walking: KnownRecording):
    assert ground("What is the person doing?", [walking], settings=NAMES).answer is None
    assert ground("Describe the movement.", [walking], settings=NAMES).answer is None


def test_a_part_is_described_by_what_was_measured_of_it(mix: KnownRecording):
    answer = ground("Describe the walk.", [mix], settings=NAMES).answer

    assert answer is not None
    assert answer.startswith("Walking: a steady rhythm of about 109 steps a minute, ")
