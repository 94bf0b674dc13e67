"""Physics Toolbox: two accelerations in one table, and clocks of several forms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.devices import row_of, write_lines, write_physics_toolbox
from samples.sample import GRAVITY, motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

STARTED = datetime(2018, 10, 3, 17, 23, 55)  # noqa: DTZ001 - as the app writes it, in nobody's zone


def write_ios(path: Path, stamps_s: np.ndarray, samples: np.ndarray) -> None:
    rows = [
        f"{STARTED + timedelta(seconds=time):%Y-%m-%d %H:%M:%S.%f}"[:-2] + f",{row_of(values, 4)}"
        for time, values in zip(stamps_s, samples * np.repeat([1 / GRAVITY, 1], 3), strict=True)
    ]
    write_lines(path, "time,gFx,gFy,gFz,wx,wy,wz\n", rows)


def test_the_acceleration_with_gravity_is_read_and_the_other_one_named(tmp_path: Path):
    write_physics_toolbox(tmp_path)
    (recording,) = read_recordings(tmp_path / "walk.csv", ReadOptions())

    assert recording.notes[0] == "`ax` is the acceleration without gravity: `gFx` is read, which has it"
    assert "acc from `gFx`, `gFy`, `gFz`" in recording.notes
    assert "`ax`, `ay`, `az` not used" in recording.notes


@pytest.mark.parametrize("in_a_burst", [5, 10, 20])
def test_samples_that_ios_hands_over_in_bursts_are_spread(tmp_path: Path, in_a_burst: int):
    nth = np.arange(2000)
    handed_over_s = (nth // in_a_burst) * in_a_burst / 100 + (nth % in_a_burst) * 0.0007
    write_ios(tmp_path / "walk.csv", handed_over_s, motion(nth / 100))
    (recording,) = read_recordings(tmp_path, ReadOptions())

    assert recording.sampling_rate_hz == 100
    assert np.abs(recording.samples - motion(nth / 100)).max() < 0.02
    assert (
        f"samples come in bursts of about {in_a_burst}: their times spread evenly up to the next burst"
        in recording.notes
    )


def test_a_clock_of_text_tells_the_date(tmp_path: Path):
    times = np.arange(500) / 50
    write_ios(tmp_path / "walk.csv", times, motion(times))
    (recording,) = read_recordings(tmp_path, ReadOptions())

    assert recording.since_1970_s == 1538587435.0  # 2018-10-03 17:23:55
    assert recording.origin is not None
    assert recording.origin.format == "physics-toolbox"


def test_a_recording_of_the_g_force_alone_lacks_the_gyroscope(tmp_path: Path):
    times = np.arange(500) / 50
    rows = [f"{time:.3f},{row_of(values, 4)},1.0" for time, values in zip(times, motion(times)[:, :3], strict=True)]
    write_lines(tmp_path / "walk.csv", "time,gFx,gFy,gFz,gFTotal\n", rows)

    with pytest.raises(DataError) as raised:
        list(read_recordings(tmp_path, ReadOptions()))
    assert str(raised.value) == (
        "no gyroscope: the file holds acceleration only (`gFx`, `gFy`, `gFz`)\n"
        f"  where: {tmp_path / 'walk.csv'}:1\n"
        "  fix:   record the gyroscope too, or pass `--allow-missing gyro`: "
        "gyr is then zero, and the windows are flagged"
    )


@pytest.mark.shared
def test_real_recordings_are_read(shared: Path):
    recordings = list(read_recordings(shared / "data" / "loggers" / "physics_toolbox", ReadOptions()))
    origins = [recording.origin for recording in recordings]

    assert [round(origin.acc_rate_hz) for origin in origins if origin] == [44, 439, 439]
    assert {(one.format, one.acc_unit, one.gyr_unit, one.gravity) for one in origins if one} == {
        ("physics-toolbox", "g", "rad/s", "included")
    }
