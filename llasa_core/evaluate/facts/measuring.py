"""All numbers of the suite, counted from answers that were read and checked."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.qa import KINDS
from llasa_core.evaluate.facts.asked import NONE, title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llasa_core.evaluate.facts.guesses import Guesses
    from llasa_core.evaluate.facts.judged import Judged, Met
    from llasa_core.evaluate.facts.tallies import Share, Tally

TOLERANCES = (0.05, 0.1, 0.2)
"""Shares of the truth by which a number may be off, beside its own rounding."""
CURVE = tuple(step / 50 for step in range(26))
"""Tolerances of the curves, 0 to 50 %."""
ANSWERED = ("acc", "gyr", "both", "neither")


@dataclass(frozen=True)
class FactScore:
    """How one fact was met."""

    topic: str
    unit: str
    """Of its number; empty where it is a word."""
    is_number: bool
    asked: int
    answered: int
    """Questions of which the answer says something of this fact, right or wrong."""
    right: Share
    """Of those asked; a number within its rounding."""
    right_within: Mapping[float, Share]
    """By tolerance; empty for words."""
    error: float | None
    """Mean absolute error of the numbers that were said."""
    guess_right: Share
    """Of the guess that looks at nothing, on the same questions."""
    guess_within: Mapping[float, Share]
    guess_error: float | None

    @property
    def title(self) -> str:
        """Its name in words."""
        return title_of(self.topic)


@dataclass(frozen=True)
class KindScore:
    """How the questions of one kind were answered."""

    kind: str
    items: int
    read: int
    """Answers in which at least one statement was found."""
    statements: int
    right: int
    wrong: int
    unsupported: int
    asked_right: Share
    """Of what was asked for, words and numbers."""
    guess_right: Share
    declined: int


@dataclass(frozen=True)
class Measures:
    """What came out."""

    numbers_right: Share
    """Of the numbers asked for: said, and right within their rounding."""
    numbers_within: Mapping[float, Share]
    words_right: Share
    """Of what was asked for and is no number: an activity, an axis, yes or no, that there is none."""
    guess_numbers_right: Share
    guess_numbers_within: Mapping[float, Share]
    guess_words_right: Share
    stated_numbers_right: Share
    """Of the numbers that were said of a fact, asked for or not."""
    unsupported: Share
    """Of all statements."""
    wrong: Share
    hallucinated: Share
    """Of all answers: with at least one statement that is wrong or unsupported."""
    declined: Share
    """Of the questions that nobody can answer."""
    declined_wrongly: Share
    """Of those that have an answer."""
    facts: tuple[FactScore, ...]
    kinds: tuple[KindScore, ...]
    curves: Mapping[str, list[float]]
    """Share of the asked numbers that are right, by tolerance: of `all`, of `guess`, and of each fact."""
    sensors: np.ndarray
    """int [asked acc | gyr, answered acc | gyr | both | neither], questions for a fact of one sensor."""
    ended: Share
    """Answers that ended by themselves."""


def measure_answers(judged: Sequence[Judged], guesses: Guesses, tally: Tally) -> Measures:
    """Count everything."""
    met = [(one.item.subject, found) for one in judged for found in one.met]
    guessed = [(person, guesses.answer(found)) for person, found in met]
    numbers, words = _numbers(met), [pair for pair in met if not pair[1].is_number]
    guess_numbers, guess_words = _numbers(guessed), [pair for pair in guessed if not pair[1].is_number]
    unanswerable = [one for one in judged if one.item.kind == "unanswerable"]
    answerable = [one for one in judged if one.is_answerable]

    def of_answers(ones: Sequence[Judged], is_so: Callable[[Judged], bool]) -> Share:
        return tally.share((one.item.subject, int(is_so(one)), 1) for one in ones)

    def of_statements(verdict: str) -> Share:
        return tally.share(
            (one.item.subject, sum(said.verdict == verdict for said in one.stated), len(one.stated)) for one in judged
        )

    return Measures(
        numbers_right=_right(numbers, tally),
        numbers_within={tolerance: _right(numbers, tally, tolerance) for tolerance in TOLERANCES},
        words_right=_right(words, tally),
        guess_numbers_right=_right(guess_numbers, tally),
        guess_numbers_within={tolerance: _right(guess_numbers, tally, tolerance) for tolerance in TOLERANCES},
        guess_words_right=_right(guess_words, tally),
        stated_numbers_right=tally.share(
            (one.item.subject, int(said.is_right()), 1) for one in judged for said in one.stated if said.is_number
        ),
        unsupported=of_statements("unsupported"),
        wrong=of_statements("wrong"),
        hallucinated=of_answers(judged, lambda one: one.is_hallucinated),
        declined=of_answers(unanswerable, lambda one: one.is_declined),
        declined_wrongly=of_answers(answerable, lambda one: one.is_declined),
        facts=_facts(met, guesses, tally),
        kinds=_kinds(judged, guesses, tally),
        curves=_curves(numbers, guess_numbers),
        sensors=_sensors(judged),
        ended=of_answers(judged, lambda one: one.is_ended),
    )


_Pairs = list[tuple[str, "Met"]]
"""People, and what was asked about their windows."""


def _numbers(met: _Pairs) -> _Pairs:
    return [pair for pair in met if pair[1].is_number]


def _right(met: _Pairs, tally: Tally, tolerance: float = 0.0) -> Share:
    return tally.share((person, int(found.is_right(tolerance)), 1) for person, found in met)


def _facts(met: _Pairs, guesses: Guesses, tally: Tally) -> tuple[FactScore, ...]:
    of_topic: dict[tuple[str, bool], _Pairs] = defaultdict(list)
    for person, found in met:
        of_topic[found.target.topic, found.is_number].append((person, found))
    return tuple(_fact(topic, pairs, guesses, tally) for (topic, _), pairs in sorted(of_topic.items()))


def _fact(topic: str, met: _Pairs, guesses: Guesses, tally: Tally) -> FactScore:
    guessed = [(person, guesses.answer(found)) for person, found in met]
    first = met[0][1]
    lacks = first.target.is_number and not first.is_number
    within = TOLERANCES if first.is_number else ()
    return FactScore(
        topic=f"{topic} {NONE}" if lacks else topic,
        unit=first.target.unit if first.is_number else "",
        is_number=first.is_number,
        asked=len(met),
        answered=sum(found.said is not None for _, found in met),
        right=_right(met, tally),
        right_within={tolerance: _right(met, tally, tolerance) for tolerance in within},
        error=_mean_error(met),
        guess_right=_right(guessed, tally),
        guess_within={tolerance: _right(guessed, tally, tolerance) for tolerance in within},
        guess_error=_mean_error(guessed),
    )


def _plain(met: _Pairs, tolerance: float) -> float:
    return sum(found.is_right(tolerance) for _, found in met) / len(met)


def _mean_error(met: _Pairs) -> float | None:
    errors = [found.said.error for _, found in met if found.said is not None and found.said.error is not None]
    return sum(errors) / len(errors) if errors else None


def _kinds(judged: Sequence[Judged], guesses: Guesses, tally: Tally) -> tuple[KindScore, ...]:
    of_kind: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        of_kind[one.item.kind].append(one)
    return tuple(_kind(kind, of_kind[kind], guesses, tally) for kind in KINDS if kind in of_kind)


def _kind(kind: str, judged: list[Judged], guesses: Guesses, tally: Tally) -> KindScore:
    verdicts = Counter(said.verdict for one in judged for said in one.stated)
    met = [(one.item.subject, found) for one in judged for found in one.met]
    return KindScore(
        kind=kind,
        items=len(judged),
        read=sum(bool(one.stated) for one in judged),
        statements=verdicts.total(),
        right=verdicts["right"],
        wrong=verdicts["wrong"],
        unsupported=verdicts["unsupported"],
        asked_right=_right(met, tally),
        guess_right=_right([(person, guesses.answer(found)) for person, found in met], tally),
        declined=sum(one.is_declined for one in judged),
    )


def _curves(numbers: _Pairs, guessed: _Pairs) -> dict[str, list[float]]:
    if not numbers:
        return {}
    of_topic: dict[str, _Pairs] = defaultdict(list)
    for pair in numbers:
        of_topic[pair[1].target.topic].append(pair)
    lines = {"all": numbers, "guess": guessed, **dict(sorted(of_topic.items()))}
    return {name: [_plain(pairs, tolerance) for tolerance in CURVE] for name, pairs in lines.items()}


def _sensors(judged: Sequence[Judged]) -> np.ndarray:
    counts = np.zeros((2, len(ANSWERED)), np.int64)
    for one in judged:
        if one.asked_sensor is not None:
            counts[("acc", "gyr").index(one.asked_sensor), ANSWERED.index(one.answered_sensor)] += 1
    return counts
