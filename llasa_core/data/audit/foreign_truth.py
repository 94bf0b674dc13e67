"""Free texts held against their windows as far as a program can: activities by labels, numbers by units."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.audit.words import activities_in
from llasa_core.data.channels import STANDARD_GRAVITY
from llasa_core.data.facts import INTENSITIES
from llasa_core.data.llm_written.mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.audit.entry import Entry
    from llasa_core.data.grounded.measured import Measured

TOO_LARGE = 1.1
"""A number that is so much larger than anything in the signal is none of its."""
_SHORT = 5
"""Words of an answer that is nothing but an activity."""
_ASSERTED = re.compile(
    r"\b(?:person|user|wearer|subject|individual|participant) (?:is|was|appears to be|seems to be) (?:\w+ )?"
    r"(?=\w)(?P<rest>[^.,;]{3,40})",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:yes|no|not|never|either|or|nor)\b", re.IGNORECASE)
_MOVES = ("walking", "climbing stairs", "descending stairs", "jogging")
_RESTS = ("sitting", "standing", "lying")
_STILL_BELOW, _VIGOROUS_FROM = INTENSITIES[1][1], INTENSITIES[3][1]


def contradictions(entry: Entry, activities: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Yield what a window contradicts in an item's answers, and whether that is beyond doubt.

    Args:
        entry: an item without claims of its own.
        activities: all labels there are.
    """
    if len(entry.measured) != 1:
        return
    window = entry.measured[0]
    for _, answer in entry.exchanges:
        for named in _asserted(answer, activities):
            if wrong := _activity_problem(named, entry.activities[0], window):
                yield wrong, True
        yield from ((f"{shown} is larger than anything in the signal", False) for shown in _too_large(answer, window))


def _asserted(answer: str, activities: tuple[str, ...]) -> Iterator[str]:
    """Yield the activities that an answer says are done, and not those that it only speaks of."""
    if len(answer.split()) <= _SHORT and not _DENIED.search(answer):
        yield from list(activities_in(answer, activities))[:1]
        return
    for match in _ASSERTED.finditer(answer):
        if not _DENIED.search(match[0]):
            yield from list(activities_in(match["rest"], activities))[:1]


def _activity_problem(named: str, label: str | None, window: Measured) -> str | None:
    if label is not None:
        return None if named == label else f'the answer says "{named}", the label "{label}"'
    if named in _MOVES and window.intensity_mg < _STILL_BELOW:
        return f'the answer says "{named}", and the device is at rest ({window.intensity_mg:.1f} mg)'
    if named in _RESTS and window.intensity_mg >= _VIGOROUS_FROM:
        return f'the answer says "{named}", and the movement is vigorous ({window.intensity_mg:.0f} mg)'
    return None


def _too_large(answer: str, window: Measured) -> Iterator[str]:
    if not any(letter.isdigit() for letter in answer):
        return
    low, high = np.array(window.low), np.array(window.high)
    acc, gyr = (
        max(float(np.abs([low[part], high[part]]).max()), float((high - low)[part].max()))
        for part in (slice(0, 3), slice(3, 6))
    )
    acc = max(acc, window.peak_g * STANDARD_GRAVITY)
    turning = max(float(np.degrees(gyr)), window.peak_turning_dps)
    largest = {
        "m/s^2": acc,
        "g": acc / STANDARD_GRAVITY,
        "mg": 1000 * acc / STANDARD_GRAVITY,
        "rad/s": float(np.radians(turning)),
        "deg/s": turning,
    }
    for mention in mentions(answer):
        most = largest.get(mention.unit)
        if most is not None and abs(mention.value) > TOO_LARGE * most + 10.0**-mention.digits:
            yield mention.shown
