"""The worst answers, with the signal and what was measured in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.facts.asked import NUMBERS, title_of, topic_of, unit_of
from llasa_core.evaluate.page.blocks import Example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.facts.judged import Judged, Stated

N_EXAMPLES = 6


def worst_examples(judged: Sequence[Judged], store: WindowStore, who: str = "model") -> list[Example]:
    """Return the answers with the most that is wrong or unsupported, one of each topic; of equals, the first.

    Args:
        judged: the answers.
        store: has their windows.
        who: gave them.
    """
    order = sorted(judged, key=lambda one: -_badness(one))
    seen: set[str] = set()
    chosen: list[Judged] = []
    for one in order:
        topic = topic_of(one.item)
        if len(chosen) < N_EXAMPLES and _badness(one) and topic not in seen:
            seen.add(topic)
            chosen.append(one)
    return [_example(one, store, who) for one in chosen]


def _badness(one: Judged) -> float:
    """Return how much is wrong; what nobody can know weighs twice."""
    weights = {"right": 0.0, "wrong": 1.0, "unsupported": 2.0}
    return sum(weights[said.verdict] for said in one.stated)


def _example(one: Judged, store: WindowStore, who: str) -> Example:
    window = store[one.item.rows[0]]
    facts = [_fact(said) for said in one.stated if said.verdict != "right"]
    words = [("question", one.item.question), (who, one.text or "(nothing)"), ("facts", "; ".join(facts))]
    title = f"{one.item.id}: {title_of(topic_of(one.item))}"
    seconds = np.arange(len(window)) / store.sampling_rate_hz
    return Example(title, seconds, window, [*words, ("reference", one.item.reference)])


def _fact(said: Stated) -> str:
    if not said.fact:
        return f"unsupported: {said.value}"
    topic = f"{said.fact} {said.channel[:3]}" if said.channel else said.fact
    place = f" on {said.channel}" if said.channel else ""
    what = f"{title_of(topic)}{place} was said to be {_shown(said.value, said.fact, topic)}"
    if said.verdict == "unsupported":
        return f"{what}, which was not asked for or nobody can know"
    return f"{what}, measured {_shown(said.truth, said.fact, topic)}"


def _shown(value: Any, fact: str, topic: str) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and fact in NUMBERS:
        return f"{value:.3g} {unit_of(topic)}".strip()
    return str(value)
