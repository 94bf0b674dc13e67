"""What cannot be told, why, and what can be told instead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llasa_core.chat.answers import movement
from llasa_core.chat.answers.amounts import duration
from llasa_core.chat.answers.answer import Case, Composed, sentence
from llasa_core.chat.asking.targets import STAIRS, Target
from llasa_core.chat.spans import length, listed

if TYPE_CHECKING:
    from llasa_core.chat.asking.cannot_tell import CannotTell

_OF = {
    "cadence": movement.cadence,
    "steps": movement.steps,
    "intensity": movement.intensity,
    "evenness": movement.evenness,
}


def unable(case: Case, cannot: CannotTell) -> Composed:
    """Return that a recording cannot tell something, with the reason and what comes nearest."""
    text = f"This recording cannot tell {cannot.what}. {cannot.why}"
    nearest = None if case.scope.missing else _instead(case, cannot.instead)
    if nearest is None:
        return Composed(text)
    return Composed(f"{text} What it can tell: {nearest.text}", nearest.facts, nearest.focus)


def unknown_activity(case: Case, target: Target) -> Composed:
    """Return that the model behind the timeline does not know an activity."""
    known = listed(list(case.recording.timeline.activities))
    strange_s = case.unknown_s
    more = f" What is unlike these shows as unknown: {length(strange_s)} here." if strange_s else ""
    text = (
        f'This recording cannot tell "{target.words}": the model that names activities does not know it. '
        f"It knows {known}.{more}"
    )
    peak = movement.peak(case) if target.words.startswith(("fall", "fell")) and not case.scope.missing else None
    if peak is None:
        return Composed(text)
    return Composed(f"{text} {peak.text}", peak.facts, peak.focus)


def no_names(case: Case) -> Composed:
    """Return that no activity can be told at all, and what was measured."""
    text = (
        "The activities of this recording cannot be told: the checkpoint names none, so there is no timeline of them. "
        "Intensity, rhythm and peaks are measured and can be asked for."
    )
    found = None if case.scope.missing else movement.intensity(replace(case, asked=replace(case.asked, pick=None)))
    if found is None:
        return Composed(text)
    return Composed(f"{text} {found.text}", found.facts, found.focus)


def _instead(case: Case, quantity: str) -> Composed | None:
    asked = replace(case.asked, pick=None, quantity="intensity")
    if quantity in _OF:
        return _OF[quantity](replace(case, asked=asked))
    if not case.recording.names_activities:
        return None
    if quantity == "stairs":
        target = Target("on the stairs", STAIRS)
    elif quantity == "lying":
        target = Target("lying", ("lying",))
    else:
        return None
    if case.perhaps(target) and not case.stretches(target):
        return None
    return duration(replace(case, asked=replace(asked, targets=(target,), quantity="duration")))


__all__ = ["no_names", "sentence", "unable", "unknown_activity"]
