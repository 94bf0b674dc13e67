from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_a import mhealth_table, write_mhealth_table
from samples.sample import motion

from llasa_core.data.quality import Quality
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.recording import Recording

NO_CHEST = "the sensor at the chest has no gyroscope and is left out; `--allow-missing gyro` takes it"


def read(path: Path, **options: object) -> list[Recording]:
    return list(read_recordings(path, ReadOptions(**options)))


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mHealth_subject7.log"


def test_ankle_and_arm_are_recordings_and_the_chest_is_said_to_be_left_out(file: Path):
    write_mhealth_table(file, mhealth_table([4] * 600))

    recordings = read(file)

    assert [(one.subject, one.session, one.placement) for one in recordings] == [
        ("mhealth/07", "subject07-ankle", "left ankle"),
        ("mhealth/07", "subject07-arm", "right wrist"),
    ]
    assert all(NO_CHEST in one.notes for one in recordings)


def test_the_chest_is_read_without_gyroscope_where_that_is_allowed(file: Path):
    write_mhealth_table(file, mhealth_table([4] * 600))

    chest = read(file, allow_missing_gyro=True)[2]

    assert np.allclose(chest.samples[:, :3], motion(np.arange(600) / 50)[:, :3], atol=1e-5)
    assert not chest.samples[:, 3:].any()
    assert chest.quality == Quality.GYRO_MISSING
    assert NO_CHEST not in chest.notes


def test_labels_are_mapped_and_all_others_left_out_by_name(file: Path):
    write_mhealth_table(file, mhealth_table(np.repeat(np.arange(13), 50).tolist()))

    first = read(file)[0]

    assert [(segment.start, segment.activity) for segment in first.segments] == [
        (50, "standing"),
        (100, "sitting"),
        (150, "lying"),
        (200, "walking"),
        (450, "biking"),
        (500, "jogging"),  # jogging and running, end to end
    ]
    assert first.left_out == (
        ("label 0: between the exercises", 50),
        ('label "stairs" says no direction', 50),
        ('label "waist bends forward" is none of the activities', 50),
        ('label "frontal elevation of arms" is none of the activities', 50),
        ('label "knees bending" is none of the activities', 50),
        ('label "jump front and back" is none of the activities', 50),
    )


@pytest.mark.parametrize("word", ["stairs", "5"])
def test_a_label_map_says_which_way_the_stairs_go(file: Path, word: str):
    write_mhealth_table(file, mhealth_table([5] * 600))

    assert read(file, label_map=((word, "climbing stairs"),))[0].segments[0].activity == "climbing stairs"


def test_the_documented_deg_s_are_borne_out_by_how_gravity_turns(file: Path):
    write_mhealth_table(file, mhealth_table([4] * 600))

    first = read(file)[0]

    assert first.notes[1] == "gyr in deg/s: so it explains how gravity turns (factor 0.94)"
    assert np.allclose(first.samples, motion(np.arange(600) / 50), atol=1e-5)


def test_values_that_fit_rad_s_are_read_so_and_said_so(file: Path):
    table = mhealth_table([4] * 600)
    table[:, [8, 9, 10, 17, 18, 19]] *= np.pi / 180
    write_mhealth_table(file, table)

    first = read(file)[0]

    assert first.notes[1] == (
        "gyr in rad/s: so it explains how gravity turns (factor 0.94), though the dataset documents deg/s"
    )
    assert np.allclose(first.samples, motion(np.arange(600) / 50), atol=1e-5)
    assert first.quality == Quality.UNITS_DETECTED


def test_normalised_values_are_said_to_be_no_angular_rate(file: Path):
    table = mhealth_table([4] * 600)
    table[:, 8:11] = [-0.2, -0.85, -0.5]
    table[::2, 8:11] *= 1.05
    write_mhealth_table(file, table)

    first = read(file)[0]

    assert first.notes[1] == (
        "gyr in deg/s: the dataset documents it so; but its length stays at 1 (half of it 1 to 1.1) whatever is done, "
        "which is no angular rate: it seems normalised, and says little"
    )
    assert np.allclose(first.samples[1, 3:], np.radians([-0.2, -0.85, -0.5]))


def test_a_device_that_does_not_turn_leaves_it_open(file: Path):
    table = mhealth_table([1] * 600)
    table[:, 5:8] = [0, 0, 9.81]
    table[:, 8:11] = np.random.default_rng(7).normal(size=(600, 3))
    write_mhealth_table(file, table)

    assert read(file)[0].notes[1] == (
        "gyr in deg/s: the dataset documents it so; the values do not tell whether that is so"
    )


def test_a_flag_wins_over_the_evidence(file: Path):
    write_mhealth_table(file, mhealth_table([4] * 600))

    first = read(file, gyr_unit="rad/s")[0]

    assert first.notes[1] == "gyr in rad/s: `--gyr-unit` says so"
    assert first.origin is not None
    assert first.origin.gyr_unit == "rad/s"


def test_an_unknown_code_is_named_with_its_place(file: Path):
    write_mhealth_table(file, mhealth_table([4] * 100 + [13]))

    assert refusal(file) == (
        f'unknown label "13"\n  where: {file}:101:24\n  fix:   pass `--label-map "13=ACTIVITY"`, with one of walking, '
        "climbing stairs, descending stairs, sitting, standing, lying, jogging, biking, or unknown"
    )


def test_a_bad_cell_is_named_or_its_row_left_out(file: Path):
    write_mhealth_table(file, mhealth_table([4] * 600))
    lines = file.read_text().splitlines()
    cells = lines[299].split("\t")
    cells[14] = "1,5"
    lines[299] = "\t".join(cells)
    file.write_text("\n".join(lines) + "\n")

    assert refusal(file) == (
        f'arm acc_x is not a number: "1,5"\n  where: {file}:300:15\n  fix:   repair the row, or pass `--bad-rows drop`'
    )
    dropped = read(file, bad_rows="drop")[0]
    assert [(one.start, one.end) for one in dropped.segments] == [(0, 299), (300, 600)]


@pytest.mark.shared
def test_the_real_excerpt_is_recognised_with_its_doubtful_gyroscope(shared: Path):
    recordings = read(shared / "data" / "loggers" / "mhealth_sample")

    assert [one.subject for one in recordings] == ["mhealth/01", "mhealth/01", "mhealth/02", "mhealth/02"]
    assert all("which is no angular rate" in one.notes[1] for one in recordings)


def test_numbers_beyond_all_sensors_make_it_another_file(file: Path):
    table = mhealth_table([4] * 600)
    table[3, 5] = 1e300
    write_mhealth_table(file, table)

    assert "no header says what the 24 columns are" in refusal(file)
