"""What a question asks for, and of which sensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from llasa_core.data.audit.claims import MEASURED, SAID_ONLY, margin
from llasa_core.data.grounded.words import DIGITS_OF
from llasa_core.data.llm_written.number_check import ROUGHEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llasa_core.evaluate.open_ended.items import OpenItem

STATISTICS = ("mean", "std", "low", "high")
BETWEEN = ("more_vigorous", "faster", "same_posture", "same_activity", "most_vigorous")
"""What two and more windows are compared by."""
NUMBERS = frozenset({*STATISTICS, *MEASURED, "step_hz", "up_angle_deg"})
"""Facts that are numbers."""
_SENSOR_OF = {
    "intensity_mg": "acc",
    "first_half_mg": "acc",
    "second_half_mg": "acc",
    "peak_g": "acc",
    "strongest_acc": "acc",
    "turning_dps": "gyr",
    "peak_turning_dps": "gyr",
    "strongest_gyr": "gyr",
}
_UNIT_OF = {
    "intensity_mg": "mg",
    "first_half_mg": "mg",
    "second_half_mg": "mg",
    "dominant_hz": "Hz",
    "cadence_spm": "steps/min",
    "posture_change_deg": "deg",
    "heading_deg": "deg",
    "up_angle_deg": "deg",
    "turning_dps": "deg/s",
    "peak_turning_dps": "deg/s",
    "peak_g": "g",
    "peak_s": "s",
}
_DIGITS = {"dominant_hz": 1, "step_hz": 1, "peak_s": 1, "peak_g": 2, "periodicity": 2, "symmetry": 2}
"""Decimals that numbers are written with, by `grounded/words.py`; 0 where there is no entry."""
_TWO_DIGITS = ("intensity_mg", "first_half_mg", "second_half_mg", "turning_dps", "peak_turning_dps")
"""Facts with a decimal below ten."""
_TITLES: Mapping[str, str] = {
    "activity": "activity",
    "moving": "moving or at rest",
    "intensity": "intensity in words",
    "intensity_mg": "mean amplitude deviation",
    "cadence_spm": "cadence",
    "dominant_hz": "dominant frequency",
    "rhythmic": "rhythmic or not",
    "symmetry": "symmetry of the steps",
    "up_axis": "upright axis",
    "changes_posture": "change of posture",
    "posture_change_deg": "turn of gravity",
    "strongest_acc": "strongest axis of acceleration",
    "strongest_gyr": "strongest axis of angular rate",
    "turning_dps": "mean turning rate",
    "peak_turning_dps": "peak turning rate",
    "heading_deg": "turn about the vertical",
    "peak_g": "peak acceleration",
    "peak_s": "time of the peak",
    "trend": "grows or fades",
    "more_vigorous": "which of two is more vigorous",
    "faster": "which of two steps faster",
    "same_posture": "same posture in two",
    "same_activity": "same activity in two",
    "most_vigorous": "most vigorous part",
}
_OF_CHANNELS = {"mean": "mean", "std": "standard deviation", "low": "minimum", "high": "maximum", "range": "range"}
NONE = "none"
"""Stands behind a topic where the window lacks the fact, and the answer is that there is none."""
_SENSORS = {"acc": "acceleration", "gyr": "angular rate"}


class Target(NamedTuple):
    """One thing that a question asks for."""

    fact: str
    window: int = 0
    channel: str = ""

    @property
    def is_number(self) -> bool:
        """Whether a number is asked for."""
        return self.fact in NUMBERS

    @property
    def sensor(self) -> str | None:
        """`acc` or `gyr`, where the fact is of one sensor."""
        return sensor_of(self.fact, self.channel)

    @property
    def topic(self) -> str:
        """What reports count it under: channels of one sensor go together, as `mean acc`."""
        return f"{self.fact} {self.channel[:3]}" if self.channel else self.fact

    @property
    def unit(self) -> str:
        """Of its number."""
        return unit_of(self.topic)


def targets_of(item: OpenItem) -> tuple[Target, ...]:
    """Return what a question asks for, from what its reference claims; nothing where it cannot be answered.

    A question for a fact asks for its first claim, and for both ends of a range; captions and reasons are asked for the
    activity; a comparison and a timeline for what is compared, or for each part's activity.
    """
    claims = [claim for claim in item.claims if claim["fact"] not in SAID_ONLY]
    if item.kind == "unanswerable" or not claims:
        return ()
    compared = [claim for claim in claims if claim["fact"] in BETWEEN]
    activities = [claim for claim in claims if claim["fact"] == "activity"]
    if compared:
        return (_target(compared[0]),)
    if activities:
        return tuple(dict.fromkeys(map(_target, activities)))
    first = _target(claims[0])
    ends = [_target(claim) for claim in claims if claim["fact"] in {"low", "high"}]
    return tuple(ends) if first in ends else (first,)


def topic_of(item: OpenItem) -> str:
    """Return what a question is about, for choosing among them: `cadence_spm`, `range gyr`."""
    targets = targets_of(item)
    if not targets:
        return item.kind
    first = targets[0]
    return f"range {first.channel[:3]}" if len(targets) > 1 and first.channel else first.topic


def sensor_of(fact: str, channel: str = "") -> str | None:
    """Return which sensor a fact is of, `acc` or `gyr`; None where it is of neither alone."""
    return channel[:3] or _SENSOR_OF.get(fact)


def coarsest(fact: str, channel: str, truth: float) -> float:
    """Return how far a rounded number may be from the truth: half of the last digit that answers have, or 5 %."""
    digits = DIGITS_OF[channel[:3]] if channel else _DIGITS.get(fact, 0)
    if fact in _TWO_DIGITS and abs(truth) < 10:  # noqa: PLR2004 - two digits
        digits = 1
    return max(margin(digits), ROUGHEST * abs(truth))


def unit_of(topic: str) -> str:
    """Return the unit of a topic's numbers; empty where they have none."""
    fact, _, sensor = topic.partition(" ")
    return {"acc": "m/s²", "gyr": "rad/s"}.get(sensor) or _UNIT_OF.get(fact, "")


def title_of(topic: str) -> str:
    """Return a topic in words."""
    fact, _, sensor = topic.partition(" ")
    if sensor in _SENSORS and fact in _OF_CHANNELS:
        return f"{_OF_CHANNELS[fact]} of {_SENSORS[sensor]}"
    title = _TITLES.get(fact, fact.replace("_", " "))
    return f"{title}: that there is none" if sensor == NONE else title


def _target(claim: Mapping[str, Any]) -> Target:
    return Target(claim["fact"], claim.get("window", 0), claim.get("channel", ""))
