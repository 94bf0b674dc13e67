"""Questions about two windows, and about several in a row."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING

from llasa_core.data.facts import CLEARLY, MOVING_MG
from llasa_core.data.grounded import words
from llasa_core.data.grounded.measured import Claim, Measured, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.data.grounded.draw import Draw

SAME_CADENCE_SPM = 5.0
"""Cadences that differ by less are called alike."""
SAME_UP_DEG = 30.0
"""Postures that differ by less are called the same."""
_WHICH = ("first", "second")


def compare(first: Measured, second: Measured, draw: Draw) -> tuple[str, Said]:
    """Return a question about two windows, and its answer."""
    return draw.one(_COMPARISONS)(first, second, draw)


def _vigorous(first: Measured, second: Measured, draw: Draw) -> tuple[str, Said]:
    question = draw.one(
        (
            "Which of the two recordings is more vigorous?",
            "In which recording is there more movement?",
            "Compare the intensity of the two recordings.",
        )
    )
    sizes = [words.mg(window.intensity_mg) for window in (first, second)]
    claims = tuple(Claim("intensity_mg", size, "mg", window=at) for at, size in enumerate(sizes))
    more = _clearly_more(first.intensity_mg, second.intensity_mg)
    choice = Claim("more_vigorous", _WHICH[more] if more is not None else "alike")
    if more is None:
        return question, Said(f"They are alike: {sizes[0]:g} mg and {sizes[1]:g} mg.", (choice, *claims))
    text = f"The {_WHICH[more]}: {sizes[more]:g} mg against {sizes[1 - more]:g} mg."
    return question, Said(text, (choice, *claims))


def _clearly_more(first_mg: float, second_mg: float) -> int | None:
    first, second = max(first_mg, MOVING_MG), max(second_mg, MOVING_MG)
    if first >= CLEARLY * second:
        return 0
    return 1 if second >= CLEARLY * first else None


def _faster(first: Measured, second: Measured, draw: Draw) -> tuple[str, Said]:
    question = draw.one(
        (
            "In which recording are the steps faster?",
            "Which recording has the higher cadence?",
            "Compare the cadences of the two recordings.",
        )
    )
    windows = (first, second)
    claims = tuple(
        Claim("cadence_spm", round(w.cadence_spm) if w.has_steps else None, "steps/min", window=at)
        for at, w in enumerate(windows)
    )
    rhythmic = [at for at, window in enumerate(windows) if window.has_steps]
    if not rhythmic:
        return question, Said("Neither has a steady rhythm of steps.", (Claim("faster", None), *claims))
    if len(rhythmic) == 1:
        only = rhythmic[0]
        text = f"Only the {_WHICH[only]} has a steady rhythm of steps, {words.cadence(windows[only]).text}."
        return question, Said(text, (Claim("faster", _WHICH[only]), *claims))
    spoken = [claim.value for claim in claims]
    difference = first.cadence_spm - second.cadence_spm
    if abs(difference) < SAME_CADENCE_SPM:
        text = f"They are alike: about {spoken[0]} and {spoken[1]} steps a minute."
        return question, Said(text, (Claim("faster", "alike"), *claims))
    faster = int(difference < 0)
    text = f"In the {_WHICH[faster]}: about {spoken[faster]} steps a minute against {spoken[1 - faster]}."
    return question, Said(text, (Claim("faster", _WHICH[faster]), *claims))


def _same_posture(first: Measured, second: Measured, draw: Draw) -> tuple[str, Said]:
    question = draw.one(
        (
            "Is the device held the same way in both recordings?",
            "Does the device have the same posture in both?",
            "Is gravity in the same direction in both recordings?",
        )
    )
    cosine = sum(a * b for a, b in zip(first.up, second.up, strict=True))
    angle = math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
    is_same = angle < SAME_UP_DEG
    text = f"{'Yes' if is_same else 'No'}, the direction of gravity differs by {round(angle)} degrees."
    claims = (Claim("same_posture", is_same), Claim("up_angle_deg", round(angle), "deg"))
    return question, Said(text, claims)


def _same_activity(first: Measured, second: Measured, draw: Draw) -> tuple[str, Said]:
    if first.activity is None or second.activity is None:
        return _vigorous(first, second, draw)
    question = draw.one(
        (
            "Is the person doing the same in both recordings?",
            "Do both recordings show the same activity?",
            "What is done in the two recordings?",
        )
    )
    claims = (
        Claim("same_activity", first.activity == second.activity),
        Claim("activity", first.activity),
        Claim("activity", second.activity, window=1),
    )
    if first.activity == second.activity:
        return question, Said(f"The same in both: {first.activity}.", claims)
    return question, Said(f"Different things: {first.activity} in the first, {second.activity} in the second.", claims)


_COMPARISONS: tuple[Callable[[Measured, Measured, Draw], tuple[str, Said]], ...] = (
    _vigorous,
    _faster,
    _same_posture,
    _same_activity,
)


def timeline(windows: Sequence[Measured], draw: Draw) -> tuple[str, Said]:
    """Return a question about windows that follow one another in a recording, and its answer."""
    if any(window.activity is None for window in windows):
        return _most_vigorous_part(windows, draw)
    return (_most_vigorous_part if draw.chance(0.3) else _what_happens)(windows, draw)


def _what_happens(windows: Sequence[Measured], draw: Draw) -> tuple[str, Said]:
    question = draw.one(
        (
            "What happens over these parts?",
            "What does the person do, one after the other?",
            "Tell what is done in each part.",
            "Give the order of activities.",
        )
    )
    parts = []
    at = 1
    for activity, group in groupby(windows, key=lambda window: window.activity):
        length = len(list(group))
        parts.append(f"{activity} in part{_span(at, at + length - 1)}")
        at += length
    claims = tuple(Claim("activity", window.activity, window=at) for at, window in enumerate(windows))
    text = ", then ".join(parts)
    return question, Said(f"{text[:1].upper()}{text[1:]}.", claims)


def _span(first: int, last: int) -> str:
    if first == last:
        return f" {first}"
    return f"s {first} {'and' if last == first + 1 else 'to'} {last}"


def _most_vigorous_part(windows: Sequence[Measured], draw: Draw) -> tuple[str, Said]:
    question = draw.one(("Which part is the most vigorous?", "In which part is there the most movement?"))
    sizes = [window.intensity_mg for window in windows]
    most = max(range(len(sizes)), key=sizes.__getitem__)
    others = max(size for at, size in enumerate(sizes) if at != most)
    if _clearly_more(sizes[most], others) is None:
        return question, Said("None stands out: the most vigorous ones are alike.", (Claim("most_vigorous", None),))
    size = words.mg(sizes[most])
    claims = (Claim("most_vigorous", most + 1), Claim("intensity_mg", size, "mg", window=most))
    return question, Said(f"Part {most + 1}, with {size:g} mg.", claims)
