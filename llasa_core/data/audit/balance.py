"""Whether items are spread evenly enough over activities, kinds, and yes and no."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from llasa_core.data.audit.finding import Finding
from llasa_core.data.audit.words import NO, YES, activities_in, is_yes_no

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.audit.entry import Entry

FEWEST = 100
"""Items below which shares say nothing."""
MOST_RATIO = 20.0
"""Of the most frequent activity to the rarest."""
MOST_OF_A_KIND = 0.9
FEWEST_OF_A_KIND = 0.005
FAIR_YES = (0.4, 0.6)
"""Share of yes among the answers to questions for one activity."""
SURE_SIGMAS = 4.0
_FIX = "add items of the rare ones, or leave out some of the frequent ones"


class Balance:
    """Counts activities, kinds, and yes and no."""

    def __init__(self, activities: tuple[str, ...]) -> None:
        """Take all labels there are."""
        self._activities_known = activities
        self._activities: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._yes = self._yes_no = 0

    def look(self, entry: Entry) -> None:
        """Take the next item."""
        self._activities.update(name for name in set(entry.activities) if name)
        if entry.kind:
            self._kinds[entry.kind] += 1
        for question, answer in entry.exchanges:
            is_yes = bool(YES.match(answer))
            is_judged = (is_yes or NO.match(answer)) and is_yes_no(question)
            if is_judged and any(activities_in(question, self._activities_known)):
                self._yes_no += 1
                self._yes += is_yes

    def findings(self) -> Iterator[Finding]:
        """Yield what was found."""
        yield from self._of_activities()
        yield from self._of_kinds()
        yield from self._of_yes()

    def _of_activities(self) -> Iterator[Finding]:
        if self._activities.total() < FEWEST or len(self._activities) < 2:  # noqa: PLR2004 - one has no other
            return
        (most, n_most), *_, (least, n_least) = self._activities.most_common()
        if n_most > MOST_RATIO * n_least:
            message = f"imbalance of activities: {n_most:,} items on {most}, {n_least:,} on {least}"
            yield Finding("balance", "warning", message, 1, (), _FIX)

    def _of_kinds(self) -> Iterator[Finding]:
        total = self._kinds.total()
        if total < FEWEST or len(self._kinds) < 2:  # noqa: PLR2004 - one has no other
            return
        for kind, count in self._kinds.most_common():
            share = count / total
            if share > MOST_OF_A_KIND or share < FEWEST_OF_A_KIND:
                message = f"imbalance of kinds: {100 * share:.1f} % of the items are of kind {kind}"
                yield Finding("balance", "warning", message, count, (), _FIX)

    def _of_yes(self) -> Iterator[Finding]:
        if self._yes_no < FEWEST / 5:
            return
        share = self._yes / self._yes_no
        is_sure = abs(share - 0.5) > SURE_SIGMAS * 0.5 / math.sqrt(self._yes_no)
        if is_sure and not FAIR_YES[0] <= share <= FAIR_YES[1]:
            message = f"imbalance of answers: {100 * share:.0f} % of the questions for one activity are answered by yes"
            yield Finding(
                "balance", "warning", message, self._yes_no, (), "ask as often for an activity that it is not"
            )
