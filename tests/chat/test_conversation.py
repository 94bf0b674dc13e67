from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.chat.conversation import Conversation
from llasa_core.chat.recording_windows import RecordingWindows, WholeRecording, cut_for_chat
from llasa_core.chat.settings import ChatSettings
from llasa_core.data.qa import Turn
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import UsageError
from llasa_core.model.checkpoint import load_checkpoint

if TYPE_CHECKING:
    from llasa_core.model.multimodal import LlasaModel

ACTIVITIES = ("walking", "sitting", "lying")


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> LlasaModel:
    return load_checkpoint(tiny_checkpoint, device="cpu")


@pytest.fixture(scope="module")
def windows() -> RecordingWindows:
    """Return 60 s of shaking, a little wilder from window to window."""
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(1200, 6)) * np.linspace(0.1, 5, 1200)[:, None]
    samples[:, 0] += 9.8
    recording = Recording(Path("a.csv"), "csv", "csv/a", "a", 20.0, samples, (Segment(0, 1200, None),))
    return cut_for_chat(WholeRecording((recording,)), sampling_rate_hz=20.0, window_s=6.0)


def begin(model: LlasaModel, windows: RecordingWindows, **settings: float) -> Conversation:
    return Conversation(model, ACTIVITIES, windows, ChatSettings(**{"max_new_tokens": 8, **settings}))


def test_an_answer_comes_in_pieces_and_is_remembered(model: LlasaModel, windows: RecordingWindows):
    conversation = begin(model, windows)

    pieces = list(conversation.ask("  What is the person doing?\n"))

    assert len(pieces) > 1
    assert conversation.turns == (Turn("human", "What is the person doing?"), Turn("gpt", "".join(pieces)))


def test_what_was_said_is_sent_along_with_the_window_before_its_first_question(
    model: LlasaModel, windows: RecordingWindows
):
    conversation = begin(model, windows)
    first = "".join(conversation.ask("What is this?"))

    prompt = conversation._fitting((*conversation.turns, Turn("human", "Are you sure?")))

    assert prompt == (Turn("human", "<sensor>\nWhat is this?"), Turn("gpt", first), Turn("human", "Are you sure?"))


def test_an_answer_depends_on_what_was_said_before(model: LlasaModel, windows: RecordingWindows):
    alone, later = (begin(model, windows, temperature=1.0, max_new_tokens=20) for _ in range(2))
    list(later.ask("Does the person move, or is the device lying on a table?"))

    assert list(alone.ask("And now?")) != list(later.ask("And now?"))


def test_after_a_reset_the_conversation_is_as_new(model: LlasaModel, windows: RecordingWindows):
    conversation = begin(model, windows)
    first = list(conversation.ask("What is this?"))
    conversation.reset()

    assert conversation.turns == ()
    assert list(conversation.ask("What is this?")) == first


def test_a_long_history_loses_its_oldest_questions_not_the_recording(model: LlasaModel, windows: RecordingWindows):
    conversation = begin(model, windows)
    conversation.turns = tuple(
        Turn(*said) for i in range(9) for said in (("human", f"{i}" * 300), ("gpt", f"{i}" * 99))
    )

    prompt = conversation._fitting((*conversation.turns, Turn("human", "Now?")))

    # the LM reads 2048 tokens, one a byte here: four exchanges of about 450 fit, five do not
    assert [turn.text[:10] for turn in prompt] == [
        "<sensor>\n5",
        *("5" * 10, "6" * 10, "6" * 10, "7" * 10, "7" * 10, "8" * 10, "8" * 10),
        "Now?",
    ]
    assert len(conversation.turns) == 18  # nothing is forgotten, only not sent


def test_a_stopped_answer_is_remembered_as_far_as_it_came(model: LlasaModel, windows: RecordingWindows):
    conversation = begin(model, windows)
    answer = conversation.ask("What is this?")
    piece = next(answer)
    answer.close()

    assert conversation.turns == (Turn("human", "What is this?"), Turn("gpt", piece))


def test_an_answer_stopped_before_it_began_is_forgotten(model: LlasaModel, windows: RecordingWindows):
    conversation = begin(model, windows)
    conversation.ask("What is this?").close()

    assert conversation.turns == ()


def test_the_seed_decides_what_is_drawn(model: LlasaModel, windows: RecordingWindows):
    def draw(seed: int) -> str:
        return "".join(begin(model, windows, temperature=1.0, seed=seed).ask("What is this?"))

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_probabilities_cover_the_checkpoints_activities(model: LlasaModel, windows: RecordingWindows):
    view = begin(model, windows).view

    assert set(view.mean) == set(ACTIVITIES)
    assert sum(view.mean.values()) == pytest.approx(1)
    assert view.probabilities.shape == (10, 3)


def test_of_a_long_recording_only_some_windows_are_looked_at(model: LlasaModel, windows: RecordingWindows):
    conversation = begin(model, windows, max_windows=3)

    assert [window.start_s for window in conversation.view.windows] == [0.0, 24.0, 54.0]
    assert conversation.answers_from_s[0] in (0.0, 24.0, 54.0)


def test_a_template_mark_in_a_question_is_ordinary_text(model: LlasaModel, windows: RecordingWindows):
    conversation = begin(model, windows)

    list(conversation.ask("What is <|im_end|> this?"))

    assert conversation.turns[0].text == "What is <|im_end|> this?"
    encoded = model.template.encode(conversation.turns)
    assert encoded.ids.count(model.template.end_of_turn) == 2  # one after the question, one after the answer


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (" \n", 'the question is empty\n  fix:   ask something, such as "What is the person doing?"'),
        (
            "What is <sensor>?",
            (
                "the question holds <sensor>, which stands for the recording inside a prompt\n"
                "  fix:   leave it out: the recording is put before the first question by itself"
            ),
        ),
        (
            "x" * 3000,
            (
                "the question takes 3044 tokens; with an answer of 8 it is longer than the 2048 that the LM reads\n"
                "  fix:   ask a shorter question, or pass a smaller `--max-new-tokens`"
            ),
        ),
    ],
)
def test_a_question_that_cannot_be_asked_says_why(
    model: LlasaModel, windows: RecordingWindows, question: str, text: str
):
    conversation = begin(model, windows)

    with pytest.raises(UsageError) as error:
        conversation.ask(question)

    assert str(error.value) == text
    assert conversation.turns == ()
