"""Two activities, two times of one, or two recordings, side by side."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.chat.answers.answer import Case, Composed, amounts_text, ordinal, sentence
from llasa_core.chat.fact import Fact
from llasa_core.chat.known_recording import labels_of
from llasa_core.chat.scope import during, nth_of, whole
from llasa_core.chat.spans import Span, length, listed, total_s
from llasa_core.data.facts import CLEARLY, intensity_word
from llasa_core.data.grounded.comparisons import SAME_CADENCE_SPM
from llasa_core.data.grounded.measured import GAITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.chat.asking.targets import Target
    from llasa_core.timeline.segments import Segment

_MEASURES = (
    ("cadence", re.compile(r"\bcadence|\bfast|\bslow|\bquick|\bpace\b|\bstep rate|\btempo|\bsteps a min")),
    ("evenness", re.compile(r"\beven|\bstead|\bregular|\bsymmetr|\brhythm|\bsmooth|\bgait\b")),
    (
        "intensity",
        re.compile(
            r"\bintens|\bvigorous|\bhard(?:er|est)?\b|\bactive\b|\beffort|\bstrong|\bmovement|\benergetic|\bmove"
            r"|\bstrenuous|\bcalm"
        ),
    ),
    ("duration", re.compile(r"\blong|\bmore\b|\bless\b|\btime\b|\bshort|\bduration|\bmostly|\bmost\b")),
)
_MORE = re.compile(r"(?:did|was|were|is|am|do|does)\b.*\bthan\b")
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
    recording: int
    values: dict[str, float]
    """Of the measures that can be told."""


def compare(case: Case) -> Composed | None:
    """Return a comparison of the activities that are named, or of the recordings."""
    sides = _sides(case)
    if len(sides) < A_PAIR:
        return None
    wanted = _wanted(case)
    said = [*_yes_or_no(case, sides, wanted), *(_TEXTS[measure](sides) for measure in wanted)]
    missing = [side.name for side in sides if not side.spans]
    if missing:
        said.append(f"the timeline shows no {listed(missing, 'and no')}")
        said.append(next(filter(None, map(case.still_note, case.asked.targets)), "").strip())
    if _of_recordings(case) and not case.asked.targets and "duration" in wanted:
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
    return Side(name, spans, case.scope.recording, _values(case, stretches, spans) if spans else {})


def _values(case: Case, stretches: Sequence[Segment], spans: tuple[Span, ...]) -> dict[str, float]:
    facts, rows = case.recording.facts, case.recording.rows_in(spans)
    values = {"duration": total_s(spans), "intensity": float(np.median(facts.intensity_mg[rows]))}
    if case.recording.names_activities:
        gaits = case.parts([one for one in stretches if one.activity in GAITS])
        rows = case.recording.rows_in(gaits) if gaits else rows[:0]
    for measure, column in (("cadence", facts.cadence_spm), ("evenness", facts.symmetry)):
        found = column[rows][np.isfinite(column[rows])]
        if len(found):
            values[measure] = float(np.median(found))
    return values


def _wanted(case: Case) -> list[str]:
    found = [name for name, pattern in _MEASURES if pattern.search(case.asked.plain)]
    if "duration" in found and len(found) > 1:  # `more active`: more is not of time
        found.remove("duration")
    return found or ["duration", "cadence", "intensity", "evenness"]


def _yes_or_no(case: Case, sides: Sequence[Side], wanted: Sequence[str]) -> list[str]:
    """Return `yes` or `no` to `did I sit longer than I stood?`."""
    if _MORE.match(case.asked.plain) is None or len(wanted) > 1 or _of_recordings(case):
        return []
    one, other = (side.values.get(wanted[0]) for side in sides[:A_PAIR])
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


def _ranked(sides: Sequence[Side], measure: str) -> list[tuple[str, float]]:
    found = [(side.name, side.values[measure]) for side in sides if measure in side.values]
    return sorted(found, key=lambda pair: -pair[1])


def _in(sides: Sequence[Side], name: str) -> str:
    """Return `in walking.csv` of recordings, `while walking` of activities."""
    return f"in {name}" if len({side.recording for side in sides}) > 1 else during(name)


def _duration(sides: Sequence[Side]) -> str:
    ranked = _ranked(sides, "duration")
    each = listed([f"{name} {length(value)}" for name, value in ranked])
    if len(ranked) < A_PAIR:
        return each
    if ranked[0][1] - ranked[-1][1] < SAME_S:
        return f"they took as long: {each}"
    if len({side.recording for side in sides}) > 1:
        return f"{ranked[0][0]} is longer: {each}" if len(ranked) == A_PAIR else f"{ranked[0][0]} is longest: {each}"
    rest = listed([f"{name} {length(value)}" for name, value in ranked[1:]])
    return f"longest was {ranked[0][0]} with {length(ranked[0][1])}, then {rest}"


def _cadence(sides: Sequence[Side]) -> str:
    ranked = _ranked(sides, "cadence")
    if not ranked:
        return "no steps can be told in any of them"
    if len(ranked) == 1:
        return f"only {ranked[0][0]} has steps, about {ranked[0][1]:.0f} a minute"
    said = listed([f"{name} {value:.0f}" for name, value in ranked])
    if ranked[0][1] - ranked[-1][1] < SAME_CADENCE_SPM:
        return f"the cadences are alike, in steps a minute: {said}"
    return f"the steps were fastest {_in(sides, ranked[0][0])}, in steps a minute: {said}"


def _intensity(sides: Sequence[Side]) -> str:
    ranked = _ranked(sides, "intensity")
    said = listed([f"{name} {value:.0f} ({intensity_word(value)})" for name, value in ranked])
    if len(ranked) < A_PAIR:
        return f"in mg: {said}" if said else ""
    if ranked[0][1] < CLEARLY * max(ranked[-1][1], 1e-9):
        return f"the movement was about as strong, in mg: {said}"
    return f"the movement was strongest {_in(sides, ranked[0][0])}, in mg: {said}"


def _evenness(sides: Sequence[Side]) -> str:
    ranked = _ranked(sides, "evenness")
    if len(ranked) < A_PAIR:
        return ""
    said = listed([f"{name} {value:.2f}" for name, value in ranked])
    is_alike = ranked[0][1] - ranked[-1][1] < SAME_SYMMETRY
    where = "as alike" if is_alike else f"most alike {_in(sides, ranked[0][0])}"
    return f"one step and the next are {where} (1 is wholly): {said}"


_TEXTS = {"duration": _duration, "cadence": _cadence, "intensity": _intensity, "evenness": _evenness}
_UNITS = {
    "duration": "{:.1f} s",
    "intensity": "{:.0f} mg",
    "cadence": "{:.0f} steps a minute",
    "evenness": "symmetry {:.2f}",
}


def _all_values(side: Side) -> str:
    return ", ".join(_UNITS[name].format(value) for name, value in side.values.items())
