"""One walk in every unit, rate, clock and separator gives the same windows, or an error that says what is open."""

from __future__ import annotations

import itertools
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from samples.tables import SENSOR_NAMES, cells_of, read, save
from scipy.interpolate import make_interp_spline
from scipy.signal import filtfilt, firwin

from llasa_core.data.channels import ACC, GYR, STANDARD_GRAVITY
from llasa_core.data.unit_words import GYR_SCALE, TIME_SCALE
from llasa_core.data.windows import WindowConfig, windows_of
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 13.0
STEPS_A_G = 4096
ACC_UNITS = {
    "m/s^2": 1.0,
    "g": STANDARD_GRAVITY,
    "mg": STANDARD_GRAVITY / 1000,
    "LSB": STANDARD_GRAVITY / STEPS_A_G,
}
RATES_HZ = (25, 40, 50, 100, 200)
CLOCKS = ("s", "ms", "ns")
EVERY = 1 if os.environ.get("LLASA_ALL_UNITS") else 19
"""All 480 take half a minute; 19 has no factor in common with their number, so that every unit is among the rest."""


class Way(NamedTuple):
    """How a file is written."""

    acc: str
    gyr: str
    rate_hz: int
    clock: str
    separator: str
    names_units: bool


WAYS = [Way(*way) for way in itertools.product(ACC_UNITS, ("rad/s", "deg/s"), RATES_HZ, CLOCKS, ",;", (True, False))][
    ::EVERY
]


@cache
def walk() -> Callable[[np.ndarray], np.ndarray]:
    """Return the walk of the examples as a curve over seconds, without what 25 Hz cannot hold."""
    table = np.loadtxt(Path(__file__).parents[2] / "examples" / "walking.csv", delimiter=",", skiprows=1)
    samples = filtfilt(firwin(101, 7, fs=50), 1, table[:, 1:], axis=0)
    fine = np.fft.irfft(np.fft.rfft(np.concatenate([samples, samples[::-1]]), axis=0), 16 * len(samples), axis=0) * 8
    curve = make_interp_spline(np.arange(8 * len(samples)) / 400, fine[: 8 * len(samples)], k=3)
    return lambda times_s: curve(0.5 + times_s)


def write(way: Way, path: Path) -> Path:
    """Write the walk; a semicolon goes with decimal commas, and nanoseconds count since 1970."""
    times = np.arange(round(SECONDS * way.rate_hz)) / way.rate_hz
    samples = walk()(times)
    ticks = np.round(times / TIME_SCALE[way.clock], 6)
    stamps = [f"{tick:.6f}" for tick in ticks] if way.clock == "s" else [
        str(round(tick) + 1_700_000_000_000_000_000 * (way.clock == "ns")) for tick in ticks.tolist()
    ]  # fmt: skip
    acc = samples[:, ACC] / ACC_UNITS[way.acc]
    written = np.round(acc) if way.acc == "LSB" else acc
    names = ["time", *SENSOR_NAMES]
    if way.names_units:
        units = [way.clock, *[way.acc] * 3, *[way.gyr] * 3]
        names = [f"{name} ({unit})" for name, unit in zip(names, units, strict=True)]
    rows = cells_of(np.array(stamps, object), written, samples[:, GYR] / GYR_SCALE[way.gyr])
    if way.separator == ";":
        rows = [[cell.replace(".", ",") for cell in row] for row in rows]
    return save(path, [names, *rows], way.separator)


@cache
def expected() -> np.ndarray:
    """Return the windows of the walk itself."""
    return np.stack([walk()(start + np.arange(120) / 20) for start in (0, 3, 6)])


def error_of(way: Way) -> str | None:
    """Return the beginning of the error that a way must give, if it must: no unit of physics is written down."""
    if way.acc != "LSB":
        return None
    return (
        'unknown unit of acceleration: "LSB"' if way.names_units else "the acceleration is in raw steps of the sensor"
    )


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)).replace("/", "").replace("^", ""))
def test_the_windows_do_not_depend_on_how_a_walk_is_written(way: Way, tmp_path: Path):
    path = write(way, tmp_path / "walk.csv")
    if error_of(way):
        with pytest.raises(DataError) as caught:
            read(path)
        assert caught.value.message.startswith(error_of(way) or "")
        return
    (recording,) = read(path)
    windows = windows_of(recording, WindowConfig()).windows

    assert windows.shape == expected().shape
    for sensor in (ACC, GYR):
        difference = windows[..., sensor] - expected()[..., sensor]
        assert np.sqrt((difference**2).mean()) <= 0.01 * np.sqrt((expected()[..., sensor] ** 2).mean())


def test_all_units_are_tried():
    for position in range(len(Way._fields)):
        assert len({way[position] for way in WAYS}) == (len(ACC_UNITS), 2, 5, 3, 2, 2)[position]
