"""One answer held against the signal: what it states, what was asked for, and whether it declined."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from llasa_core.data.audit.claims import truth_of
from llasa_core.data.audit.words import sensors_of
from llasa_core.data.llm_written.mentions import mentions
from llasa_core.evaluate.facts.asked import NUMBERS, Target, coarsest, sensor_of, targets_of
from llasa_core.evaluate.open_ended.claims.found import held_against
from llasa_core.evaluate.open_ended.claims.parsing import DECLINES, UNANSWERABLE, claims_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.grounded.measured import Measured
    from llasa_core.evaluate.open_ended.case import Answered, Case
    from llasa_core.evaluate.open_ended.claims.found import Found, Verdict
    from llasa_core.evaluate.open_ended.items import OpenItem

_OF_UNIT = {"steps/min": "cadence_spm", "steps/s": "step_hz", "Hz": "dominant_hz"}
"""Facts that some windows lack: a number of them is wrong there, since there is none."""
_UNITS_OF = {"acc": {"m/s^2", "g", "mg"}, "gyr": {"rad/s", "deg/s"}}
_COMPARATIVE = re.compile(r"\b(?:more|less|most|least) (?:intens|vigorous|light|gent|moderate)", re.IGNORECASE)


@dataclass(frozen=True)
class Stated:
    """One statement of an answer, and whether the signal bears it out."""

    fact: str
    """Empty where it is about nothing that can be measured."""
    value: Any
    verdict: Verdict
    """Right: true, a number within its own rounding. Unsupported: nobody can know, or it is of what was not asked."""
    truth: Any = None
    """What was measured; None where the window lacks the fact, or there is none."""
    window: int = 0
    channel: str = ""
    error: float | None = None
    """Of a number with a truth, without sign, in the fact's unit."""

    @property
    def is_number(self) -> bool:
        """Whether a number is stated of a fact that is one."""
        return self.fact in NUMBERS and isinstance(self.value, int | float)

    def is_right(self, tolerance: float = 0.0) -> bool:
        """Return whether it is right, a number within its rounding or within this share of the truth."""
        if self.verdict == "unsupported":
            return False
        return self.verdict == "right" or is_within(self.error, self.truth, tolerance)


@dataclass(frozen=True)
class Met:
    """What was asked for, and what was said of it."""

    target: Target
    truth: Any
    """None where the window lacks the fact: then that is the answer."""
    said: Stated | None

    @property
    def is_number(self) -> bool:
        """Whether the answer is a number; not where the window lacks the fact."""
        return self.target.is_number and self.truth is not None

    def is_right(self, tolerance: float = 0.0) -> bool:
        """Return whether it was said, and rightly; a number within its rounding or within this share of the truth."""
        return self.said is not None and self.said.is_right(tolerance)


@dataclass(frozen=True)
class Judged:
    """One answer, read and checked."""

    item: OpenItem
    text: str
    is_ended: bool
    stated: tuple[Stated, ...]
    met: tuple[Met, ...]
    """One for each thing that was asked for."""
    is_declined: bool
    """Whether it says that it cannot tell."""

    @property
    def is_answerable(self) -> bool:
        """Whether the question has an answer other than that the window lacks what was asked for."""
        return any(met.is_number or not met.target.is_number for met in self.met)

    @property
    def is_hallucinated(self) -> bool:
        """Whether at least one of its statements is wrong or unsupported."""
        return any(one.verdict != "right" for one in self.stated)

    @property
    def asked_sensor(self) -> str | None:
        """`acc` or `gyr`, where a single fact of one sensor was asked for."""
        return self.met[0].target.sensor if self.met and self.item.kind == "fact" else None

    @property
    def answered_sensor(self) -> str:
        """`acc`, `gyr`, `both` or `neither`: by the units of its numbers, and where these do not tell by its words."""
        units = {mention.unit for mention in mentions(self.text)}
        found = {sensor for sensor, its in _UNITS_OF.items() if units & its} or sensors_of(self.text)
        return "both" if len(found) > 1 else next(iter(found), "neither")


def judge(case: Case, answer: Answered) -> Judged:
    """Return what an answer states, each statement held against the windows, whatever the reference says."""
    targets = targets_of(case.item)
    found = [_completed(claim, case, targets, answer.text) for claim in claims_of(case, answer.text)]
    found = [claim for claim in found if not _is_comparative(claim, case, answer.text)]
    is_declined = DECLINES.search(answer.text) is not None
    said = [claim for claim in found if not claim.is_implied and claim.fact != UNANSWERABLE]
    stated = [_stated(claim, found, case.windows, targets) for claim in said]
    is_invented = case.item.kind == UNANSWERABLE and bool(answer.text) and not is_declined
    if is_invented and not any(one.verdict == "unsupported" for one in stated):
        stated.append(Stated("", answer.text, "unsupported"))  # whatever it says, nobody can know it
    return Judged(
        item=case.item,
        text=answer.text,
        is_ended=answer.is_ended,
        stated=tuple(stated),
        met=tuple(_met(target, found, case.windows) for target in targets),
        is_declined=is_declined,
    )


