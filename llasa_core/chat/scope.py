"""Which part of a recording a question is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llasa_core.chat.asking.signal import SIGNAL_QUANTITIES
from llasa_core.chat.spans import Span, clock, cut_all, listed
from llasa_core.timeline.segments import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.chat.asking.asked import Asked
    from llasa_core.chat.asking.targets import Target
    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.timeline.segments import Segment

ORDINALS = {
    1: "first",
    2: "second",
    3: "third",
    4: "fourth",
    5: "fifth",
    6: "sixth",
    7: "seventh",
    8: "eighth",
    -1: "last",
}
FEW = 3
"""Stretches that are named one by one."""
OF_STRETCHES = (
    "cadence",
    "intensity",
    "evenness",
    "steps",
    "peak",
    "describe",
    "what",
    "activity",
    "sure",
    "list",
    "statistic",
    *SIGNAL_QUANTITIES,
)
"""What is asked for inside an activity's stretches; other quantities are of the activity itself."""


@dataclass(frozen=True)
class Scope:
    """A part of one recording."""

    recording: int
    """Which of several."""
    spans: tuple[Span, ...]
    """In order; empty where there is no such part."""
    words: str = ""
    """How it is said: `between 1:00 and 2:30`, `while walking`; empty for the whole recording."""
    is_moment: bool = False
    """One moment of no length."""
    activities: tuple[str, ...] = ()
    """Where only their stretches are meant."""
    missing: str = ""
    """Why there is no such part: a sentence."""

    @property
    def is_whole(self) -> bool:
        """Whether all of the recording is meant."""
        return not self.words and not self.missing

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return {
            "recording": self.recording,
            "spans": [{"start_s": round(one.start_s, 3), "end_s": round(one.end_s, 3)} for one in self.spans],
            "words": self.words,
            "activities": list(self.activities),
        }


def whole(recording: KnownRecording, which: int) -> Scope:
    """Return all of a recording."""
    return Scope(which, (Span(recording.timeline.start_s, recording.timeline.end_s),))


def scope_of(asked: Asked, recording: KnownRecording, which: int, focus: Sequence[Span]) -> Scope:
    """Return the part of a recording that a question is about.

    Args:
        asked: what its words say.
        recording: the recording.
        which: its number.
        focus: what the answer before rested on, for `and after that?`.
    """
    scope = _in_time(asked, recording, which, focus)
    if scope.missing or asked.quantity not in OF_STRETCHES or not asked.targets:
        return scope
    return _in_stretches(asked, recording, scope)


def _in_time(asked: Asked, recording: KnownRecording, which: int, focus: Sequence[Span]) -> Scope:
    everything = whole(recording, which)
    (all_of_it,) = everything.spans
    if asked.time is not None:
        return _at_time(asked, recording, everything)
    if asked.event is not None:
        return _about_event(asked.event, recording, everything)
    if asked.back and focus:
        if asked.back == "after":
            return _from(focus[-1].end_s, all_of_it, which)
        if asked.back == "before":
            return _until(focus[0].start_s, all_of_it, which)
        words = f"in {listed([str(one) for one in focus])}" if len(focus) <= FEW else "in these stretches"
        return replace(everything, spans=tuple(focus), words=words)
    return everything


def _at_time(asked: Asked, recording: KnownRecording, everything: Scope) -> Scope:
    assert asked.time is not None  # noqa: S101 - see above
    (all_of_it,) = everything.spans
    span = asked.time.on(recording.timeline)
    ends = f"The recording lasts from {clock(all_of_it.start_s)} to {clock(all_of_it.end_s)}"
    if span.duration_s == 0:
        if not all_of_it.start_s <= span.start_s <= all_of_it.end_s:
            return replace(everything, spans=(), missing=f"{ends}; there is nothing at {clock(span.start_s)}.")
        span = Span(min(span.start_s, all_of_it.end_s - 1e-3), min(span.start_s, all_of_it.end_s - 1e-3))
        if recording.timeline.at(span.start_s) is None:
            gap = next(one for one in recording.timeline.gaps if one.start_s <= span.start_s < one.end_s)
            why = f"From {clock(gap.start_s)} to {clock(gap.end_s)} nothing was recorded."
            return replace(everything, spans=(), missing=why)
        return replace(everything, spans=(span,), words=f"at {clock(span.start_s)}", is_moment=True)
    part = span.cut(all_of_it)
    if part is None:
        return replace(everything, spans=(), missing=f"{ends}; there is nothing in {span}.")
    return replace(everything, spans=(part,), words=f"between {clock(part.start_s)} and {clock(part.end_s)}")


