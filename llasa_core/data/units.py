"""Which unit each sensor is read in, and whether gravity is there: what is said is held against the values.

Source:
    The tests are our own. Of the 360 recordings of MotionSense, written in three units of acceleration and two of
    angular rate without saying so, they read all but one (a jog, refused) rightly; without gravity they refuse them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from llasa_core.data.channels import STANDARD_GRAVITY, AccUnit, GyrUnit
from llasa_core.data.unit_words import ACC_SCALE, GYR_SCALE
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.errors import Place

GRAVITY_RANGES: tuple[tuple[AccUnit, float, float], ...] = (
    ("g", 0.85, 1.25),
    ("m/s^2", 8.3, 12.3),
    ("mg", 850.0, 1250.0),
)
"""Where the median of the 1-s means lies when it is gravity; above 1 g while jogging."""
STATED_RANGE = (0.6, 1.6)
"""The same for a unit that is said, in g: a swinging wrist turns gravity around within a second."""
LARGEST_SPREAD = 0.5
"""Interquartile range over median of the 1-s means: gravity is steady, what is left without it is not."""
LOWEST, LOWEST_STATED = 0.55, 0.42
"""The weakest of fifty 1-s means over their median, where the unit is not said and where it is: gravity never goes
(0.68 in the wildest recording seen), while linear acceleration calms down now and then, even in a run of a mean of
8.5 m/s² (0.39)."""
LARGEST_SHAKE = 2.5
"""Motion within a second over gravity, where nobody said the unit: jogging reaches 1.9, and linear acceleration in
m/s² that happens to average 1 reaches 3.3 at least."""
LARGEST_STATED_SHAKE = 4.0
"""Likewise where somebody said the unit: an ankle that runs."""
COUNTS_A_G = (
    (64, 55, 75),
    (256, 220, 290),
    (2048, 1900, 2250),
    (4096, 3850, 4350),
    (8192, 7900, 8500),
    (16384, 15800, 17000),
)
"""Steps a g of common sensors, and where gravity then lies."""

FASTEST_RAD_S = 35.0
"""2,000 °/s, the largest range of gyroscopes in use."""
EXPLAINED = (0.35, 2.5)
"""How much of the turning of gravity the gyroscope explains in its right unit: 1, but for disturbance by motion."""
SHAKE_OF_STEPS = 0.15
"""Motion below 5 Hz, over gravity. Whoever walks shakes a phone by 0.17 g and turns it at 54 °/s at least (673 walks,
stairs and jogs of MotionSense and HAPT), and would be above `FASTEST_RAD_S` in deg/s."""
ANY_HZ = 100.0
"""Taken where nobody knows the rate, and only the size of gravity is asked for."""
SHAKE_AT_REST, LARGEST_SWAY_DEG = 0.02, 3.0
"""A device that shakes and sways by less lies still."""
IMPOSSIBLE_AT_REST = 0.2
"""In rad/s, an offset that no gyroscope has: 11 °/s. In °/s it is a usual one."""
TENTHS = 10
"""Means a second that both tests above are made on."""

Unit = TypeVar("Unit", AccUnit, GyrUnit)


@dataclass(frozen=True)
class Stated(Generic[Unit]):
    """A unit that somebody named."""

    unit: Unit
    by: str
    """Who: "the header", or "`--acc-unit`"."""

    @property
    def is_flag(self) -> bool:
        """Whether it came from the command line."""
        return "--" in self.by


@dataclass(frozen=True)
class Decision(Generic[Unit]):
    """The unit that a sensor is read in."""

    unit: Unit
    scale: float
    """To m/s² or rad/s."""
    note: str
    """The evidence, for the report."""
    is_detected: bool
    """Nobody said it; the values gave it away."""


@dataclass(frozen=True)
class Steadiness:
    """What the 1-s means of a vector tell.

    The mean vector, and not the mean of |a|: while walking, linear acceleration in m/s² has |a| around 1, like g.
    """

    size: float
    """Median length of the means."""
    spread: float
    """Their interquartile range, over `size`."""
    lowest: float
    """Their second percentile, over `size`."""
    shake: float
    """Mean root-mean-square of what is left within each second, over `size`."""

    @classmethod
    def of(cls, vectors: np.ndarray, rate_hz: float) -> Steadiness:
        """Measure vectors [time, 3]."""
        length = max(1, min(round(rate_hz), len(vectors)))
        n_means = len(vectors) // length
        seconds = vectors[: n_means * length].reshape(n_means, length, 3)
        means = seconds.mean(axis=1, keepdims=True)
        lowest, low, size, high = np.percentile(np.linalg.norm(means[:, 0], axis=1), (2, 25, 50, 75))
        shake = np.sqrt(((seconds - means) ** 2).sum(axis=2).mean(axis=1)).mean()
        if not size:
            return cls(0.0, np.inf, 0.0, np.inf)
        return cls(float(size), float((high - low) / size), float(lowest / size), float(shake / size))

    @property
    def unit(self) -> AccUnit | None:
        """The unit in which this is gravity beyond doubt."""
        if self.shake > LARGEST_SHAKE or self.spread > 0.2 + 0.15 * self.shake or self.lowest < LOWEST:
            return None
        return next((unit for unit, low, high in GRAVITY_RANGES if low <= self.size <= high), None)

    def fits(self, unit: AccUnit) -> bool:
        """Return whether this can be gravity in a unit that somebody stated."""
        low, high = STATED_RANGE
        is_steady = self.spread <= LARGEST_SPREAD and self.lowest >= LOWEST_STATED
        return (
            low <= self.size * ACC_SCALE[unit] / STANDARD_GRAVITY <= high
            and is_steady
            and self.shake <= LARGEST_STATED_SHAKE
        )


def decide_acc_unit(
    acc: np.ndarray, gyr: np.ndarray | None, rate_hz: float, stated: Stated[AccUnit] | None, where: Place | Path
) -> Decision[AccUnit]:
    """Return the unit of acceleration that header, flag and values agree on.

    Args:
        acc: [time, 3] as it stands in the file.
        gyr: [time, 3], to notice that the two sensors are exchanged.
        rate_hz: samples a second.
        stated: what a flag or the header says; None leaves it to the values.
        where: for messages.

    Raises:
        DataError: gravity is missing, what is stated contradicts the values, or no unit fits them.
    """
    steady = Steadiness.of(acc, rate_hz)
    evidence = f"the median of its 1-s means is {steady.size:.3g}"
    if stated is not None and steady.fits(stated.unit):
        note = f"acc in {stated.unit}: {stated.by} says so, and {evidence}"
        return Decision(stated.unit, ACC_SCALE[stated.unit], note, is_detected=False)
    if stated is None and steady.unit is not None:
        note = f"acc in {steady.unit}: {evidence}, which is gravity in {steady.unit}"
        return Decision(steady.unit, ACC_SCALE[steady.unit], note, is_detected=True)
    if gyr is not None and (gravity := Steadiness.of(gyr, rate_hz)).unit is not None:
        raise DataError(
            f"acceleration and angular rate seem exchanged: gravity ({gravity.size:.3g} {gravity.unit}) is in the "
            f"gyroscope's columns, and the accelerometer's average {steady.size:.3g}",
            where=where,
            fix="name the columns in the order time, acc x y z, gyr x y z: `--columns NAMES`",
        )
    if stated is not None and steady.unit is not None:
        raise DataError(
            f"the unit of the acceleration: {stated.by} says {stated.unit}, but {evidence}, "
            f"which is gravity in {steady.unit}",
            where=where,
            fix=f"pass `--acc-unit {steady.unit}` if the values are right",
        )
    raise _no_gravity(steady, stated, where)


def refuse_raw_steps(acc: np.ndarray, where: Place | Path) -> None:
    """Refuse acceleration that is in raw steps of a sensor, which is seen even where no rate is known.

    Args:
        acc: [time, 3] as it stands in the file.
        where: for messages.

    Raises:
        DataError: its size is that of gravity in the steps of a common sensor.
    """
    acc = acc[np.isfinite(acc).all(axis=1)]
    if len(acc) and (error := _raw_steps(Steadiness.of(acc, ANY_HZ), f"means over {ANY_HZ:g} rows", where)):
        raise error


def decide_gyr_unit(
    gyr: np.ndarray, acc: np.ndarray, rate_hz: float, stated: Stated[GyrUnit] | None, where: Place | Path
) -> Decision[GyrUnit]:
    """Return the unit of angular rate that header, flag and values agree on.

    Nobody turns at more than 2,000 °/s, which settles fast motion. The gyroscope must explain how gravity turns in the
    accelerometer, which settles slow motion and postures. Steps turn a device as well as they shake it. A flag is
    believed against the last two.

    Args:
        gyr: [time, 3] as it stands in the file.
        acc: [time, 3] with gravity, in any unit.
        rate_hz: samples a second.
        stated: what a flag or the header says; None leaves it to the values.
        where: for messages.

    Raises:
        DataError: what is stated contradicts the values, or nothing is stated and they leave it open.
    """
    detected, evidence, is_certain = _gyr_unit_by_values(gyr, acc, rate_hz, stated)
    if stated is not None and (detected in {None, stated.unit} or (stated.is_flag and not is_certain)):
        note = f"gyr in {stated.unit}: {stated.by} says so, and {evidence}"
        return Decision(stated.unit, GYR_SCALE[stated.unit], note, is_detected=False)
    if stated is not None:
        raise DataError(
            f"the unit of the angular rate: {stated.by} says {stated.unit}, but {evidence}",
            where=where,
            fix=f"pass `--gyr-unit {detected}` if the values are right",
        )
    if detected is None:
        raise DataError(
            f"the unit of the angular rate is not known: the header does not say, and {evidence}, "
            "which can be rad/s or deg/s",
            where=where,
            fix="pass `--gyr-unit rad/s` or `--gyr-unit deg/s`",
        )
    return Decision(detected, GYR_SCALE[detected], f"gyr in {detected}: {evidence}", is_detected=True)


def turning_explained(acc: np.ndarray, gyr: np.ndarray) -> float | None:
    """Return the factor between how gravity turns in the accelerometer and how the gyroscope says it turns.

    In the device's frame a vector m that rests in the world moves by dm/dt = −w × m. The factor is the slope between
    both sides, smoothed over a second: 1 where gyr is in rad/s, π/180 where it is in deg/s. None where it cannot be
    told: the device hardly turns, or other acceleration hides gravity.

    Args:
        acc: [time, 3], means over 0.1 s.
        gyr: likewise.
    """
    if len(acc) < 10 * TENTHS:  # in less than ten seconds chance correlations are common
        return None
    m, w = _smoothed(acc), _smoothed(gyr)
    shown = np.diff(m, axis=0) * TENTHS
    said = -np.cross(w[1:] + w[:-1], m[1:] + m[:-1]) / 4
    both, said_said, shown_shown = (float((a * b).sum()) for a, b in ((shown, said), (said, said), (shown, shown)))
    if not said_said or not shown_shown:
        return None
    correlation = both / np.sqrt(said_said * shown_shown)
    n_independent = 2 * len(acc) / TENTHS
    return both / said_said if correlation > max(0.5, 3 / np.sqrt(n_independent)) else None


def _gyr_unit_by_values(
    gyr: np.ndarray, acc: np.ndarray, rate_hz: float, stated: Stated[GyrUnit] | None
) -> tuple[GyrUnit | None, str, bool]:
    """Return the unit that the values show, the evidence, and whether no flag can outweigh it."""
    fastest = float(np.percentile(np.linalg.norm(gyr, axis=1), 99))
    if fastest > FASTEST_RAD_S:
        return "deg/s", f"1 % of |w| lies above {fastest:.3g}, which no gyroscope reaches in rad/s", True
    acc, gyr = _tenths(acc, rate_hz), _tenths(gyr, rate_hz)
    if len(acc) < TENTHS:  # less than a second
        return None, f"1 % of |w| lies above {fastest:.3g}", False
    factor = turning_explained(acc, gyr)
    if factor is not None:
        for unit, scale in GYR_SCALE.items():
            if EXPLAINED[0] <= factor / scale <= EXPLAINED[1]:
                return unit, f"in {unit} it explains how gravity turns (factor {factor / scale:.2f})", False
    shake = Steadiness.of(acc, TENTHS).shake
    if stated is not None and shake < SHAKE_AT_REST and (tipping := _tipping(acc, gyr)) > IMPOSSIBLE_AT_REST:
        return "deg/s", f"gravity stays where it is, although |w| about horizontal axes averages {tipping:.2g}", False
    if SHAKE_OF_STEPS <= shake < LARGEST_SHAKE:
        turn = f"in deg/s would hardly turn (1 % of |w| above {fastest:.3g})"
        return "rad/s", f"the device shakes by {shake:.2f} g, as in steps, and {turn}", False
    return None, f"1 % of |w| lies above {fastest:.3g}", False


def _tipping(acc: np.ndarray, gyr: np.ndarray) -> float:
    """Return the mean angular rate about horizontal axes, in the file's unit, of a device whose gravity stays put.

    What turns about such an axis takes gravity along, so this is the offset of a gyroscope at rest; 0 where gravity
    moves. It speaks against a unit that somebody states; to detect one by it alone would be to trust every offset.
    """
    up = acc.mean(axis=0)
    up /= max(float(np.linalg.norm(up)), 1e-9)
    directions = acc / np.maximum(np.linalg.norm(acc, axis=1, keepdims=True), 1e-9)
    if np.percentile(directions @ up, 1) < np.cos(np.radians(LARGEST_SWAY_DEG)):
        return 0.0
    offset = gyr.mean(axis=0)
    return float(np.linalg.norm(offset - (offset @ up) * up))


def _tenths(series: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the means over 0.1 s."""
    length = max(1, round(rate_hz / TENTHS))
    n_means = len(series) // length
    return np.asarray(series[: n_means * length].reshape(n_means, length, 3).mean(axis=1))


