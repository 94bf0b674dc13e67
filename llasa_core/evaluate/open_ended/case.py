"""An open question with what was measured in its windows: all that somebody needs who scores an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.measured import measured

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llasa_core.data.grounded.measured import Measured
    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.open_ended.items import OpenItem


@dataclass(frozen=True)
class Case:
    """One question and the facts of its windows."""

    item: OpenItem
    windows: tuple[Measured, ...]
    window_s: float
    activities: tuple[str, ...]
    """All labels there are."""


@dataclass(frozen=True)
class Answered:
    """What somebody answered to one question."""

    text: str
    is_ended: bool = True
    """Whether the answer ended by itself, and was not cut off at `max_new_tokens`."""
    n_tokens: int | None = None

    @property
    def n_words(self) -> int:
        """Length that texts of all systems can be compared by."""
        return len(self.text.split())


def cases_of(store: WindowStore, items: Sequence[OpenItem]) -> list[Case]:
    """Return items with what was measured in their windows, in the same order."""
    known = measure(store, (row for item in items for row in item.rows))
    activities = tuple(store.activity_names)
    return [Case(item, tuple(known[row] for row in item.rows), store.window_s, activities) for item in items]


def measure(store: WindowStore, rows: Iterable[int]) -> dict[int, Measured]:
    """Return what is known of windows, by their numbers in the store."""
    wanted = sorted(set(rows))
    if not wanted:
        return {}
    names = [*store.activity_names, None]  # -1, unknown, is the last
    at = np.array(wanted)
    facts = facts_of(store.take(at), store.sampling_rate_hz)
    activities = [names[code] for code in store.activity[at].tolist()]
    return dict(zip(wanted, measured(facts, activities, store.start_s[at].tolist()), strict=True))
