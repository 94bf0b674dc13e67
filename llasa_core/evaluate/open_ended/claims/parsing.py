"""All that an answer claims: activities, numbers, words, and what only its question gives a meaning."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from llasa_core.data.audit.words import YES
from llasa_core.data.facts import POSTURE_CHANGE_DEG
from llasa_core.data.llm_written import phrases
from llasa_core.data.llm_written.activity_words import is_denied, named_activities
from llasa_core.data.llm_written.mentions import Mention, clauses, mentions, sentences
from llasa_core.data.llm_written.number_check import is_constant, number_claim
from llasa_core.data.llm_written.word_check import side_claims, word_claims
from llasa_core.data.llm_written.wrong import Wrong
from llasa_core.evaluate.open_ended.claims.asked import asked_claims, asks_for_a_value
from llasa_core.evaluate.open_ended.claims.found import Found, held_against
from llasa_core.evaluate.open_ended.claims.which_window import ORDINAL, Part, is_of_the_other, parts_of, windows_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.grounded.measured import Claim, Measured
    from llasa_core.evaluate.open_ended.case import Case

DECLINES = re.compile(
    r"\b(?:cannot|can't|can not|could not) (?:be )?(?:told|tell|know|known|say|said|determined?|inferred?)\b"
    r"|\b(?:does|do) not (?:show|tell|reveal|say|contain|measure|record)\b"
    r"|\bnot (?:possible|able|enough) to (?:tell|say|know|determine)\b|\bimpossible to (?:tell|say|know)\b",
    re.IGNORECASE,
)
"""Words by which an answer says that the recording does not tell."""
_RHYTHM = re.compile(r"(?<!without )(?<!no )(?<!not )\ba (?:\w+ )?rhythm\b", re.IGNORECASE)
UNANSWERABLE = "unanswerable"
_STEPS = re.compile(r"\s+steps?\b(?! (?:a|per|each|every) )")
A_STEP = 0.5
"""By how much a number of steps may differ from cadence times time."""
_MOTION = ("cadence_spm", "dominant_hz", "step_hz")


def claims_of(case: Case, text: str) -> list[Found]:
    """Return what an answer claims, each claim once, in the order: activities, words, numbers, what was asked.

    A program reads the answer: activities by their names and common words, numbers with units by the fact that the
    words around them mean, phrases that state movement, rhythm, intensity, posture, axes, turns and trends, and short
    answers by the facts that the reference is about. What it cannot read it does not count.
    """
    asked = asked_facts(case)
    parts = parts_of(text, len(case.windows))
    is_declined = DECLINES.search(text) is not None
    found = [*_activities(case, text, parts), *_words(case, text, parts, is_declined=is_declined)]
    found += [*_sides(case, text, parts), *_numbers(case, text, parts)]
    known = {claim.fact for claim in found}
    is_none = is_declined and asks_for_a_value(asked)
    by_question = asked_claims(text, asked, case.windows, is_declined=is_none)
    found += [claim for claim in by_question if claim.fact not in known]
    found += _yes_no_activity(case, text, known)
    found += _declining(asked, is_declined=is_declined, is_empty=not text)
    found = list(dict.fromkeys(found))
    return [*found, *_implied(found)]


def asked_facts(case: Case) -> list[str]:
    """Return the facts that a question is about: those of its reference."""
    return list(dict.fromkeys(claim["fact"] for claim in case.item.claims))


def _activities(case: Case, text: str, parts: list[Part]) -> Iterator[Found]:
    if case.item.kind == UNANSWERABLE and DECLINES.search(text):
        return
    for name, at in named_activities(text, case.activities):
        if is_denied(text, at):
            continue
        for window in windows_at(parts, at) or range(len(case.windows)):
            yield held_against("activity", name, case.windows, window)


def _words(case: Case, text: str, parts: list[Part], *, is_declined: bool) -> Iterator[Found]:
    for start, end in _clauses(text, parts):
        windows = windows_at(parts, start)
        clause = text[start:end]
        if is_declined and phrases.NOT_SHOWN.search(clause):
            continue  # it is what cannot be told
        for window in windows:
            yield from _clause_words(case, clause, window)


def _sides(case: Case, text: str, parts: list[Part]) -> Iterator[Found]:
    """Yield to which sides an answer says that the device turned; a clause would end before `to the left`."""
    for part in parts:
        for window in part.windows:
            try:
                yield from (
                    Found(claim.fact, claim.value, "right", window)
                    for claim in side_claims(text[part.start : part.end], case.windows[window])
                )
            except Wrong as wrong:
                if wrong.claim is not None:
                    yield Found(wrong.claim.fact, wrong.claim.value, "wrong", window)


def _clauses(text: str, parts: list[Part]) -> Iterator[tuple[int, int]]:
    for part in parts:
        for sentence in sentences(text[part.start : part.end]):
            for start, end in clauses(text[part.start : part.end], *sentence):
                yield part.start + start, part.start + end


def _clause_words(case: Case, clause: str, window: int) -> Iterator[Found]:
    try:
        for claim in word_claims(clause, case.windows[window], case.item.question):
            yield Found(claim.fact, claim.value, "right", window)
        if _RHYTHM.search(clause):
            yield held_against("rhythmic", value=True, windows=case.windows, window=window)
    except Wrong as wrong:
        if wrong.claim is None:
            yield Found("", wrong.detail, "unsupported", window)
        else:
            yield Found(wrong.claim.fact, wrong.claim.value, "wrong", window)


def _numbers(case: Case, text: str, parts: list[Part]) -> Iterator[Found]:
    context = f"{case.item.question}\n{text}"
    if len(case.windows) > 1:  # else `in the first` is said of its half
        context = ORDINAL.sub(lambda match: "#" * len(match[0]), context)
    shift = len(context) - len(text)
    units = [claim["unit"] for claim in case.item.claims if claim.get("unit")]
    in_text = [mention for mention in mentions(context) if mention.start >= shift]
    in_text = _with_units(in_text, units, text, shift)
    for nth, mention in enumerate(in_text):
        is_of_relation = mention.unit == "deg" and len(case.windows) > 1
        if is_of_relation or not _is_measure(context, mention, case.window_s):
            continue
        window = _window_of(case, text, parts, in_text, nth, shift)
        if not mention.unit and _STEPS.match(context, mention.end):
            yield _steps(mention, case, window)
            continue
        yield _number(context, in_text, nth, case.windows[window], window)


def _steps(mention: Mention, case: Case, window: int) -> Found:
    """Return a number of steps: cadence times the window's length, as nobody counts them singly."""
    measured = case.windows[window]
    steps = measured.cadence_spm * case.window_s / 60 if measured.has_steps else math.nan
    return Found("steps", mention.value, "right" if abs(mention.value - steps) <= A_STEP else "wrong", window)