def is_within(error: float | None, truth: Any, tolerance: float) -> bool:
    """Return whether an error is at most this share of the truth."""
    return error is not None and error <= tolerance * abs(truth)


def truth_about(fact: str, windows: Sequence[Measured], window: int = 0, channel: str = "") -> Any:
    """Return what was measured; None where the window lacks the fact, or there is no such fact."""
    try:
        _, truth = truth_of({"fact": fact, "value": None, "window": window, "channel": channel}, windows)
    except (KeyError, IndexError):
        return None
    return None if isinstance(truth, float) and not math.isfinite(truth) else truth


def _completed(claim: Found, case: Case, targets: Sequence[Target], text: str) -> Found:
    """Return a number without a unit as the one number that was asked for: `The mean is 1.` needs none."""
    is_bare = not claim.fact and claim.verdict == "wrong" and not mentions(str(claim.value))[0].unit
    if not is_bare or len(targets) != 1 or not targets[0].is_number:
        return claim
    number = re.escape(str(claim.value))
    if not re.search(rf"(?<![\d.]){number}\s*(?:[.,;:!]?\s*$|[,;:!]|\.\s)", text, re.MULTILINE):
        return claim  # a unit that nothing here measures
    target = targets[0]
    value = mentions(str(claim.value))[0].value
    return held_against(target.fact, value, case.windows, target.window, target.channel)


def _is_comparative(claim: Found, case: Case, text: str) -> bool:
    """Whether `more intense` was read as an intensity; of two windows it says which, and nothing of either."""
    return claim.fact == "intensity" and len(case.windows) > 1 and _COMPARATIVE.search(text) is not None


def _stated(claim: Found, found: Sequence[Found], windows: Sequence[Measured], targets: Sequence[Target]) -> Stated:
    fact, value = claim.fact, claim.value
    if not fact and claim.verdict == "wrong":  # a number of none of the window's facts
        units = [mention.unit for mention in mentions(str(value))]
        fact = _OF_UNIT.get(units[0], "") if units else ""
        return Stated(fact, value, "wrong" if fact else "unsupported", window=claim.window)
    truth = truth_about(fact, windows, claim.window, claim.channel)
    verdict = "unsupported" if _is_beside(claim, targets) else _verdict(claim, found, truth)
    return Stated(fact, value, verdict, truth, claim.window, claim.channel, _error(claim, found, truth))


def _is_beside(claim: Found, targets: Sequence[Target]) -> bool:
    """Whether a claim is of another channel than the one that was asked for, or of the other sensor."""
    channels = {target.channel for target in targets if target.channel}
    if channels and claim.channel:
        return claim.channel not in channels
    asked = {target.sensor for target in targets} - {None}
    sensor = sensor_of(claim.fact, claim.channel)
    return bool(asked) and sensor is not None and sensor not in asked


def _met(target: Target, found: Sequence[Found], windows: Sequence[Measured]) -> Met:
    truth = truth_about(target.fact, windows, target.window, target.channel)
    place = (target.fact, target.window, target.channel)
    said = [claim for claim in found if claim.place == place]
    if target.fact == "cadence_spm" and not said:
        said = [_a_minute(claim) for claim in found if claim.fact == "step_hz" and claim.window == target.window]
    if not said:
        return Met(target, truth, None)
    first = said[0]
    verdict = _verdict(first, found, truth)
    error = _error(first, found, truth)
    return Met(target, truth, Stated(target.fact, first.value, verdict, truth, target.window, target.channel, error))


def _verdict(claim: Found, found: Sequence[Found], truth: Any) -> Verdict:
    """Return the verdict of a claim, stricter than the claim's own where that leaves a way to be right by luck.

    Wrong are a cadence for a rhythm that is not one of steps, a turn to the other side, and a number so coarse that it
    would fit nearly any window, such as `0 rad/s`.
    """
    is_of_nothing = claim.fact in NUMBERS and claim.value is not None and truth is None
    error = _error(claim, found, truth)
    is_coarse = error is not None and error > coarsest(claim.fact, claim.channel, truth)
    is_wrong = is_of_nothing or is_coarse or _is_other_side(claim, found, truth)
    return "wrong" if is_wrong and claim.verdict == "right" else claim.verdict


def _a_minute(claim: Found) -> Found:
    return replace(claim, fact="cadence_spm", value=None if claim.value is None else 60 * claim.value)


def _error(claim: Found, found: Sequence[Found], truth: Any) -> float | None:
    is_number = isinstance(claim.value, int | float) and not isinstance(claim.value, bool)
    if claim.fact not in NUMBERS or not is_number or truth is None:
        return None
    value, real = float(claim.value), float(truth)
    if claim.fact != "heading_deg":
        return abs(value - real)
    return abs(value) + abs(real) if _is_other_side(claim, found, truth) else abs(abs(value) - abs(real))


def _is_other_side(claim: Found, found: Sequence[Found], truth: Any) -> bool:
    """Whether a turn is said to go to the wrong side: that is said in words, or not at all."""
    sides = {other.value for other in found if other.fact == "turns_to"}
    return claim.fact == "heading_deg" and truth is not None and sides == {"right" if truth > 0 else "left"}