def _smoothed(series: np.ndarray) -> np.ndarray:
    weights = np.hanning(12)[1:-1]
    return np.stack([np.convolve(axis, weights / weights.sum(), "valid") for axis in series.T], axis=1)


def _no_gravity(steady: Steadiness, stated: Stated[AccUnit] | None, where: Place | Path) -> DataError:
    if error := _raw_steps(steady, "1-s means", where):
        return error
    size = f"{steady.size:.3g}"
    unit = f" {stated.unit}" if stated else ""
    return DataError(
        f"the acceleration has no gravity, or an unknown unit: the median of its 1-s means is {size}{unit} "
        f"(interquartile range {steady.spread * steady.size:.2g}), where gravity reads 9.81 m/s^2 or 1 g",
        where=where,
        fix="export acceleration with gravity, or the gravity columns beside it, which are then added; "
        "posture cannot be told without gravity",
    )


def _raw_steps(steady: Steadiness, means: str, where: Place | Path) -> DataError | None:
    counts = next((steps for steps, low, high in COUNTS_A_G if low <= steady.size <= high), None)
    if counts is None or steady.spread > LARGEST_SPREAD:
        return None
    return DataError(
        f"the acceleration is in raw steps of the sensor: the median of its {means} is {steady.size:.3g}, "
        f"and common sensors have {counts} steps a g",
        where=where,
        fix="export it in a physical unit, or multiply it by the sensor's scale and pass `--acc-unit`",
    )
