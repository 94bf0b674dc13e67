"""What is answered without looking at the window: the training people's median, or what holds most often."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Any

from llasa_core.data.audit.claims import digits_of, margin
from llasa_core.evaluate.facts.asked import targets_of
from llasa_core.evaluate.facts.judged import Stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llasa_core.evaluate.facts.asked import Target
    from llasa_core.evaluate.facts.judged import Met
    from llasa_core.evaluate.open_ended.items import OpenItem

Place = tuple[str, str]
"""A fact, and the channel where it is of one."""


@dataclass(frozen=True)
class Guesses:
    """One answer for each thing that can be asked for, the same for all windows."""

    of: Mapping[Place, Any] = field(default_factory=dict)
    digits: Mapping[Place, int] = field(default_factory=dict)
    """Decimals that a number is rounded to, those of the training answers."""

    @classmethod
    def learn(cls, items: Iterable[OpenItem]) -> Guesses:
        """Learn from the questions of the training people: the median of numbers, the commonest of other answers.

        Windows that lack a fact do not count for its median.
        """
        seen: dict[Place, list[Any]] = defaultdict(list)
        for item in items:
            values = {
                (claim["fact"], claim.get("window", 0), claim.get("channel", "")): claim["value"]
                for claim in item.claims
            }
            for target in targets_of(item):
                seen[_place(target)].append(values[target])
        numbers = {place: _numbers(values) for place, values in seen.items()}
        digits = {place: max(map(digits_of, found)) for place, found in numbers.items() if found}
        medians = {place: round(median(numbers[place]), digits[place]) for place in digits}
        words = {place: _commonest(values) for place, values in seen.items() if place not in medians}
        return cls({**words, **medians}, digits)

    def answer(self, met: Met) -> Met:
        """Return what the guess is worth where a question asked for something; not said where nothing was learned."""
        place, truth = _place(met.target), met.truth
        if place not in self.of:
            return replace(met, said=None)
        value = self.of[place]
        error = abs(value - truth) if met.is_number and place in self.digits else None
        is_right = value == truth if error is None else error <= margin(self.digits[place])
        return replace(met, said=Stated(met.target.fact, value, "right" if is_right else "wrong", truth, error=error))


def _place(target: Target) -> Place:
    return target.fact, target.channel


def _numbers(values: Iterable[Any]) -> list[float]:
    return [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _commonest(values: Iterable[Any]) -> Any:
    """Return what stands there most often; of equals, the first by name, so that the order changes nothing."""
    return max(sorted(Counter(values).items(), key=lambda pair: str(pair[0])), key=lambda pair: pair[1])[0]
