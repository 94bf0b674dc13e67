"""MetaWear: a table for each sensor, joined by the names of the files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.devices import METAWEAR, write_metawear
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

ACC, GYR = f"{METAWEAR}_Accelerometer_50.000Hz_1.4.4.csv", f"{METAWEAR}_Gyroscope_100.000Hz_1.4.4.csv"
BESIDES = "or pass `--allow-missing gyro`: gyr is then zero, and the windows are flagged"


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as raised:
        list(read_recordings(path, ReadOptions()))
    return str(raised.value)


def test_recordings_are_named_by_their_files_and_copies_stay_apart(tmp_path: Path):
    write_metawear(tmp_path)
    write_metawear(tmp_path, end="1.4.41")
    write_metawear(tmp_path, "squat_MetaWear_2024-05-29T10.00.00.000_C42732BE255C")
    found = find_recordings(tmp_path, ReadOptions())

    assert [len(one.files) for one in found.unread] == [2, 2, 2]
    assert {recording.session for one in found.unread for recording in one.read(ReadOptions())} == {
        "squat_MetaWear_2024-05-29T10.00.00.000_C42732BE255C_1.4.4",
        f"{METAWEAR}_1.4.4",
        f"{METAWEAR}_1.4.41",
    }


def test_one_file_brings_its_partner(tmp_path: Path):
    write_metawear(tmp_path)
    (recording,) = read_recordings(tmp_path / ACC, ReadOptions())

    assert recording.origin is not None
    assert (recording.origin.acc_rate_hz, recording.origin.gyr_rate_hz) == pytest.approx((50, 100), rel=1e-3)
    assert recording.since_1970_s == pytest.approx(1717027195.0)


def test_the_header_of_older_firmware_is_known(tmp_path: Path):
    write_metawear(tmp_path)
    for file in (tmp_path / ACC, tmp_path / GYR):
        text = file.read_text().replace("epoch (ms),time (01:00)", "epoc (ms),timestamp (-0500)")
        file.write_text(text)
    (recording,) = read_recordings(tmp_path, ReadOptions())
    times = np.arange(len(recording.samples)) / recording.sampling_rate_hz

    assert recording.dataset == "metawear"
    assert np.abs(recording.samples - motion(times)).max() < 0.02


def test_acceleration_without_its_partner_is_refused(tmp_path: Path):
    write_metawear(tmp_path)
    (tmp_path / GYR).unlink()

    assert refusal(tmp_path) == (
        f"no gyroscope: the file holds acceleration only, and no `{METAWEAR}_Gyroscope…` that ends alike is beside it\n"
        f"  where: {tmp_path / ACC}\n"
        f"  fix:   put `{METAWEAR}_Gyroscope_….csv` beside it, {BESIDES}"
    )


def test_a_partner_with_another_ending_is_named(tmp_path: Path):
    write_metawear(tmp_path)
    shutil.move(tmp_path / ACC, tmp_path / ACC.replace("1.4.4", "1.4.41"))

    assert refusal(tmp_path / ACC.replace("1.4.4", "1.4.41")) == (
        f"no gyroscope: the file holds acceleration only, and no `{METAWEAR}_Gyroscope…` that ends alike is beside it\n"
        f"  where: {tmp_path / ACC.replace('1.4.4', '1.4.41')}\n"
        f"  fix:   rename `{GYR}` so that both end alike, {BESIDES}"
    )


def test_angular_rate_without_its_partner_is_refused(tmp_path: Path):
    write_metawear(tmp_path)
    (tmp_path / ACC).unlink()

    assert refusal(tmp_path) == (
        "no acceleration: the file holds angular rate only (`x-axis (deg/s)`, `y-axis (deg/s)`, `z-axis (deg/s)`)\n"
        f"  where: {tmp_path / GYR}:1\n"
        "  fix:   put acceleration and angular rate into one file, row by row of the same time"
    )


@pytest.mark.shared
def test_real_recordings_are_paired(shared: Path):
    found = find_recordings(shared / "data" / "loggers" / "barbell_metamotion", ReadOptions())
    alone = [one.files[0].name for one in found.unread if len(one.files) != 2]

    assert {one.format for one in found.unread} == {"metawear"}
    assert alone == ["E-row-medium_MetaWear_2019-01-18T18.34.52.516_C42732BE255C_Accelerometer_12.500Hz_1.4.41.csv"]
    (recording, *_) = found.unread[0].read(ReadOptions())
    assert recording.origin is not None
    assert (recording.origin.acc_rate_hz, recording.origin.gyr_rate_hz) == pytest.approx((12.5, 25), rel=1e-3)


@pytest.mark.shared
def test_a_real_accelerometer_alone_is_refused(shared: Path):
    folder = shared / "data" / "loggers" / "mbientlab_acc_only"
    (recording,) = read_recordings(folder, ReadOptions(allow_missing_gyro=True))

    assert refusal(folder) == (
        "no gyroscope: the file holds acceleration only (`x-axis (g)`, `y-axis (g)`, `z-axis (g)`)\n"
        f"  where: {folder / 'Accelerometer.csv'}:1\n"
        f"  fix:   record the gyroscope too, {BESIDES}"
    )
    assert (recording.dataset, recording.sampling_rate_hz) == ("metawear", 100)
