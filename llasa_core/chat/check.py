"""What an answer says that timeline and facts do not support."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.chat.scope import span_of
from llasa_core.chat.spans import clock, length, total_s
from llasa_core.data.grounded.measured import measured
from llasa_core.data.llm_written.activity_words import is_denied, named_activities
from llasa_core.data.llm_written.mentions import mentions
from llasa_core.data.llm_written.number_check import is_constant, number_claim
from llasa_core.data.llm_written.wrong import Wrong
from llasa_core.timeline.segments import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.chat.ground import Grounded
    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.data.llm_written.mentions import Mention
    from llasa_core.timeline.segments import Segment

NEAR_S, NEAR_SHARE = 1.5, 0.1
"""A length may differ by so much, or by this share, from one of the timeline."""
NEAR_TIME_S = 3.0
"""A time may differ by so much from where a segment begins or ends."""
NEAR_CADENCE = 0.05
"""A cadence may differ by this share."""
LIKELY = 0.2
"""An activity that is at least so likely in a window of the scope may be named."""
MOST_WINDOWS = 400
"""A number is looked for in so many windows."""
_CLOCK = re.compile(r"(?<![\d:.])(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.(\d))?(?![\d:])")
_LENGTH = re.compile(
    r"(?<![\d:.])(\d+(?:\.\d+)?)[ -]?(hours?|h|minutes?|mins?|seconds?|secs?"
    r"|s)\b(?:,? (?:and )?(\d+(?:\.\d+)?) ?(seconds?|secs?|s)\b)?"
)
_TIMES = re.compile(
    r"\b(once|twice|thrice|(?:\d+|two|three|four|five|six|seven|eight|nine|ten) (?:times|stretches"
    r"|walks|bouts|periods))\b"
)
_STEPS = re.compile(r"(?<![\d.])(\d[\d,]*) steps\b(?! (?:a|per|each|every|/) ?min)")
_WORDS = {
    "once": 1,
    "twice": 2,
    "thrice": 3,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}


class Mark(NamedTuple):
    """A part of an answer that is not supported."""

    start: int
    end: int
    """Where it stands in the answer: [start, end)."""
    text: str
    """That part."""
    kind: str
    """`activity`, `duration`, `time`, `count`, `number`."""
    why: str
    """What the recording shows instead."""


def check(text: str, grounded: Grounded) -> tuple[Mark, ...]:
    """Return what an answer says of activities, lengths, times, counts and measured numbers that is not supported.

    An answer that was composed holds nothing but what is: it gets no mark. What cannot be read is not marked: an answer
    without a mark is not proven.

    Args:
        text: the answer, as the model gave it.
        grounded: from `ground`; answers are held against its recordings, within its scope where it has one.
    """
    if grounded.answer is not None:
        return ()
    taken: list[tuple[int, int]] = []
    marks = [*_activities(text, grounded)]
    marks += [*_clock_times(text, grounded, taken), *_lengths(text, grounded, taken), *_counts(text, grounded, taken)]
    marks += _numbers(text, grounded, taken)
    return tuple(sorted(set(marks)))


def _segments(grounded: Grounded) -> list[Segment]:
    """Return the segments that the question is about."""
    found = []
    for scope in grounded.scopes:
        for one in grounded.recordings[scope.recording].timeline.segments:
            reaches = any(span.start_s <= one.end_s and span.end_s >= one.start_s for span in scope.spans)
            if reaches or not scope.spans:
                found.append(one)
    return found


def _activities(text: str, grounded: Grounded) -> Iterator[Mark]:
    named = [one for one in grounded.recordings if one.names_activities]
    if not named:
        return
    known = {name for one in named for name in one.timeline.activities}
    shown = {one.activity for one in _segments(grounded)} | _likely(grounded)
    asked = {name for target in grounded.asked.targets for name in target.activities}
    for name, at in named_activities(text, known):
        if is_denied(text, at) or name in shown or name in asked - known:
            continue
        what = (
            "is not among the activities that the timeline knows"
            if name not in known
            else "is not on the timeline here"
        )
        seen = ", ".join(sorted(one for one in {one.activity for one in _segments(grounded)} if one != UNKNOWN))
        end = at + len(re.match(r"[\w-]+(?: (?:up|down)?stairs)?", text[at:])[0])  # type: ignore[index]
        yield Mark(at, end, text[at:end], "activity", f"{name} {what}; it shows {seen or 'nothing certain'}")


def _likely(grounded: Grounded) -> set[str]:
    names: set[str] = set()
    for scope in grounded.scopes:
        recording = grounded.recordings[scope.recording]
        rows = recording.rows_in(scope.spans)
        if recording.names_activities and len(rows):
            best = recording.timeline.windows.posterior[rows, : len(recording.timeline.activities)].max(axis=0)
            names |= {recording.timeline.activities[at] for at in np.flatnonzero(best >= LIKELY)}
    return names


def _clock_times(text: str, grounded: Grounded, taken: list[tuple[int, int]]) -> Iterator[Mark]:
    edges = [at for one in _everything(grounded) for at in (one.start_s, one.end_s)]
    edges += [at for scope in grounded.scopes for span in scope.spans for at in span]
    for match in _CLOCK.finditer(text):
        taken.append(match.span())
        a, b, c, tenth = match.groups()
        seconds = int(a) * 3600.0 + int(b) * 60 + int(c) if c else int(a) * 60.0 + int(b)
        seconds += int(tenth or 0) / 10
        if not any(abs(seconds - edge) <= NEAR_TIME_S for edge in edges):
            why = f"nothing begins or ends at {clock(seconds)} on the timeline"
            yield Mark(*match.span(), match[0], "time", why)


def _lengths(text: str, grounded: Grounded, taken: list[tuple[int, int]]) -> Iterator[Mark]:
    segments = _everything(grounded)
    supported = [one.duration_s for one in segments] + [
        span.duration_s for scope in grounded.scopes for span in scope.spans
    ]
    for recording in grounded.recordings:
        supported += [*recording.timeline.totals_s.values(), recording.recorded_s, recording.window_s]
        supported.append(recording.timeline.end_s - recording.timeline.start_s)
    totals: dict[str, float] = {}
    for scope in grounded.scopes:
        for one in grounded.recordings[scope.recording].timeline.segments:
            parts = [part for span in scope.spans if (part := span_of(one).cut(span)) is not None]
            totals[one.activity] = totals.get(one.activity, 0.0) + total_s(parts)
    supported += totals.values()
    for match in _LENGTH.finditer(text):
        if any(start <= match.start() < end for start, end in taken):
            continue
        taken.append(match.span())
        unit = match[2][0]
        seconds = float(match[1]) * {"h": 3600, "m": 60, "s": 1}[unit] + float(match[3] or 0)
        step = {"h": 360, "m": 6 if "." in match[1] or match[3] else 30, "s": NEAR_S}[unit]
        if not any(abs(seconds - one) <= max(step, NEAR_SHARE * one) for one in supported):
            yield Mark(*match.span(), match[0], "duration", f"nothing on the timeline lasts {length(seconds)}")


def _counts(text: str, grounded: Grounded, taken: list[tuple[int, int]]) -> Iterator[Mark]:
    counts: set[int] = set()
    for segments in (_segments(grounded), _everything(grounded)):
        names = [one.activity for one in segments]
        counts |= {names.count(name) for name in names} | {len(names), len(set(names)), len(names) - 1}
    for match in _TIMES.finditer(text):
        if any(start <= match.start() < end for start, end in taken):
            continue
        taken.append(match.span())
        word = match[1].split()[0]
        count = _WORDS.get(word) or int(word)
        if count not in counts:
            yield Mark(*match.span(), match[0], "count", f"nothing on the timeline happens {count} times")
    for match in _STEPS.finditer(text):
        taken.append(match.span())
        count = int(match[1].replace(",", ""))
        steps = _steps(grounded)
        if not any(abs(count - one) <= NEAR_SHARE * one for one in steps):
            why = f"the rhythm gives about {steps[0]:.0f} steps" if steps else "no steps can be told here"
            yield Mark(*match.span(), match[0], "count", why)


def _steps(grounded: Grounded) -> list[float]:
    each = [one.cadence_spm * one.duration_s / 60 for one in _segments(grounded) if one.cadence_spm is not None]
    return [sum(each), *each] if each else []


def _numbers(text: str, grounded: Grounded, taken: Sequence[tuple[int, int]]) -> list[Mark]:
    """Return numbers with a unit that no window of the scope has; averages over the scope count too."""
    found = mentions(text)
    wanted = [nth for nth, one in enumerate(found) if not any(start <= one.start < end for start, end in taken)]
    if not wanted:
        return []
    rows = [
        (recording, row)
        for scope in grounded.scopes
        for recording in (grounded.recordings[scope.recording],)
        for row in recording.rows_in(scope.spans)
    ]
    rows = rows[:: max(1, len(rows) // MOST_WINDOWS)]
    return [mark for nth in wanted if (mark := _number(text, found, nth, grounded, rows)) is not None]


def _number(
    text: str, found: Sequence[Mention], nth: int, grounded: Grounded, rows: Sequence[tuple[KnownRecording, int]]
) -> Mark | None:
    mention = found[nth]
    window_s = grounded.recordings[0].window_s
    if is_constant(text, mention, window_s) or (not mention.unit and _is_numbering(text, mention)):
        return None
    medians = _medians(grounded, rows, mention.unit)
    if any(abs(mention.value - one) <= max(NEAR_CADENCE * abs(one), 0.5 * 10.0**-mention.digits) for one in medians):
        return None
    why = f"{mention.shown} is no measured value here"
    for recording, row in rows:
        (window,) = measured(recording.facts.rows(slice(row, row + 1)), [None], [0.0])
        try:
            number_claim(text, found, nth, window)
        except Wrong as wrong:
            why = wrong.detail
        else:
            return None
    if medians:
        why = f"{mention.shown} is no measured value here; the median is {medians[0]:.3g}"
    return Mark(mention.start, mention.end, text[mention.start : mention.end], "number", why)


def _medians(grounded: Grounded, rows: Sequence[tuple[KnownRecording, int]], unit: str) -> list[float]:
    column = {"steps/min": "cadence_spm", "mg": "intensity_mg", "Hz": "dominant_hz", "g": "peak_g"}.get(unit)
    if column is None or not rows:
        return []
    values = np.array([getattr(recording.facts, column)[row] for recording, row in rows])
    values = values[np.isfinite(values)]
    found = [float(np.median(values)), float(values.mean()), float(values.max())] if len(values) else []
    if unit == "steps/min":
        found += [one.cadence_spm for one in _segments(grounded) if one.cadence_spm is not None]
    if unit == "mg":
        found += [one.intensity_mg for one in _segments(grounded) if one.intensity_mg is not None]
    return found


def _is_numbering(text: str, mention: Mention) -> bool:
    lead = text[: mention.start]
    return re.search(r"\b(?:parts?|recordings?|windows?|step|and|to|number|no\.?)\s*$", lead, re.IGNORECASE) is not None


def _everything(grounded: Grounded) -> list[Segment]:
    return [one for recording in grounded.recordings for one in recording.timeline.segments]
