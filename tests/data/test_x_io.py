"""x-io: the header says all, and the gyroscope comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.devices import in_g_and_degrees, row_of, write_lines
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings

if TYPE_CHECKING:
    from pathlib import Path


def test_the_example_of_their_fusion_library_is_of_the_same_form(tmp_path: Path):
    times = np.arange(1000) / 100
    names = [
        f"{sensor} {axis} ({unit})"
        for sensor, unit in (("Gyroscope", "deg/s"), ("Accelerometer", "g"))
        for axis in "XYZ"
    ]
    head = ",".join(["Time (s)", *names, *(f"Magnetometer {axis} (uT)" for axis in "XYZ")]) + "\n"
    table = np.roll(in_g_and_degrees(times), 3, axis=1)
    rows = [f"{time:.6f},{row_of(values, 7)},15.3,0.4,-41.1" for time, values in zip(times, table, strict=True)]
    write_lines(tmp_path / "walk.csv", head, rows)
    (recording,) = read_recordings(tmp_path, ReadOptions())

    assert recording.dataset == "x-io"
    assert np.abs(recording.samples - motion(times)).max() < 1e-5


@pytest.mark.shared
def test_a_real_recording_is_read(shared: Path):
    (recording,) = read_recordings(shared / "data" / "loggers" / "xio_fusion", ReadOptions())
    origin = recording.origin

    assert origin is not None
    assert (origin.format, origin.acc_unit, origin.gyr_unit, origin.gravity) == ("x-io", "g", "deg/s", "included")
    assert origin.acc_rate_hz == pytest.approx(99.2, abs=0.1)
