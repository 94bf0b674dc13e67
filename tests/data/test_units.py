from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.channels import ACC, GYR, AccUnit, GyrUnit
from llasa_core.data.unit_words import ACC_SCALE, GYR_SCALE, acc_unit_of, gyr_unit_of, is_unit, time_unit_of
from llasa_core.data.units import GRAVITY_RANGES, Stated, Steadiness, decide_acc_unit, decide_gyr_unit
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Callable

    Nodding = Callable[..., np.ndarray]

WHERE = Place(Path("walk.csv"))
ACC_SAID: Stated[AccUnit] = Stated("g", "the header (`ax (g)`)")


def acc_refusal(acc: np.ndarray, stated: Stated[AccUnit] | None = None, gyr: np.ndarray | None = None) -> str:
    with pytest.raises(DataError) as caught:
        decide_acc_unit(acc, gyr, 50, stated, WHERE)
    return str(caught.value)


def gyr_refusal(gyr: np.ndarray, acc: np.ndarray, stated: Stated[GyrUnit] | None = None) -> str:
    with pytest.raises(DataError) as caught:
        decide_gyr_unit(gyr, acc, 50, stated, WHERE)
    return str(caught.value)


@pytest.mark.parametrize("word", ["m/s^2", "m/s²", "m/s2", "m/(s^2)", "ms-2", "m s^-2", "M/S²", "m·s⁻²", "m/sì"])
def test_metres_a_second_squared_are_written_in_many_ways(word: str):
    assert acc_unit_of(word) == "m/s^2"


def test_unit_words_are_known():
    assert [acc_unit_of(word) for word in ("g", "G", "gF", "mg", "milli g", "km")] == ["g", "g", "g", "mg", "mg", None]
    assert [acc_unit_of(word) for word in ("cm/s^2", "cm/s²", "ft/s^2")] == ["cm/s^2", "cm/s^2", "ft/s^2"]
    assert [gyr_unit_of(word) for word in ("rad/s", "rads", "dps", "d/s", "°/s", "deg s^-1", "rpm")] == [
        "rad/s", "rad/s", "deg/s", "deg/s", "deg/s", "deg/s", None,
    ]  # fmt: skip
    assert [time_unit_of(word) for word in ("s", "ms", "µs", "ns", "-13:00")] == ["s", "ms", "us", "ns", None]
    assert [is_unit(word) for word in ("no_units", "uT", "deg/s", "Accel_X")] == [True, True, True, False]


@pytest.mark.parametrize("unit", ["m/s^2", "g", "mg"])
def test_gravity_tells_the_unit_of_acceleration(nodding: Nodding, unit: AccUnit):
    acc = nodding(1000)[:, ACC] / ACC_SCALE[unit]
    decision = decide_acc_unit(acc, None, 50, None, WHERE)

    assert (decision.unit, decision.scale, decision.is_detected) == (unit, ACC_SCALE[unit], True)


def test_a_decision_tells_its_evidence(nodding: Nodding):
    acc = nodding(1000)[:, ACC] / 9.80665

    assert decide_acc_unit(acc, None, 50, None, WHERE).note == (
        "acc in g: the median of its 1-s means is 0.999, which is gravity in g"
    )
    assert decide_acc_unit(acc, None, 50, ACC_SAID, WHERE).note == (
        "acc in g: the header (`ax (g)`) says so, and the median of its 1-s means is 0.999"
    )


def test_a_stated_unit_that_contradicts_gravity_is_refused(nodding: Nodding):
    assert acc_refusal(nodding(1000)[:, ACC], ACC_SAID) == (
        "the unit of the acceleration: the header (`ax (g)`) says g, but the median of its 1-s means is 9.79, "
        "which is gravity in m/s^2\n"
        "  where: walk.csv\n"
        "  fix:   pass `--acc-unit m/s^2` if the values are right"
    )


def test_acceleration_without_gravity_is_refused(nodding: Nodding):
    fix = (
        "export acceleration with gravity, or the gravity columns beside it, which are then added; "
        "posture cannot be told without gravity"
    )
    acc = 0.02 * nodding(1000)[:, ACC] / 9.80665

    assert acc_refusal(acc) == (
        "the acceleration has no gravity, or an unknown unit: the median of its 1-s means is 0.02 "
        f"(interquartile range 4.5e-05), where gravity reads 9.81 m/s^2 or 1 g\n  where: walk.csv\n  fix:   {fix}"
    )
    assert acc_refusal(acc, ACC_SAID).startswith(
        "the acceleration has no gravity, or an unknown unit: the median of its 1-s means is 0.02 g ("
    )


def test_linear_acceleration_that_happens_to_average_one_is_no_gravity():
    rng = np.random.default_rng(7)
    slow = np.repeat(rng.normal(size=(40, 3)) * 0.65, 50, axis=0)  # 1-s means of about 1
    linear = slow + 3 * rng.normal(size=(2000, 3))

    assert Steadiness.of(linear, 50).size == pytest.approx(1, abs=0.15)
    assert Steadiness.of(linear, 50).unit is None


def test_raw_steps_of_a_sensor_are_refused(nodding: Nodding):
    assert acc_refusal(nodding(1000)[:, ACC] / 9.80665 * 2048) == (
        "the acceleration is in raw steps of the sensor: the median of its 1-s means is 2.05e+03, "
        "and common sensors have 2048 steps a g\n"
        "  where: walk.csv\n"
        "  fix:   export it in a physical unit, or multiply it by the sensor's scale and pass `--acc-unit`"
    )


