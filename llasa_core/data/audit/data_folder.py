"""The items of a data folder, with their windows measured some thousand at a time."""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from typing import TYPE_CHECKING, Any

from llasa_core.data.audit.entry import Entry
from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.measured import Measured, measured
from llasa_core.data.importers.item import Exchange
from llasa_core.data.importers.json_values import json_values
from llasa_core.data.qa import SENSOR, WindowRef
from llasa_core.data.split import SPLITS
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.importers.json_values import Value
    from llasa_core.data.split import Split
    from llasa_core.data.store import WindowStore

BLOCK = 4096
"""Items that are held at once."""
MOST_HELD = 16384
"""Windows whose facts are kept: comparisons come back to windows of the same recording."""


class DataFolderItems:
    """Yields the items of a data folder."""

    def __init__(self, store: WindowStore) -> None:
        """Take an opened folder."""
        self._store = store
        self._held: OrderedDict[int, Measured] = OrderedDict()
        self._activity, self._subject, self._start_s = store.activity, store.subject, store.start_s
        of_person = {name: split for split in SPLITS for name in store.manifest["splits"].get(split, ())}
        self._split_of_subject = [of_person.get(name) for name in store.subject_names]

    @property
    def files(self) -> list[str]:
        """The QA files that are there."""
        return [path.name for split in SPLITS if (path := self._store.folder / f"qa-{split}.json").is_file()]

    def entries(self) -> Iterator[Entry]:
        """Yield all items, split by split.

        Raises:
            DataError: a file is not JSON.
        """
        for split in SPLITS:
            path = self._store.folder / f"qa-{split}.json"
            if path.is_file():
                values = json_values(path)
                while block := list(islice(values, BLOCK)):
                    yield from self._block(block, split)

    def _block(self, values: Sequence[Value], split: Split) -> Iterator[Entry]:
        entries = [entry_of(value, split) for value in values]
        rows_of = [self._rows(entry) for entry in entries]
        known = self._measure(sorted({row for rows in rows_of for row in rows}))
        for entry, rows in zip(entries, rows_of, strict=True):
            entry.measured = tuple(known[row] for row in rows)
            subjects = self._subject[rows].tolist() if rows else []
            entry.window_subjects = tuple(self._store.subject_names[subject] for subject in subjects)
            entry.window_splits = tuple(self._split_of_subject[subject] for subject in subjects)
            yield entry

    def _rows(self, entry: Entry) -> list[int]:
        """Return the numbers of an item's windows; none where one is not there."""
        try:
            return [self._store.row_of(ref) for ref in entry.windows if isinstance(ref, WindowRef)]
        except DataError as error:
            entry.missing_window = error.message
            return []

    def _measure(self, rows: Sequence[int]) -> dict[int, Measured]:
        wanted = [row for row in rows if row not in self._held]
        for first in range(0, len(wanted), BLOCK):
            part = wanted[first : first + BLOCK]
            names = [*self._store.activity_names, None]
            facts = facts_of(self._store.take(part), self._store.sampling_rate_hz)
            activities = [names[code] for code in self._activity[part].tolist()]
            self._held.update(zip(part, measured(facts, activities, self._start_s[part].tolist()), strict=True))
        found = {row: self._held[row] for row in rows}
        while len(self._held) > MOST_HELD:
            self._held.popitem(last=False)
        return found


def entry_of(value: Value, split: Split | None) -> Entry:
    """Return an item of a QA file; one that breaks the schema says so."""
    found = value.json
    problem = _problem(found)
    if problem:
        return Entry(value.place, "", (), (), split=split, broken=problem)
    texts = [turn["value"] for turn in found["conversations"]]
    plain = [_without_placeholders(text) for text in texts]
    facts = found.get("facts")
    return Entry(
        place=value.place,
        id=str(found["id"]),
        windows=tuple(WindowRef(str(ref["file"]), ref["row"]) for ref in found["windows"]),
        exchanges=tuple(map(Exchange, plain[::2], plain[1::2])),
        kind=str(found.get("kind")),
        facts=facts if isinstance(facts, dict) else {},
        split=split,
        subject=found.get("subject"),
        broken=_placeholders_problem(texts, len(found["windows"])),
    )


def _problem(found: Any) -> str:
    """Return why something is no QA item."""
    if not isinstance(found, dict):
        return "it is no JSON object"
    for key in ("id", "windows", "conversations"):
        if not found.get(key):
            return f"it has no `{key}`"
    windows, turns = found["windows"], found["conversations"]
    if not isinstance(windows, list) or not all(_is_ref(ref) for ref in windows):
        return "its `windows` are no list of files and rows"
    if not isinstance(turns, list) or not all(_is_turn(turn, nth) for nth, turn in enumerate(turns)) or len(turns) % 2:
        return "its `conversations` are not questions and answers in turn"
    return ""


def _is_ref(ref: Any) -> bool:
    return isinstance(ref, dict) and isinstance(ref.get("file"), str) and type(ref.get("row")) is int


def _is_turn(turn: Any, nth: int) -> bool:
    speaker = ("human", "gpt")[nth % 2]
    return isinstance(turn, dict) and turn.get("from") == speaker and isinstance(turn.get("value"), str)


def _placeholders_problem(texts: Sequence[str], n_windows: int) -> str:
    held = sum(text.count(SENSOR) for text in texts)
    return "" if held == n_windows else f"it holds {held} {SENSOR} placeholders for {n_windows} windows"


def _without_placeholders(text: str) -> str:
    """Return a question without its placeholders and the words before them, such as `Part 1:`."""
    return text[text.rfind(SENSOR) + len(SENSOR) :].strip() if SENSOR in text else text.strip()
