"""What a judge replies, good and bad: honest ones score an answer by its own text alone, so a mix-up shows."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from llm_fakes.server import Answered, completion

if TYPE_CHECKING:
    from collections.abc import Callable

CRITERIA = ("correctness", "completeness", "consistency", "helpfulness")


def honest_scores(answer: str) -> dict[str, int]:
    """Return the four scores that an honest judge gives to a text."""
    digest = hashlib.sha256(answer.encode()).digest()
    return {criterion: digest[nth] % 101 for nth, criterion in enumerate(CRITERIA)}


def text_in(body: dict[str, Any], title: str) -> str:
    """Return a text that a request shows under a title."""
    found = re.findall(rf'^{title}: (".*")$', body["messages"][1]["content"], re.MULTILINE)
    text: str = json.loads(found[-1])
    return text


def name_in(body: dict[str, Any]) -> str:
    """Return what the judgement must repeat."""
    return str(re.findall(r'"id", which is "(\w+)"', body["messages"][1]["content"])[-1])


def honest(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a judgement as it was asked for; of two answers the longer one is better."""
    said = {"id": name_in(body), "reason": "As it is."}
    if "First answer" in body["messages"][1]["content"]:
        first, second = len(text_in(body, "First answer")), len(text_in(body, "Second answer"))
        return {**said, "better": "first" if first > second else "second" if second > first else "tie", **changes}
    return {**said, **honest_scores(text_in(body, "Answer to score")), **changes}


def judging(**changes: Any) -> Callable[[int, dict[str, Any]], Answered]:
    """Return the plan of a server that judges honestly, but for some keys."""
    return lambda _number, body: completion(json.dumps(honest(body, **changes)))
