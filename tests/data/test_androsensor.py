"""AndroSensor: all sensors in one table, in the encoding and with the separator of its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.devices import write_androsensor
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings

if TYPE_CHECKING:
    from pathlib import Path


def test_commas_and_another_way_to_write_the_unit_change_nothing(tmp_path: Path):
    write_androsensor(tmp_path)
    file = tmp_path / "walk.csv"
    text = file.read_text(encoding="latin-1")
    (semicolons,) = read_recordings(file, ReadOptions())
    file.write_text(text.replace(";", ",").replace("m/s²", "m/s^2"), encoding="utf-8")
    (commas,) = read_recordings(file, ReadOptions())

    assert semicolons.origin == commas.origin
    assert np.array_equal(semicolons.samples, commas.samples)
    assert semicolons.notes[:2] == ("columns separated by semicolons", "text encoded as latin-1")


def test_sensors_that_are_held_between_looks_are_read_as_written(tmp_path: Path):
    write_androsensor(tmp_path)
    file = tmp_path / "walk.csv"
    head, *rows = file.read_text(encoding="latin-1").splitlines()
    held = [";".join([*rows[at - at % 2].split(";")[:12], *row.split(";")[12:]]) for at, row in enumerate(rows)]
    file.write_text("\n".join([head, *held]), encoding="latin-1")
    (recording,) = read_recordings(file, ReadOptions())
    times = np.arange(1000) // 2 * 0.04

    assert recording.sampling_rate_hz == 50
    assert np.abs(recording.samples - motion(times)).max() < 0.02


@pytest.mark.shared
def test_a_real_recording_is_described(shared: Path):
    recordings = list(read_recordings(shared / "data" / "loggers" / "androsensor", ReadOptions()))
    origin = recordings[0].origin

    assert origin is not None
    assert (origin.format, origin.acc_unit, origin.gyr_unit) == ("androsensor", "m/s^2", "rad/s")
    assert (origin.gravity, origin.clock) == ("included", "ms")
    assert origin.acc_rate_hz == pytest.approx(2.0, abs=0.01)