def _number(context: str, found: Sequence[Mention], nth: int, measured: Measured, window: int) -> Found:
    try:
        claim: Claim = number_claim(context, found, nth, measured)
    except Wrong as wrong:
        if wrong.claim is None:
            return Found("", found[nth].shown, "wrong", window)
        again = held_against(wrong.claim.fact, wrong.claim.value, [measured], 0, wrong.claim.channel)
        return replace(again, window=window)  # rounded as references are, it may be right
    return Found(claim.fact, claim.value, "right", window, claim.channel)


def _is_measure(context: str, mention: Mention, window_s: float) -> bool:
    """Whether a number measures something: not the `2` of `part 2`, `92 % sure`, and the length of every window."""
    if mention.unit == "%" and re.match(r"\s*(?:sure|certain|likely)\b", context[mention.end :]):
        return False  # of the speaker, not of the recording
    is_numbering = re.search(
        r"\b(?:parts?|recordings?|windows?|step|and|to)\s*$", context[: mention.start], re.IGNORECASE
    )
    return not (not mention.unit and is_numbering) and not is_constant(context, mention, window_s)


def _with_units(found: list[Mention], units: Sequence[str], text: str, shift: int) -> list[Mention]:
    """Return numbers with the unit that they lack.

    In `114 steps a minute against 92` it is the one before; in an answer that is a number alone the one asked for.
    """
    mended: list[Mention] = []
    for mention in found:
        before = mended[-1].unit if mended else ""
        between = text[(mended[-1].end if mended else shift) - shift : mention.start - shift]
        if not mention.unit and before and re.fullmatch(r"\W*(?:against|and|versus|vs\.?|or|to)\W*", between):
            mention = replace(mention, unit=before)  # noqa: PLW2901 - mended
        elif not mention.unit and not mended and len(set(units)) == 1 and not re.search(r"[a-z]", between):
            mention = replace(mention, unit=units[0])  # noqa: PLW2901 - as above
        mended.append(mention)
    return mended


def _window_of(case: Case, text: str, parts: list[Part], found: Sequence[Mention], nth: int, shift: int) -> int:
    """Return whose number it is: of the window that its part names, of the other one behind `against`, else by turn."""
    at = found[nth].start - shift
    named = windows_at(parts, at)
    n_windows = len(case.windows)
    if len(named) == 1:
        return 1 - named[0] if n_windows == 2 and is_of_the_other(text, parts, at) else named[0]  # noqa: PLR2004 - a pair
    turn = sum(mention.unit == found[nth].unit for mention in found[:nth])
    return min(turn, n_windows - 1)


def _yes_no_activity(case: Case, text: str, known: set[str]) -> Iterator[Found]:
    """Yield what yes or no says, in answer to whether somebody does something."""
    asked = next((claim["value"] for claim in case.item.claims if claim["fact"] == "asked"), None)
    if asked is None:
        return
    if YES.match(text):
        yield held_against("activity", asked, case.windows)
    elif "activity" not in known and re.match(r"no\b", text, re.IGNORECASE):
        is_right = case.windows[0].activity != asked
        yield Found("answer", "no", "right" if is_right else "wrong")


def _declining(asked: Sequence[str], *, is_declined: bool, is_empty: bool) -> Iterator[Found]:
    if UNANSWERABLE in asked:
        if is_declined:
            yield Found(UNANSWERABLE, value=True, verdict="right")
        elif not is_empty:
            yield Found(UNANSWERABLE, value=False, verdict="wrong")
    elif is_declined and not asks_for_a_value(asked):  # there it says that there is no value
        yield Found(UNANSWERABLE, value=True, verdict="wrong")


def _implied(found: Sequence[Found]) -> list[Found]:
    """Return what right claims say too: who steps moves, and gravity that turned far is a change of posture."""
    stated = {claim.place for claim in found}
    implied = []
    for claim in found:
        if claim.verdict != "right":
            continue
        moves = (claim.fact in _MOTION and claim.value is not None) or (claim.fact == "rhythmic" and claim.value)
        if moves or (claim.fact == "intensity" and claim.value != "still"):
            implied.append(Found("moving", True, "right", claim.window, is_implied=True))  # noqa: FBT003 - its value
        if claim.fact == "posture_change_deg":
            changes = claim.value > POSTURE_CHANGE_DEG
            implied.append(Found("changes_posture", changes, "right", claim.window, is_implied=True))
    return [claim for claim in dict.fromkeys(implied) if claim.place not in stated]
