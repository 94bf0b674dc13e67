from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_b import usc_trial
from samples.sample import motion
from scipy.io import savemat

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = motion(np.arange(1000) / 100)


def write(folder: Path, name: str = "a6t1.mat", **fields: object) -> Path:
    (folder / "Subject13").mkdir(exist_ok=True)
    file = folder / "Subject13" / name
    savemat(file, {key: value for key, value in usc_trial(SAMPLES, **fields).items() if value is not None})
    return file


def read(path: Path, options: ReadOptions | None = None) -> list[Recording]:
    return list(read_recordings(path, options or ReadOptions()))


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("code", "activity"),
    [
        (1, "walking"),
        (2, "walking"),
        (3, "walking"),
        (4, "climbing stairs"),
        (5, "descending stairs"),
        (6, "jogging"),
        (8, "sitting"),
        (9, "standing"),
        (10, "lying"),
    ],
)
def test_the_activity_number_is_the_activity(tmp_path: Path, code: int, activity: str):
    write(tmp_path, activity_number=str(code))

    (only,) = read(tmp_path)

    assert only.segments == (Segment(0, 1000, activity),)


@pytest.mark.parametrize(
    "fields",
    [
        {"activity_number": None, "activity_numbr": "9"},  # as subject 13's files spell it
        {"activity_number": 9.0},
        {"activity_number": " 9 "},
    ],
)
def test_the_activity_number_may_be_spelt_otherwise(tmp_path: Path, fields: dict[str, object]):
    write(tmp_path, **fields)

    assert read(tmp_path)[0].segments[0].activity == "standing"


def test_without_the_field_the_name_tells_the_activity(tmp_path: Path):
    write(tmp_path, "a4t2.mat", activity_number=None)

    assert read(tmp_path)[0].segments[0].activity == "climbing stairs"


def test_the_folder_names_the_person_or_else_the_field(tmp_path: Path):
    file = write(tmp_path, subject="1")
    alone = tmp_path / "a6t1.mat"
    alone.write_bytes(file.read_bytes())

    assert (read(file)[0].subject, read(file)[0].session) == ("usc-had/13", "subject13_a6t1")
    assert read(alone)[0].subject == "usc-had/1"


@pytest.mark.parametrize(("code", "name"), [("7", "jumping up"), ("11", "elevator up"), ("12", "elevator down")])
def test_what_is_no_activity_of_ours_is_counted_by_name(tmp_path: Path, code: str, name: str):
    write(tmp_path, activity_number=code)

    (only,) = read(tmp_path)
    (told,) = read(tmp_path, ReadOptions(label_map=((name, "standing"),)))

    assert only.segments == ()
    assert only.left_out == ((f'label "{name}" is none of the activities', 1000),)
    assert told.segments[0].activity == "standing"


def test_an_unknown_number_is_named(tmp_path: Path):
    file = write(tmp_path, activity_number="13")

    assert refusal(tmp_path) == (
        f'unknown label "13"\n  where: {file}\n'
        '  fix:   pass `--label-map "13=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )


def test_samples_without_a_value_split_the_trial(tmp_path: Path):
    readings = usc_trial(SAMPLES)["sensor_readings"]
    assert isinstance(readings, np.ndarray)
    readings[500:520, 2] = np.nan
    readings[600, 3] = 1e300
    write(tmp_path, sensor_readings=readings)

    first, second = read(tmp_path)

    assert (len(first.samples), len(second.samples)) == (500, 480)
    assert second.bridged == ((80, 81),)
    assert ("value missing or beyond all sensors", 21) in first.left_out + second.left_out


@pytest.mark.parametrize(
    ("readings", "message"),
    [
        (None, "the file has no sensor_readings"),
        ("text", "the file has no sensor_readings"),
        (np.zeros((100, 3)), "sensor_readings is not a table of 6 columns, but 100×3"),
        (np.zeros((10, 6, 2)), "sensor_readings is not a table of 6 columns, but 10×6×2"),
    ],
)
def test_a_file_without_such_a_table_is_refused(tmp_path: Path, readings: object, message: str):
    file = write(tmp_path, sensor_readings=readings)

    assert refusal(tmp_path) == f"{message}\n  where: {file}\n  fix:   copy or download it again"


def test_a_damaged_file_is_refused(tmp_path: Path):
    file = write(tmp_path)
    file.write_bytes(file.read_bytes()[:20_000])

    assert refusal(tmp_path) == (
        f"not a whole MATLAB 5 file: it ends within an element\n  where: {file}\n  fix:   copy or download it again"
    )


def test_a_file_of_another_name_is_told_by_its_readings(tmp_path: Path):
    write(tmp_path, "walk.mat")
    savemat(tmp_path / "other.mat", {"x": np.zeros(3)})

    assert [
        one.files[0].name for one in find_recordings(tmp_path, ReadOptions()).unread if one.format == "usc-had"
    ] == ["walk.mat"]
