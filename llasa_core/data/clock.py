"""The clock of a table: in which unit it counts, how fast the sensor samples, how finely it tells the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.unit_words import TIME_SCALE, TimeUnit
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from llasa_core.errors import Place

USUAL_HZ = (8.0, 1000.0)
"""Rates of motion sensors; less than a thousandfold apart, so that they fit one unit of time only."""
POSSIBLE_HZ = (0.5, 8000.0)
"""Outside of these no unit is believed, whatever a header says: 20 Hz are not 20,000 Hz in a wrong unit."""
SINCE_1970 = (1e9, 4.1e9)
"""Seconds from 1970 to 2001 and to 2099."""
MOST_EQUAL = 0.9
"""Share of stamps like the one before from which on they may be rounded numbers."""
ROUNDED_DIGITS = 6
"""What spreadsheets leave of long numbers, in `1.70E+18` or a little more."""


@dataclass(frozen=True)
class Clock:
    """How ticks become seconds."""

    scale: float
    """Seconds a tick."""
    rate_hz: float
    """Samples a second, roughly."""
    resolution_s: float
    """The finest step that its stamps show."""
    note: str
    """The evidence, for the report."""
    unit: str = "s"
    """What it counts, in a few words: `ns since 1970`."""
    since_1970_s: float | None = None
    """Its first tick in seconds since 1970 (UTC), where it tells the date."""


def find_clock(
    ticks: np.ndarray,
    name: str,
    stated: TimeUnit | None,
    expected_hz: float | None,
    where: Place,
    *,
    said: str = "the header says so",
) -> Clock:
    """Return how a clock counts, from its header, from what year it would be, or from the rate that results.

    Args:
        ticks: float64 [time], the first stamps of a file in its order.
        name: how messages name the column.
        stated: the unit that the header gives.
        expected_hz: the rate that the person gives; settles a unit that is open otherwise.
        where: for messages.
        said: the evidence for what is stated.

    Raises:
        DataError: the clock stands still, its unit is not known, or the header's makes no sense.
    """
    step = usual_step(ticks)
    if not step > 0 or np.mean(np.diff(ticks) == 0) > MOST_EQUAL:
        _refuse_rounded(ticks, name, where)
    if not step > 0:
        raise DataError(
            f"the clock {name} stands still at {ticks[0]:.10g}",
            where=where,
            fix="record again; every sample needs a time of its own",
        )
    if stated is None and _numbers_rows(ticks):
        return _clock_of_numbers(name, expected_hz, where)
    rates: dict[TimeUnit, float] = {unit: 1 / (step * scale) for unit, scale in TIME_SCALE.items()}
    if stated is not None and not POSSIBLE_HZ[0] <= rates[stated] <= POSSIBLE_HZ[1]:
        fits = [unit for unit, rate in rates.items() if USUAL_HZ[0] <= rate <= USUAL_HZ[1]]
        seems = f"; {fits[0]} would make {rates[fits[0]]:.3g} Hz" if fits else ""
        raise DataError(
            f"the clock {name} does not count in {stated}, as the header says: {rates[stated]:.3g} Hz{seems}",
            where=where,
            fix="correct the unit in the header",
        )
    unit, evidence = (stated, said) if stated else _unit_by_values(ticks[0], rates, expected_hz)
    if unit is None:
        raise DataError(
            f"the unit of the clock {name} is not known: steps of {step:.3g} make {evidence}",
            where=where,
            fix="write the unit into the header, as in `time (ms)`, or pass `--rate` with the sampling rate",
        )
    note = f"time in {unit}: {evidence}; about {rates[unit]:.4g} Hz"
    first_s = float(ticks[0]) * TIME_SCALE[unit]
    tells_date = SINCE_1970[0] <= first_s <= SINCE_1970[1]
    return Clock(
        TIME_SCALE[unit],
        rates[unit],
        resolution_of(ticks) * TIME_SCALE[unit],
        note,
        f"{unit} since 1970" if tells_date else unit,
        first_s if tells_date else None,
    )


def _numbers_rows(ticks: np.ndarray) -> bool:
    """Return whether a clock counts 0, 1, 2 …, or from 1 on, as the numbers of samples do."""
    return ticks[0] in {0, 1} and float(np.mean(np.diff(ticks) == 1)) > MOST_EQUAL


def _clock_of_numbers(name: str, expected_hz: float | None, where: Place) -> Clock:
    if expected_hz is None:
        raise DataError(
            f"the clock {name} counts 0, 1, 2 …: these may be the numbers of the samples, or ms at 1000 Hz",
            where=where,
            fix="pass `--rate` with the sampling rate, or write the unit into the header, as in `time (ms)`",
        )
    note = f"{name} numbers the samples: {expected_hz:g} Hz, `--rate` says so"
    return Clock(1 / expected_hz, expected_hz, 0.0, note, f"none: {expected_hz:g} Hz, `--rate` says so")


def _refuse_rounded(ticks: np.ndarray, name: str, where: Place) -> None:
    values, counts = np.unique(ticks, return_counts=True)
    if not all(value >= SINCE_1970[0] and float(f"{value:.{ROUNDED_DIGITS - 1}e}") == value for value in values[:100]):
        return
    most = int(counts.argmax())
    raise DataError(
        f"the clock {name} was rounded by a spreadsheet: {counts[most]} stamps are {values[most]:.{ROUNDED_DIGITS}G}",
        where=where,
        fix="export again, and do not save the file from a spreadsheet",
    )


def clock_of(times_s: np.ndarray) -> Clock:
    """Return the clock of times that are in seconds already: its rate and how finely it tells the time.

    Args:
        times_s: float64 [time], two at least, in order.
    """
    rate_hz = 1 / usual_step(times_s)
    return Clock(1.0, rate_hz, resolution_of(times_s), f"about {rate_hz:.4g} Hz")


def usual_step(ticks: np.ndarray) -> float:
    """Return the median step over many samples, since stamps may come in bursts, or repeat within a second."""
    for lag in (16, 256):
        if len(ticks) > 4 * lag and (step := float(np.median(ticks[lag:] - ticks[:-lag])) / lag) > 0:
            return step
    return float(np.ptp(ticks)) / max(1, len(ticks) - 1)


def _unit_by_values(
    first: float, rates: dict[TimeUnit, float], expected_hz: float | None
) -> tuple[TimeUnit | None, str]:
    possible = {unit: rate for unit, rate in rates.items() if POSSIBLE_HZ[0] <= rate <= POSSIBLE_HZ[1]}
    for unit in possible:
        if SINCE_1970[0] <= first * TIME_SCALE[unit] <= SINCE_1970[1]:
            year = datetime.fromtimestamp(first * TIME_SCALE[unit], UTC).year
            return unit, f"{first:.4g} is in {year} then"
    for unit, rate in possible.items():
        if expected_hz is not None and abs(rate / expected_hz - 1) < 0.1:  # noqa: PLR2004 - units are 1000 apart
            return unit, f"`--rate` is {expected_hz:g} Hz"
    usual = {unit: rate for unit, rate in possible.items() if USUAL_HZ[0] <= rate <= USUAL_HZ[1]}
    for candidates in (usual, possible):
        if len(candidates) == 1:
            return next(iter(candidates)), "no other unit gives a motion sensor's rate"
    return None, " or ".join(f"{rate:.3g} Hz in {unit}" for unit, rate in (possible or rates).items())


def resolution_of(ticks: np.ndarray) -> float:
    """Return the finest decimal step that stamps show, 0 where they show none."""
    steps = ticks[:1000] - ticks[0]
    for digits in range(9):
        scaled = steps * 10.0**digits
        if np.abs(scaled - np.round(scaled)).max() < 1e-3:  # noqa: PLR2004 - what float64 leaves of 1970's seconds
            return float(10.0**-digits)
    return 0.0
