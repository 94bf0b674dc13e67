"""One window as the generator of questions sees it: plain numbers, and the words for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from llasa_core.data.facts import (
    CLEARLY,
    MOVING_MG,
    PERIODIC,
    POSTURE_CHANGE_DEG,
    axis_up,
    intensity_word,
    strongest,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.facts import Facts
    from llasa_core.data.qa import WindowRef


GAITS = ("walking", "climbing stairs", "descending stairs", "jogging")
"""Activities of which the rhythm is that of steps; on a bicycle it is another."""


class Measured(NamedTuple):
    """What is known of one window; see `facts.DEFINITIONS`."""

    activity: str | None
    start_s: float
    mean: list[float]
    std: list[float]
    low: list[float]
    high: list[float]
    intensity_mg: float
    dominant_hz: float
    cadence_spm: float
    periodicity: float
    symmetry: float
    up: list[float]
    posture_change_deg: float
    turning_dps: float
    peak_turning_dps: float
    heading_deg: float
    peak_g: float
    peak_s: float
    first_half_mg: float
    second_half_mg: float
    up_axis: str | None
    """`+y`: this axis of the device points up, or down with a minus; None where it is tilted."""
    strongest_acc: str | None
    strongest_gyr: str | None

    @property
    def is_moving(self) -> bool:
        """Whether there is some movement."""
        return self.intensity_mg >= MOVING_MG

    @property
    def is_rhythmic(self) -> bool:
        """Whether the movement repeats in a steady rhythm."""
        return self.is_moving and self.periodicity >= PERIODIC

    @property
    def has_steps(self) -> bool:
        """Whether that rhythm may be one of steps: the label is a gait, or nobody said what is done."""
        is_gait = self.activity is None or self.activity in GAITS
        return is_gait and self.is_rhythmic and not math.isnan(self.cadence_spm)

    @property
    def intensity(self) -> str:
        """The word for it."""
        return intensity_word(self.intensity_mg)

    @property
    def changes_posture(self) -> bool:
        """Whether the device was turned from one posture to another."""
        return self.posture_change_deg > POSTURE_CHANGE_DEG

    @property
    def trend(self) -> str:
        """`grows`, `fades` or `steady`: how the movement of the second half is beside that of the first."""
        first, second = max(self.first_half_mg, MOVING_MG), max(self.second_half_mg, MOVING_MG)
        if second >= CLEARLY * first:
            return "grows"
        return "fades" if first >= CLEARLY * second else "steady"


@dataclass(frozen=True)
class MeasuredRecording:
    """The windows of one recording, in order of time."""

    name: str
    """Begins each item's id."""
    subject: str
    refs: Sequence[WindowRef]
    windows: Sequence[Measured]
    window_s: float

    def __len__(self) -> int:
        return len(self.windows)


def measured(facts: Facts, activities: Sequence[str | None], start_s: Sequence[float]) -> list[Measured]:
    """Return what is known of each window as plain numbers."""
    names = Measured._fields[Measured._fields.index("mean") : Measured._fields.index("up_axis")]
    columns = [getattr(facts, name).tolist() for name in names]
    ups = [axis_up(up) for up in facts.up]
    acc, gyr = ([strongest(std) for std in facts.std[:, part]] for part in (slice(0, 3), slice(3, 6)))
    return list(map(Measured, activities, start_s, *columns, ups, acc, gyr))


class Claim(NamedTuple):
    """One thing that an answer says, in a form that a program can check."""

    fact: str
    """A field of `Facts`, or `activity`, `moving`, `intensity`, `up_axis`, …"""
    value: float | str | bool | None
    unit: str = ""
    window: int = 0
    """Which of the item's windows."""
    channel: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as it stands in a QA file."""
        said: dict[str, Any] = {"fact": self.fact, "value": self.value}
        if self.unit:
            said["unit"] = self.unit
        if self.channel:
            said["channel"] = self.channel
        if self.window:
            said["window"] = self.window
        return said


class Said(NamedTuple):
    """An answer, and what it claims."""

    text: str
    claims: tuple[Claim, ...] = ()


def rounded(value: float, digits: int) -> float:
    """Return a number as it is written; −0 is 0."""
    return round(value, digits) + 0.0


def is_known(value: float) -> bool:
    """Return whether a fact holds for a window at all."""
    return bool(np.isfinite(value))
