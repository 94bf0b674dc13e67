"""Lines of an answer file, matched to the questions of a data folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llasa_core.data.grounded.activities import PLAIN_QUESTION
from llasa_core.data.qa import SENSOR
from llasa_core.errors import DataError
from llasa_core.evaluate.open_ended.items import plain_question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.open_ended.answer_file import AnswerFile, AnswerLine
    from llasa_core.evaluate.open_ended.items import OpenItem

UNKNOWN_ID = "a `question_id` that no question has"
UNKNOWN_WINDOW = "a window that the split does not hold, or with which the prompt is not asked"
NO_WORDS = "no words in `text`"
_EXAMPLE = '{"question_id": "hapt/…/caption-1", "text": "…"}'
DUPLICATE = "a question that an earlier line answered"


@dataclass(frozen=True)
class Matched:
    """Answers with their questions, in the order of the questions."""

    items: tuple[OpenItem, ...]
    texts: tuple[str, ...]
    unanswered: tuple[str, ...]
    """Ids of questions that no line answers."""


def match_answers(file: AnswerFile, items: Sequence[OpenItem], store: WindowStore) -> Matched:
    """Return which line answers which question; what matches nothing is added to the file's problems.

    A line's `question_id` is an item's id. Without it, or where no item has it, the line's windows and its `prompt`
    find the item: its question with or without placeholders, white space and letter case aside; without a prompt it is
    the plain question for the activity. The first line for a question counts; an empty `text` is an answer without
    words: it counts, scores nothing, and is named among the problems.

    Raises:
        DataError: nothing matches.
    """
    by_id = {item.id: item for item in items}
    by_question = _by_question(items, store) if any(line.windows for line in file.lines) else {}
    found: dict[str, str] = {}
    for line in file.lines:
        item = by_id.get(line.question_id or "") or _by_windows(line, by_question)
        if item is None:
            file.problems.add(UNKNOWN_WINDOW if line.windows else UNKNOWN_ID, line.number)
        elif item.id in found:
            file.problems.add(DUPLICATE, line.number)
        else:
            found[item.id] = line.text
            if not line.text:
                file.problems.add(NO_WORDS, line.number)
    if not found:
        raise _nothing_matches(file, items, store)
    answered = [item for item in items if item.id in found]
    return Matched(
        tuple(answered),
        tuple(found[item.id] for item in answered),
        tuple(item.id for item in items if item.id not in found),
    )


def is_about_the_activity(item: OpenItem) -> bool:
    """Return whether a question asks for the activity itself, and not whether it is some activity."""
    is_yes_no = any(claim.get("fact") == "asked" for claim in item.claims)
    return item.kind == "activity" and not is_yes_no and "activity" in item.facts


_Key = tuple[tuple[str, ...], str]


def _by_question(items: Sequence[OpenItem], store: WindowStore) -> Mapping[_Key, OpenItem]:
    known: dict[_Key, OpenItem] = {}
    plain: dict[tuple[str, ...], OpenItem] = {}
    for item in items:
        windows = tuple(f"{file}/{row}" for file, row in store.refs(item.rows))
        known.setdefault((windows, _plain(item.question)), item)
        if is_about_the_activity(item):
            plain.setdefault(windows, item)
    for windows, item in plain.items():
        known[windows, ""] = item
        known.setdefault((windows, _plain(PLAIN_QUESTION)), item)
    return known


def _by_windows(line: AnswerLine, known: Mapping[_Key, OpenItem]) -> OpenItem | None:
    return known.get((line.windows, _plain(line.prompt or ""))) if line.windows else None


def _plain(prompt: str) -> str:
    for placeholder in ("<image>", "<imu>"):  # as other systems write it
        prompt = prompt.replace(placeholder, SENSOR)
    return " ".join(plain_question(prompt).lower().split())


def _nothing_matches(file: AnswerFile, items: Sequence[OpenItem], store: WindowStore) -> DataError:
    theirs = next((line.question_id or ", ".join(line.windows) for line in file.lines), None)
    if theirs is None:
        n = sum(map(len, file.problems.lines.values()))
        message = f"the file holds no answer: {n:,} lines cannot be read" if n else "the file holds no answer"
        return DataError(message, where=file.path, fix=f"write one JSON object a line, as {_EXAMPLE}")
    ours = items[0].id if items else "none"
    return DataError(
        f"none of its {len(file.lines):,} answers is to a question of {store.folder}: "
        f'it has ids like "{theirs}", the questions like "{ours}"',
        where=file.path,
        fix="answer the questions of this data folder and split, and repeat their `id` as `question_id`",
    )
