"""What happened at a time, after something, and in all: the course of a recording."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from llasa_core.chat.answers.answer import MOST_NAMED, Case, Composed, amounts_text, doing, movement_words, sentence
from llasa_core.chat.fact import Fact
from llasa_core.chat.scope import span_of
from llasa_core.chat.spans import Span, clock, length, listed, total_s
from llasa_core.data.grounded.measured import GAITS
from llasa_core.timeline.segments import UNKNOWN

if TYPE_CHECKING:
    from llasa_core.timeline.segments import Segment

MOST_LISTED = 16
"""Segments that are listed one by one; of more the totals are told."""
MAINLY = 0.8
"""An activity with so much of the known time is what a recording shows."""


def what(case: Case) -> Composed | None:
    """Return what was done in a part of a recording."""
    if case.asked.targets and case.asked.targets[0].activities:
        return _the_stretches(case)
    segments = case.segments()
    if case.scope.is_moment:
        return _moment(case, segments[0])
    if (case.asked.event or case.asked.back in {"after", "before"}) and case.asked.time is None:
        return _next_to(case, segments)
    return course(case)


def _moment(case: Case, here: Segment) -> Composed:
    every = case.recording.timeline.segments
    at = every.index(here)
    before, after = (every[at - 1] if at else None), (every[at + 1] if at + 1 < len(every) else None)
    text = f"{case.scope.words} {case.who} {doing(here)} ({span_of(here)}, {_sure(here)})"
    around = []
    if before is not None and before.end_s == here.start_s:
        around.append(f"before it {_named(before)}")
    if after is not None and after.start_s == here.end_s:
        around.append(f"after it {_named(after)}")
    text += f"; {' and '.join(around)}" if around else ""
    text += _movement(here)
    facts = case.segment_facts([one for one in (before, here, after) if one is not None])
    return Composed(sentence(text), facts, (span_of(here),))


def _next_to(case: Case, segments: list[Segment]) -> Composed:
    is_after = case.asked.back == "after" or (case.asked.event is not None and case.asked.event.relation == "after")
    known = [one for one in segments if case.parts([one])[0].duration_s >= 1.0] or segments
    nearest = known[0] if is_after else known[-1]
    rest = known[1:4] if is_after else known[-4:-1][::-1]
    lead = f"{case.scope.words} {case.who} {doing(nearest)} ({span_of(nearest)}, {_sure(nearest)})"
    then = f"; {'then' if is_after else 'before that'} {listed([_named(one) for one in rest[:2]])}" if rest else ""
    return Composed(sentence(lead + then), case.segment_facts([nearest, *rest]), (span_of(nearest),))


def _the_stretches(case: Case) -> Composed | None:
    segments = case.segments()
    if not segments:
        return None
    if len(segments) == 1:
        (one,) = segments
        how_long = f"from {clock(one.start_s)} to {clock(one.end_s)} ({length(one.duration_s)}, {_sure(one)})"
        text = f"{case.who} {doing(one)} {how_long}"
        return Composed(sentence(text + _movement(one)), case.segment_facts(segments), (span_of(one),))
    text = f"{listed([f'{one.activity} {span_of(one)}' for one in segments[:MOST_LISTED]])}"
    return Composed(sentence(text), case.segment_facts(segments), tuple(map(span_of, segments)))


def course(case: Case) -> Composed:
    """Return the activities of a part one after the other, or their totals where they are many."""
    segments = case.segments()
    spans = [case.parts([one])[0] for one in segments]
    if len(segments) > MOST_LISTED:
        return totals(case)
    if len(segments) == 1:
        (one,) = segments
        inside = spans[0]
        text = f"{case.scope.words or 'all the time'} {case.who} {doing(one)} ({inside}, {_sure(one)})"
        return Composed(sentence(text + _movement(one)), case.segment_facts(segments), tuple(spans))
    parts = [f"{one.activity} {span}" for one, span in zip(segments, spans, strict=True)]
    lead = f"{case.scope.words}: " if case.scope.words else ""
    return Composed(sentence(f"{lead}{', then '.join(parts)}"), case.segment_facts(segments), tuple(spans))


def totals(case: Case) -> Composed:
    """Return how long each activity was done in all, longest first."""
    amounts, segments = case.amounts(), case.segments()
    lead = case.scope.words or f"in {length(case.recorded_s)}"
    text = f"{lead}: {amounts_text(amounts)}"
    more = ""
    if len(segments) > 1:
        longest = max(segments, key=lambda one: one.duration_s)
        more = f" {len(segments)} stretches, the longest {longest.activity} {span_of(longest)}."
    span = Span(case.scope.spans[0].start_s, case.scope.spans[-1].end_s)
    which = case.scope.recording
    facts = tuple(Fact(f"{name} in all {length(seconds)}", "total", *span, which) for name, seconds in amounts.items())
    return Composed(sentence(text) + more, (*facts, *case.segment_facts(segments[:MOST_LISTED])), case.scope.spans)


def activity(case: Case) -> Composed | None:
    """Return what is done where it is several things; None where it is one, which the model names."""
    if not case.recording.names_activities or (main_activity(case) is not None and len(case.others) <= 1):
        return None
    return course(case) if len(case.segments()) <= MOST_NAMED else totals(case)


def main_activity(case: Case) -> str | None:
    """Return the activity that a part shows nearly all the time; None where there is none."""
    amounts = case.amounts()
    if case.scope.is_moment:
        return next(iter(amounts), None)
    known = {name: seconds for name, seconds in amounts.items() if name != UNKNOWN}
    if not known:
        return None
    best = max(known, key=known.__getitem__)
    return best if known[best] >= MAINLY * sum(amounts.values()) else None


def most(case: Case) -> Composed | None:
    """Return what was done for the longest time, or the least."""
    ordered = list(case.amounts(case.stretches()).items())
    if not ordered:
        return None
    name, seconds = ordered[0]
    rest = f", then {listed([f'{other} {length(s)}' for other, s in ordered[1:3]])}" if len(ordered) > 1 else ""
    text = f"{case.scope.words} {case.who} {name} longest: {length(seconds)} of {length(case.recorded_s)}{rest}"
    stretches = [one for one in case.stretches() if one.activity == name]
    return Composed(sentence(text), case.segment_facts(stretches), tuple(case.parts(stretches)))


def changes(case: Case) -> Composed:
    """Return how often one activity followed another."""
    segments = [one for one in case.segments() if one.activity != UNKNOWN]
    n = sum(one.activity != other.activity for one, other in itertools.pairwise(segments))
    names = list(dict.fromkeys(one.activity for one in segments))
    text = f"the activity changed {n} {'time' if n == 1 else 'times'}{case.where}, among {len(names)}: {listed(names)}"
    return Composed(sentence(text), case.segment_facts(segments), case.scope.spans)


def recorded_length(case: Case) -> Composed:
    """Return how long the recording is."""
    recording, timeline = case.recording, case.recording.timeline
    text = f"the recording lasts {length(timeline.end_s - timeline.start_s)}, at {recording.source_hz:.4g} Hz"
    if timeline.gaps:
        missing = sum(gap.end_s - gap.start_s for gap in timeline.gaps)
        n_gaps = f"{len(timeline.gaps)} gap{'s' if len(timeline.gaps) > 1 else ''}"
        text += f"; of these {length(missing)} are missing, in {n_gaps}"
    fact = Fact(
        f"{length(recording.recorded_s)} recorded", "length", timeline.start_s, timeline.end_s, case.scope.recording
    )
    return Composed(sentence(text), (fact,), case.scope.spans)


def gaps(case: Case) -> Composed:
    """Return when nothing was recorded."""
    found = case.recording.timeline.gaps
    if not found:
        answer = "no, " if case.asked.is_polar else ""
        return Composed(sentence(f"{answer}there are no gaps: the recording is complete"), (), ())
    spans = [Span(gap.start_s, gap.end_s) for gap in found]
    facts = tuple(Fact(f"nothing recorded {span}", "gap", *span, case.scope.recording) for span in spans)
    shown = listed([str(span) for span in spans[:MOST_LISTED]])
    answer = "yes, " if case.asked.is_polar else ""
    return Composed(
        sentence(f"{answer}nothing was recorded in {length(total_s(spans))} in all: {shown}"), facts, tuple(spans)
    )


def date(case: Case) -> Composed | None:
    """Return when the recording was made; None where its clock does not tell."""
    timeline = case.recording.timeline
    if timeline.since_1970_s is None:
        return None
    began, ended = (
        datetime.fromtimestamp(timeline.since_1970_s + at, UTC).astimezone()
        for at in (timeline.start_s, timeline.end_s)
    )
    text = f"the recording was made from {began:%Y-%m-%d %H:%M:%S} to {ended:%H:%M:%S} ({began:%z})"
    return Composed(sentence(text), (Fact(text, "length", timeline.start_s, timeline.end_s, case.scope.recording),), ())


def sure(case: Case) -> Composed | None:
    """Return how sure the timeline is of what was spoken of."""
    if not case.recording.names_activities:
        return None
    segments = case.segments()
    if not segments:
        return None
    shown = segments[:MOST_NAMED]
    said = listed([f"{one.activity} {span_of(one)} {100 * one.confidence:.0f} %" for one in shown])
    least = min(segments, key=lambda one: one.confidence)
    if len(segments) > len(shown):
        said += f"; least of all {len(segments)} stretches of {_named(least)}, {100 * least.confidence:.0f} %"
    text = f"it rests on the timeline, which is so sure of each stretch: {said}"
    return Composed(sentence(text), case.segment_facts(segments), tuple(case.parts(segments)))


def _named(one: Segment) -> str:
    return f"{one.activity} {span_of(one)}"


def _sure(one: Segment) -> str:
    return f"{100 * one.confidence:.0f} % sure"


def _movement(one: Segment) -> str:
    said = []
    if one.cadence_spm is not None and one.activity in GAITS:
        said.append(f"about {one.cadence_spm:.0f} steps a minute")
    if one.intensity_mg is not None:
        said.append(f"{movement_words(one.intensity_mg)}, {one.intensity_mg:.0f} mg")
    return f". The sensor shows {' and '.join(said)}" if said else ""
