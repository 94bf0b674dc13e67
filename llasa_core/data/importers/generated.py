r"""OpenSQA's published rows: what a model was asked about a window, and the pairs that it wrote, in one text.

The user's message holds the label after `Summary:`, sixty readings of each sensor at 10 Hz, and a caption and narration
after them. The assistant's message holds the questions, each with its answer below it.

Source:
    Rows of the files `data/train_*.jsonl` of the dataset; read here by their form alone. Unlike the parser of the
    training file, which gave each answer the next question, an answer here belongs to the question above it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.data.importers.item import CAPTION_QUESTION, NARRATION_QUESTION, Exchange, ForeignItem
from llasa_core.data.importers.texts import lists_in, readings_in

if TYPE_CHECKING:
    from llasa_core.data.importers.conversations import Message
    from llasa_core.data.importers.row import Row
    from llasa_core.data.qa import Kind

_MARK = r"[\s*#>_-]*"
_QUESTION = re.compile(
    rf"^{_MARK}(?:\d{{1,2}}\s*[.)]{_MARK})?(?P<named>(?:Question|Q)\s*\d{{0,2}}{_MARK}[:.)])[\s*]*(?P<text>.*)$"
    rf"|^{_MARK}\d{{1,2}}\s*[.)][\s*]*(?P<numbered>.*)$",
    re.IGNORECASE,
)
"""`Q3:` is a question in any case; `3.` may also count what an answer lists."""
_ANSWER = re.compile(
    rf"^{_MARK}(?:\d{{1,2}}\s*[.)]\s*)?(?:Answer|A)\s*\d{{0,2}}{_MARK}:[\s*]*(?P<text>.*)$", re.IGNORECASE
)
_PARTS = re.compile(r"^(?P<name>Summary|Features|Narration)\s*:", re.MULTILINE)


def is_generated(messages: list[Message]) -> bool:
    """Return whether messages are a request about readings and its reply."""
    return any(role == "user" and "Gyroscope:" in text and "Accelerometer:" in text for role, text in messages)


def generated_items(messages: list[Message], row: Row, nth: int) -> list[ForeignItem]:
    """Return the pairs of a row, and its caption and narration, about the window whose readings it holds.

    Args:
        messages: of the row.
        row: for errors.
        nth: its number in the file, which is that of its window in the array that it was made from.

    Raises:
        DataError: there are no readings, or nothing was written about them.
    """
    asked = next(text for role, text in messages if role == "user")
    written = next((text for role, text in messages if role == "assistant"), "")
    readings = readings_in(list(lists_in(asked)))
    if readings is None:
        raise row.error("the lists after `Gyroscope:` and `Accelerometer:` are not readings of three axes each")
    said: list[tuple[str, Exchange, Kind | None]] = [
        (f"{nth}_{at}", pair, None) for at, pair in enumerate(pairs_in(written))
    ]
    parts = _parts(asked) if said else {**_parts(asked), **_parts(written)}
    if "Features" in parts:
        said.append((f"{nth}-caption", Exchange(CAPTION_QUESTION, parts["Features"]), "caption"))
    if "Narration" in parts:
        said.append((f"{nth}-narration", Exchange(NARRATION_QUESTION, parts["Narration"]), "reasoning"))
    if not said:
        raise row.error("no question with an answer is in what the assistant wrote")
    label = parts.get("Summary")
    return [
        ForeignItem(row.place, name, (nth,), (pair,), kind, label, None, None, readings) for name, pair, kind in said
    ]


def pairs_in(text: str) -> list[Exchange]:
    """Return the questions of a text, each with the answer below it; what has no answer is left out."""
    pairs: list[Exchange] = []
    question, answer, is_answering = "", "", False
    for line in text.splitlines():
        answered = _ANSWER.match(line)
        asked = None if answered else _asked(line, is_answering=is_answering)
        if asked is not None:
            pairs += _complete(question, answer)
            question, answer, is_answering = asked, "", False
        elif answered:
            answer, is_answering = f"{answer}\n{answered['text']}", True
        elif is_answering or "?" in question:
            answer, is_answering = f"{answer}\n{line}", is_answering or bool(line.strip())
        elif question:
            question = f"{question} {line.strip()}"
    return pairs + _complete(question, answer)


def _asked(line: str, *, is_answering: bool) -> str | None:
    """Return the question that begins in a line, if one does."""
    match = _QUESTION.match(line)
    if match is None:
        return None
    if match["named"]:
        return match["text"]
    return match["numbered"] if "?" in line or not is_answering else None


def _complete(question: str, answer: str) -> list[Exchange]:
    both = Exchange(question.strip(" *\t"), answer.strip(" *\t\n"))
    return [both] if both.question and both.answer else []


def _parts(text: str) -> dict[str, str]:
    """Return what follows `Summary:`, `Features:` and `Narration:`, each up to the next of them or a list."""
    found = list(_PARTS.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    parts = {}
    for match, end in zip(found, ends, strict=True):
        body = text[match.end() : end]
        lists = next(lists_in(body), None)
        parts[match["name"]] = (body[: lists.start] if lists else body).strip()
    return {name: body for name, body in parts.items() if body}
