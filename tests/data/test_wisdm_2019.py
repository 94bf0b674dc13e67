from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_b import wisdm_rows, write_wisdm_2019
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.recording import Recording

TIMES_S = np.arange(400) / 20
SAMPLES = motion(TIMES_S)


def write(folder: Path, acc: list[str], gyr: list[str], device: str = "watch", person: int = 1629) -> Path:
    raw = folder / "raw" / device
    for sensor, lines in (("accel", acc), ("gyro", gyr)):
        (raw / sensor).mkdir(parents=True, exist_ok=True)
        (raw / sensor / f"data_{person}_{sensor}_{device}.txt").write_text("\n".join(lines) + "\n")
    return raw / "accel" / f"data_{person}_accel_{device}.txt"


def both(letter: str, start_s: float = 0.0) -> tuple[list[str], list[str]]:
    return (
        wisdm_rows(start_s + TIMES_S, SAMPLES[:, :3], letter, 1629),
        wisdm_rows(start_s + TIMES_S, SAMPLES[:, 3:], letter, 1629),
    )


def read(path: Path, options: ReadOptions | None = None) -> list[Recording]:
    return list(read_recordings(path, options or ReadOptions()))


def refusal(path: Path, options: ReadOptions | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read(path, options)
    return str(caught.value)


def test_the_archive_inside_the_archive_is_read(tmp_path: Path):
    (tmp_path / "unpacked").mkdir()
    write_wisdm_2019(tmp_path / "unpacked")
    inner = tmp_path / "wisdm-dataset.zip"
    with zipfile.ZipFile(inner, "w") as packed:
        for file in sorted((tmp_path / "unpacked").rglob("*.txt")):
            packed.write(file, file.relative_to(tmp_path / "unpacked").as_posix())
    outer = tmp_path / "wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip"
    with zipfile.ZipFile(outer, "w") as packed:
        packed.write(inner, inner.name)

    from_zip, from_folder = read(outer), read(tmp_path / "unpacked")

    assert [one.session for one in from_zip] == ["1600_phone_A", "1600_phone_D", "1600_watch_A", "1600_watch_D"]
    assert [one.placement for one in from_zip] == ["pocket", "pocket", "wrist", "wrist"]
    assert all(np.array_equal(one.samples, other.samples) for one, other in zip(from_zip, from_folder, strict=True))


def test_records_that_stand_there_twice_count_once(tmp_path: Path):
    acc, gyr = both("A")
    write(tmp_path, acc + acc, gyr)

    (only,) = read(tmp_path)

    assert np.abs(only.samples - SAMPLES).max() < 1e-6
    assert "time jumped back once in the acceleration: sorted, 400 repeated rows left out" in only.notes


def test_two_clocks_in_one_activity_are_left_out_and_counted(tmp_path: Path):
    acc, gyr = both("A")
    again = wisdm_rows(TIMES_S + 0.02, SAMPLES[:, :3], "A", 1629)
    write(tmp_path, [*acc, *again, *both("D", 100)[0]], gyr + both("D", 100)[1])

    (only,) = read(tmp_path)

    assert only.segments[0].activity == "sitting"
    assert only.left_out == (
        ("activity A: time jumps back once in the acceleration, to times that were recorded before", 800),
    )


def test_an_activity_without_the_other_sensor_is_counted(tmp_path: Path):
    acc, gyr = both("A")
    write(tmp_path, acc + both("B", 100)[0], gyr)

    (only,) = read(tmp_path)

    assert only.left_out == (("activity B: no angular rate", 400),)


def test_sensors_that_were_never_on_together_are_counted(tmp_path: Path):
    acc, gyr = both("A")
    write(tmp_path, acc + both("B", 100)[0], gyr + both("B", 500)[1])

    (only,) = read(tmp_path)

    reason, count = only.left_out[0]
    assert reason.startswith("activity B: acceleration (252307.")
    assert reason.endswith("were never on at the same time")
    assert count == 400


def test_what_is_no_activity_of_ours_is_counted_by_name(tmp_path: Path):
    pairs = [both(letter, 100.0 * nth) for nth, letter in enumerate("ACFHS")]
    write(tmp_path, *([row for pair in pairs for row in pair[sensor]] for sensor in (0, 1)))

    (only,) = read(tmp_path)

    assert only.segments[0].activity == "walking"
    assert dict(only.left_out) == {
        'label "stairs" says no direction': 400,
        'label "typing" is none of the activities': 400,
        'label "eating soup" is none of the activities': 400,
        'label "folding clothes" is none of the activities': 400,
    }


@pytest.mark.parametrize("label", ["stairs", "C", "c"])
def test_the_label_map_wins_by_letter_and_by_name(tmp_path: Path, label: str):
    acc, gyr = both("C")
    write(tmp_path, acc, gyr)

    (only,) = read(tmp_path, ReadOptions(label_map=((label, "climbing stairs"),)))

    assert only.segments[0].activity == "climbing stairs"


def test_a_letter_that_is_none_is_named_with_its_place(tmp_path: Path):
    acc, gyr = both("A")
    file = write(tmp_path, [*acc, *both("N")[0]], gyr)

    assert refusal(tmp_path) == (
        f'unknown label "N"\n  where: {file}:401:2\n'
        '  fix:   pass `--label-map "N=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )


def test_a_missing_sensor_is_named(tmp_path: Path):
    acc, gyr = both("A")
    file = write(tmp_path, acc, gyr)
    (tmp_path / "raw" / "watch" / "gyro" / "data_1629_gyro_watch.txt").unlink()

    assert refusal(tmp_path) == (
        "the watch of person 1629 has no angular rate: data_1629_gyro_watch.txt is missing\n"
        f"  where: {file}\n  fix:   pass the folder `raw`, which holds both sensors"
    )
    (only,) = read(tmp_path, ReadOptions(allow_missing_gyro=True))
    assert not only.samples[:, 3:].any()


def test_acceleration_in_another_unit_is_refused(tmp_path: Path):
    _, gyr = both("A")
    file = write(tmp_path, wisdm_rows(TIMES_S, SAMPLES[:, :3] / 9.80665, "A", 1629), gyr)

    assert refusal(tmp_path) == (
        "the acceleration is not in m/s^2 with gravity, as the dataset documents it: "
        f"the median of its 1-s means is 0.102 g\n  where: {file}\n  fix:   take the dataset's original files"
    )
