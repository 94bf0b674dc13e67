from __future__ import annotations

import json
from typing import Any

import pytest

from llasa_core.evaluate.open_ended.judge import reply
from llasa_core.evaluate.open_ended.judge.reply import Unusable, read_choice, read_scores
from llasa_core.evaluate.open_ended.scores import Scores

GOOD: dict[str, Any] = {
    "id": "abc",
    "reason": "Right.",
    "correctness": 90,
    "completeness": 80,
    "consistency": 100,
    "helpfulness": 0,
}
TEXT = json.dumps(GOOD)
SCORES = Scores(90, 80, 100, 0)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"```json\n{TEXT}\n```",
        f"Sure! Here is my judgement:\n{TEXT}\nI hope {{this}} helps.",
        f'<think>Perhaps {{"id": "abc", "correctness": 10}}?</think>\n{TEXT}',
        f"{TEXT}\n\n{TEXT}",
        json.dumps({**GOOD, "correctness": 90.0}),
    ],
)
def test_a_judgement_is_read_alone_and_out_of_prose(text: str):
    assert read_scores(text, "abc") == SCORES


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"correctness": 101}, reply.NO_SCORE),
        ({"correctness": -1}, reply.NO_SCORE),
        ({"correctness": "90"}, reply.NO_SCORE),
        ({"correctness": 90.5}, reply.NO_SCORE),
        ({"correctness": True}, reply.NO_SCORE),
        ({"correctness": None}, reply.NO_SCORE),
        ({"correctness": [90]}, reply.NO_SCORE),
        ({"confidence": 1}, reply.OTHER_KEYS),
        ({"id": "abd"}, reply.ANOTHER_ID),
        ({"id": 12}, reply.ANOTHER_ID),
    ],
)
def test_what_was_not_asked_for_counts_for_nothing(changes: dict[str, Any], problem: str):
    with pytest.raises(Unusable) as caught:
        read_scores(json.dumps({**GOOD, **changes}), "abc")

    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", reply.NO_JSON),
        ("The answer is good: 90 of 100.", reply.NO_JSON),
        (TEXT[:-10], reply.NO_JSON),
        (TEXT.replace("90", "NaN"), reply.NO_JSON),
        (TEXT.replace('"completeness"', '"correctness"'), reply.NO_JSON),
        ("[90, 80, 100, 0]", reply.NO_JSON),
        ("{" * 9000, reply.NO_JSON),
        ('{"a":' * 4000, reply.NO_JSON),
        (TEXT + TEXT.replace("90", "10"), reply.SEVERAL),
        (json.dumps({key: GOOD[key] for key in list(GOOD)[:-1]}), reply.OTHER_KEYS),
        (json.dumps({"judgement": GOOD}), reply.OTHER_KEYS),
        (TEXT + " " * 20_000, reply.TOO_LONG),
    ],
)
def test_what_is_no_judgement_says_why(text: str, problem: str):
    with pytest.raises(Unusable) as caught:
        read_scores(text, "abc")

    assert str(caught.value) == problem


def test_a_choice_is_one_of_three_words():
    assert read_choice('{"id": "a", "reason": "", "better": "tie"}', "a") == "tie"
    for word in ("First", "both", 1, None, ["first"]):
        with pytest.raises(Unusable) as caught:
            read_choice(json.dumps({"id": "a", "reason": "", "better": word}), "a")
        assert str(caught.value) == reply.NO_CHOICE
