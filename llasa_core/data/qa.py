"""QA items: the schema of `qa-*.json`, and how they are written, read and checked.

A QA file is a JSON array with one item a line: any JSON reader takes it, and ours holds one line at a time.
"""

from __future__ import annotations

import json
import re
import sys
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeGuard, get_args

import numpy as np

from llasa_core.errors import DataError, Place
from llasa_core.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SENSOR = "<sensor>"
"""Placeholder: stands for one window in a prompt."""

Kind = Literal["activity", "fact", "caption", "compare", "timeline", "reasoning", "unanswerable"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_KEYS = ("id", "windows", "kind", "subject", "conversations", "facts")
_PREPARE_AGAIN = "repair the line, or run `llasa prepare-data` again"
_encode = json.JSONEncoder(ensure_ascii=False).encode


class WindowRef(NamedTuple):
    """Where one window is stored: a shard of the data folder and a row in it."""

    file: str
    row: int


class Turn(NamedTuple):
    """One message of a conversation; written as `{"from": speaker, "value": text}`."""

    speaker: Literal["human", "gpt"]
    text: str


@dataclass(frozen=True, slots=True)
class QaItem:
    """One conversation about one or more windows."""

    id: str
    windows: tuple[WindowRef, ...]
    kind: Kind
    subject: str
    conversations: tuple[Turn, ...]
    """Human first, then in turns; the human turns hold one `<sensor>` for each window, in order."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the answers claim, in a form that code can check."""


def write_qa(path: Path, items: Iterable[QaItem]) -> int:
    """Write a whole QA file, or none, and return its number of items.

    The items are taken one at a time and not kept, so a generator of any length will do.

    Raises:
        DataError: an item breaks the schema, or two share an id.
        RunError: the disk is full.
    """
    hashes = array("q")  # 8 bytes an item; the ids themselves would take ten times as much
    with written_whole(path) as beside:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write("[")
            for item in items:
                _check_before_writing(item, path)
                file.write(",\n" if hashes else "\n")
                file.write(_encode(_as_json(item)))
                hashes.append(hash(item.id))
            file.write("\n]\n")
        if len(np.unique(np.frombuffer(hashes, np.int64))) < len(hashes):
            read_qa(beside, shown_as=path)  # says which two, unless different ids only share a hash
    return len(hashes)


def read_qa(path: Path, *, shown_as: Path | None = None) -> list[QaItem]:
    """Return the items of a QA file in its order.

    Args:
        path: a file that `write_qa` wrote, or one like it.
        shown_as: the name for it in errors; its own if left out.

    Raises:
        DataError: there is no such file, it is not JSON with one item a line, an item breaks the schema, or two share
            an id; with line and column.
    """
    items: list[QaItem] = []
    line_of: dict[str, int] = {}
    for line, value in _values(path, shown_as or path):
        item = _item(value, line)
        if item.id in line_of:
            raise line.error(
                f'two items have the id "{item.id}"; the other is on line {line_of[item.id]}', "id", fix="rename one"
            )
        line_of[item.id] = line.number
        items.append(item)
    return items


def _as_json(item: QaItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "windows": [{"file": file, "row": row} for file, row in item.windows],
        "kind": item.kind,
        "subject": item.subject,
        "conversations": [{"from": speaker, "value": text} for speaker, text in item.conversations],
        "facts": item.facts,
    }


def _check_before_writing(item: QaItem, path: Path) -> None:
    try:
        _check(item, _Line(path, 1, ""))
    except DataError as error:
        raise DataError(
            error.message, where=f'{path}, item "{item.id}"', fix="mend what made the item; the file was not written"
        ) from error


class _Line(NamedTuple):
    """One line of a QA file, to find the column of what is wrong with it."""

    file: Path
    number: int
    text: str

    def error(self, message: str, key: str | None = None, nth: int = 0, fix: str = _PREPARE_AGAIN) -> DataError:
        """Return an error that points at the nth time that the key stands on this line, or at its start."""
        found = [match.start() for match in re.finditer(rf'"{key}"\s*:', self.text)] if key else []
        column = found[nth] + 1 if nth < len(found) else 1
        return DataError(message, where=Place(self.file, self.number, column), fix=fix)


def _values(path: Path, shown_as: Path) -> Iterator[tuple[_Line, Any]]:
    """Yield the lines between `[` and `]`, each with the JSON value that it holds."""
    number, is_closed, has_next = 0, False, True
    for number, text in enumerate(_lines(path, shown_as), start=1):
        line = _Line(shown_as, number, text)
        body = text.strip()
        if number == 1:
            if body != "[":
                raise line.error(f"a QA file begins with a line that holds `[` alone, not {_short(body)}")
        elif body == "]" and not is_closed:
            is_closed = True
        elif body:
            if is_closed or not has_next:
                raise line.error(f"expected {'no more' if is_closed else '`]`'}, found {_short(body)}")
            has_next = body.endswith(",")
            yield line, _parse(line)
    if not is_closed:
        raise _Line(shown_as, max(number, 1), "").error(
            "the file ends without its closing `]`", fix="copy it again whole, or run `llasa prepare-data` again"
        )


def _lines(path: Path, shown_as: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            yield from file
    except FileNotFoundError as error:
        raise DataError("there is no such QA file", where=shown_as, fix="write it with `llasa prepare-data`") from error
    except UnicodeDecodeError as error:
        raise DataError(f"the file is not UTF-8: {error.reason}", where=shown_as, fix="save it as UTF-8") from error


def _parse(line: _Line) -> Any:
    try:
        return json.loads(line.text.rstrip().removesuffix(","))
    except json.JSONDecodeError as error:
        raise DataError(
            f"not JSON: {error.msg}; each line holds one whole item",
            where=Place(line.file, line.number, error.colno),
            fix=_PREPARE_AGAIN,
        ) from error


def _item(value: Any, line: _Line) -> QaItem:
    if not isinstance(value, dict):
        raise line.error(f"an item is a JSON object, not {_short(value)}")
    for key in value:
        if key not in _KEYS:
            raise line.error(f"`{key}` is not a field of a QA item; these are: {', '.join(_KEYS)}", key)
    for key in _KEYS[:-1]:
        if key not in value:
            raise line.error(f"the item has no `{key}`")
    item = QaItem(
        id=value["id"],
        windows=tuple(_ref(ref, line) for ref in _list_of(value, "windows", line)),
        kind=value["kind"],
        subject=value["subject"],
        conversations=tuple(_turn(turn, line) for turn in _list_of(value, "conversations", line)),
        facts=value.get("facts", {}),
    )
    _check(item, line)
    return item


def _list_of(value: dict[str, Any], key: str, line: _Line) -> list[Any]:
    found = value[key]
    if not isinstance(found, list):
        raise line.error(f"`{key}` is not a list but {_short(found)}", key)
    return found


def _ref(value: Any, line: _Line) -> WindowRef:
    if not isinstance(value, dict) or value.keys() != {"file", "row"}:
        raise line.error(f"a window is an object with `file` and `row`, not {_short(value)}", "windows")
    file = value["file"]
    return WindowRef(sys.intern(file) if _is_text(file) else file, value["row"])


def _turn(value: Any, line: _Line) -> Turn:
    if not isinstance(value, dict) or value.keys() != {"from", "value"}:
        raise line.error(f"a turn is an object with `from` and `value`, not {_short(value)}", "conversations")
    text = value["value"]  # templates say the same many times over: kept once each
    return Turn(value["from"], sys.intern(text) if _is_text(text) else text)


def _check(item: QaItem, line: _Line) -> None:
    for key, value in (("id", item.id), ("subject", item.subject)):
        if not _is_text(value):
            raise line.error(f"`{key}` is not a text but {_short(value)}", key)
    if item.kind not in KINDS:
        raise line.error(f"{_short(item.kind)} is not a kind of QA item; these are: {', '.join(KINDS)}", "kind")
    if not isinstance(item.facts, dict):
        raise line.error(f"`facts` is not an object but {_short(item.facts)}", "facts")
    _check_windows(item.windows, line)
    _check_turns(item.conversations, line)
    held = sum(turn.text.count(SENSOR) for turn in item.conversations)
    if held != len(item.windows):
        raise line.error(f"the item holds {held} {SENSOR} placeholders for {len(item.windows)} windows", "windows")


def _check_windows(windows: tuple[WindowRef, ...], line: _Line) -> None:
    if not windows:
        raise line.error("the item names no window", "windows")
    for nth, (file, row) in enumerate(windows):
        if not _is_text(file):
            raise line.error(f"`file` is not a file name but {_short(file)}", "file", nth)
        if type(row) is not int or row < 0:
            raise line.error(f"`row` is not a row number but {_short(row)}", "row", nth)


def _check_turns(turns: tuple[Turn, ...], line: _Line) -> None:
    for nth, (speaker, text) in enumerate(turns):
        expected = ("human", "gpt")[nth % 2]
        if speaker != expected:
            raise line.error(f'turn {nth + 1} is from {_short(speaker)}, it must be from "{expected}"', "from", nth)
        if not _is_text(text):
            raise line.error(f"turn {nth + 1} says no text but {_short(text)}", "value", nth)
        if speaker == "gpt" and SENSOR in text:
            raise line.error(f"turn {nth + 1} is an answer and holds {SENSOR}; only questions may", "value", nth)
    if len(turns) % 2 or not turns:
        raise line.error("the conversation does not end with an answer", "conversations")


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _short(value: object) -> str:
    """Return a value as JSON, cut to what a message can hold."""
    text = value if isinstance(value, str) and value[:1] in ("{", "[") else _encode(value)
    return text if len(text) <= 40 else text[:40] + "…"  # noqa: PLR2004 - fits on a line with its sentence
