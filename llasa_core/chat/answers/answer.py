"""What an answer is made from, and what it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llasa_core.chat.asking.polar import is_beyond
from llasa_core.chat.asking.targets import POSTURES
from llasa_core.chat.fact import Fact
from llasa_core.chat.scope import ORDINALS, span_of, stretches_of
from llasa_core.chat.spans import Span, cut_all, length, listed, total_s
from llasa_core.data.facts import intensity_word
from llasa_core.data.grounded.measured import GAITS
from llasa_core.timeline.segments import STILL, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llasa_core.chat.asking.asked import Asked
    from llasa_core.chat.asking.targets import Target
    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.chat.scope import Scope
    from llasa_core.timeline.segments import Segment

NOTABLE = 0.05
"""A larger share of unknown time is told."""
MOST_NAMED = 6
"""Stretches that a sentence lists; of more it tells the longest."""


@dataclass(frozen=True)
class Composed:
    """An answer, and what it rests on."""

    text: str
    facts: tuple[Fact, ...] = ()
    focus: tuple[Span, ...] = ()
    """The stretches that it is about, for `and after that?`."""


@dataclass(frozen=True)
class Case:
    """A question about one recording."""

    asked: Asked
    recording: KnownRecording
    scope: Scope
    others: Sequence[KnownRecording] = field(default=())
    """All recordings of the conversation."""

    @property
    def who(self) -> str:
        """`you were` or `the person was`."""
        return "you were" if self.asked.is_about_me else "the person was"

    @property
    def whose(self) -> str:
        """`your` or `the`."""
        return "your" if self.asked.is_about_me else "the"

    @property
    def where(self) -> str:
        """`, between 1:00 and 2:30`, or nothing for the whole recording."""
        return f" {self.scope.words}" if self.scope.words else ""

    def stretches(self, target: Target | None = None) -> list[Segment]:
        """Return the segments of an activity that reach into the scope; of all activities where none is named."""
        names = target.activities if target else ()
        return [one for one in stretches_of(self.recording, names) if self.parts([one])]

    def segments(self) -> list[Segment]:
        """Return all segments that reach into the scope, unknown ones too."""
        return [one for one in self.recording.timeline.segments if self.parts([one])]

    def parts(self, segments: Sequence[Segment]) -> list[Span]:
        """Return what of segments lies in the scope."""
        if self.scope.is_moment:
            at = self.scope.spans[0].start_s
            return [span_of(one) for one in segments if one.start_s <= at < one.end_s]
        return cut_all(map(span_of, segments), self.scope.spans)

    def amounts(self, segments: Sequence[Segment] | None = None) -> dict[str, float]:
        """Return the seconds of each activity in the scope, longest first; of some segments, or of all."""
        found: dict[str, float] = {}
        for one in self.segments() if segments is None else segments:
            found[one.activity] = found.get(one.activity, 0.0) + total_s(self.parts([one]))
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @property
    def unknown_s(self) -> float:
        """How much of the scope is unknown."""
        return total_s(self.parts([one for one in self.recording.timeline.segments if one.activity == UNKNOWN]))

    @property
    def recorded_s(self) -> float:
        """How much of the scope was recorded."""
        return total_s(self.parts(self.recording.timeline.segments))

    def unknown_note(self) -> str:
        """Return ` 7.5 s are unknown.` where that is notable."""
        if self.unknown_s < NOTABLE * max(self.recorded_s, 1e-9):
            return ""
        return f" {length(self.unknown_s)} {'are' if self.unknown_s >= 2 else 'is'} unknown."  # noqa: PLR2004 - plural

    def perhaps(self, target: Target) -> list[Segment]:
        """Return the segments that may show a posture: those that are still, where nobody can say in which one."""
        is_posture = not set(target.activities).isdisjoint(POSTURES) and STILL not in target.activities
        return [one for one in self.segments() if one.activity == STILL] if is_posture else []

    def still_note(self, target: Target) -> str:
        """Return ` Another 7.5 s are still, in which posture cannot be told.` where a posture is asked for."""
        seconds = total_s(self.parts(self.perhaps(target)))
        if not seconds:
            return ""
        verb = "are" if seconds >= 2 else "is"  # noqa: PLR2004 - plural
        return f" Another {length(seconds)} {verb} {STILL}, in which posture cannot be told."

    def segment_facts(self, segments: Sequence[Segment]) -> tuple[Fact, ...]:
        """Return segments as facts."""
        return tuple(
            Fact(segment_text(one), "segment", one.start_s, one.end_s, self.scope.recording) for one in segments
        )


def segment_text(one: Segment) -> str:
    """Return `walking 2:19–3:06.5 (47.5 s, 92 % sure, 109 steps a minute, 176 mg)`."""
    more = [length(one.duration_s), f"{100 * one.confidence:.0f} % sure"]
    if one.cadence_spm is not None and one.activity in GAITS:
        more.append(f"{one.cadence_spm:.0f} steps a minute")
    if one.intensity_mg is not None:
        more.append(f"{one.intensity_mg:.0f} mg")
    return f"{one.activity} {span_of(one)} ({', '.join(more)})"


def joined(said: Sequence[Composed]) -> Composed:
    """Return several answers as one."""
    facts = tuple(fact for one in said for fact in one.facts)
    return Composed(" ".join(one.text for one in said), facts, tuple(span for one in said for span in one.focus))


def amounts_text(amounts: Mapping[str, float]) -> str:
    """Return `walking 47.5 s and sitting 30.5 s`."""
    return listed([f"{name} {length(seconds)}" for name, seconds in amounts.items() if seconds])


def doing(one: Segment) -> str:
    """Return what follows `you were`."""
    return "doing something that could not be told" if one.activity == UNKNOWN else one.activity


def movement_words(intensity_mg: float) -> str:
    """Return `moderate movement`, `hardly any movement`."""
    word = intensity_word(intensity_mg)
    return "hardly any movement" if word == "still" else f"{word} movement"


def ordinal(nth: int) -> str:
    """Return `first`, `last`, `12th`."""
    return ORDINALS.get(nth, f"{nth}th")


def against_limit(case: Case, value: float) -> str:
    """Return `yes, ` or `no, ` where a yes/no question names a limit, such as `above 100`; nothing elsewhere."""
    is_so = is_beyond(case.asked.plain, value) if case.asked.is_polar else None
    return "" if is_so is None else "yes, " if is_so else "no, "


def sentence(text: str) -> str:
    """Return a text with a capital letter and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def times(spans: Sequence[Span]) -> str:
    """Return `2:19–3:06.5`, or of many `12 stretches, the longest 4:10–6:13`."""
    if len(spans) <= MOST_NAMED:
        return listed([str(one) for one in spans])
    longest = max(spans, key=lambda one: one.duration_s)
    return f"{len(spans)} stretches, the longest {longest}"


def how_often(count: int) -> str:
    """Return `once`, `twice`, `3 times`."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def percent(share: float) -> str:
    """Return `16 %`, and one decimal below ten."""
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"  # noqa: PLR2004 - two digits
