"""Two activities, two times of one, or two recordings, side by side."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.chat.answers.answer import Case, Composed, amounts_text, ordinal, sentence
from llasa_core.chat.answers.measured import typical
from llasa_core.chat.fact import Fact
from llasa_core.chat.known_recording import labels_of
from llasa_core.chat.scope import during, nth_of, whole
from llasa_core.chat.spans import Span, length, listed, total_s
from llasa_core.data.facts import CLEARLY, MOVING_MG, intensity_word
from llasa_core.data.grounded import words
from llasa_core.data.grounded.comparisons import SAME_CADENCE_SPM, SAME_UP_DEG
from llasa_core.data.grounded.measured import GAITS
from llasa_core.timeline.segments import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.chat.asking.targets import Target
    from llasa_core.timeline.segments import Segment

_MEASURES = (
    (
        "posture",
        re.compile(
            r"\bheld\b|\bpostur|\borientat|\bgravity|\bsame way\b|\btilt|\bupright|\bway up\b|\bmounted\b"
            r"|\bpositioned\b|\bangle\b"
        ),
    ),
    (
        "activity",
        re.compile(
            r"\bactivit|\bdoing\b|\bdone\b|\bsame (?:thing|in both)\b|\bhappen|\bgoing on\b|\bdo(?:es)? (?:the person|i"
            r"|he|she|they) do\b"
        ),
    ),
    (
        "cadence",
        re.compile(
            r"\bcadence|\bfast|\bslow|\bquick|\bpace\b|\bstep rate|\btempo|\bsteps (?:a|per) min|\bstep(?:s|ping)?\b"
        ),
    ),
    ("evenness", re.compile(r"\beven|\bstead|\bregular|\bsymmetr|\brhythm|\bsmooth|\bgait\b")),
    (
        "intensity",
        re.compile(
            r"\bintens|\bvigorous|\bhard(?:er|est)?\b|\bactive\b|\beffort|\bstrong|\bmovement|\benergetic|\bmove"
            r"|\bstrenuous|\bcalm|\bmotion|\bquiet|\blively|\blivelier|\bshak|\brestless"
        ),
    ),
    ("duration", re.compile(r"\blong|\bmore\b|\bless\b|\btime\b|\bshort|\bduration|\bmostly|\bmost\b")),
)
_MORE = re.compile(r"\bthan\b|\b(?:more|less|\w+er)\b")
_SECOND_FIRST = re.compile(r"^(?:(?!\bfirst\b|\b1\b).)*\b(?:second|other|2)\b")
_LESS = re.compile(r"\b(?:less|shorter|slower|fewer|weaker)\b")
SAME_S, SAME_SYMMETRY = 1.0, 0.05
"""What differs by less is called alike."""
A_PAIR = 2
MOST_TOLD = 5
"""Activities of each recording."""


class Side(NamedTuple):
    """One of the things that are compared."""

    name: str
    spans: tuple[Span, ...]
    case: Case
    values: dict[str, float]
    """Of the measures that can be told."""

    @property
    def recording(self) -> int:
        """Which of several."""
        return self.case.scope.recording


def compare(case: Case) -> Composed | None:
    """Return a comparison of the activities that are named, or of the recordings."""
    sides = _sides(case)
    if len(sides) < A_PAIR:
        return None
    wanted = _wanted(case)
    is_less = case.asked.pick == "least" or _LESS.search(case.asked.plain) is not None
    said = [*_yes_or_no(case, sides, wanted), *(_TEXTS[measure](sides, is_less=is_less) for measure in wanted)]
    if len(wanted) == 1 and wanted[0] in {"posture", "activity"}:
        said = [_alike_or_not(case, sides, wanted[0])]
    missing = [side.name for side in sides if not side.spans]
    if missing:
        said.append(f"the timeline shows no {listed(missing, 'and no')}")
        said.append(next(filter(None, map(case.still_note, case.asked.targets)), "").strip())
    if _of_recordings(case) and not case.asked.targets and len(wanted) > 1:
        said = [*_courses(case), *said]
    facts = tuple(
        Fact(f"{side.name}: {_all_values(side)}", "total", side.spans[0].start_s, side.spans[-1].end_s, side.recording)
        for side in sides
        if side.spans
    )
    focus = tuple(span for side in sides for span in side.spans if side.recording == case.scope.recording)
    text = " ".join(one if one.endswith(".") else sentence(one) for one in said if one)
    return Composed(text, facts, focus) if text else None


def _of_recordings(case: Case) -> bool:
    return len(case.others) > 1 and case.asked.recording is None and len(case.asked.targets) < A_PAIR


def _sides(case: Case) -> list[Side]:
    targets = case.asked.targets
    if not _of_recordings(case):
        return [_side(case, target, _called(target)) for target in targets]
    target = targets[0] if targets else None
    cases = [replace(case, recording=one, scope=whole(one, at)) for at, one in enumerate(case.others)]
    return [_side(one, target, name) for one, name in zip(cases, labels_of(case.others), strict=True)]


def _called(target: Target) -> str:
    return target.words if target.nth is None else f"the {ordinal(target.nth)} time of {target.words}"


def _side(case: Case, target: Target | None, name: str) -> Side:
    stretches = case.segments() if target is None else case.stretches(target)
    if target is not None and target.nth is not None and stretches:
        chosen = nth_of(stretches, target.nth)
        stretches = [] if chosen is None else [chosen]
    spans = tuple(case.parts(stretches))
    return Side(name, spans, case, _values(case, stretches, spans) if spans else {})


def _values(case: Case, stretches: Sequence[Segment], spans: tuple[Span, ...]) -> dict[str, float]:
    facts, rows = case.recording.facts, case.recording.rows_in(spans)
    values = {"duration": total_s(spans), "intensity": float(np.median(facts.intensity_mg[rows]))}
    if case.recording.names_activities:
        gaits = case.parts([one for one in stretches if one.activity in (*GAITS, UNKNOWN)])
        rows = case.recording.rows_in(gaits) if gaits else rows[:0]
    for measure, column in (("cadence", facts.cadence_spm), ("evenness", facts.symmetry)):
        found = column[rows][np.isfinite(column[rows])]
        if len(found):
            values[measure] = float(np.median(found))
    return values


def _wanted(case: Case) -> list[str]:
    found = [name for name, pattern in _MEASURES if pattern.search(case.asked.plain)]
    if not _of_recordings(case):
        found = [name for name in found if name not in {"posture", "activity"}]
    for vague in ("duration", "activity"):  # `more active`: more is not of time; `the steps of both activities`
        if vague in found and len(found) > 1:
            found.remove(vague)
    return found or ["duration", "cadence", "intensity", "evenness"]


def _yes_or_no(case: Case, sides: Sequence[Side], wanted: Sequence[str]) -> list[str]:
    """Return `yes` or `no` to `did I sit longer than I stood?`."""
    if not case.asked.is_polar or _MORE.search(case.asked.plain) is None or len(wanted) > 1 or len(sides) != A_PAIR:
        return []
    if _of_recordings(case) and _SECOND_FIRST.search(case.asked.plain):
        sides = sides[::-1]
    one, other = (side.values.get(wanted[0]) for side in sides)
    if one is None or other is None:
        return []
    is_less = _LESS.search(case.asked.plain) is not None
    return ["yes" if (one < other if is_less else one > other) else "no"]


def _courses(case: Case) -> list[str]:
    """Return how long what was done in each recording, longest first."""
    said = []
    for one, name in zip(case.others, labels_of(case.others), strict=True):
        if one.names_activities:
            said.append(f"{name}: {amounts_text(dict(list(one.timeline.totals_s.items())[:MOST_TOLD]))}.")
    return said


def course_of_each(case: Case) -> Composed | None:
    """Return what is done in each of several recordings, one after the other; None where one shows several things."""
    cases = [replace(case, recording=one, scope=whole(one, at)) for at, one in enumerate(case.others)]
    if not all(one.recording.names_activities and len(one.segments()) == 1 for one in cases):
        return None
    segments = [one.segments()[0] for one in cases]
    names = labels_of(case.others)
    text = "; ".join(f"{name}: {_doing(one)}" for name, one in zip(names, segments, strict=True))
    done = {one.activity for one in segments}
    if len(done) == 1 and UNKNOWN not in done:
        least = min(one.confidence for one in segments)
        text = (
            f"the same in {'both' if len(names) == A_PAIR else 'all'}: {done.pop()} (at least {100 * least:.0f} % sure)"
        )
    elif UNKNOWN not in done and len(names) == A_PAIR:
        text = f"different things: {text}"
    facts = tuple(fact for one, segment in zip(cases, segments, strict=True) for fact in one.segment_facts([segment]))
    return Composed(sentence(text), facts)


def _doing(one: Segment) -> str:
    return one.activity if one.activity == UNKNOWN else f"{one.activity} ({100 * one.confidence:.0f} % sure)"


def _alike_or_not(case: Case, sides: Sequence[Side], what: str) -> str:
    """Return whether recordings are alike in posture or activity, and how."""
    if what == "posture":
        angle = _angle_deg(sides)
        is_same = angle < SAME_UP_DEG
        said = f"the device is held {'the same way' if is_same else 'in different ways'}: "
        text = f"{said}the direction of gravity differs by {round(angle)} degrees"
    else:
        done = [_done(side) for side in sides]
        is_same = len(set(done)) == 1 and UNKNOWN not in done
        every = "both" if len(sides) == A_PAIR else "all"
        text = f"the same in {every}: {done[0]}"
        if not is_same:
            each = [f"{name} in {side.name}" for side, name in zip(sides, done, strict=True)]
            text = f"{'different things: ' if UNKNOWN not in done else ''}{', '.join(each)}"
    if not case.asked.is_polar:
        return text
    if what == "activity" and any(_done(side) == UNKNOWN for side in sides):
        return f"that cannot be told: {text}"
    return f"{'yes' if is_same != ('differ' in case.asked.plain) else 'no'}, {text}"


def _done(side: Side) -> str:
    """Return what is done in a recording: one activity, or several in their order."""
    return listed(list(dict.fromkeys(one.activity for one in side.case.segments()))) or UNKNOWN


def _angle_deg(sides: Sequence[Side]) -> float:
    """Return the largest angle between the directions of gravity of two recordings."""
    ups = [found.up for side in sides if (found := typical(side.case)) is not None]
    cosines = [float(np.dot(one, other)) for one, other in combinations(ups, 2)]
    return float(np.degrees(np.arccos(np.clip(min(cosines), -1.0, 1.0))))


def _ranked(sides: Sequence[Side], measure: str) -> list[tuple[str, float]]:
    found = [(side.name, side.values[measure]) for side in sides if measure in side.values]
    return sorted(found, key=lambda pair: -pair[1])


def _in(sides: Sequence[Side], name: str) -> str:
    """Return `in walking.csv` of recordings, `while walking` of activities."""
    return f"in {name}" if len({side.recording for side in sides}) > 1 else during(name)


def _duration(sides: Sequence[Side], *, is_less: bool) -> str:
    ranked = _ranked(sides, "duration")
    each = listed([f"{name} {length(value)}" for name, value in ranked])
    if len(ranked) < A_PAIR:
        return each
    if ranked[0][1] - ranked[-1][1] < SAME_S:
        return f"they took as long: {each}"
    if len({side.recording for side in sides}) > 1:
        first, best = ("shorter", "shortest") if is_less else ("longer", "longest")
        return f"{ranked[-1 if is_less else 0][0]} is {first if len(ranked) == A_PAIR else best}: {each}"
    rest = listed([f"{name} {length(value)}" for name, value in ranked[1:]])
    return f"longest was {ranked[0][0]} with {length(ranked[0][1])}, then {rest}"


def _cadence(sides: Sequence[Side], *, is_less: bool) -> str:
    ranked = [(name, value, f"about {value:.0f} steps a minute") for name, value in _ranked(sides, "cadence")]
    if not ranked:
        return f"{'neither' if len(sides) == A_PAIR else 'none'} has a steady rhythm of steps"
    if len(ranked) == 1:
        return f"only {ranked[0][0]} has a steady rhythm of steps: {ranked[0][2]}"
    if ranked[0][1] - ranked[-1][1] < SAME_CADENCE_SPM:
        return f"the cadences are alike: {listed([f'{name} {said}' for name, _, said in ranked])}"
    return _extreme(sides, [(name, said) for name, _, said in ranked], ("the steps were fastest", "slowest"), is_less)


def _intensity(sides: Sequence[Side], *, is_less: bool) -> str:
    ranked = _ranked(sides, "intensity")
    told = [(name, f"{words.mg(value):g} mg ({intensity_word(value)})") for name, value in ranked]
    if len(ranked) < A_PAIR:
        return "".join(f"{name}: {said}" for name, said in told)
    ends = ranked[-2:][::-1] if is_less else ranked[:2]
    low, high = sorted(max(value, MOVING_MG) for _, value in ends)
    if high < CLEARLY * low:
        lead = "the movement is alike" if len(ranked) == A_PAIR else "none stands out, the movement is alike"
        return f"{lead}: {listed([f'{name} {said}' for name, said in told])}"
    return _extreme(sides, told, ("the movement was strongest", "weakest"), is_less)


def _extreme(sides: Sequence[Side], told: list[tuple[str, str]], lead: tuple[str, str], is_less: bool) -> str:  # noqa: FBT001 - passed on
    """Return `the movement was strongest while walking: 176 mg; sitting: 3 mg`."""
    strongest, weakest = lead
    if is_less:
        told, strongest = told[::-1], f"{strongest.rsplit(' ', maxsplit=1)[0]} {weakest}"
    (name, said), *others = told
    return "; ".join([f"{strongest} {_in(sides, name)}: {said}", *(f"{other}: {its}" for other, its in others)])


def _evenness(sides: Sequence[Side], *, is_less: bool) -> str:
    ranked = _ranked(sides, "evenness")
    if len(ranked) < A_PAIR:
        return ""
    if ranked[0][1] - ranked[-1][1] < SAME_SYMMETRY:
        each = listed([f"{name} symmetry {value:.2f}" for name, value in ranked])
        return f"one step and the next are as alike in each: {each}"
    told = [(name, f"symmetry {value:.2f}") for name, value in ranked]
    return _extreme(sides, told, ("one step and the next are most alike", "alike least"), is_less)


def _posture(sides: Sequence[Side], *, is_less: bool) -> str:
    del is_less
    return f"the direction of gravity differs by {round(_angle_deg(sides))} degrees"


def _activity(sides: Sequence[Side], *, is_less: bool) -> str:
    del is_less
    return "; ".join(f"{side.name}: {_done(side)}" for side in sides)


_TEXTS = {
    "duration": _duration,
    "cadence": _cadence,
    "intensity": _intensity,
    "evenness": _evenness,
    "posture": _posture,
    "activity": _activity,
}
_UNITS = {
    "duration": "{:.1f} s",
    "intensity": "{:.0f} mg",
    "cadence": "{:.0f} steps a minute",
    "evenness": "symmetry {:.2f}",
}


def _all_values(side: Side) -> str:
    return ", ".join(_UNITS[name].format(value) for name, value in side.values.items())
