"""What the name of one column says: which sensor, which axis, which unit."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from llasa_core.data.unit_words import acc_unit_of, gyr_unit_of, time_unit_of

Kind = Literal["total acc", "acc", "linear acc", "gravity", "gyr", "other"]
Sensor = Literal["acc", "gyr"]

_IN_BRACKETS = re.compile(r"\s*[(\[]([^)\]]*)[)\]]\s*$")
_WORDS = re.compile(r"[A-Z]?[a-zµ°²^/]+|[A-Z]+(?![a-z])|\d+")
_AXES = ("x", "y", "z")

_OTHER = re.compile(
    r"magn|^mag$|(?<!s)quat|euler|attitude|orient|angularacc|angle(?!rate|vel)|^(world|earth|global)(?!.*gyr)"
)
_LINEAR = re.compile(r"linear|linacc|^lin|user|body|free|dynamic|withoutg|nograv")
_TOTAL = re.compile(r"total|includinggravity|withg|^gf$")
_ACC = re.compile(r"acc(?!uracy)|^a$|^gf$")
_GYR = re.compile(r"gyr|rotationrate|rotrate|angularvel|angvel|angularrate|omega|^w$")
_TIME = re.compile(
    r"time(?!zone)|^ts?$|epoc|elapsed|stamp|^date$|uptime|^([mun]?s|(milli|micro|nano)?sec(ond)?s?)$|^millis$"
)


@dataclass(frozen=True)
class ColumnName:
    """A column's name, taken apart."""

    position: int
    """From 0."""
    text: str
    """As the header writes it."""
    unit: str | None
    """As the header writes it: in brackets, at the end of the name, or in a row of units."""
    axis: str | None
    """`x`, `y` or `z`."""
    family: str
    """The rest in lower case, without signs: what the three axes of a sensor share."""
    format: str | None = None
    """Whose words these are, if not the header's own."""
    has_own_unit: bool = True
    """Whether the unit, if there is one, is the header's own."""

    @classmethod
    def of(cls, position: int, text: str, unit_below: str = "") -> ColumnName:
        """Take a name apart; `unit_below` is the cell of a row of units."""
        name, unit = text, unit_below.strip() or None
        if match := _IN_BRACKETS.search(text):
            name, unit = text[: match.start()], match[1].strip() or unit
        words = [word.lower() for word in _WORDS.findall(name)]
        before, axis, after = _around_axis([word for word in words if word != "axis"])
        if axis is None:
            clock_unit = next((word for word in words if time_unit_of(word)), None)
            family = "".join(word for word in words if word != clock_unit) or (clock_unit or "")
            return cls(position, text, unit or clock_unit, None, family)
        if acc_unit_of(after) or gyr_unit_of(after):
            unit, after = unit or after, ""
        return cls(position, text, unit or ("g" if before == "gf" else None), axis, before + after)

    def in_words_of(self, title: str, words: str) -> ColumnName:
        """Return what the column holds in the words of a format; a unit in the header wins over the format's."""
        told = ColumnName.of(self.position, words)
        is_same_kind = told.axis is not None or told.is_time
        unit = self.unit if is_same_kind and self.unit and _means_a_unit(self.unit) else None
        return replace(told, text=self.text, unit=unit or told.unit, format=title, has_own_unit=unit is not None)

    @property
    def unit_said_by(self) -> str:
        """Who says the unit, for messages."""
        if self.format is not None and not self.has_own_unit:
            return f"the format ({self.format})"
        return f"the header ({self.shown})"

    @property
    def shown(self) -> str:
        """How messages name it."""
        return f"`{self.text}`" if self.text else f"column {self.position + 1}"

    @property
    def kind(self) -> Kind | None:
        """Which sensor the name says; None where it says none, `other` for one that is not used."""
        return kind_of(self.family) if self.axis else None

    @property
    def is_time(self) -> bool:
        """Whether the column may be a clock."""
        return self.axis is None and bool(_TIME.search(self.family))

    @property
    def is_counter(self) -> bool:
        """Whether a format says that the column numbers the samples; a header alone may mean anything by `count`."""
        return self.format is not None and self.family == "samplenumber"

    @property
    def clock_of(self) -> Sensor | None:
        """Whose clock it is, where each sensor has its own."""
        if not self.is_time:
            return None
        return "acc" if _ACC.search(self.family) else "gyr" if _GYR.search(self.family) else None


def _means_a_unit(word: str) -> bool:
    return bool(acc_unit_of(word) or gyr_unit_of(word) or time_unit_of(word))


def kind_of(family: str) -> Kind | None:
    """Return the sensor that a name without axis and unit stands for."""
    if _OTHER.search(family):
        return "other"
    if _GYR.search(family):
        return "gyr"
    is_acc = bool(_ACC.search(family))
    if _TOTAL.search(family) and (is_acc or family == "total"):
        return "total acc"
    if _LINEAR.search(family) and (is_acc or family == "linear"):
        return "linear acc"
    if "grav" in family:
        return "gravity"
    return "acc" if is_acc else None


def _around_axis(words: list[str]) -> tuple[str, str | None, str]:
    """Return (what stands before the axis, the axis, what stands after it)."""
    for at in reversed(range(len(words))):
        if words[at] in _AXES:
            return "".join(words[:at]), words[at], "".join(words[at + 1 :])
    for at in reversed(range(len(words))):
        stem = "".join(words[:at]) + words[at][:-1]
        if words[at][-1] in _AXES and (kind_of(stem) or stem == "g"):  # accx, wx, gFx, gx
            return stem, words[at][-1], "".join(words[at + 1 :])
    if words and words[0][0] in _AXES and kind_of(words[0][1:]):  # xacc
        return words[0][1:], words[0][0], "".join(words[1:])
    return "".join(words), None, ""
