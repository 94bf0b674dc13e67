"""Whether the answers of a file stand one question too early or too late, and back to where they belong.

The published parser overwrote the question before it emitted a pair: of the questions Q1…Qn and answers A1…An about
one window it wrote (Q2, A1), (Q3, A2) … (Qn, An−1), (Qn, An). So the last question stands there twice, and the first is
lost. A file in which somebody removed the second of the two is known by its words: an answer shares them with the
question before its own.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 3
"""Pairs of a window that tell something about their order."""
SURE = 1e-3
"""A shift is believed if chance brings so much evidence less often than this."""
MOST_SIDES = 0.6
"""And if it is true of so many of the pairs that speak at all."""
FEWEST_SPEAK = 0.2
"""And if so many of the pairs speak."""
MANY = 1000
"""From so many coins on, their sum is as good as normal."""
_WORD = re.compile(r"[a-z]{4,}")
_ENDINGS = re.compile(r"(?:ings?|ed|es|s|ly|ation|ions?|ally|al|ity|ive|ively|ent)$")
_COMMON = """
what which when where does this that these those with from about into over under between during person user data sensor
sensors have been being were would could should their there they them than then also more most some such both each
indicate indicates suggest suggests show shows provide based given using used while because reading readings value
values activity movement
"""
_SAY_NOTHING = frozenset(_COMMON.split())
_NUMBER = re.compile(r"(\d+)\D*$")


class Pair(NamedTuple):
    """A question with the answer that a file gives it, under an id."""

    id: str
    question: str
    answer: str


@dataclass(frozen=True)
class Shift:
    """What a whole file tells about its pairs."""

    n_windows: int
    """With enough pairs to tell."""
    n_signed: int
    """Of these, with the last question twice, as the published parser writes it."""
    later: tuple[int, int]
    """Pairs whose answer fits the question before it better than its own, and those that do not."""
    earlier: tuple[int, int]
    """Likewise with the question after it."""
    n_pairs: int

    @property
    def is_published(self) -> bool:
        """Whether the published parser wrote this."""
        return self.n_signed > self.n_windows / 2 and self.later[0] >= self.later[1]

    @property
    def by(self) -> int:
        """Questions that an answer stands too late: 1, or −1 where it stands too early; 0 in a right file."""
        if self.is_published or self._is_sure(self.later):
            return 1
        return -1 if self._is_sure(self.earlier) else 0

    def _is_sure(self, sides: tuple[int, int]) -> bool:
        for_it, against = sides
        n = for_it + against
        speaks = n >= FEWEST_SPEAK * self.n_pairs and for_it >= MOST_SIDES * n
        return speaks and _chance(for_it, n) < SURE


class ShiftEvidence:
    """Looks at the pairs of one window after the other."""

    def __init__(self) -> None:
        self._n_windows = self._n_signed = self._n_pairs = 0
        self._sides: Counter[tuple[int, bool]] = Counter()

    def add(self, pairs: Sequence[Pair]) -> None:
        """Take the pairs of one window, in the order of the file."""
        if len(pairs) < FEWEST:
            return
        self._n_windows += 1
        self._n_signed += is_signed(pairs)
        self._n_pairs += len(pairs) - 1
        for by in (1, -1):
            for gain in _gains(pairs, by).values():
                if gain:
                    self._sides[by, gain > 0] += 1

    def verdict(self) -> Shift:
        """Return what all windows tell."""
        later, earlier = ((self._sides[by, True], self._sides[by, False]) for by in (1, -1))
        return Shift(self._n_windows, self._n_signed, later, earlier, self._n_pairs)


class Realigned(NamedTuple):
    """The pairs of a window with their own questions."""

    pairs: list[tuple[Pair, int]]
    """Each with the number of the pair that its answer is from."""
    n_moved: int
    """Pairs that have another question now."""
    dropped: list[str]
    """A reason for each pair that is gone."""


def is_signed(pairs: Sequence[Pair]) -> bool:
    """Return whether the last question of a window, and no other, is there twice, with two answers."""
    questions = [pair.question for pair in pairs]
    return (
        len(pairs) >= 2  # noqa: PLR2004 - the pair and its repeated question
        and questions[-1] == questions[-2]
        and pairs[-1].answer != pairs[-2].answer
        and len(set(questions)) == len(questions) - 1
    )


def realigned(pairs: Sequence[Pair], shift: Shift) -> Realigned:
    """Return the pairs of one window as they were before a file was shifted.

    Args:
        pairs: in the order of the file.
        shift: what the whole file tells.
    """
    unchanged = Realigned([(pair, nth) for nth, pair in enumerate(pairs)], 0, [])
    if not shift.by or len(pairs) < 2:  # noqa: PLR2004 - one pair has no other question
        return unchanged
    if shift.by == 1 and is_signed(pairs):
        return _moved(pairs, 1, set())
    gains = _gains(pairs, shift.by)
    gain = math.fsum(gains.values())
    if gain < 0:
        return unchanged  # somebody put these right
    if gain == 0:
        return Realigned([], 0, ["answers of a shifted file whose question cannot be told"] * len(pairs))
    return _moved(pairs, shift.by, {nth for nth, one in gains.items() if one < 0})


def _moved(pairs: Sequence[Pair], by: int, right: set[int]) -> Realigned:
    """Return each answer with the question of the pair `by` before it, but for those that are right."""
    found: list[tuple[Pair, int]] = []
    dropped = []
    n_moved = 0
    for nth, pair in enumerate(pairs):
        before = nth - by
        if nth in right:
            found.append((pair, nth))
        elif not 0 <= before < len(pairs):
            dropped.append("answers of a shifted file whose question is not in it")
        elif not _are_neighbours(pairs[before].id, pair.id, by):
            dropped.append("answers of a shifted file whose question was in an item that is missing")
        else:
            n_moved += pairs[before].question != pair.question
            found.append((Pair(pair.id, pairs[before].question, pair.answer), nth))
    return Realigned(found, n_moved, dropped)


def _are_neighbours(before: str, here: str, by: int) -> bool:
    """Whether ids that end with a number, such as `12_3`, say that nothing is missing between two pairs."""
    one, other = _NUMBER.search(before), _NUMBER.search(here)
    if not one or not other or before[: one.start()] != here[: other.start()]:
        return True
    step = int(other[1]) - int(one[1])
    return step == by or step <= 0


def _gains(pairs: Sequence[Pair], by: int) -> dict[int, float]:
    """Return how much better each answer fits the question of the pair `by` before it than its own, by its number."""
    questions = [_words(pair.question) for pair in pairs]
    answers = [_words(pair.answer) for pair in pairs]
    seen = Counter(word for words in (*set(map(frozenset, questions)), *answers) for word in words)
    return {
        nth: _fit(questions[nth - by], answer, seen) - _fit(questions[nth], answer, seen)
        for nth, answer in enumerate(answers)
        if 0 <= nth - by < len(pairs)
    }


def _fit(question: set[str], answer: set[str], seen: Counter[str]) -> float:
    """Return how much a question and an answer share; words that all of a window's texts have count little."""
    return math.fsum(1 / seen[word] ** 2 for word in sorted(question & answer)) / (1 + math.sqrt(len(question)))


def _words(text: str) -> set[str]:
    return {_ENDINGS.sub("", word) for word in _WORD.findall(text.lower()) if word not in _SAY_NOTHING}


def _chance(for_it: int, n: int) -> float:
    """Return how often a coin shows one side at least so often."""
    if n > MANY:
        return 0.5 * math.erfc((for_it - 0.5 - n / 2) / math.sqrt(n / 2))
    return math.fsum(math.exp(_log_choose(n, k) - n * math.log(2)) for k in range(for_it, n + 1))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
