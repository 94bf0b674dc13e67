"""Which questions are answered: a fixed random choice in which every kind and every fact is there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from llasa_core.data.grounded.words import CHANNEL_WORDS
from llasa_core.data.qa import SENSOR, Turn
from llasa_core.evaluate.facts.asked import topic_of
from llasa_core.evaluate.open_ended.items import chosen_by_kind, open_item, qa_items, taking_turns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llasa_core.data.qa import QaItem
    from llasa_core.data.split import Split
    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.open_ended.items import OpenItem

SHARES: Mapping[str, int] = {
    "fact": 5,
    "caption": 1,
    "reasoning": 1,
    "compare": 1,
    "timeline": 1,
    "unanswerable": 1,
}
"""How many of each kind beside the others: half of the questions are for a single fact, of which there are many."""


def choose_fact_items(store: WindowStore, split: Split, at_most: int | None, seed: int) -> list[OpenItem]:
    """Return the questions of a split that are answered, in the order of their file; there may be none.

    Of each kind there are as many as `SHARES` says, or all there are. Within a kind topics take turns, and within a
    topic people, each with items in an order that a hash of seed and id gives, so that a larger choice holds a smaller.

    Args:
        store: the data folder.
        split: whose questions.
        at_most: how many; all of the kinds of `SHARES` when None.
        seed: of the choice.

    Raises:
        DataError: the QA file is damaged.
    """
    return chosen_by_kind(fact_items(store, split), SHARES, at_most, seed, _by_topic)


def fact_items(store: WindowStore, split: Split) -> list[OpenItem]:
    """Return all questions of a split that can be answered and checked, in the order of their file.

    These are the items of one question, and of conversations the last question where it is for a statistic of one
    channel: such questions stand nowhere else. It is asked alone, as the first words about its window.

    Raises:
        DataError: the QA file is damaged.
    """
    found = []
    for item in qa_items(store, split):
        if item.kind in SHARES:
            single = item if len(item.conversations) == 2 else _last_question(item)  # noqa: PLR2004 - with its answer
            found += [open_item(single, store)] if single else []
    return found


def _last_question(item: QaItem) -> QaItem | None:
    """Return the last question of a conversation as an item of its own, if it is for a statistic of a channel."""
    question, answer = item.conversations[-2:]
    channel = next((channel for channel, words in CHANNEL_WORDS.items() if words in question.text), None)
    claims = item.facts.get("claims", [])
    n_claims = 2 if [claim["fact"] for claim in claims[-2:]] == ["low", "high"] else 1
    own = claims[-n_claims:]
    if channel is None or not own or any(claim.get("channel") != channel for claim in own):
        return None
    asked = Turn("human", f"{SENSOR}\n{question.text}")
    return replace(item, conversations=(asked, answer), facts={"claims": own})


def _by_topic(items: Sequence[OpenItem], seed: str) -> list[OpenItem]:
    of_topic: dict[str, list[OpenItem]] = defaultdict(list)
    for item in items:
        of_topic[topic_of(item)].append(item)
    rounds = zip_longest(*(taking_turns(of_topic[topic], f"{seed}/{topic}") for topic in sorted(of_topic)))
    return [item for item in chain.from_iterable(rounds) if item is not None]
