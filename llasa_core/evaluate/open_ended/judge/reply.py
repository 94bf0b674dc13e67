"""How a judgement is read: strictly, or not at all."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from llasa_core.data.llm_written.reply import Unreadable, object_schema, strict_json
from llasa_core.evaluate.open_ended.scores import CRITERIA, HIGHEST, LOWEST, Scores

Better = Literal["first", "second", "tie"]
BETTER: tuple[Better, ...] = ("first", "second", "tie")

_SAID = {"id": {"type": "string"}, "reason": {"type": "string"}}
_SCORE = {"type": "integer", "minimum": LOWEST, "maximum": HIGHEST}
SCORES_SCHEMA = object_schema({**_SAID, **dict.fromkeys(CRITERIA, _SCORE)})
CHOICE_SCHEMA = object_schema({**_SAID, "better": {"type": "string", "enum": list(BETTER)}})

NO_JSON = "no JSON"
CUT_OFF = "cut off"
TOO_LONG = "too long"
SEVERAL = "several JSON objects"
OTHER_KEYS = "other keys than were asked for"
ANOTHER_ID = "the id of another judgement"
NO_SCORE = "a score that is no whole number from 0 to 100"
NO_CHOICE = "neither first nor second nor tie"

_THOUGHT = re.compile(r"\A.*</think>", re.DOTALL)
"""What models that think aloud put before their reply."""


LONGEST = 20_000
"""Letters of a reply that is looked at; what was asked for takes some hundred."""
MOST_BRACES = 50
"""Places in a reply where an object is looked for."""


class Unusable(Exception):  # noqa: N818 - it is counted, and the run goes on
    """A judgement cannot be used; the message is its reason, the same for all of a kind."""


def read_scores(text: str, name: str) -> Scores:
    """Return the scores of a judgement.

    Args:
        text: what the judge replied.
        name: what the reply must repeat, so that no score is taken for another answer's.

    Raises:
        Unusable: it is not what was asked for.
    """
    value = named_object(text, name, {"reason", *CRITERIA})
    scores = [value[criterion] for criterion in CRITERIA]
    if not all(_is_score(score) for score in scores):
        raise Unusable(NO_SCORE)
    return Scores(*map(float, scores))


def read_choice(text: str, name: str) -> Better:
    """Return which answer a judgement prefers, in the order in which they were shown; arguments as `read_scores`.

    Raises:
        Unusable: it is not what was asked for.
    """
    value = named_object(text, name, {"reason", "better"})
    if value["better"] not in BETTER:
        raise Unusable(NO_CHOICE)
    better: Better = value["better"]
    return better


def named_object(text: str, name: str, keys: set[str]) -> dict[str, Any]:
    """Return the one JSON object that a reply is, or that stands in its prose.

    Args:
        text: what came.
        name: its `id` must be this.
        keys: it must have besides, and no others.

    Raises:
        Unusable: there is none, or several, or it is another.
    """
    if len(text) > LONGEST:
        raise Unusable(TOO_LONG)
    value = _only_object(_THOUGHT.sub("", text))
    if value.keys() != {"id", *keys}:
        raise Unusable(OTHER_KEYS)
    if value["id"] != name:
        raise Unusable(ANOTHER_ID)
    return value


def _only_object(text: str) -> dict[str, Any]:
    found = [text, *_objects_in(text)]
    values = []
    for part in found:
        try:
            value = strict_json(part)
        except Unreadable:
            continue
        if isinstance(value, dict) and value not in values:
            values.append(value)
    if not values:
        raise Unusable(NO_JSON)
    if len(values) > 1:
        raise Unusable(SEVERAL)
    return values[0]


def _objects_in(text: str) -> list[str]:
    """Return the outermost JSON objects of a text, as they are written."""
    decoder, at, found = json.JSONDecoder(), 0, []
    for _ in range(MOST_BRACES):
        if (at := text.find("{", at)) < 0:
            break
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        found.append(text[at:end])
        at = end
    return found


def _is_score(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and LOWEST <= value <= HIGHEST and value == int(value)  # type: ignore[operator,call-overload]
