from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.sample import gravity, motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TIMES = np.arange(1000) / 50


def write(path: Path, values: np.ndarray, unit: str = "m/s^2") -> None:
    header = f"time (s),x ({unit}),y ({unit}),z ({unit})"
    np.savetxt(path, np.column_stack([TIMES[: len(values)], values]), delimiter=",", header=header, comments="")


def write_acc(path: Path) -> None:
    write(path, motion(TIMES)[:, :3])


def write_gyr(path: Path) -> None:
    write(path, motion(TIMES)[:, 3:], "rad/s")


def names(folder: Path) -> list[tuple[str, list[str]]]:
    """Return (name, files) of what is found in a folder."""
    found = find_recordings(folder, ReadOptions()).unread
    return [(getattr(one, "name", ""), [file.name for file in one.files]) for one in found]


def test_files_belong_together_that_are_named_alike_but_for_the_sensor(tmp_path: Path):
    for walk in ("anna", "ben"):
        write_acc(tmp_path / f"{walk}_acc.csv")
        write_gyr(tmp_path / f"{walk}_gyro.csv")

    assert names(tmp_path) == [
        ("anna", ["anna_acc.csv", "anna_gyro.csv"]),
        ("ben", ["ben_acc.csv", "ben_gyro.csv"]),
    ]


def test_a_copy_stands_for_an_original_that_is_not_there(tmp_path: Path):
    write_acc(tmp_path / "walk_acc (1).csv")
    write_gyr(tmp_path / "walk_gyro.csv")
    write_gyr(tmp_path / "walk_gyro (2).csv")

    assert names(tmp_path) == [
        ("walk_1", ["walk_acc (1).csv", "walk_gyro.csv"]),
        ("walk_2", ["walk_gyro (2).csv"]),
    ]


def test_gravity_is_added_to_acceleration_without_it_from_a_third_file(tmp_path: Path):
    write(tmp_path / "linear_acc.csv", motion(TIMES)[:, :3] - gravity(TIMES))
    write(tmp_path / "gravity.csv", gravity(TIMES))
    write_gyr(tmp_path / "gyro.csv")
    (recording,) = read_recordings(tmp_path, ReadOptions())

    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-6)


def test_the_acceleration_with_gravity_is_preferred_and_the_rest_named(tmp_path: Path):
    write_acc(tmp_path / "acc.csv")
    write(tmp_path / "linear_acc.csv", motion(TIMES)[:, :3] - gravity(TIMES))
    write(tmp_path / "gravity.csv", gravity(TIMES))
    write_gyr(tmp_path / "gyro.csv")
    (recording,) = read_recordings(tmp_path, ReadOptions())

    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-6)
    assert recording.notes[0] == "gravity.csv and linear_acc.csv not used"


def test_recordings_in_folders_of_one_name_are_named_by_the_folders_around(tmp_path: Path):
    for person in ("anna", "ben"):
        (tmp_path / person / "walk").mkdir(parents=True)
        write_acc(tmp_path / person / "walk" / "acc.csv")
        write_gyr(tmp_path / person / "walk" / "gyro.csv")

    assert [name for name, _ in names(tmp_path)] == ["anna-walk", "ben-walk"]


def test_what_was_taken_out_of_a_zip_beside_it_is_read_once(tmp_path: Path):
    folder = tmp_path / "walk"
    folder.mkdir()
    write_acc(folder / "acc.csv")
    write_gyr(folder / "gyro.csv")
    shutil.make_archive(str(tmp_path / "export"), "zip", folder)
    (tmp_path / "export.zip").rename(folder / "export.zip")
    (recording,) = read_recordings(folder, ReadOptions())

    assert recording.session == "export"
    assert recording.notes[0] == "acc.csv and gyro.csv beside export.zip are in it too: read once"


def test_units_that_differ_between_acceleration_and_gravity_are_refused(tmp_path: Path):
    write(tmp_path / "linear_acc.csv", motion(TIMES)[:, :3] - gravity(TIMES))
    write(tmp_path / "gravity.csv", gravity(TIMES) / 9.80665, "g")
    write_gyr(tmp_path / "gyro.csv")
    with pytest.raises(DataError) as caught:
        list(read_recordings(tmp_path, ReadOptions()))

    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        "acceleration is in m/s^2, but the gravity to add in g\n"
        "  where: gravity.csv:1\n"
        "  fix:   export both in one unit, and name it in both headers"
    )


def test_a_gyroscope_alone_is_refused(tmp_path: Path):
    write_gyr(tmp_path / "gyro.csv")
    with pytest.raises(DataError) as caught:
        list(read_recordings(tmp_path, ReadOptions()))

    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        "no acceleration: the file holds angular rate only (`x (rad/s)`, `y (rad/s)`, `z (rad/s)`)\n"
        "  where: gyro.csv:1\n"
        "  fix:   put acceleration and angular rate into one file, row by row of the same time"
    )
