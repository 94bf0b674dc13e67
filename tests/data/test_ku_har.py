from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.sample import gravity, motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TIMES_S = np.arange(1000) / 100
LINEAR = motion(TIMES_S) - np.concatenate([gravity(TIMES_S), np.zeros((1000, 3))], axis=1)


def write(folder: Path, samples: np.ndarray, name: str = "1052_F_1.csv", activity: str = "5.Lay") -> Path:
    file = folder / "1.Raw_time_domian_data" / activity / name
    file.parent.mkdir(parents=True, exist_ok=True)
    table = np.column_stack([TIMES_S, samples[:, :3], TIMES_S + 0.002, samples[:, 3:]])
    np.savetxt(file, table, delimiter=",", fmt="%.6f")
    return file


def test_it_is_refused_because_gravity_is_missing(tmp_path: Path):
    file = write(tmp_path, LINEAR)

    with pytest.raises(DataError) as caught:
        list(read_recordings(tmp_path, ReadOptions()))

    assert str(caught.value) == (
        "the acceleration of KU-HAR has no gravity: the median of its 1-s means is 0.0539 m/s^2, "
        f"where gravity reads 9.81\n  where: {file}\n"
        "  fix:   leave it out: posture cannot be told without gravity, and nothing brings it back"
    )


def test_a_folder_is_refused_once(tmp_path: Path):
    for activity, name in (("5.Lay", "1052_F_1.csv"), ("5.Lay", "1053_F_2.csv"), ("11.Walk", "1052_L_1.csv")):
        write(tmp_path, LINEAR, name, activity)

    found = find_recordings(tmp_path, ReadOptions())

    assert [(one.format, len(one.files)) for one in found.unread] == [("ku-har", 1), ("ku-har", 2)]


def test_inspections_describe_it(tmp_path: Path):
    write(tmp_path, LINEAR)

    (only,) = read_recordings(tmp_path, ReadOptions(describe_only=True))

    assert only.origin is not None
    assert (only.origin.format, only.origin.gravity, only.origin.acc_unit) == ("ku-har", "removed", "m/s^2")
    assert only.origin.acc_rate_hz == pytest.approx(100)
    assert (only.subject, only.placement) == ("ku-har/1052", "waist")
    assert np.abs(only.samples[:, :3] - LINEAR[1 : 1 + len(only.samples), :3]).max() < 1e-3


def test_files_of_that_name_with_gravity_are_not_refused_for_it(tmp_path: Path):
    write(tmp_path, motion(TIMES_S))

    assert "ku-har" not in {one.format for one in find_recordings(tmp_path, ReadOptions()).unread}