def test_exchanged_sensors_are_noticed(nodding: Nodding):
    samples = nodding(1000)

    assert acc_refusal(samples[:, GYR], gyr=samples[:, ACC]) == (
        "acceleration and angular rate seem exchanged: gravity (9.79 m/s^2) is in the gyroscope's columns, "
        "and the accelerometer's average 0.183\n"
        "  where: walk.csv\n"
        "  fix:   name the columns in the order time, acc x y z, gyr x y z: `--columns NAMES`"
    )


@pytest.mark.parametrize("unit", GYR_SCALE)
def test_turning_gravity_tells_the_unit_of_angular_rate(nodding: Nodding, unit: GyrUnit):
    samples = nodding(1000)
    decision = decide_gyr_unit(samples[:, GYR] / GYR_SCALE[unit], samples[:, ACC], 50, None, WHERE)

    assert (decision.unit, decision.scale, decision.is_detected) == (unit, GYR_SCALE[unit], True)
    assert decision.note == f"gyr in {unit}: in {unit} it explains how gravity turns (factor 1.00)"


def test_nobody_turns_at_more_than_2000_degrees_a_second(nodding: Nodding):
    gyr = np.tile([0.0, 0.0, 200.0], (1000, 1))
    acc = nodding(1000)[:, ACC]

    assert decide_gyr_unit(gyr, acc, 50, None, WHERE).unit == "deg/s"
    assert gyr_refusal(gyr, acc, Stated("rad/s", "`--gyr-unit`")) == (
        "the unit of the angular rate: `--gyr-unit` says rad/s, but 1 % of |w| lies above 200, "
        "which no gyroscope reaches in rad/s\n"
        "  where: walk.csv\n"
        "  fix:   pass `--gyr-unit deg/s` if the values are right"
    )


def test_a_stated_unit_that_contradicts_turning_gravity_is_refused_but_a_flag_is_believed(nodding: Nodding):
    samples = nodding(1000)

    assert gyr_refusal(samples[:, GYR], samples[:, ACC], Stated("deg/s", "the header (`gx (dps)`)")) == (
        "the unit of the angular rate: the header (`gx (dps)`) says deg/s, "
        "but in rad/s it explains how gravity turns (factor 1.00)\n"
        "  where: walk.csv\n"
        "  fix:   pass `--gyr-unit rad/s` if the values are right"
    )
    told = decide_gyr_unit(samples[:, GYR], samples[:, ACC], 50, Stated("deg/s", "`--gyr-unit`"), WHERE)
    assert told.unit == "deg/s"


def test_a_still_device_leaves_the_unit_of_angular_rate_open(still: Callable[[int], np.ndarray]):
    samples = still(1000)
    gyr = samples[:, GYR] + 0.5

    assert gyr_refusal(gyr, samples[:, ACC]) == (
        "the unit of the angular rate is not known: the header does not say, and 1 % of |w| lies above 0.866, "
        "which can be rad/s or deg/s\n"
        "  where: walk.csv\n"
        "  fix:   pass `--gyr-unit rad/s` or `--gyr-unit deg/s`"
    )


@pytest.mark.shared
def test_units_of_real_recordings_are_found_whatever_they_are_written_in(shared: Path):
    wrong = []
    with zipfile.ZipFile(shared / "data" / "A_DeviceMotion_data.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith("/sub_1.csv") and "__MACOSX" not in name]
        for name in names:
            table = np.loadtxt(io.BytesIO(archive.read(name)), delimiter=",", skiprows=1)
            linear, acc, gyr = table[:, 10:13], table[:, 4:7] + table[:, 10:13], table[:, 7:10]  # g, rad/s
            for unit, scale in [(unit, ACC_SCALE[unit]) for unit, _, _ in GRAVITY_RANGES]:
                wrong += [name] * (Steadiness.of(acc * 9.80665 / scale, 50).unit != unit)
                wrong += [name] * (unit != "mg" and Steadiness.of(linear * 9.80665 / scale, 50).unit is not None)
            wrong += [
                name
                for unit, scale in GYR_SCALE.items()
                if decide_gyr_unit(gyr / scale, acc, 50, None, Place(name)).unit != unit
            ]

    assert len(names) == 15
    assert not wrong


def test_an_offset_that_no_gyroscope_has_in_rad_per_s_is_one_in_deg_per_s(still: Callable[[int], np.ndarray]):
    acc = still(2000)[:, :3] + np.random.default_rng(0).normal(0, 0.02, (2000, 3))
    gyr = np.random.default_rng(1).normal((1.1, -0.7, 0.4), 0.1, (2000, 3))

    with pytest.raises(DataError) as caught:
        decide_gyr_unit(gyr, acc, 100, Stated("rad/s", "the header (`gx`)"), Place(Path("a.csv")))

    assert str(caught.value) == (
        "the unit of the angular rate: the header (`gx`) says rad/s, but gravity stays where it is, although |w| about "
        "horizontal axes averages 1.3\n"
        "  where: a.csv\n"
        "  fix:   pass `--gyr-unit deg/s` if the values are right"
    )


def test_a_turntable_leaves_the_unit_open(still: Callable[[int], np.ndarray]):
    gyr = np.zeros((2000, 3))
    gyr[:, 2] = 1.5  # about the vertical, which gravity does not show

    with pytest.raises(DataError, match="is not known"):
        decide_gyr_unit(gyr, still(2000)[:, :3], 100, None, Place(Path("a.csv")))
