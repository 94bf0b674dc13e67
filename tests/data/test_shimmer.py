"""Shimmer: two accelerometers, a row of units, and columns that are not calibrated."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.devices import START, row_of, write_lines, write_shimmer
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ = 51.2
DEGREES = 180 / np.pi


def axes(sensor: str, kind: str = "CAL") -> str:
    return ",".join(f"Shimmer_40AC_{sensor}_{axis}_{kind}" for axis in "XYZ")


def test_the_low_noise_accelerometer_is_preferred(tmp_path: Path):
    write_shimmer(tmp_path)
    (recording,) = read_recordings(tmp_path, ReadOptions())

    assert [note for note in recording.notes if note.startswith("acc from")] == [
        "acc from `Shimmer_40AC_Accel_LN_X_CAL`, `Shimmer_40AC_Accel_LN_Y_CAL`, `Shimmer_40AC_Accel_LN_Z_CAL`"
    ]


def test_the_wide_range_one_is_read_where_the_other_is_cut_off(tmp_path: Path):
    times = np.arange(1024) / RATE_HZ
    samples = motion(times) * np.repeat([1, DEGREES], 3)
    samples[:, 2] += 15 * (np.arange(1024) % 51 == 0)  # a heel strike each second
    low = np.clip(samples[:, :3], -20, 20)
    rows = [
        f"{1000 * time!r},{row_of(few, 6)},{row_of(values, 6)}"
        for time, few, values in zip(times.tolist(), low, samples, strict=True)
    ]
    names = f"Shimmer_40AC_Timestamp_Unix_CAL,{axes('Accel_LN')},{axes('Accel_WR')},{axes('Gyro')}"
    units = f"ms{',m/(s^2)' * 6}{',deg/s' * 3}"
    write_lines(tmp_path / "walk.csv", f"sep=,\n{names}\n{units}\n", rows)
    (recording,) = read_recordings(tmp_path, ReadOptions())

    assert recording.notes[0] == ("acc from the wide-range accelerometer: the low-noise one is cut off in 21 samples")
    assert recording.samples[0, 2] == pytest.approx(motion(times)[0, 2] + 15, abs=1e-5)


def test_dates_are_a_clock_too(tmp_path: Path):
    times = np.arange(1024) / RATE_HZ
    samples = motion(times) * np.repeat([1, DEGREES], 3)
    rows = [
        f"{START + timedelta(seconds=time):%Y/%m/%d %H:%M:%S.%f}"[:-3] + f",{row_of(values, 6)},"
        for time, values in zip(times, samples, strict=True)
    ]
    names = f"Shimmer_40AC_TimestampSync_FormattedUnix_CAL,{axes('Accel_WR')},{axes('Gyro')},"
    units = f"yyyy/mm/dd hh:mm:ss.000{',m/(s^2)' * 3}{',deg/s' * 3},"
    write_lines(tmp_path / "walk.csv", f"sep=,\n{names}\n{units}\n", rows)
    (recording,) = read_recordings(tmp_path, ReadOptions())
    rate_hz = recording.sampling_rate_hz

    assert recording.since_1970_s == START.timestamp()
    assert rate_hz == pytest.approx(RATE_HZ, rel=0.02)
    assert np.abs(recording.samples - motion(np.arange(len(recording.samples)) / rate_hz)).max() < 0.05


def test_raw_columns_are_passed_over(tmp_path: Path):
    write_shimmer(tmp_path)
    (file,) = tmp_path.iterdir()
    sep, names, units, *rows = file.read_text().splitlines()
    raw = "".join(f"Shimmer_40AC_Accel_LN_{axis}_RAW\t" for axis in "XYZ")
    (calibrated,) = read_recordings(file, ReadOptions())
    file.write_text(
        "\n".join([sep, raw + names, "no_units\t" * 3 + units, *(f"2047\t2011\t2931\t{row}" for row in rows)])
    )
    (both,) = read_recordings(file, ReadOptions())

    assert np.array_equal(calibrated.samples, both.samples)


def test_raw_columns_alone_are_refused(tmp_path: Path):
    names = f"Shimmer_40AC_Timestamp_Unix_CAL,{axes('Accel_LN', 'RAW')},{axes('Gyro', 'RAW')}"
    rows = [f"{20 * at},2047,2011,2931,4,5,6" for at in range(100)]
    write_lines(tmp_path / "walk.csv", f"sep=,\n{names}\nms{',no_units' * 6}\n", rows)

    with pytest.raises(DataError) as raised:
        list(read_recordings(tmp_path, ReadOptions()))
    assert str(raised.value) == (
        "the Shimmer's acceleration is in raw steps of the sensor\n"
        f"  where: {tmp_path / 'walk.csv'}:2\n"
        "  fix:   export it again from ConsensysPRO as calibrated data: its columns end in `_CAL`"
    )
