"""What people ask is resolved to what they mean: the table is `asked_questions.py`."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llasa_core.chat.ground import ground
from llasa_core.data.qa import Turn

if TYPE_CHECKING:
    from llasa_core.chat.asking.asked import Asked
    from llasa_core.chat.known_recording import KnownRecording

SPEC = importlib.util.spec_from_file_location("asked_questions", Path(__file__).with_name("asked_questions.py"))
assert SPEC is not None
assert SPEC.loader is not None
TABLE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(TABLE)


def of(asked: Asked) -> str:
    """Return the activities of a question as the table writes them."""
    named = [one.words + (f"#{one.nth}" if one.nth else "") for one in asked.targets]
    if asked.event is not None:
        nth = f"#{asked.event.nth}" if asked.event.nth else ""
        named.append(f"{asked.event.relation} {asked.event.words}{nth}")
    return ", ".join(named)


def test_the_table_is_long_enough():
    assert sum(map(len, TABLE.CONVERSATIONS)) >= 60


@pytest.mark.parametrize("rows", TABLE.CONVERSATIONS, ids=lambda rows: rows[0].question[:40])
def test_a_question_is_resolved_to_what_it_means(mix: KnownRecording, rows: tuple[tuple[str, ...], ...]):
    turns: list[Turn] = []
    found = []
    for row in rows:
        grounded = ground(row[0], [mix], turns)
        cannot = grounded.asked.cannot.what if grounded.asked.cannot is not None else ""
        found.append((row[0], grounded.asked.quantity, of(grounded.asked), grounded.scope.words, cannot))
        turns += [Turn("human", row[0]), Turn("gpt", grounded.answer or "What the model says.")]

    assert found == list(map(tuple, rows))


def test_a_question_gets_the_same_answer_each_time(mix: KnownRecording):
    assert ground("How long did I sit?", [mix]).answer == ground("How long did I sit?", [mix]).answer


def test_whatever_is_asked_gets_an_answer_or_goes_to_the_model(
    mix: KnownRecording, walking: KnownRecording, stairs: KnownRecording
):
    # words of real questions in any order, behind any other question: nothing may break, and nothing may be empty
    questions = [row[0] for rows in TABLE.CONVERSATIONS for row in rows]
    words = [
        *{word: None for question in questions for word in question.split()},
        "99:99",
        "after 5:00",
        "in recording 9",
    ]
    draw = random.Random(3)  # noqa: S311 - repeatable
    for _ in range(200):
        recordings = draw.choice([[mix], [walking], [walking, stairs]])
        before = (Turn("human", draw.choice(questions)), Turn("gpt", "What was said."))
        question = " ".join(draw.choice(words) for _ in range(draw.randint(1, 9)))

        grounded = ground(question, recordings, before)

        assert grounded.answer != ""
        if grounded.answer is None:
            assert len(grounded.windows) == grounded.turns[0].text.count("<sensor>") >= 1
