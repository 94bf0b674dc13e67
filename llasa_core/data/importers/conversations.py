"""The turns of an item, in each of the forms that files and their exports have."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from llasa_core.data.importers.item import Exchange
from llasa_core.data.importers.row import short

if TYPE_CHECKING:
    from llasa_core.data.importers.row import Row

PLACEHOLDER = re.compile(r"[ \t]*<(?:image|sensor)>[ \t]*\n?")
_ASKS, _ANSWERS, _SAYS_NOTHING = ("human", "user"), ("gpt", "assistant"), ("system",)
Message = tuple[str, str]
"""Who speaks, and the text."""


def exchanges_of(row: Row, n_windows: int) -> tuple[Exchange, ...]:
    """Return the questions and answers of an item, without the placeholders of its windows.

    Args:
        row: with a conversation, or with a question and an answer.
        n_windows: how many windows it names; as many placeholders are allowed, or none.

    Raises:
        DataError: there is no conversation, it is none, or its placeholders do not match the windows.
    """
    messages = messages_of(row)
    held = sum(len(PLACEHOLDER.findall(text)) for _, text in messages)
    if held not in {0, n_windows}:
        raise row.error(f"the item holds {held} <image> placeholders for {n_windows} windows")
    turns = [message for message in messages if message[0] not in _SAYS_NOTHING]
    for nth, (speaker, _) in enumerate(turns):
        expected = (_ASKS, _ANSWERS)[nth % 2]
        if speaker not in expected:
            raise row.error(f'turn {nth + 1} is from "{speaker}", it must be from "{expected[0]}"')
    if len(turns) % 2 or not turns:
        raise row.error("the conversation does not end with an answer")
    texts = [PLACEHOLDER.sub("", text).strip() for _, text in turns]
    return tuple(map(Exchange, texts[::2], texts[1::2]))


def messages_of(row: Row) -> list[Message]:
    """Return who says what in an item.

    Raises:
        DataError: it holds no messages.
    """
    if row.has("conversations"):
        return [_message(one, row) for one in _listed(row.get("conversations"), row)]
    question, answer = row.text("question"), row.text("answer")
    if question is None or answer is None:
        raise row.error("the item has neither `conversations` nor a `question` with its `answer`")
    return [("human", question), ("gpt", answer)]


def _listed(found: Any, row: Row) -> list[Any]:
    """Return messages as a list; exports also write them as text, or as a list for each key."""
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError as error:
            raise row.error(f"`{row.key_of('conversations')}` is a text that holds no JSON: {short(found)}") from error
    if isinstance(found, dict) and found and all(isinstance(column, list) for column in found.values()):
        if len({len(column) for column in found.values()}) > 1:
            raise row.error(f"`{row.key_of('conversations')}` has columns of different lengths")
        found = [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]
    if not isinstance(found, list):
        raise row.error(f"`{row.key_of('conversations')}` is not a list but {short(found)}")
    return found


def _message(found: Any, row: Row) -> Message:
    for speaker, text in (("from", "value"), ("role", "content")):
        if isinstance(found, dict) and speaker in found and text in found:
            if not (isinstance(found[speaker], str) and isinstance(found[text], str)):
                raise row.error(f"a turn says no text: {short(found)}")
            return found[speaker], found[text]
    raise row.error(f"a turn is an object with `from` and `value`, not {short(found)}")
