"""Answers that are not those of their questions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.data.audit.finding import Finding, Tally
from llasa_core.data.audit.words import is_yes_no, sensors_of
from llasa_core.data.grounded.fact_questions import N_NAMED, TOPICS
from llasa_core.data.importers.shift import Pair, ShiftEvidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.audit.entry import Entry

MOST_STRAY = 0.02
"""Share of free texts that may speak of the other sensor."""
MOST_A_WINDOW = 1000
"""Items of one window that are looked at together."""
_FACTS_OF_TOPIC = {
    "moving": {"moving"},
    "intensity": {"intensity"},
    "intensity_mg": {"intensity_mg"},
    "cadence": {"cadence_spm"},
    "frequency": {"dominant_hz"},
    "rhythmic": {"rhythmic"},
    "symmetry": {"symmetry"},
    "up": {"up_axis"},
    "posture change": {"changes_posture"},
    "strongest acc": {"strongest_acc"},
    "strongest gyr": {"strongest_gyr"},
    "turning": {"turning_dps"},
    "peak turning": {"peak_turning_dps"},
    "heading": {"heading_deg"},
    "peak": {"peak_g"},
    "trend": {"trend"},
}
_FACTS_ASKED = {question: _FACTS_OF_TOPIC[topic.name] for topic in TOPICS[:N_NAMED] for question in topic.questions}
"""What must be claimed by who answers a question of the generator's own."""
_STATISTIC = re.compile(r"^(mean|std|low|high|range) (\w+_[xyz])$")
_CHANNEL_ASKED = {
    question: (match[1], match[2])
    for topic in TOPICS[N_NAMED:]
    if (match := _STATISTIC.match(topic.name))
    for question in topic.questions
}


class Pairs:
    """Answers about the other sensor, answers to another question, and files in which all answers are shifted."""

    def __init__(self) -> None:
        self._stray, self._judged, self._wrong = Tally(), 0, Tally()
        self._ours_stray = Tally()
        self._evidence = ShiftEvidence()
        self._group: list[Pair] = []
        self._of: tuple[object, ...] = ()
        self._first_place = ""

    def look(self, entry: Entry) -> None:
        """Take the next item."""
        for question, answer in entry.exchanges:
            self._sensors(entry, question, answer)
            if entry.is_ours:
                self._question(entry, question, answer)
        self._shifted(entry)

    def findings(self) -> Iterator[Finding]:
        """Yield what was found."""
        self._end_group()
        fix = "put each answer to its own question, or leave the items out"
        yield from self._wrong.finding("pairs", "error", "an answer that does not answer its question", fix)
        message = "an answer about the other sensor than its question"
        yield from self._ours_stray.finding("pairs", "error", message, fix)
        is_much = self._stray.count > MOST_STRAY * self._judged
        yield from self._stray.finding("pairs", "error" if is_much else "warning", message, fix)
        yield from self._shift()

    def _sensors(self, entry: Entry, question: str, answer: str) -> None:
        asked = sensors_of(question)
        if len(asked) != 1:
            return
        said = sensors_of(answer, with_units=True)
        self._judged += bool(said)
        if said and not said & asked:
            names = {"acc": "the accelerometer", "gyr": "the gyroscope"}
            detail = f"{names[asked.pop()]} is asked about, and {names[said.pop()]} answers"
            (self._ours_stray if entry.is_ours else self._stray).add(entry.place, detail)

    def _question(self, entry: Entry, question: str, answer: str) -> None:
        """Hold a question of the generator's own against what is claimed."""
        needed = _FACTS_ASKED.get(question)
        if needed and not needed & {claim.get("fact") for claim in entry.claims}:
            self._wrong.add(entry.place, f'"{question}" needs a claim about {", ".join(sorted(needed))}')
        if channel := _CHANNEL_ASKED.get(question):
            fact, name = channel
            facts = {"low", "high"} if fact == "range" else {fact}
            claimed = {claim.get("fact") for claim in entry.claims if claim.get("channel") == name}
            if not facts <= claimed:
                self._wrong.add(entry.place, f'"{question}" needs a claim about the {fact} of {name}')
        is_open = not is_yes_no(question) and question.endswith("?") and " or " not in question
        if is_open and re.match(r"(?:yes|no)[.,]", answer, re.IGNORECASE):
            self._wrong.add(entry.place, f'"{question}" is answered with "{answer}"')

    def _shifted(self, entry: Entry) -> None:
        if entry.is_ours or len(entry.exchanges) != 1 or len(entry.windows) != 1 or not entry.exchanges[0].answer:
            return
        of = (entry.windows, entry.split)
        if of != self._of or len(self._group) == MOST_A_WINDOW:
            self._end_group()
            self._of = of
        self._first_place = self._first_place or str(entry.place)
        self._group.append(Pair(entry.id, *entry.exchanges[0]))

    def _end_group(self) -> None:
        self._evidence.add(self._group)
        self._group = []

    def _shift(self) -> Iterator[Finding]:
        shift = self._evidence.verdict()
        if not shift.by:
            return
        which = "after" if shift.by == 1 else "before"
        for_it, against = shift.later if shift.by == 1 else shift.earlier
        how = (
            f"the last question stands twice in {shift.n_signed:,} of {shift.n_windows:,} windows, "
            "as the published parser writes it"
            if shift.is_published
            else f"{for_it:,} answers share their words with the question beside, {against:,} with their own"
        )
        yield Finding(
            "pairs",
            "error",
            f"an answer that stands at the question {which} its own: {how}",
            shift.n_pairs,
            (self._first_place,),
            "`llasa import-qa FILE --out DATA` puts the answers back to their questions",
        )
