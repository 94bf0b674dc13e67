"""What stands in a text besides words: readings of the sensors, and statistics of them, as lists of numbers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTS = re.compile(r"(?P<name>[A-Z][\w()/²^.-]*(?: [\w()/²^.-]+){0,4})\s*[:=]\s*(?=\[)")
"""`Gyroscope: [[…`, `Median of the accelerometer: [`."""
_STATISTIC = re.compile(
    r"\b(?:min(?:imum)?|max(?:imum)?|median|variance|var|mean|average|standard deviation|std)\b", re.IGNORECASE
)
_MOVING = re.compile(r"\bmoving\b|\brolling\b", re.IGNORECASE)
_SENSOR = re.compile(r"\b(acc|gyr)", re.IGNORECASE)
MOST_PER_AXIS = 6
"""A statistic over time has one number for each channel; a list of more is one for each instant."""
_DECODER = json.JSONDecoder()


class Lists(NamedTuple):
    """A named list of numbers in a text."""

    name: str
    values: np.ndarray
    start: int
    """Of its name in the text."""
    end: int

    @property
    def sensor(self) -> str | None:
        """`acc` or `gyr`, if its name says so."""
        match = _SENSOR.search(self.name)
        return match[1].lower() if match else None

    @property
    def is_readings(self) -> bool:
        """Whether these are samples of one sensor [time, axis]."""
        return self.values.ndim == 2 and self.values.shape[1] == 3 and not self.is_statistic  # noqa: PLR2004 - x, y, z

    @property
    def is_statistic(self) -> bool:
        """Whether its name is that of a statistic."""
        return bool(_STATISTIC.search(self.name)) and not _MOVING.search(self.name)

    @property
    def is_per_instant(self) -> bool:
        """Whether this is a statistic with a value for each instant: across the axes, and not over time."""
        return self.is_statistic and self.values.size > MOST_PER_AXIS


class Readings(NamedTuple):
    """Samples of both sensors that stand in a text."""

    acc: np.ndarray
    """[time, axis] in the unit that the text has."""
    gyr: np.ndarray


def lists_in(text: str) -> Iterator[Lists]:
    """Yield the named lists of numbers in a text, in order."""
    at = 0
    while "[" in text[at:] and (match := _LISTS.search(text, at)):
        try:
            found, end = _DECODER.raw_decode(text, match.end())
        except ValueError:
            at = match.end()
            continue
        values = _numbers(found)
        if values is not None:
            yield Lists(match["name"].strip(), values, match.start(), end)
        at = end


def readings_in(lists: list[Lists]) -> Readings | None:
    """Return the samples that stand in a text; None where not both sensors do."""
    by_sensor = {found.sensor: found.values for found in lists if found.is_readings}
    if "acc" not in by_sensor or "gyr" not in by_sensor or len(by_sensor["acc"]) != len(by_sensor["gyr"]):
        return None
    return Readings(by_sensor["acc"], by_sensor["gyr"])


def without(text: str, lists: list[Lists]) -> str:
    """Return a text without some of its lists and their names."""
    for found in reversed(lists):
        text = f"{text[: found.start].rstrip()}\n{text[found.end :].lstrip()}"
    return text.strip()


def _numbers(value: Any) -> np.ndarray | None:
    try:
        values = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return None
    return values if values.size else None
