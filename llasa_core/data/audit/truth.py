"""Claims and texts that the signal contradicts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.data.audit.claims import SAID_ONLY, margin, truth_of
from llasa_core.data.audit.finding import Tally
from llasa_core.data.audit.foreign_truth import contradictions
from llasa_core.data.audit.words import NO, YES, activities_in
from llasa_core.data.llm_written.mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.audit.entry import Entry
    from llasa_core.data.audit.finding import Finding

_G = ("9.8", "9.81", "9.807", "9.80665")
_YES_NO_ABOUT = (
    ("rhythmic", re.compile(r"rhythm|repeat", re.IGNORECASE)),
    ("same_posture", re.compile(r"same way|same posture|same direction", re.IGNORECASE)),
    ("changes_posture", re.compile(r"posture|direction of gravity", re.IGNORECASE)),
)
_INTENSITY = re.compile(
    r"^(still|light|moderate|vigorous)[.,]|\b(light|moderate|vigorous) movement|, (still|light|moderate|vigorous),",
    re.IGNORECASE,
)
_AXES = re.compile(r"\bthe ([xyz]) axis|device's ([xyz]) axis", re.IGNORECASE)
_PREPARE = "leave the items out, or write them anew with `llasa prepare-data --fresh`"


class Truth:
    """Re-measures claims, compares texts with their claims, and foreign texts with their windows."""

    def __init__(self, activities: tuple[str, ...], window_s: float) -> None:
        """Begin.

        Args:
            activities: all labels there are.
            window_s: length of a window; a text may say it.
        """
        self._activities, self._window_s = activities, window_s
        self._claims, self._unknown, self._texts = Tally(), Tally(), Tally()
        self._foreign, self._numbers = Tally(), Tally()

    def look(self, entry: Entry) -> None:
        """Take the next item."""
        if entry.is_ours:
            if entry.measured:
                self._measure(entry)
            if wrong := self._text_problem(entry):
                self._texts.add(entry.place, wrong)
        elif entry.measured:
            for detail, is_certain in contradictions(entry, self._activities):
                (self._foreign if is_certain else self._numbers).add(entry.place, detail)

    def findings(self) -> Iterator[Finding]:
        """Yield what was found."""
        yield from self._claims.finding("claims", "error", "a claim that the window contradicts", _PREPARE)
        yield from self._texts.finding("claims", "error", "an answer that says other than it claims", _PREPARE)
        yield from self._unknown.finding(
            "claims", "warning", "a claim that nobody can check", "name a fact of `llasa_core.data.facts`"
        )
        yield from self._foreign.finding(
            "claims", "error", "an answer whose activity its window contradicts", "correct the answers, or the labels"
        )
        yield from self._numbers.finding(
            "claims", "warning", "an answer with a number that is nowhere in its window", "leave the items out"
        )

    def _measure(self, entry: Entry) -> None:
        claims = entry.claims
        if (activity := entry.facts.get("activity")) is not None:
            claims = [{"fact": "activity", "value": activity}, *claims]
        for claim in claims:
            if claim.get("fact") in SAID_ONLY:
                continue
            try:
                is_true, truth = truth_of(claim, entry.measured)
            except (KeyError, IndexError, TypeError):
                self._unknown.add(entry.place, f"{claim.get('fact')}")
                continue
            if not is_true:
                shown = f"{truth:.4g}" if isinstance(truth, float) else truth
                of = f" of {claim['channel']}" if claim.get("channel") else ""
                self._claims.add(entry.place, f"{claim['fact']}{of} is {shown}, not {claim.get('value')}")

    def _text_problem(self, entry: Entry) -> str | None:
        """Return how an answer differs from what the item claims."""
        for question, answer in entry.exchanges:
            wrong = (
                self._number_problem(entry, answer)
                or self._activity_problem(entry, answer)
                or _yes_no_problem(entry, question, answer)
                or _word_problem(entry, answer)
            )
            if wrong:
                return wrong
        return None

    def _number_problem(self, entry: Entry, answer: str) -> str | None:
        if not any(letter.isdigit() for letter in answer):
            return None
        claimed = [
            float(claim["value"])
            for claim in entry.claims
            if isinstance(claim.get("value"), int | float) and not isinstance(claim["value"], bool)
        ]
        for mention in mentions(answer):
            if not mention.unit or self._is_constant(mention.written, mention.unit, mention.value):
                continue
            near = margin(mention.digits)
            if not any(abs(abs(value) - abs(mention.value)) <= near for value in claimed):
                return f"{mention.shown} is not claimed"
            if mention.value and not any(abs(value - mention.value) <= near for value in claimed):
                is_turn = mention.unit == "deg"  # to the right is said in words
                if not is_turn:
                    return f"{mention.shown} has the wrong sign"
        return None

    def _is_constant(self, written: str, unit: str, value: float) -> bool:
        return (unit == "s" and value == self._window_s) or (unit == "m/s^2" and written in _G)

    def _activity_problem(self, entry: Entry, answer: str) -> str | None:
        if entry.kind == "unanswerable":
            return None
        claimed = {claim.get("value") for claim in entry.claims if claim.get("fact") in {"activity", "asked"}}
        claimed |= {entry.facts.get("activity"), entry.facts.get("asked")}
        other = next((name for name in activities_in(answer, self._activities) if name not in claimed), None)
        return f'the answer names "{other}", which is not claimed' if other else None


def _yes_no_problem(entry: Entry, question: str, answer: str) -> str | None:
    is_yes, is_no = bool(YES.match(answer)), bool(NO.match(answer))
    if not is_yes and not is_no:
        return None
    values = {claim.get("fact"): claim.get("value") for claim in entry.claims}
    fact = next((name for name, words in _YES_NO_ABOUT if words.search(question) and name in values), None)
    if fact is not None:
        return None if values[fact] is is_yes else f'"{answer}" contradicts {fact}'
    said = values.get("answer", entry.facts.get("answer"))
    if said not in {"yes", "no"}:
        return None
    asked = values.get("asked", entry.facts.get("asked"))
    if (said == "yes") != (asked == entry.facts.get("activity")):
        return f'the answer to whether it is {asked} is not "{said}"'
    return None if (said == "yes") == is_yes else f'"{answer}" contradicts what is claimed'


def _word_problem(entry: Entry, answer: str) -> str | None:
    """Return the word for an intensity, or the axis, that an answer names and nobody claims."""
    values = {claim.get("fact"): claim.get("value") for claim in entry.claims}
    if (match := _INTENSITY.search(answer)) and "intensity" in values:
        word = next(group for group in match.groups() if group)
        if word.lower() != values["intensity"]:
            return f'the intensity is claimed to be {values["intensity"]}, not "{word.lower()}"'
    axes = {group.lower() for match in _AXES.finditer(answer) for group in match.groups() if group}
    claimed = {str(values.get(name) or "")[-1:] for name in ("up_axis", "strongest_acc", "strongest_gyr")}
    claimed |= {str(claim["channel"])[-1:] for claim in entry.claims if claim.get("channel")}
    if axes and claimed != {""} and not axes <= claimed:
        return f"the {min(axes - claimed)} axis is not claimed"
    return None
