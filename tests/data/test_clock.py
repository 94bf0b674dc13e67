from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.clock import Clock, find_clock
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from llasa_core.data.unit_words import TimeUnit

WHERE = Place(Path("walk.csv"), 1, 1)


def clock_of(
    first: float, step: float, stated: TimeUnit | None = None, expected_hz: float | None = None, n_rows: int = 100
) -> Clock:
    return find_clock(first + step * np.arange(n_rows), "`t`", stated, expected_hz, WHERE)


def refusal(first: float, step: float, stated: TimeUnit | None = None) -> str:
    with pytest.raises(DataError) as caught:
        clock_of(first, step, stated)
    return str(caught.value)


@pytest.mark.parametrize(
    ("first", "step", "scale"),
    [
        (0, 0.01, 1),
        (0, 10, 1e-3),
        (5_000, 10_000, 1e-6),
        (141_746_359_051_845, 10_000_000, 1e-9),  # since the device started
        (1.7e9, 0.02, 1),
        (1.7e12, 20, 1e-3),
        (1.7e15, 20_000, 1e-6),
        (1.7e18, 20_000_000, 1e-9),
        (1.7e12, 400, 1e-3),  # 2.5 Hz, or 2500 Hz in µs: the year tells
    ],
)
def test_the_unit_of_a_clock_follows_from_the_rate_or_the_year(first: float, step: float, scale: float):
    clock = clock_of(first, step)

    assert clock.scale == scale
    assert clock.rate_hz == pytest.approx(1 / (step * scale), rel=1e-3)


def test_a_decision_tells_its_evidence():
    assert clock_of(0, 10).note == "time in ms: no other unit gives a motion sensor's rate; about 100 Hz"
    assert clock_of(1.7e18, 2e7).note == "time in ns: 1.7e+18 is in 2023 then; about 50 Hz"
    assert clock_of(0, 500, "ms").note == "time in ms: the header says so; about 2 Hz"
    assert clock_of(0, 500, None, 2000).note == "time in us: `--rate` is 2000 Hz; about 2000 Hz"


def test_a_unit_that_stays_open_is_refused():
    assert refusal(0, 500) == (
        "the unit of the clock `t` is not known: steps of 500 make 2 Hz in ms or 2e+03 Hz in us\n"
        "  where: walk.csv:1:1\n"
        "  fix:   write the unit into the header, as in `time (ms)`, or pass `--rate` with the sampling rate"
    )


@pytest.mark.parametrize("first", [0, 1])
def test_a_clock_that_may_number_the_samples_needs_a_rate(first: float):
    assert refusal(first, 1) == (
        "the clock `t` counts 0, 1, 2 …: these may be the numbers of the samples, or ms at 1000 Hz\n"
        "  where: walk.csv:1:1\n"
        "  fix:   pass `--rate` with the sampling rate, or write the unit into the header, as in `time (ms)`"
    )
    assert clock_of(first, 1, "ms").rate_hz == pytest.approx(1000)
    assert clock_of(first, 1, None, 50) == Clock(
        0.02, 50, 0.0, "`t` numbers the samples: 50 Hz, `--rate` says so", "none: 50 Hz, `--rate` says so"
    )


def test_a_stated_unit_that_makes_no_sense_is_refused():
    assert refusal(0, 10_000_000, "ms") == (
        "the clock `t` does not count in ms, as the header says: 0.0001 Hz; ns would make 100 Hz\n"
        "  where: walk.csv:1:1\n"
        "  fix:   correct the unit in the header"
    )


def test_a_clock_that_stands_still_is_refused():
    assert refusal(12_345, 0) == (
        "the clock `t` stands still at 12345\n"
        "  where: walk.csv:1:1\n"
        "  fix:   record again; every sample needs a time of its own"
    )


@pytest.mark.parametrize(
    ("stamps", "count"),
    [(np.full(100, 1.7e18), 100), (np.repeat([1.70001e18, 1.70002e18], [40, 60]), 60), (np.full(500, 1.7e12), 500)],
)
def test_stamps_that_a_spreadsheet_rounded_are_told_with_their_number(stamps: np.ndarray, count: int):
    with pytest.raises(DataError) as caught:
        find_clock(stamps, "`time`", "ns", None, WHERE)
    assert str(caught.value) == (
        f"the clock `time` was rounded by a spreadsheet: {count} stamps are {np.median(stamps):.6G}\n"
        "  where: walk.csv:1:1\n"
        "  fix:   export again, and do not save the file from a spreadsheet"
    )


@pytest.mark.parametrize(
    ("rate", "unit", "shown"), [(20, "s", "2e+04 Hz"), (50, "s", "5e+04 Hz"), (8.5, "s", "8.5e+03")]
)
def test_seconds_are_never_taken_for_milliseconds(rate: float, unit: str, shown: str):
    assert f"does not count in ms, as the header says: {shown}" in refusal(0, 1 / rate, "ms")
    assert f"time in {unit}:" in clock_of(0, 1 / rate).note


def test_whole_seconds_and_bursts_do_not_hide_the_rate():
    whole_seconds = np.floor(np.arange(2000) / 50)
    bursts = np.repeat(np.arange(500) * 0.04, 4) + np.tile([0, 1e-4, 2e-4, 3e-4], 500)

    assert find_clock(whole_seconds, "`t`", "s", None, WHERE).rate_hz == pytest.approx(50, rel=0.05)
    assert find_clock(bursts, "`t`", None, None, WHERE).rate_hz == pytest.approx(100, rel=1e-3)


def test_resolution_is_the_finest_step_of_the_stamps():
    stamps = np.round(np.arange(500) / 64, 3)

    assert find_clock(stamps, "`t`", "s", None, WHERE).resolution_s == pytest.approx(1e-3)
