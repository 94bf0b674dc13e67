"""The numbers of a text, matched to the facts of a window: what each claims, or why it is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from llasa_core.data.channels import CHANNELS
from llasa_core.data.grounded import words
from llasa_core.data.grounded.measured import Claim, is_known
from llasa_core.data.llm_written.mentions import Mention, meant, mentions, part_at, sentences
from llasa_core.data.llm_written.wrong import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.grounded.measured import Measured

ROUGHEST = 0.05
"""A number may be rounded, but not by more than this share of it, nor by more than its fact is shown with."""
_STANDARD_GRAVITY = ("9.8", "9.81", "9.807", "9.80665")
AXES = {axis: re.compile(rf"(?<![a-z]){axis}(?![a-z'])", re.IGNORECASE) for axis in "xyz"}
_STATISTICS = {
    "std": re.compile(r"\bstd\b|deviat|varie[sd]|vary|variation|variability|fluctuat", re.IGNORECASE),
    "mean": re.compile(r"\bmean|average|averaging", re.IGNORECASE),
    "low": re.compile(r"minim|lowest|smallest|\bmin\b|\bhow low\b", re.IGNORECASE),
    "high": re.compile(r"maxim|highest|largest|peak|\bmax\b|\bhow high\b", re.IGNORECASE),
}
_RANGE = re.compile(r"(?:\bfrom|\bbetween|\brang\w+|\bspan\w*|\blies?)\s[^.;]{0,40}$", re.IGNORECASE)
_HALVES = {
    "first_half_mg": re.compile(r"first half|in the first\b|beginning|initial", re.IGNORECASE),
    "second_half_mg": re.compile(r"(?:second|latter) half|in the second\b|(?<!start to )\bend\b", re.IGNORECASE),
    "intensity_mg": re.compile(r"overall|whole window", re.IGNORECASE),
}
_TURNING = {
    "peak_turning_dps": re.compile(r"peak|max|at most|fastest|highest|largest|up to", re.IGNORECASE),
    "turning_dps": re.compile(r"\bmean|average", re.IGNORECASE),
}
_ANGLES = {
    "heading_deg": re.compile(r"heading|vertical|\bleft\b|\bright\b|clockwise|from above", re.IGNORECASE),
    "posture_change_deg": re.compile(r"postur|gravity|orientation|tilt", re.IGNORECASE),
}
_SHARES = {
    "periodicity": re.compile(r"periodic|autocorrelation|rhythm|regular|repeat", re.IGNORECASE),
    "symmetry": re.compile(r"symmetr|alike", re.IGNORECASE),
}


_SHOWN_DIGITS = {"dominant_hz": 1, "peak_g": 2, "peak_s": 2}
_TWO_DIGITS = {*_HALVES, *_TURNING}


class _Candidate(NamedTuple):
    """A fact that a number may state."""

    fact: str
    value: float
    shown_digits: int
    channel: str = ""


def number_claims(text: str, start: int, window: Measured, window_s: float) -> Iterator[Claim]:
    """Yield what the numbers of a text claim.

    Args:
        text: a question and its answer, or whatever gives the answer its context.
        start: where the answer begins; numbers before it claim nothing.
        window: what was measured.
        window_s: its length.

    Raises:
        Wrong: a number is no fact, or not the one that the words around it say.
    """
    found = mentions(text)
    for nth, mention in enumerate(found):
        if mention.start >= start and not is_constant(text, mention, window_s):
            yield number_claim(text, found, nth, window)


def number_claim(text: str, found: Sequence[Mention], nth: int, window: Measured) -> Claim:
    """Return what one number claims.

    Args:
        text: the numbers with all that gives them their context.
        found: all numbers of the text.
        nth: which of them.
        window: what was measured.

    Raises:
        Wrong: the number is no fact, or not the one that the words around it say.
    """
    mention = found[nth]
    before, after = (found[at] if 0 <= at < len(found) else None for at in (nth - 1, nth + 1))
    candidates = _candidates(text, mention, window, _bound(text, mention, before, after))
    matching = next((one for one in candidates if _matches(mention, one)), None)
    if matching is None:
        raise _wrong(mention, candidates)
    return _claim(mention, matching, window)


def is_constant(text: str, mention: Mention, window_s: float) -> bool:
    """Return whether a number is true of every window: its length, the clock at its start, or standard gravity."""
    if mention.unit == "s":
        return mention.value == window_s or (mention.value == 0 and ":" in mention.written)
    sentence = part_at(sentences(text), mention.start)
    speaks_of_gravity = "gravity" in text[sentence[0] : sentence[1]].lower()
    return speaks_of_gravity and (
        (mention.unit == "m/s^2" and mention.written in _STANDARD_GRAVITY) or mention.shown in {"1 g", "1.0 g"}
    )


def _candidates(text: str, mention: Mention, window: Measured, bound: str | None) -> list[_Candidate]:
    """Return the facts that a number can state, by its unit and the words around it.

    Raises:
        Wrong: the words leave open which.
    """
    if mention.unit in {"m/s^2", "rad/s"}:
        return [_of_channel(text, mention, window, bound)]
    if not mention.unit:
        named = meant(text, mention.start, _SHARES)
        return [_Candidate(named, getattr(window, named), 2)] if named else []
    at = mention.start
    steps_per_s = window.cadence_spm / 60
    of_unit: dict[str, list[_Candidate]] = {
        "mg": [_named(window, meant(text, at, _HALVES) or "intensity_mg")],
        "deg/s": [_named(window, meant(text, at, _TURNING) or "turning_dps")],
        "deg": [_named(window, name) for name in _angles(text, at)],
        "steps/min": [_named(window, "cadence_spm")],
        "steps/s": [_Candidate("step_hz", steps_per_s, 1)],
        "Hz": [_named(window, "dominant_hz"), _Candidate("step_hz", steps_per_s, 1)],
        "g": [_named(window, "peak_g")],
        "s": [_named(window, "peak_s")],
    }
    return [one for one in of_unit.get(mention.unit, []) if is_known(one.value)]


def _angles(text: str, at: int) -> tuple[str, ...]:
    named = meant(text, at, _ANGLES)
    return (named,) if named else tuple(_ANGLES)


def _named(window: Measured, fact: str) -> _Candidate:
    value = abs(getattr(window, fact))  # a turn to the right is said in words
    digits = 1 if fact in _TWO_DIGITS and value < 10 else _SHOWN_DIGITS.get(fact, 0)  # noqa: PLR2004 - two digits
    return _Candidate(fact, value, digits)


def _of_channel(text: str, mention: Mention, window: Measured, bound: str | None) -> _Candidate:
    axis = meant(text, mention.start, AXES)
    if axis is None:
        raise Wrong("a number of no axis", f"{mention.shown} is said of no axis; name it before the number")
    sensor = "acc" if mention.unit == "m/s^2" else "gyr"
    statistic = bound or meant(text, mention.start, _STATISTICS) or "mean"
    channel = f"{sensor}_{axis}"
    value = getattr(window, statistic)[CHANNELS.index(channel)]
    return _Candidate(statistic, value, words.DIGITS_OF[sensor], channel)


def _bound(text: str, mention: Mention, before: Mention | None, after: Mention | None) -> str | None:
    """Return which end of a range a number is, as in `from -1.2 to 3.4 m/s²`."""
    for low, high, end in ((mention, after, "low"), (before, mention, "high")):
        if low is None or high is None or low.unit != high.unit:
            continue
        between = text[low.end : high.start].strip()
        opening = _RANGE.search(text[: low.start])
        if opening and between in {"to", "and", "-", "–", "up to"}:
            return end
    return None


def _matches(mention: Mention, fact: _Candidate) -> bool:
    """Whether a number is the fact, rounded to its last digit or to what the prompt showed of it."""
    shown = round(fact.value, fact.shown_digits)
    last_digit = 0.5 * 10.0**-mention.digits * (1 + 1e-9) + 1e-9
    if min(abs(mention.value - fact.value), abs(mention.value - shown)) > last_digit:
        return False
    return abs(mention.value - fact.value) <= max(ROUGHEST * abs(fact.value), 0.51 * 10.0**-fact.shown_digits)


def _wrong(mention: Mention, candidates: list[_Candidate]) -> Wrong:
    if not candidates:
        return Wrong("a number that is no fact", f"{mention.shown} is none of the facts")
    fact = candidates[0]
    of = f" of {fact.channel}" if fact.channel else ""
    return Wrong(
        "a wrong number",
        f"{mention.shown} is not the {fact.fact}{of}, which is {fact.value:.{fact.shown_digits}f}",
        Claim(fact.fact, mention.value, mention.unit, channel=fact.channel),
    )


def _claim(mention: Mention, fact: _Candidate, window: Measured) -> Claim:
    unit = {"": "", "steps/s": "Hz"}.get(mention.unit, mention.unit)
    is_to_the_right = fact.fact == "heading_deg" and window.heading_deg < 0
    return Claim(fact.fact, -mention.value if is_to_the_right else mention.value, unit, channel=fact.channel)