def _about_event(event: Target, recording: KnownRecording, everything: Scope) -> Scope:
    (all_of_it,) = everything.spans
    stretches = stretches_of(recording, event.activities)
    if not stretches:
        return replace(everything, spans=(), missing=f"The timeline shows no {event.words}.")
    chosen = nth_of(stretches, event.nth or 1)
    if chosen is None:
        return replace(everything, spans=(), missing=_too_few(event.words, len(stretches)))
    at = (
        chosen.start_s
        if event.edge == "start" or (event.relation == "before" and event.edge != "end")
        else chosen.end_s
    )
    if event.relation == "after":
        return replace(_from(at, all_of_it, everything.recording), words=f"after {clock(at)}")
    return replace(_until(at, all_of_it, everything.recording), words=f"before {clock(at)}")


def _from(at: float, all_of_it: Span, which: int) -> Scope:
    span = Span(at, all_of_it.end_s).cut(all_of_it)
    if span is None:
        return Scope(which, (), missing=f"The recording ends at {clock(all_of_it.end_s)}; nothing comes after that.")
    return Scope(which, (span,), f"after {clock(at)}")


def _until(at: float, all_of_it: Span, which: int) -> Scope:
    span = Span(all_of_it.start_s, at).cut(all_of_it)
    if span is None:
        return Scope(
            which, (), missing=f"The recording starts at {clock(all_of_it.start_s)}; nothing comes before that."
        )
    return Scope(which, (span,), f"before {clock(at)}")


def _in_stretches(asked: Asked, recording: KnownRecording, scope: Scope) -> Scope:
    names = tuple(dict.fromkeys(name for target in asked.targets for name in target.activities))
    stretches = [
        one for one in stretches_of(recording, names) if cut_all([span_of(one)], scope.spans) or scope.is_moment
    ]
    words = during(listed([target.words for target in asked.targets]))
    nth = asked.targets[0].nth
    if scope.is_moment:
        return scope
    if not stretches:
        if not set(names) & set(recording.timeline.activities):
            return replace(scope, spans=(), activities=names)
        where = f" {scope.words}" if scope.words else ""
        said = listed([target.words for target in asked.targets], "or")
        return replace(scope, spans=(), activities=names, missing=f"The timeline shows no {said}{where}.")
    if nth is not None:
        chosen = nth_of(stretches, nth)
        if chosen is None:
            return replace(scope, spans=(), activities=names, missing=_too_few(asked.targets[0].words, len(stretches)))
        stretches = [chosen]
        words = f"the {ORDINALS.get(nth, f'{nth}th')} time of {asked.targets[0].words}"
    if asked.pick in {"longest", "shortest"}:
        stretches = [picked(stretches, asked.pick)]
        words = f"in the {asked.pick} stretch of {asked.targets[0].words}"
    inside = cut_all(map(span_of, stretches), scope.spans)
    more = f" {scope.words}" if scope.words else ""
    return replace(scope, spans=tuple(inside), words=words + more, activities=names)


def during(words: str) -> str:
    """Return `while walking`, `on the stairs`."""
    return words if words.startswith(("on ", "at ")) else f"while {words}"


def stretches_of(recording: KnownRecording, names: Sequence[str]) -> list[Segment]:
    """Return the segments of activities, in order; of all known ones where none is named."""
    return [one for one in recording.timeline.segments if (one.activity in names if names else one.activity != UNKNOWN)]


def span_of(segment: Segment) -> Span:
    """Return when a segment is."""
    return Span(segment.start_s, segment.end_s)


def nth_of(stretches: Sequence[Segment], nth: int) -> Segment | None:
    """Return the nth stretch, 1 is the first and -1 the last; None where there are fewer."""
    if nth < 0:
        return stretches[-1]
    return stretches[nth - 1] if nth <= len(stretches) else None


def picked(stretches: Sequence[Segment], pick: str) -> Segment:
    """Return the longest or the shortest stretch."""
    ordered = sorted(stretches, key=lambda one: one.duration_s)
    return ordered[-1] if pick == "longest" else ordered[0]


def _too_few(words: str, count: int) -> str:
    return f"The timeline shows only {count} {'stretch' if count == 1 else 'stretches'} of {words}."
