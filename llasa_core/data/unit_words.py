"""Units as headers write them, and what they are worth."""

from __future__ import annotations

import math
import re
from typing import Literal

from llasa_core.data.channels import STANDARD_GRAVITY, AccUnit, GyrUnit

TimeUnit = Literal["s", "ms", "us", "ns"]

ACC_SCALE: dict[AccUnit, float] = {
    "m/s^2": 1.0,
    "g": STANDARD_GRAVITY,
    "mg": STANDARD_GRAVITY / 1000,
    "cm/s^2": 0.01,
    "ft/s^2": 0.3048,
}
"""From each unit to m/s²."""
GYR_SCALE: dict[GyrUnit, float] = {"rad/s": 1.0, "deg/s": math.pi / 180}
"""From each unit to rad/s."""
TIME_SCALE: dict[TimeUnit, float] = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""From each unit to seconds."""

_ACC_WORDS: dict[AccUnit, str] = {
    "m/s^2": "m/s2 m/s/s ms-2 ms2 mps2 m/sec2 meters/second2 meters/s2 meterspersecond2 meterspersecondsquared",
    "g": "g gs g0 gf gee",
    "mg": "mg millig milli-g",
    "cm/s^2": "cm/s2 cm/s/s cms-2 cm/sec2 gal",
    "ft/s^2": "ft/s2 ft/s/s fts-2 ft/sec2 feet/s2",
}
_GYR_WORDS: dict[GyrUnit, str] = {
    "rad/s": "rad/s rads radps rad/sec rads-1 radians/s radians/second radianspersecond",
    "deg/s": "deg/s degs dps d/s °/s º/s deg/sec degs-1 degrees/s degrees/second degreespersecond",
}
_TIME_WORDS: dict[TimeUnit, str] = {
    "s": "s sec secs second seconds",
    "ms": "ms msec millis millisec millisecond milliseconds",
    "us": "us µs μs usec micros microsec microsecond microseconds",
    "ns": "ns nsec nanos nanosec nanosecond nanoseconds",
}
_OTHER_WORDS = (
    "ut µt μt mt gauss deg ° rad °c degc c degreescelsius kpa hpa pa lux mv v % kohms nounits unitless txt id "
    "localflux yyyy/mm/ddhh:mm:ss.000"
)


def acc_unit_of(word: str) -> AccUnit | None:
    """Return the unit of acceleration that a header means, whatever way it writes it."""
    flat = _flat(word)
    if re.fullmatch(r"m/s[^\x00-\x7f]", flat):  # a raised 2 in an encoding that nobody can tell any more
        return "m/s^2"
    return next((unit for unit, words in _ACC_WORDS.items() if flat in words.split()), None)


def gyr_unit_of(word: str) -> GyrUnit | None:
    """Return the unit of angular rate that a header means."""
    return next((unit for unit, words in _GYR_WORDS.items() if _flat(word) in words.split()), None)


def time_unit_of(word: str) -> TimeUnit | None:
    """Return the unit of time that a header means."""
    return next((unit for unit, words in _TIME_WORDS.items() if _flat(word) in words.split()), None)


def is_unit(word: str) -> bool:
    """Return whether a cell reads like a unit of anything that loggers write."""
    return bool(acc_unit_of(word) or gyr_unit_of(word) or time_unit_of(word)) or _flat(word) in _OTHER_WORDS.split()


def _flat(word: str) -> str:
    text = re.sub(r"[\s()\[\]^*·_]", "", word.lower())
    return text.replace("²", "2").replace("⁻¹", "-1").replace("−", "-").replace("⁻2", "-2")
