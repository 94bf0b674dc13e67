"""The form of what a model shall write, and how it is read: strictly, part by part."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from llasa_core.data.llm_written.settings import PAIRS

SUMMARY, NARRATION = "summary", "narration"
LONGEST = {SUMMARY: 400, NARRATION: 3000, "question": 300, "answer": 600}
"""Letters."""
_TEXT = {"type": "string"}
_FENCE = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)


class Unreadable(Exception):  # noqa: N818 - the model is told, and asked again
    """A reply is not in the form that was asked for; the message says why."""


@dataclass(frozen=True)
class Wanted:
    """Which parts of a reply are asked for."""

    summary: bool = True
    narration: bool = True
    pairs: int = PAIRS

    def __bool__(self) -> bool:
        return self.summary or self.narration or self.pairs > 0

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the reply."""
        pair = {"question": _TEXT, "answer": _TEXT}
        parts: dict[str, Any] = {}
        if self.summary:
            parts[SUMMARY] = _TEXT
        if self.narration:
            parts[NARRATION] = {"type": "array", "items": _TEXT}
        if self.pairs:
            parts["pairs"] = {"type": "array", "items": object_schema(pair)}
        return object_schema(parts)


@dataclass(frozen=True)
class Reply:
    """What a model wrote."""

    summary: str | None
    narration: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]


def read_reply(text: str, wanted: Wanted) -> Reply:
    """Return a reply in its parts.

    Raises:
        Unreadable: it is not the JSON that was asked for, with nothing around it but a code fence.
    """
    value = strict_json(text)
    keys = set(wanted.schema()["required"])
    if not isinstance(value, dict) or value.keys() != keys:
        raise Unreadable(f"it is not an object with {_listed(sorted(keys))}")
    return Reply(_summary(value), _narration(value), _pairs(value, wanted))


def strict_json(text: str) -> Any:
    """Return the JSON that a text is, with nothing around it but a code fence.

    Raises:
        Unreadable: it is none, says a key twice, or has what JSON does not know, such as NaN.
    """
    fenced = _FENCE.fullmatch(text.strip())
    try:
        return json.loads(fenced[1] if fenced else text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Unreadable("it is not JSON") from error


def _summary(value: dict[str, Any]) -> str | None:
    text = value.get(SUMMARY)
    if SUMMARY in value and not _is_text(text):
        raise Unreadable("its summary is no text")
    return text


def _narration(value: dict[str, Any]) -> tuple[str, ...]:
    steps = value.get(NARRATION, [])
    if not isinstance(steps, list) or not all(map(_is_text, steps)) or (NARRATION in value and not steps):
        raise Unreadable("its narration is no list of texts")
    return tuple(steps)


def _pairs(value: dict[str, Any], wanted: Wanted) -> tuple[tuple[str, str], ...]:
    pairs = value.get("pairs", [])
    if not isinstance(pairs, list) or len(pairs) != wanted.pairs:
        raise Unreadable(f"its pairs are no list of {wanted.pairs}")
    for pair in pairs:
        if not isinstance(pair, dict) or pair.keys() != {"question", "answer"} or not all(map(_is_text, pair.values())):
            raise Unreadable("one of its pairs is not an object with question and answer")
    return tuple((pair["question"], pair["answer"]) for pair in pairs)


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of an object with these properties, all of them, and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _is_text(value: object) -> bool:
    is_half_a_letter = isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value)
    return isinstance(value, str) and bool(value.strip()) and not is_half_a_letter
