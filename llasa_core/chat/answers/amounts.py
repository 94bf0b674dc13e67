"""How long, how many times, what share, when, whether: amounts of an activity in a part of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.chat.answers.answer import (
    MOST_NAMED,
    Case,
    Composed,
    against_limit,
    amounts_text,
    doing,
    how_often,
    joined,
    ordinal,
    percent,
    sentence,
    times,
)
from llasa_core.chat.asking.polar import asks_for_one_stretch, is_long_enough
from llasa_core.chat.fact import Fact
from llasa_core.chat.scope import nth_of, picked, span_of
from llasa_core.chat.spans import Span, clock, length, listed, total_s
from llasa_core.timeline.segments import STILL, UNKNOWN

if TYPE_CHECKING:
    from llasa_core.chat.asking.targets import Target
    from llasa_core.timeline.segments import Segment

UNSURE = 0.75
"""A stretch that is less sure is said to be so."""
TOUCHING_S = 0.1
"""Stretches that are no further apart are one."""
MOST_TIMES = 12
"""Times that a sentence lists."""


def duration(case: Case) -> Composed | None:
    """Return how long something was done, in all or in one stretch."""
    if not case.asked.targets or case.scope.is_moment:
        return _duration_of_scope(case)
    return joined([_one_duration(case, target) for target in case.asked.targets])


def _one_duration(case: Case, target: Target) -> Composed:
    stretches = case.stretches(target)
    if not stretches:
        return none(case, target)
    chosen = _chosen(case, target, stretches)
    if isinstance(chosen, Composed):
        return chosen
    if chosen is not None:
        which = case.asked.pick or ordinal(target.nth or 1)
        of = "" if target.words.startswith(("at ", "on ")) else "of "
        text = f"the {which} stretch {of}{target.words} lasted {length(chosen.duration_s)}, {span_of(chosen)}"
        return _of_one(case, text, chosen)
    parts = case.parts(stretches)
    amount = length(total_s(parts))
    text = f"{case.who} {target.words} for {amount}{' in all' if len(parts) > 1 else ''}{case.where}"
    if len(parts) == 1:
        text += f", from {clock(parts[0].start_s)} to {clock(parts[0].end_s)}"
    else:
        text += f"{'' if len(parts) > MOST_NAMED else f', in {len(parts)} stretches'}: {times(parts)}"
    if len({one.activity for one in stretches}) > 1:
        text += f" ({amounts_text(case.amounts(stretches))})"
    unsure = _unsure(stretches[0]) if len(stretches) == 1 else ""
    return _of_all(case, target, f"{target.words} in all {amount}", sentence(text) + unsure, stretches)


def _duration_of_scope(case: Case) -> Composed | None:
    """Return how long the stretch lasted that a moment lies in, or that was spoken of before."""
    segments = case.segments()
    if case.asked.pick in {"longest", "shortest"} and not case.scope.is_moment:
        stretches = case.stretches()
        if not stretches:
            return None
        one = picked(stretches, case.asked.pick)
        text = f"the {case.asked.pick} stretch{case.where} is {one.activity}, {length(one.duration_s)}, {span_of(one)}"
        return _of_one(case, text, one)
    if not segments or not (case.scope.is_moment or case.asked.back):
        return None
    if len(segments) == 1:
        (one,) = segments
        return _of_one(case, f"{case.who} {doing(one)} for {length(one.duration_s)}, {span_of(one)}", one)
    spans = case.parts(segments)
    text = f"{length(total_s(spans))} in all: {times(spans)}"
    return Composed(sentence(text), case.segment_facts(segments), tuple(spans))


def count(case: Case) -> Composed | None:
    """Return how many times something was done."""
    return joined([_one_count(case, target) for target in case.asked.targets]) if case.asked.targets else None


def _one_count(case: Case, target: Target) -> Composed:
    stretches = case.stretches(target)
    if not stretches:
        return none(case, target)
    parts = case.parts(stretches)
    names = [one.activity for one in stretches]
    answer = against_limit(case, len(parts))
    if len(set(names)) > 1:
        each = listed([f"{name} {how_often(names.count(name))}" for name in dict.fromkeys(names)])
        text = f"{answer}{case.who} {target.words} in {len(parts)} stretches{case.where}: {each}"
    else:
        text = f"{answer}{case.who} {target.words} {how_often(len(parts))}{case.where}: {times(parts)}"
    return _of_all(case, target, f"{target.words} {how_often(len(parts))}", sentence(text), stretches)


def share(case: Case) -> Composed | None:
    """Return what share of the time something was done; of all activities where none is named."""
    whole_s = case.recorded_s
    if not case.asked.targets:
        each = listed([f"{name} {percent(seconds / whole_s)}" for name, seconds in case.amounts().items()])
        text = f"of {length(whole_s)}{case.where}: {each}"
        return Composed(sentence(text), case.segment_facts(case.segments()), case.scope.spans)
    return joined([_one_share(case, target, whole_s) for target in case.asked.targets])


def _one_share(case: Case, target: Target, whole_s: float) -> Composed:
    stretches = case.stretches(target)
    if not stretches:
        return none(case, target)
    amount = total_s(case.parts(stretches))
    of_all = f"{length(amount)} of {length(whole_s)}"
    text = f"{case.who} {target.words} for {percent(amount / whole_s)} of the time{case.where}: {of_all}"
    return _of_all(case, target, f"{target.words} in all {of_all}", sentence(text), stretches)


def when(case: Case) -> Composed | None:  # noqa: PLR0911 - a reason each
    """Return when something was done, began or ended."""
    if not case.asked.targets:
        if case.asked.pick in {"longest", "shortest"}:
            return _duration_of_scope(case)
        if case.scope.is_moment or not case.asked.back:
            return None
        spans = case.scope.spans
        return Composed(sentence(f"that was {times(spans)}"), case.segment_facts(case.segments()), spans)
    target = case.asked.targets[0]
    stretches = case.stretches(target)
    if not stretches:
        return none(case, target)
    chosen = _chosen(case, target, stretches)
    if isinstance(chosen, Composed):
        return chosen
    if chosen is None and len(stretches) > 1:
        return _every_time(case, target, stretches)
    return _one_time(case, target, chosen or stretches[0], is_only=len(stretches) == 1)


def _one_time(case: Case, target: Target, one: Segment, *, is_only: bool) -> Composed:
    nth = target.nth or case.asked.nth
    edge = target.edge or case.asked.edge
    span = span_of(one)
    if edge and (is_only or not nth):
        verb, at = ("began", one.start_s) if edge == "start" else ("ended", one.end_s)
        return _of_one(case, f"{target.words} {verb} at {clock(at)} ({span}, {length(one.duration_s)})", one)
    lead = f"the {ordinal(nth)} time {case.who}" if nth and not is_only else case.who
    text = f"{lead} {target.words} from {clock(one.start_s)} to {clock(one.end_s)} ({length(one.duration_s)})"
    return _of_one(case, text, one)


def _every_time(case: Case, target: Target, stretches: list[Segment]) -> Composed:
    edge, spans = target.edge or case.asked.edge, case.parts(stretches)
    if edge:
        at = listed([clock(one.start_s if edge == "start" else one.end_s) for one in spans[:MOST_TIMES]])
        text = f"{target.words} {'began' if edge == 'start' else 'ended'} {how_often(len(spans))}{case.where}: at {at}"
    else:
        text = f"{case.who} {target.words} {how_often(len(spans))}{case.where}: {times(spans)}"
    return Composed(sentence(text), case.segment_facts(stretches), tuple(spans))


def whether(case: Case) -> Composed | None:
    """Return yes or no, with what speaks for it."""
    if not case.asked.targets:
        return None
    target = case.asked.targets[0]
    stretches = case.stretches(target)
    if case.scope.is_moment:
        return _whether_then(case, case.segments()[0], stretches)
    if not stretches:
        told = none(case, target)
        return told if case.perhaps(target) else Composed(f"No. {told.text}", told.facts, told.focus)
    parts = case.parts(stretches)
    if asks_for_one_stretch(case.asked.plain):
        return _whether_at_a_stretch(case, target, stretches)
    answer = "no" if is_long_enough(case.asked.plain, total_s(parts)) is False else "yes"
    text = f"{answer}, {case.who} {target.words}{case.where} for {length(total_s(parts))}: {times(parts)}"
    return Composed(sentence(text), case.segment_facts(stretches), tuple(parts))


def _whether_at_a_stretch(case: Case, target: Target, stretches: list[Segment]) -> Composed:
    """Return whether one time of it was as long as asked; postures that follow each other are one time at rest."""
    whole: list[Span] = []
    for part in case.parts(stretches):
        if whole and part.start_s - whole[-1].end_s < TOUCHING_S:
            whole[-1] = Span(whole[-1].start_s, part.end_s)
        else:
            whole.append(part)
    longest = max(whole, key=lambda part: part.duration_s)
    answer = "no" if is_long_enough(case.asked.plain, longest.duration_s) is False else "yes"
    text = f"{answer}, the longest time {target.words} lasted {length(longest.duration_s)}{case.where}, {longest}"
    return Composed(sentence(text), case.segment_facts(stretches), (longest,))


def _whether_then(case: Case, here: Segment, stretches: list[Segment]) -> Composed:
    if here.activity == STILL and case.perhaps(case.asked.targets[0]):
        what = f"{STILL} ({span_of(here)}), in which posture is not known"
        text = f"this cannot be told: {case.scope.words} {case.who} {what}"
    elif here.activity == UNKNOWN:
        text = f"this cannot be told: what was done {case.scope.words} is unknown ({span_of(here)})"
    else:
        answer = ("yes, " if here in stretches else "no, ") if case.asked.is_polar else ""  # `sitting or standing?`
        text = f"{answer}{case.scope.words} {case.who} {here.activity} ({span_of(here)})"
    return _of_one(case, text, here)


def none(case: Case, target: Target) -> Composed:
    """Return that an activity is not on the timeline, and what is; or that it may be, where a posture is not known."""
    if case.perhaps(target):
        return _perhaps(case, target)
    text = f"The timeline shows no {target.words}{case.where}; it shows {amounts_text(case.amounts())}."
    return Composed(text, case.segment_facts(case.segments()[:MOST_TIMES]), ())


def _perhaps(case: Case, target: Target) -> Composed:
    """Return that postures cannot be told apart, how long somebody was in one of them, and what would help."""
    still = case.perhaps(target)
    parts = case.parts(still)
    was_still = f"{case.who} {STILL} for {length(total_s(parts))}: {times(parts)}"
    text = (
        f"This recording cannot tell {target.words} from other postures{case.where}: "
        f"how the device is worn is not known. {sentence(was_still)} "
        "Seconds in which the person stands or walks would tell (`--upright 0:05-0:15`)."
    )
    return Composed(text, case.segment_facts(still[:MOST_TIMES]), tuple(parts))


def _of_one(case: Case, text: str, one: Segment) -> Composed:
    return Composed(sentence(text) + _unsure(one), case.segment_facts([one]), (span_of(one),))


def _of_all(case: Case, target: Target, fact: str, text: str, stretches: list[Segment]) -> Composed:
    """Return an answer about several stretches, with their sum as a fact before them."""
    parts: list[Span] = case.parts(stretches)
    total = Fact(fact, "total", parts[0].start_s, parts[-1].end_s, case.scope.recording)
    notes = case.still_note(target) + case.unknown_note()
    return Composed(text + notes, (total, *case.segment_facts(stretches)), tuple(parts))


def _chosen(case: Case, target: Target, stretches: list[Segment]) -> Segment | Composed | None:
    """Return the one stretch that is asked about; None where all are."""
    if case.asked.pick in {"longest", "shortest"}:
        return picked(stretches, case.asked.pick)
    nth = target.nth or (case.asked.nth if case.asked.quantity == "when" else None)
    if nth is None:
        return None
    chosen = nth_of(stretches, nth)
    if chosen is None:
        parts = case.parts(stretches)
        text = f"{case.who} {target.words} only {how_often(len(parts))}{case.where}: {times(parts)}"
        return Composed(sentence(text), case.segment_facts(stretches), tuple(parts))
    return chosen


def _unsure(one: Segment) -> str:
    if one.confidence >= UNSURE or one.activity == UNKNOWN:
        return ""
    return f" The timeline is only {100 * one.confidence:.0f} % sure of it."
