"""Axivity as CSV: the rate that its stamps tell, and tables that only look alike."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.devices import START, axivity_rows, in_g_and_degrees, row_of, write_lines
from samples.sample import GRAVITY

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_true_rate_is_measured(tmp_path: Path):
    times = np.arange(2000) / 99.17  # set to 100 Hz
    rows = [
        f"{START + timedelta(seconds=time):%Y-%m-%d %H:%M:%S.%f},{row_of(values, 6)}"
        for time, values in zip(times, in_g_and_degrees(times), strict=True)
    ]
    write_lines(tmp_path / "6012345.csv", "", rows)
    (recording,) = read_recordings(tmp_path, ReadOptions())

    assert recording.origin is not None
    assert recording.origin.acc_rate_hz == pytest.approx(99.17, abs=0.01)


@pytest.mark.parametrize(
    ("header", "place", "shown"),
    [
        ("Time,Accel-X (g), Accel-Y (g), Accel-Z (g)\n", ":1", "`Accel-X (g)`, `Accel-Y (g)`, `Accel-Z (g)`"),
        ("", "", "column 2, column 3, column 4"),
    ],
)
def test_an_ax3_has_no_gyroscope(tmp_path: Path, header: str, place: str, shown: str):
    rows = [",".join(row.split(",")[:4]) for row in axivity_rows()]
    write_lines(tmp_path / "6012345.csv", header, rows)
    (recording,) = read_recordings(tmp_path, ReadOptions(allow_missing_gyro=True))

    assert (recording.dataset, recording.sampling_rate_hz) == ("axivity", 100)
    with pytest.raises(DataError) as raised:
        list(read_recordings(tmp_path, ReadOptions()))
    assert str(raised.value) == (
        f"no gyroscope: the file holds acceleration only ({shown})\n"
        f"  where: {tmp_path / '6012345.csv'}{place}\n"
        "  fix:   record the gyroscope too, or pass `--allow-missing gyro`: "
        "gyr is then zero, and the windows are flagged"
    )


def test_a_table_without_header_in_another_unit_is_no_axivity(tmp_path: Path):
    rows = [
        f"{row.split(',')[0]},{row_of(values * np.repeat([GRAVITY, 1], 3), 6)}"
        for row, values in zip(axivity_rows(), in_g_and_degrees(np.arange(2000) / 100), strict=True)
    ]
    write_lines(tmp_path / "walk.csv", "", rows)

    with pytest.raises(DataError) as raised:
        list(read_recordings(tmp_path, ReadOptions()))
    assert str(raised.value) == (
        "the first row already holds numbers: no header says what the 7 columns are\n"
        f"  where: {tmp_path / 'walk.csv'}:1\n"
        "  fix:   name them in the file's order: `--columns t,ax,ay,az,gx,gy,gz`"
    )
