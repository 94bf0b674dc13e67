"""What was spoken of before, so that `and sitting?` and `and after that?` can be understood."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llasa_core.chat.asking.signal import SIGNAL_QUANTITIES

if TYPE_CHECKING:
    from llasa_core.chat.asking.asked import Asked
    from llasa_core.chat.spans import Span

NEEDS_ACTIVITY = ("duration", "count", "when", "share", "whether")
"""Quantities of an activity: where none is named, the one before is meant."""
OF_A_PART = ("cadence", "evenness", "intensity", "steps", "peak", "statistic", *SIGNAL_QUANTITIES)
"""Quantities that are measured in a part: where none is named, the one before is meant."""
_WHY = re.compile(r"^(?:why|how come|what makes you (?:say|think) (?:so|that))\W*$")
_SOMEBODY = re.compile(r"\b(?:person|he|she|they|wearer|user|subject|patient)\b")
_EACH = re.compile(r"\b(?:each|every|all (?:the )?activit)")
_THAT = re.compile(r"\b(?:that|this|it|those|these|they)\b")


@dataclass(frozen=True)
class Context:
    """What the last question asked, completed, and what its answer was about."""

    asked: Asked
    focus: tuple[tuple[Span, ...], ...] = ()
    """For each recording."""


def completed(asked: Asked, before: Context | None) -> Asked:
    """Return a question with what it leaves out taken from the one before."""
    if before is None:
        return asked
    if _WHY.match(asked.plain):
        return replace(asked, quantity="sure", cannot=None, back="in")
    if asked.quantity == "sure":
        return replace(asked, back=asked.back or "in")
    was = before.asked
    if was.is_about_me and not _SOMEBODY.search(asked.plain):
        asked = replace(asked, is_about_me=True)
    if asked.cannot is not None:
        return asked
    if asked.quantity is None and (asked.is_follow_up or asked.targets) and not asked.back:
        asked = _same_question(asked, was)
    elif asked.quantity in {"what", "when", None} and asked.back in {"after", "before"}:
        return replace(asked, quantity="what")
    elif asked.quantity in NEEDS_ACTIVITY and not asked.targets and not (asked.pick and not asked.is_follow_up):
        asked = _same_activity(asked, was)
    elif asked.quantity in OF_A_PART and asked.is_follow_up:
        asked = _same_part(asked, was)
    return asked


def _same_question(asked: Asked, was: Asked) -> Asked:
    """`and sitting?`, `and in the last minute?`, `and in the second recording?`."""
    has_part = asked.time is not None or asked.event is not None
    return replace(
        asked,
        quantity=was.quantity,
        cannot=was.cannot,
        targets=asked.targets or was.targets,
        time=asked.time if has_part or asked.targets == () else was.time,
        event=asked.event if has_part else was.event,
        pick=asked.pick or was.pick,
        edge=asked.edge or was.edge,
        nth=asked.nth if asked.nth is not None else was.nth if not asked.targets else None,
        signal=asked.signal.over(was.signal),
    )


def _same_activity(asked: Asked, was: Asked) -> Asked:
    """`how often?`, `and when?`, `how long did that last?`."""
    if _EACH.search(asked.plain) or (asked.time is not None and asked.quantity != "count" and not was.targets):
        return asked
    if _THAT.search(asked.plain) and asked.quantity in {"duration", "when"} and asked.time is None:
        return replace(asked, back=asked.back or "in")
    time = asked.time if asked.time is not None else was.time
    return replace(asked, targets=was.targets, time=time)


def _same_part(asked: Asked, was: Asked) -> Asked:
    """`and the cadence?`: of the same stretches."""
    if asked.targets or asked.time is not None or asked.event is not None:
        return asked
    return replace(asked, targets=was.targets, time=was.time)
