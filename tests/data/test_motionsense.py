from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_a import MOTIONSENSE_HEADER, write_motionsense_trial
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, **options: object) -> list[Recording]:
    return list(read_recordings(path, ReadOptions(**options)))


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value)


def write_one_sensor(folder: Path, sensor: str) -> Path:
    file = folder / sensor / "dws_1" / "sub_1.csv"
    file.parent.mkdir(parents=True)
    rows = "".join(f"{row},0.7,0.6,0.1\n" for row in range(100))
    file.write_text(f",x,y,z\n{rows}")
    return file


@pytest.mark.parametrize(
    ("trial", "activity"),
    [
        ("dws_11", "descending stairs"),
        ("ups_3", "climbing stairs"),
        ("wlk_7", "walking"),
        ("jog_16", "jogging"),
        ("sit_5", "sitting"),
        ("std_14", "standing"),
    ],
)
def test_the_folder_names_the_activity_and_the_file_the_person(tmp_path: Path, trial: str, activity: str):
    write_motionsense_trial(tmp_path, trial, subject=7)

    (only,) = read(tmp_path)

    assert only.segments == (Segment(0, 600, activity),)
    assert (only.subject, only.session) == ("motionsense/07", f"{trial}_sub_07")


def test_ios_acceleration_is_turned_round_unless_it_is_to_be_kept(tmp_path: Path):
    write_motionsense_trial(tmp_path)
    true = motion(np.arange(600) / 50)

    (turned,), (kept,) = read(tmp_path), read(tmp_path, keep_frame=True)

    assert np.allclose(turned.samples, true)
    assert np.allclose(kept.samples, true * [-1, -1, -1, 1, 1, 1])
    note = "acc negated: iOS counts gravity the other way round than Android; `--keep-frame` leaves it"
    assert note in turned.notes
    assert note not in kept.notes


def test_one_file_reads_alone(tmp_path: Path):
    file = write_motionsense_trial(tmp_path)

    assert [one.session for one in read(file)] == ["dws_1_sub_01"]


@pytest.mark.parametrize("sensor", ["B_Accelerometer_data", "C_Gyroscope_data"])
def test_recordings_of_one_sensor_are_refused_with_the_reason(tmp_path: Path, sensor: str):
    file = write_one_sensor(tmp_path, sensor)

    assert refusal(tmp_path) == (
        "MotionSense's recordings of one sensor (B_Accelerometer_data or C_Gyroscope_data), 1 file: acceleration and "
        "angular rate were recorded apart, without times, and differ in length: they cannot be put together\n"
        f"  where: {file}\n  fix:   pass the folder A_DeviceMotion_data, which has both sensors on one clock"
    )


def test_folder_a_is_read_where_b_and_c_lie_beside_it(tmp_path: Path):
    write_motionsense_trial(tmp_path)
    write_one_sensor(tmp_path, "B_Accelerometer_data")
    write_one_sensor(tmp_path, "C_Gyroscope_data")

    assert [one.session for one in read(tmp_path)] == ["dws_1_sub_01"]


def test_an_unknown_activity_is_refused_by_name_or_mapped(tmp_path: Path):
    file = write_motionsense_trial(tmp_path, "swm_1")

    assert refusal(tmp_path) == (
        f'unknown label "swm"\n  where: {file.parent}\n  fix:   pass `--label-map "swm=ACTIVITY"`, with one of '
        "walking, climbing stairs, descending stairs, sitting, standing, lying, jogging, biking, or unknown"
    )
    assert read(tmp_path, label_map=(("swm", "unknown"),))[0].segments == (Segment(0, 600, None),)


def test_a_bad_cell_is_named_or_its_row_left_out(tmp_path: Path):
    file = write_motionsense_trial(tmp_path)
    lines = file.read_text().splitlines()
    lines[100] = lines[100].replace(lines[100].split(",")[5], "n/a", 1)
    file.write_text("\n".join(lines) + "\n")

    assert refusal(tmp_path) == (
        f'gravity.y is not a number: "n/a"\n  where: {file}:101:6\n  fix:   repair the row, or pass `--bad-rows drop`'
    )
    (only,) = read(tmp_path, bad_rows="drop")
    assert only.segments == (Segment(0, 99, "descending stairs"), Segment(100, 600, "descending stairs"))
    assert only.left_out == (("row that could not be read", 1),)


def test_a_file_without_rows_is_refused(tmp_path: Path):
    file = write_motionsense_trial(tmp_path)
    file.write_text(MOTIONSENSE_HEADER + "\n")

    assert refusal(tmp_path) == (
        f"the file holds no row of numbers\n  where: {file}\n  fix:   copy or download it again"
    )


@pytest.mark.shared
def test_the_real_dataset_has_360_trials_of_24_people(shared: Path):
    found = find_recordings(shared / "data" / "A_DeviceMotion_data.zip", ReadOptions()).unread
    trials = Counter(one.files[0].shown.parent.name[:3] for one in found)

    assert {one.format for one in found} == {"motionsense"}
    assert trials == {"dws": 72, "ups": 72, "wlk": 72, "jog": 48, "sit": 48, "std": 48}
    first = next(iter(found[0].read(ReadOptions())))
    assert (first.session, first.samples.shape) == ("dws_1_sub_01", (1751, 6))
    assert np.linalg.norm(first.samples[:, :3].mean(axis=0)) == pytest.approx(9.8, abs=0.3)
