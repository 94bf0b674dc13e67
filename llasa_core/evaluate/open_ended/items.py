"""Which open questions are asked: a fixed random choice, so many of each kind, spread over the people."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from llasa_core.data.qa import SENSOR
from llasa_core.data.split_items import split_items

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llasa_core.data.qa import QaItem, Turn
    from llasa_core.data.split import Split
    from llasa_core.data.store import WindowStore

SHARES: Mapping[str, int] = {
    "caption": 3,
    "reasoning": 3,
    "compare": 2,
    "timeline": 2,
    "unanswerable": 2,
    "fact": 1,
}
"""How many of each kind beside the others; the fact suite asks for facts by the hundred, so here they are few."""
KIND_TITLES: Mapping[str, str] = {
    "activity": "activity",
    "caption": "caption",
    "reasoning": "reasoning",
    "compare": "two windows compared",
    "timeline": "several windows in a row",
    "unanswerable": "cannot be told from motion",
    "fact": "fact",
}


@dataclass(frozen=True)
class OpenItem:
    """One question with its reference answer."""

    id: str
    kind: str
    subject: str
    rows: tuple[int, ...]
    """Numbers of its windows in the store, one for each `<sensor>`."""
    turns: tuple[Turn, ...]
    """What the model is asked: the question alone."""
    reference: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the reference claims, in a form that code can check."""

    @property
    def question(self) -> str:
        """The question without placeholders and the words before them, such as `Part 1:`."""
        return plain_question(self.turns[-1].text)

    @property
    def claims(self) -> list[dict[str, Any]]:
        """What the reference claims, its activity first."""
        activity = self.facts.get("activity")
        first = [] if activity is None else [{"fact": "activity", "value": activity}]
        return [*first, *self.facts.get("claims", ())]


def plain_question(text: str) -> str:
    """Return a question without placeholders and the words before them."""
    return text[text.rfind(SENSOR) + len(SENSOR) :].strip() if SENSOR in text else text.strip()


def choose_items(store: WindowStore, split: Split, at_most: int | None, seed: int) -> list[OpenItem]:
    """Return the open questions of a split that are asked, in the order of their file; there may be none.

    Only items with one question count: what a conversation claims is not kept by its answers. Of each kind there are
    as many as `SHARES` says, or all there are; within a kind people take turns, each with items in an order that a
    hash of seed and id gives, so that a larger choice holds a smaller one.

    Args:
        store: the data folder.
        split: whose questions.
        at_most: how many; all of the kinds of `SHARES` when None.
        seed: of the choice.

    Raises:
        DataError: the QA file is damaged.
    """
    items = [item for item in single_questions(store, split) if item.kind in SHARES]
    return chosen_by_kind(items, SHARES, at_most, seed, taking_turns)


def chosen_by_kind(
    items: Sequence[OpenItem],
    shares: Mapping[str, int],
    at_most: int | None,
    seed: int,
    in_order: Callable[[Sequence[OpenItem], str], Sequence[OpenItem]],
) -> list[OpenItem]:
    """Return so many items, as many of each kind as its share says or all there are, in the order that they came in.

    Args:
        items: of these kinds alone.
        shares: how many of each kind beside the others.
        at_most: how many; all when None.
        seed: of the choice.
        in_order: puts the items of a kind in the order in which they are taken, given words to seed it with.
    """
    if at_most is None or at_most >= len(items):
        return list(items)
    queues = {kind: in_order([item for item in items if item.kind == kind], f"{seed}/{kind}") for kind in shares}
    counts = shared_out(at_most, shares, {kind: len(queue) for kind, queue in queues.items()})
    chosen = {item.id for kind, queue in queues.items() for item in queue[: counts[kind]]}
    return [item for item in items if item.id in chosen]


def single_questions(store: WindowStore, split: Split) -> list[OpenItem]:
    """Return the items of a split that are one question with one answer; none where the folder has no questions.

    Raises:
        DataError: the QA file is damaged, or names a window that is not there.
    """
    return [open_item(item, store) for item in qa_items(store, split) if len(item.conversations) == 2]  # noqa: PLR2004 - a question and its answer


def qa_items(store: WindowStore, split: Split) -> list[QaItem]:
    """Return all items of a split; none where the folder has no questions.

    Raises:
        DataError: the QA file is damaged.
    """
    file = store.folder / f"qa-{split}.json"
    return split_items(store, split) if file.is_file() else []


def shared_out(total: int, shares: Mapping[str, int], there: Mapping[str, int]) -> dict[str, int]:
    """Share a number out in proportion, as far as there is enough of each; the rest goes to the others.

    Each next one goes to whoever has least for its share (of equals, the first), so a larger total never takes away.
    """
    counts = dict.fromkeys(shares, 0)
    for _ in range(min(total, sum(there.values()))):
        open_kinds = [kind for kind in shares if counts[kind] < there[kind]]
        counts[min(open_kinds, key=lambda kind: (counts[kind] + 1) / shares[kind])] += 1
    return counts


def taking_turns(items: Sequence[OpenItem], seed: str) -> list[OpenItem]:
    """Return items in an order that a hash of seed and id gives, people taking turns."""

    def drawn(name: str) -> bytes:
        return hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()

    of_person: dict[str, list[OpenItem]] = defaultdict(list)
    for item in sorted(items, key=lambda item: drawn(item.id)):
        of_person[item.subject].append(item)
    people = sorted(of_person, key=drawn)
    rounds = zip_longest(*(of_person[person] for person in people))
    return [item for item in chain.from_iterable(rounds) if item is not None]


def open_item(item: QaItem, store: WindowStore) -> OpenItem:
    """Return an item of one question and its answer, its windows by their numbers in the store.

    Raises:
        DataError: it names a window that is not there.
    """
    question, answer = item.conversations
    rows = tuple(store.row_of(ref) for ref in item.windows)
    return OpenItem(item.id, item.kind, item.subject, rows, (question,), answer.text, item.facts)
