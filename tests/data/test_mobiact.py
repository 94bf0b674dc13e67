from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_b import mobiact_annotated, mobiact_raw, write_mobiact_raw
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TIMES_S = np.arange(1000) / 100


def write_raw(folder: Path, code: str = "WAL", person: int = 5, values: np.ndarray | None = None) -> Path:
    values = motion(TIMES_S) if values is None else values
    for sensor, channels in (("acc", slice(0, 3)), ("gyro", slice(3, 6)), ("ori", slice(3, 6))):
        text = mobiact_raw(1e12 + 1e9 * TIMES_S, values[:, channels], sensor)
        (folder / f"{code}_{sensor}_{person}_1.txt").write_text(text)
    return folder / f"{code}_acc_{person}_1.txt"


def write_annotated(folder: Path, labels: list[str], name: str = "SLH_3_1_annotated.csv") -> Path:
    file = folder / name
    file.write_text(mobiact_annotated(TIMES_S, np.repeat(labels, len(TIMES_S) // len(labels))))
    return file


def read(path: Path, options: ReadOptions | None = None) -> list[Recording]:
    return list(read_recordings(path, options or ReadOptions()))


def refusal(path: Path, options: ReadOptions | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read(path, options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("code", "activity"),
    [
        ("WAL", "walking"),
        ("JOG", "jogging"),
        ("STU", "climbing stairs"),
        ("STN", "descending stairs"),
        ("STD", "standing"),
        ("SIT", "sitting"),
        ("LYI", "lying"),
    ],
)
def test_the_code_in_the_name_is_the_activity(tmp_path: Path, code: str, activity: str):
    write_raw(tmp_path, code)

    (only,) = read(tmp_path)

    assert only.segments == (Segment(0, 1000, activity),)
    assert (only.subject, only.session) == ("mobiact/5", f"{code}_5_1")


def test_the_orientation_is_taken_along_and_not_read(tmp_path: Path):
    write_raw(tmp_path)

    found = find_recordings(tmp_path, ReadOptions())

    assert [file.name for file in found.unread[0].files] == ["WAL_acc_5_1.txt", "WAL_gyro_5_1.txt", "WAL_ori_5_1.txt"]
    assert not found.passed_over


def test_one_file_reads_as_its_trial(tmp_path: Path):
    write_mobiact_raw(tmp_path)
    trial = tmp_path / "MobiAct_Dataset" / "WAL"

    assert np.array_equal(read(trial / "WAL_gyro_5_1.txt")[0].samples, read(trial)[0].samples)


def test_falls_are_counted_by_name(tmp_path: Path):
    write_raw(tmp_path, "FOL")

    (only,) = read(tmp_path)

    assert only.segments == ()
    assert only.left_out == (('label "fall forward" is none of the activities', 1000),)


def test_a_trial_without_a_gyroscope_is_refused_unless_allowed(tmp_path: Path):
    file = write_raw(tmp_path)
    (tmp_path / "WAL_gyro_5_1.txt").unlink()

    assert refusal(tmp_path) == (
        "trial 1 of WAL by person 5 has no angular rate: WAL_gyro_5_1.txt is missing\n"
        f"  where: {file}\n  fix:   unpack the dataset again, with the files of one trial beside one another"
    )
    (only,) = read(tmp_path, ReadOptions(allow_missing_gyro=True))
    assert not only.samples[:, 3:].any()


def test_a_trial_without_acceleration_is_refused(tmp_path: Path):
    write_raw(tmp_path).unlink()

    assert refusal(tmp_path) == (
        "trial 1 of WAL by person 5 has no acceleration: WAL_acc_5_1.txt is missing\n"
        f"  where: {tmp_path / 'WAL_gyro_5_1.txt'}\n"
        "  fix:   unpack the dataset again, with the files of one trial beside one another"
    )


def test_the_annotated_file_stands_for_the_raw_ones(tmp_path: Path):
    """v2 holds each trial twice."""
    write_raw(tmp_path, "STU")
    write_annotated(tmp_path, ["STD", "STU"], "STU_5_1_annotated.csv")

    (only,) = read(tmp_path)

    assert [segment.activity for segment in only.segments] == ["standing", "climbing stairs"]


def test_a_scenario_is_cut_where_its_label_changes(tmp_path: Path):
    write_annotated(tmp_path, ["STD", "WAL", "SCH", "SIT", "CHU"])

    (only,) = read(tmp_path)

    assert only.segments == (
        Segment(0, 200, "standing"),
        Segment(200, 400, "walking"),
        Segment(600, 800, "sitting"),
    )
    assert only.left_out == (
        ('label "stand to sit" is none of the activities', 200),
        ('label "sit to stand" is none of the activities', 200),
    )
    assert only.subject == "mobiact/3"


def test_the_label_map_wins_by_code_and_by_name(tmp_path: Path):
    write_annotated(tmp_path, ["SCH", "CHU", "WAL", "WAL"])

    (only,) = read(tmp_path, ReadOptions(label_map=(("sch", "sitting"), ("sit to stand", "standing"))))

    assert [segment.activity for segment in only.segments] == ["sitting", "standing", "walking"]


def test_an_unknown_code_is_named_with_its_place(tmp_path: Path):
    file = write_annotated(tmp_path, ["WAL", "XYZ"])

    assert refusal(tmp_path) == (
        f'unknown label "XYZ"\n  where: {file}:502:12\n'
        '  fix:   pass `--label-map "XYZ=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )


def test_a_bad_cell_below_the_text_is_named_with_its_place(tmp_path: Path):
    file = write_raw(tmp_path)
    lines = file.read_text().splitlines()
    lines[99] = "1000860000000,0.5,n/a,9.8"
    file.write_text("\n".join(lines) + "\n")

    assert refusal(tmp_path) == (
        f'y is not a number: "n/a"\n  where: {file}:100:3\n  fix:   repair the row, or pass `--bad-rows drop`'
    )


def test_a_value_beyond_all_sensors_is_missing(tmp_path: Path):
    values = motion(TIMES_S)
    values[500, 1] = 1e9
    write_raw(tmp_path, values=values)

    (only,) = read(tmp_path)

    assert only.left_out == (("value missing or beyond all sensors", 1),)
    assert np.abs(only.samples - motion(TIMES_S)).max() < 0.05


def test_people_come_in_the_order_of_their_numbers(tmp_path: Path):
    write_raw(tmp_path, "WAL", 5)
    write_raw(tmp_path, "WAL", 12)

    assert [one.subject for one in read(tmp_path)] == ["mobiact/5", "mobiact/12"]
