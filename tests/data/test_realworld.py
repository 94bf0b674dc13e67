from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_b import packed, realworld_csv, write_realworld
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.recording import Recording

TIMES_S = np.arange(600) / 50
ACC, GYR = (realworld_csv(TIMES_S, motion(TIMES_S)[:, channels]) for channels in (slice(0, 3), slice(3, 6)))


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        file = folder / "proband4" / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / "proband4" / "data"


def read(path: Path, options: ReadOptions | None = None) -> list[Recording]:
    return list(read_recordings(path, options or ReadOptions()))


def refusal(path: Path, options: ReadOptions | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read(path, options)
    return str(caught.value)


def test_parts_of_an_activity_are_zips_in_the_zip(tmp_path: Path):
    later = [realworld_csv(100 + TIMES_S, motion(TIMES_S)[:, channels]) for channels in (slice(0, 3), slice(3, 6))]
    acc = packed(
        {
            "acc_walking_1_csv.zip": packed({"acc_walking_waist.csv": ACC}),
            "acc_walking_2_csv.zip": packed({"acc_walking_2_waist.csv": later[0]}),
        }
    )
    gyr = packed(  # the first part has no number here
        {
            "gyr_walking_csv.zip": packed({"Gyroscope_walking_waist.csv": GYR}),
            "gyr_walking_2_csv.zip": packed({"Gyroscope_walking_waist.csv": later[1]}),
        }
    )
    write(tmp_path, {"acc_walking_csv.zip": acc, "gyr_walking_csv.zip": gyr})

    first, second = read(tmp_path)

    assert [one.session for one in (first, second)] == ["4_walking_waist", "4_walking_2_waist"]
    assert {one.subject for one in (first, second)} == {"realworld/4"}
    assert first.since_1970_s == pytest.approx(1_435_993_000)
    assert second.since_1970_s == pytest.approx(1_435_993_100)


def test_what_was_unpacked_reads_the_same(tmp_path: Path):
    for name in ("zipped", "unpacked"):
        (tmp_path / name).mkdir()
        write_realworld(tmp_path / name)
    data = tmp_path / "unpacked" / "proband1" / "data"
    for archive in data.glob("*.zip"):
        shutil.unpack_archive(archive, data / archive.stem)
        archive.unlink()

    for one, other in zip(read(tmp_path / "zipped"), read(data), strict=True):
        assert (one.subject, one.session, one.placement) == (other.subject, other.session, other.placement)
        assert np.array_equal(one.samples, other.samples)


def test_a_position_without_its_gyroscope_is_counted(tmp_path: Path):
    write(
        tmp_path,
        {
            "acc_lying_chest.csv": ACC,
            "acc_lying_forearm.csv": ACC,
            "Gyroscope_lying_chest.csv": GYR,
            "Gyroscope_lying_head.csv": GYR,
        },
    )

    (only,) = read(tmp_path)

    assert (only.placement, only.segments[0].activity) == ("chest", "lying")
    assert dict(only.left_out) == {
        "no angular rate beside acc_lying_forearm.csv": 600,
        "no acceleration beside Gyroscope_lying_head.csv": 600,
    }


def test_a_person_without_any_gyroscope_is_refused_unless_allowed(tmp_path: Path):
    data = write(tmp_path, {"acc_sitting_thigh.csv": ACC})

    assert refusal(tmp_path) == (
        f"no angular rate beside acc_sitting_thigh.csv\n  where: {data / 'acc_sitting_thigh.csv'}\n"
        "  fix:   pass the folder of the person, which holds both sensors"
    )
    (only,) = read(tmp_path, ReadOptions(allow_missing_gyro=True))
    assert only.origin is not None
    assert only.origin.gyr_unit is None


def test_one_file_reads_with_the_other_sensor_beside_it(tmp_path: Path):
    data = write(tmp_path, {"acc_running_shin.csv": ACC, "gyr_running_shin.csv": GYR})

    (only,) = read(data / "acc_running_shin.csv")

    assert (only.session, only.segments[0].activity) == ("4_running_shin", "jogging")


def test_jumping_is_counted_by_name_unless_told(tmp_path: Path):
    write(tmp_path, {"acc_jumping_waist.csv": ACC, "Gyroscope_jumping_waist.csv": GYR})

    (only,) = read(tmp_path)
    (told,) = read(tmp_path, ReadOptions(label_map=(("jumping", "jogging"),)))

    assert only.segments == ()
    assert only.left_out == (('label "jumping" is none of the activities', 600),)
    assert told.segments[0].activity == "jogging"


def test_an_unknown_activity_is_named(tmp_path: Path):
    data = write(tmp_path, {"acc_dancing_waist.csv": ACC, "Gyroscope_dancing_waist.csv": GYR})

    assert refusal(tmp_path) == (
        f'unknown label "dancing"\n  where: {data / "acc_dancing_waist.csv"}\n'
        '  fix:   pass `--label-map "dancing=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )


def test_a_bad_cell_is_named_with_its_place(tmp_path: Path):
    lines = ACC.splitlines()
    lines[41] = "41,1435993000800,1.5,?,9.8"
    data = write(tmp_path, {"acc_walking_waist.csv": "\n".join(lines), "Gyroscope_walking_waist.csv": GYR})

    assert refusal(tmp_path) == (
        f'attr_y is not a number: "?"\n  where: {data / "acc_walking_waist.csv"}:42:4\n'
        "  fix:   repair the row, or pass `--bad-rows drop`"
    )


def test_a_recording_of_less_than_a_second_is_refused(tmp_path: Path):
    short = ["\n".join(text.splitlines()[:30]) for text in (ACC, GYR)]
    data = write(tmp_path, {"acc_walking_waist.csv": short[0], "Gyroscope_walking_waist.csv": short[1]})

    assert refusal(tmp_path) == (
        f"no second without a gap in 29 samples\n  where: {data / 'acc_walking_waist.csv'}\n"
        "  fix:   leave this recording out"
    )
