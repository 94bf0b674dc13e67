from __future__ import annotations

import json
from typing import Any

import pytest

from llasa_core.data.llm_written.reply import Unreadable, Wanted, read_reply

GOOD: dict[str, Any] = {
    "summary": "A",
    "narration": ["B", "C"],
    "pairs": [{"question": f"{nth}?", "answer": f"{nth}."} for nth in range(5)],
}


def test_a_reply_is_read_in_its_parts():
    reply = read_reply(json.dumps(GOOD), Wanted())

    assert (reply.summary, reply.narration, reply.pairs[4]) == ("A", ("B", "C"), ("4?", "4."))


def test_a_code_fence_around_it_is_taken_off():
    assert read_reply('```json\n{"summary": "A"}\n```\n', Wanted(narration=False, pairs=0)).summary == "A"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Sure! Here it is.", "it is not JSON"),
        ("Sure: " + json.dumps(GOOD), "it is not JSON"),
        (json.dumps(GOOD)[:-30], "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ('{"summary": NaN}', "it is not JSON"),
        ('{"summary": "A", "summary": "B"}', "it is not JSON"),
        ("[]", "it is not an object with narration, pairs and summary"),
        (json.dumps({**GOOD, "notes": ""}), "it is not an object with narration, pairs and summary"),
        (json.dumps({**GOOD, "summary": " "}), "its summary is no text"),
        (json.dumps({**GOOD, "summary": "half a letter: \ud800"}), "its summary is no text"),
        (json.dumps({**GOOD, "narration": "B"}), "its narration is no list of texts"),
        (json.dumps({**GOOD, "narration": []}), "its narration is no list of texts"),
        (json.dumps({**GOOD, "narration": [1]}), "its narration is no list of texts"),
        (json.dumps({**GOOD, "pairs": GOOD["pairs"][:4]}), "its pairs are no list of 5"),
        (json.dumps({**GOOD, "pairs": [1] * 5}), "one of its pairs is not an object with question and answer"),
    ],
)  # fmt: skip
def test_anything_else_is_not_read(text: str, reason: str):
    with pytest.raises(Unreadable) as caught:
        read_reply(text, Wanted())

    assert str(caught.value) == reason


def test_the_schema_asks_for_the_wanted_parts_alone():
    schema = Wanted(summary=True, narration=False, pairs=2).schema()

    assert schema["required"] == ["summary", "pairs"]
    assert schema["additionalProperties"] is False
    assert not Wanted(summary=False, narration=False, pairs=0)
