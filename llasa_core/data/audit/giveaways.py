"""Questions that tell their own answer, and labels that no window has."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from llasa_core.data.audit.finding import Tally
from llasa_core.data.audit.words import activities_in, is_yes_no
from llasa_core.data.importers.item import asks_activity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.audit.entry import Entry
    from llasa_core.data.audit.finding import Finding

OPTIONS = 2
"""A question that names so many activities lets choose."""


class Giveaways:
    """Open questions that name the activity of their answer."""

    def __init__(self, activities: tuple[str, ...]) -> None:
        """Take all labels there are."""
        self._activities = activities
        self._asked, self._named = Tally(), Tally()

    def look(self, entry: Entry) -> None:
        """Take the next item."""
        for question, answer in entry.exchanges:
            if is_yes_no(question):
                continue
            named = set(activities_in(question, self._activities))
            if len(named) != 1 or not named & set(activities_in(answer, self._activities)):
                continue
            is_asked = asks_activity(question) or entry.kind == "activity"
            (self._asked if is_asked else self._named).add(entry.place, f'"{question[:80]}"')

    def findings(self) -> Iterator[Finding]:
        """Yield what was found."""
        yield from self._asked.finding(
            "giveaways",
            "error",
            "a question for the activity that names it",
            "ask without naming it, or offer several to choose from",
        )
        yield from self._named.finding(
            "giveaways",
            "warning",
            "an open question that names the activity of its answer",
            "ask without naming it: a model then has no need to look at the signal",
        )


class Labels:
    """Activities that items name, and no window has."""

    def __init__(self, known: frozenset[str], seen: frozenset[str]) -> None:
        """Begin.

        Args:
            known: all names of activities there are.
            seen: those that windows have; empty where no window has any.
        """
        self._known, self._seen = known, seen
        self._unknown, self._never = Tally(), Tally()
        self._asked: Counter[str] = Counter()

    def look(self, entry: Entry) -> None:
        """Take the next item."""
        claimed = [entry.facts.get("activity"), entry.label]
        claimed += [claim.get("value") for claim in entry.claims if claim.get("fact") == "activity"]
        for name in claimed:
            if name is not None and name not in self._known:
                self._unknown.add(entry.place, f'"{name}"')
                return
        if not entry.is_ours or not self._seen:
            return
        for question, _ in entry.exchanges:
            names = [name for name in activities_in(question, tuple(sorted(self._known))) if name not in self._seen]
            if names:
                self._never.add(entry.place, f'"{names[0]}"')

    def findings(self) -> Iterator[Finding]:
        """Yield what was found."""
        yield from self._unknown.finding(
            "labels", "error", "an item with a label that is no known activity", "rename it with `--label-map`"
        )
        yield from self._never.finding(
            "labels",
            "warning",
            "a question that offers an activity which no window has",
            "offer only activities that are in the data: the others are never the answer",
        )
