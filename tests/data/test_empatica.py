"""Empatica E4: two rows about the recording, then steps of 1/64 g, and no gyroscope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.sample import GRAVITY, motion

from llasa_core.data.quality import Quality
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

BARE = ReadOptions(allow_missing_gyro=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return 30 s of an E4's acceleration, in the folder of its session."""
    folder = tmp_path / "1642471872_A01234"
    folder.mkdir()
    steps = np.rint(motion(np.arange(960) / 32)[:, :3] / GRAVITY * 64).astype(int)
    head = ["1642471872.000000, 1642471872.000000, 1642471872.000000", "32.000000, 32.000000, 32.000000"]
    (folder / "ACC.csv").write_text("\n".join([*head, *(",".join(map(str, row)) for row in steps)]) + "\n")
    (folder / "BVP.csv").write_text("1642471872.00\n64.000000\n" + "0.5\n" * 100)
    return folder / "ACC.csv"


def test_it_is_refused_since_it_has_no_gyroscope(file: Path):
    with pytest.raises(DataError) as raised:
        list(read_recordings(file.parent, ReadOptions()))
    assert str(raised.value) == (
        "no gyroscope: an Empatica E4 has none\n"
        f"  where: {file}\n"
        "  fix:   pass `--allow-missing gyro`: gyr is then zero, and the windows are flagged"
    )


def test_its_acceleration_can_be_read_alone(file: Path):
    (recording,) = read_recordings(file, BARE)

    assert (recording.subject, recording.placement) == ("empatica/1642471872_A01234", "wrist")
    assert (recording.sampling_rate_hz, recording.since_1970_s) == (32, 1642471872)
    assert np.abs(recording.samples[:, :3] - motion(np.arange(960) / 32)[:, :3]).max() <= GRAVITY / 128 + 1e-9
    assert not recording.samples[:, 3:].any()
    assert recording.quality & Quality.GYRO_MISSING
    assert recording.origin is not None
    assert (recording.origin.acc_unit, recording.origin.gyr_unit) == ("g", None)


def test_an_inspection_describes_it(file: Path):
    (recording,) = read_recordings(file, ReadOptions(describe_only=True))

    assert recording.origin is not None
    assert recording.origin.acc_rate_hz == pytest.approx(32)


def test_values_that_are_no_steps_of_64_a_g_are_refused(file: Path):
    file.write_text(file.read_text().replace("\n-", "\n-9").replace(",", ",9"))
    file.write_text("1642471872.0,1642471872.0,1642471872.0\n32.0,32.0,32.0\n" + "4,0,2048\n" * 960)

    with pytest.raises(DataError) as raised:
        list(read_recordings(file, BARE))
    assert str(raised.value) == (
        "the acceleration has no gravity, or an unknown unit: the median of its 1-s means is 32 g "
        "(interquartile range 0), where gravity reads 9.81 m/s^2 or 1 g\n"
        f"  where: {file}\n"
        "  fix:   export acceleration with gravity, or the gravity columns beside it, which are then added; "
        "posture cannot be told without gravity"
    )


def test_three_columns_of_whole_numbers_are_not_enough(file: Path):
    file.write_text("1,2,3\n4,5,6\n" + "-32,3,54\n" * 100)

    with pytest.raises(DataError, match="no recording of a known format here"):
        find_recordings(file.parent, ReadOptions())


@pytest.mark.shared
def test_a_real_recording_is_refused(shared: Path):
    folder = shared / "data" / "loggers" / "empatica_e4_ppg_hr"
    (recording,) = read_recordings(folder, BARE)

    assert [unread.format for unread in find_recordings(folder, ReadOptions()).unread] == ["empatica"]
    assert recording.sampling_rate_hz == 32
    with pytest.raises(DataError, match="no gyroscope: an Empatica E4 has none"):
        list(read_recordings(folder, ReadOptions()))
