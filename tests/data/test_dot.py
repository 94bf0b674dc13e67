"""Xsens DOT: which unit, which clock, who wore it where, and the modes that record no acceleration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.devices import DEGREES, DOT_LINES, dot_rows, row_of, write_dots, write_lines
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

NAMES = "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z"


def refusal(path: Path, options: ReadOptions | None = None) -> str:
    with pytest.raises(DataError) as raised:
        list(read_recordings(path, options or ReadOptions()))
    return str(raised.value)


def packets(count: int, *, lost: range = range(0), scale: float = 1.0) -> list[str]:
    samples = motion(np.arange(count) / 60) * np.repeat([1, scale], 3)
    return [f"{at + 100},,{row_of(values, 6)}" for at, values in enumerate(samples) if at not in lost]


def test_sensors_of_one_folder_are_on_one_person_each_in_its_place(tmp_path: Path):
    write_dots(tmp_path)
    recordings = list(read_recordings(tmp_path, ReadOptions()))

    assert [recording.placement for recording in recordings] == ["left wrist", "right shank"]
    assert {recording.subject for recording in recordings} == {f"dot/{tmp_path.name}"}
    assert len({recording.session for recording in recordings}) == 2


@pytest.mark.parametrize(
    ("tag", "placement"),
    [("Xsens DOT", "unknown"), ("D422CD0012AB", "unknown"), ("3", "tag 3"), ("Left wrist", "left wrist")],
)
def test_a_tag_tells_the_place_if_it_names_one(tmp_path: Path, tag: str, placement: str):
    samples = motion(np.arange(600) / 60) * np.repeat([1, DEGREES], 3)
    rows = dot_rows(np.arange(600) * 100_000 // 6, samples)
    names = f"{NAMES},Mag_X,Mag_Y,Mag_Z,Status\n"
    write_lines(tmp_path / "walk.csv", DOT_LINES.format(tag=tag) + names, rows)
    (recording,) = read_recordings(tmp_path, ReadOptions())

    assert (recording.placement, recording.subject) == (placement, "dot/walk")


def test_where_the_clock_is_empty_the_rate_is_asked_for(tmp_path: Path):
    write_lines(tmp_path / "walk.csv", f"{NAMES}\n", packets(600))

    assert refusal(tmp_path) == (
        "no time column, and no sampling rate\n"
        f"  where: {tmp_path / 'walk.csv'}:1\n"
        "  fix:   pass the sampling rate in Hz, as in `--rate 50`"
    )


def test_lost_packets_are_a_gap(tmp_path: Path):
    write_lines(tmp_path / "walk.csv", f"{NAMES}\n", packets(1200, lost=range(600, 630)))
    before, after = read_recordings(tmp_path, ReadOptions(sampling_rate_hz=60))

    assert (len(before.samples), len(after.samples)) == (600, 570)
    assert after.start_s == pytest.approx(10.5)
    assert "60 Hz, samples numbered by `PacketCounter`: `--rate` says so" in before.notes
    assert np.abs(after.samples - motion(10.5 + np.arange(570) / 60)).max() < 1e-5


def test_other_trackers_of_xsens_write_rad_per_second(tmp_path: Path):
    write_lines(tmp_path / "walk.csv", f"{NAMES}\n", packets(1200))
    (recording,) = read_recordings(tmp_path, ReadOptions(sampling_rate_hz=60))

    assert recording.origin is not None
    assert recording.origin.gyr_unit == "rad/s"


def test_the_rate_above_the_table_serves_where_the_clock_is_empty(tmp_path: Path):
    write_lines(tmp_path / "walk.csv", DOT_LINES.format(tag="3") + f"{NAMES}\n", packets(1200, scale=DEGREES))
    (recording,) = read_recordings(tmp_path, ReadOptions())

    assert recording.origin is not None
    assert (recording.origin.acc_rate_hz, recording.origin.gyr_unit) == (60, "deg/s")


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (
            "Euler_X,Euler_Y,Euler_Z,FreeAcc_X,FreeAcc_Y,FreeAcc_Z",
            "acceleration without gravity and in the axes of the world only (FreeAcc)",
        ),
        (
            "dq_W,dq_X,dq_Y,dq_Z,dv[1],dv[2],dv[3]",
            "changes of velocity and orientation (dv, dq), and neither acceleration nor angular rate",
        ),
        ("Quat_W,Quat_X,Quat_Y,Quat_Z", "orientation, and neither acceleration nor angular rate"),
    ],
)
def test_modes_without_acceleration_are_refused(tmp_path: Path, columns: str, what: str):
    head = DOT_LINES.format(tag="3") + f"PacketCounter,SampleTimeFine,{columns},Status\n"
    cells = ",".join(["0.5"] * len(columns.split(",")))
    write_lines(tmp_path / "walk.csv", head, [f"{at},{16667 * at},{cells},0," for at in range(100)])

    assert refusal(tmp_path) == (
        f"the DOT recorded {what}\n"
        f"  where: {tmp_path / 'walk.csv'}:12\n"
        "  fix:   record again in the mode `Rate quantities`, which writes Acc and Gyr"
    )
