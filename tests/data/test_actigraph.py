"""ActiGraph: raw acceleration that can be read without a gyroscope, and counts that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.devices import row_of, write_lines
from samples.sample import GRAVITY, motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

LINES = """------------ Data {table}File Created By ActiGraph GT3X+ ActiLife v6.13.3 Firmware v2.5.0 \
date format M/d/yyyy{rate}  Filter Normal -----------
Serial Number: NEO1F09120035
Start Time 11:27:00
Start Date 5/29/2024
Epoch Period (hh:mm:ss) {epoch}
Download Time 14:06:49
Download Date 6/8/2024
Current Memory Address: 0
Current Battery Voltage: 4.07     Mode = 12
--------------------------------------------------
"""
RAW = LINES.format(table="", rate=" at 40 Hz", epoch="00:00:00")
COUNTS = LINES.format(table="Table ", rate="", epoch="00:00:10")
AXES = "Accelerometer X,Accelerometer Y,Accelerometer Z\n"
TIMES = np.arange(800) / 40


def raw_rows() -> list[str]:
    return [row_of(values, 3) for values in motion(TIMES)[:, :3] / GRAVITY]


@pytest.mark.parametrize("header", [AXES, ""])
def test_raw_acceleration_can_be_read_alone(tmp_path: Path, header: str):
    write_lines(tmp_path / "walk.csv", RAW + header, raw_rows())
    (recording,) = read_recordings(tmp_path, ReadOptions(allow_missing_gyro=True))

    assert (recording.dataset, recording.sampling_rate_hz) == ("actigraph", 40)
    assert np.abs(recording.samples[:, :3] - motion(TIMES)[:, :3]).max() < 0.01
    assert not recording.samples[:, 3:].any()


def test_it_is_refused_since_it_has_no_gyroscope(tmp_path: Path):
    write_lines(tmp_path / "walk.csv", RAW + AXES, raw_rows())

    with pytest.raises(DataError) as raised:
        list(read_recordings(tmp_path, ReadOptions()))
    assert str(raised.value) == (
        "no gyroscope: the file holds acceleration only "
        "(`Accelerometer X`, `Accelerometer Y`, `Accelerometer Z`)\n"
        f"  where: {tmp_path / 'walk.csv'}:11\n"
        "  fix:   record the gyroscope too, or pass `--allow-missing gyro`: "
        "gyr is then zero, and the windows are flagged"
    )


@pytest.mark.parametrize(
    ("head", "each", "row"),
    [
        (f"{COUNTS}Axis1,Axis2,Axis3,Steps\n", ", one for each 00:00:10", 11),
        (LINES.format(table="", rate="", epoch="00:00:05"), ", one for each 00:00:05", 1),
        ("Date, Time, Axis1,Axis2,Axis3,Steps\n", "", 1),
    ],
)
@pytest.mark.parametrize("options", [ReadOptions(), ReadOptions(allow_missing_gyro=True)])
def test_activity_counts_are_refused(tmp_path: Path, head: str, each: str, row: int, options: ReadOptions):
    write_lines(tmp_path / "walk.csv", head, ["325,85,176,2"] * 100)

    with pytest.raises(DataError) as raised:
        list(read_recordings(tmp_path, options))
    assert str(raised.value) == (
        f"the file holds activity counts{each}, and no acceleration\n"
        f"  where: {tmp_path / 'walk.csv'}:{row}\n"
        "  fix:   export the raw data instead; an ActiGraph has no gyroscope, so pass `--allow-missing gyro` too"
    )
