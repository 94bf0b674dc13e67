from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_b import opportunity_rows
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TIMES_S = np.arange(300) / 30
RAD = ReadOptions(gyr_unit="rad/s")


def write(folder: Path, rows: list[str], name: str = "S3-Drill.dat") -> Path:
    file = folder / name
    file.write_text("\n".join(rows) + "\n")
    return file


def read(path: Path, options: ReadOptions = RAD) -> list[Recording]:
    return list(read_recordings(path, options))


def refusal(path: Path, options: ReadOptions = RAD) -> str:
    with pytest.raises(DataError) as caught:
        read(path, options)
    return str(caught.value)


def with_cell(rows: list[str], row: int, column: int, text: str) -> list[str]:
    cells = rows[row - 1].split(" ")
    cells[column - 1] = text
    return [*rows[: row - 1], " ".join(cells), *rows[row:]]


def test_the_unit_of_the_angular_rate_has_to_be_given(tmp_path: Path):
    file = write(tmp_path, opportunity_rows(TIMES_S, [1] * 300))

    assert refusal(tmp_path, ReadOptions()) == (
        "the unit of the angular rate is not known: the dataset says `unit = unknown` of its value × 1000\n"
        f"  where: {file}\n"
        "  fix:   pass `--gyr-unit rad/s` or `--gyr-unit deg/s`, whichever you take the values for"
    )


def test_the_unit_that_is_given_is_taken(tmp_path: Path):
    write(tmp_path, opportunity_rows(TIMES_S, [1] * 300))

    in_rad, in_deg = read(tmp_path)[0], read(tmp_path, ReadOptions(gyr_unit="deg/s"))[0]

    assert np.allclose(in_deg.samples[:, 3:], np.deg2rad(in_rad.samples[:, 3:]))
    assert "gyr in deg/s (× 1000 in the file): `--gyr-unit` says so" in in_deg.notes
    assert in_deg.origin is not None
    assert in_deg.origin.gyr_unit == "deg/s"


def test_inspections_leave_the_unit_open(tmp_path: Path):
    write(tmp_path, opportunity_rows(TIMES_S, [1] * 300))

    first = read(tmp_path, ReadOptions(describe_only=True))[0]

    assert first.origin is not None
    assert (first.origin.acc_unit, first.origin.gyr_unit) == ("mg", None)


def test_each_body_worn_imu_is_a_recording(tmp_path: Path):
    write(tmp_path, opportunity_rows(TIMES_S, [1] * 300))

    found = read(tmp_path)

    assert [(one.session, one.placement) for one in found] == [
        ("S3-Drill_BACK", "back"),
        ("S3-Drill_RUA", "right upper arm"),
        ("S3-Drill_RLA", "right lower arm"),
        ("S3-Drill_LUA", "left upper arm"),
        ("S3-Drill_LLA", "left lower arm"),
    ]
    assert {one.subject for one in found} == {"opportunity/3"}


def test_each_imu_has_its_own_columns(tmp_path: Path):
    """Columns from 1, as `column_names.txt` counts them."""
    rows = opportunity_rows(TIMES_S, [1] * 300)
    for first in (38, 51, 64, 77, 90):
        for number in range(len(rows)):
            rows = with_cell(rows, number + 1, first, str(1000 + first))
    write(tmp_path, rows)

    assert [round(one.samples[0, 0] / 0.0098) for one in read(tmp_path)] == [1038, 1051, 1064, 1077, 1090]


def test_locomotion_becomes_the_activity(tmp_path: Path):
    write(tmp_path, opportunity_rows(TIMES_S, np.repeat([1, 2, 0, 4, 5], 60)))

    first = read(tmp_path)[0]

    assert first.segments == (
        Segment(0, 60, "standing"),
        Segment(60, 120, "walking"),
        Segment(180, 240, "sitting"),
        Segment(240, 300, "lying"),
    )
    assert first.left_out == (("no locomotion label", 60),)


def test_the_label_map_wins(tmp_path: Path):
    write(tmp_path, opportunity_rows(TIMES_S, np.repeat([0, 4], 150)))
    options = ReadOptions(gyr_unit="rad/s", label_map=(("null", "unknown"), ("4", "lying")))

    assert [segment.activity for segment in read(tmp_path, options)[0].segments] == [None, "lying"]


def test_an_unknown_label_is_named_with_its_place(tmp_path: Path):
    file = write(tmp_path, opportunity_rows(TIMES_S, np.repeat([1, 3], 150)))

    assert refusal(tmp_path) == (
        f'unknown label "3"\n  where: {file}:151:244\n'
        '  fix:   pass `--label-map "3=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )


def test_an_imu_that_was_off_is_counted_and_the_others_are_read(tmp_path: Path):
    rows = [row.split(" ") for row in opportunity_rows(TIMES_S, [2] * 300)]
    for cells in rows:
        cells[50:56] = ["NaN"] * 6
    write(tmp_path, [" ".join(cells) for cells in rows])

    found = read(tmp_path)

    assert [one.placement for one in found] == ["back", "right lower arm", "left upper arm", "left lower arm"]
    assert found[-1].left_out == (("right upper arm: acceleration has 0 samples", 300),)


def test_a_moment_without_a_value_splits_or_is_bridged(tmp_path: Path):
    rows = opportunity_rows(TIMES_S, [2] * 300)
    for row in (50, *range(101, 121)):
        rows = with_cell(rows, row, 41, "NaN")
    write(tmp_path, rows)

    first, second = read(tmp_path)[:2]

    assert (len(first.samples), len(second.samples)) == (100, 180)
    assert first.bridged == ((49, 51),)  # the clock is too coarse to tell which of the two
    times_s = second.start_s + np.arange(180) / 30
    assert np.abs(second.samples - motion(times_s)).max() < 0.01


def test_a_bad_cell_is_named_with_its_place(tmp_path: Path):
    file = write(tmp_path, with_cell(opportunity_rows(TIMES_S, [1] * 300), 20, 39, "1,5"))

    assert refusal(tmp_path) == (
        f'column 39 is not a number: "1,5"\n  where: {file}:20:39\n  fix:   repair the row, or pass `--bad-rows drop`'
    )


def test_a_table_of_other_width_is_not_taken(tmp_path: Path):
    file = write(tmp_path, ["0 " * 54] * 40)

    assert "opportunity" not in {one.format for one in find_recordings(file, ReadOptions(columns=("a",))).unread}


def test_acceleration_in_another_unit_is_refused(tmp_path: Path):
    rows = [row.split(" ") for row in opportunity_rows(TIMES_S, [2] * 300)]
    for cells in rows:
        for first in (38, 51, 64, 77, 90):
            cells[first - 1 : first + 2] = [str(float(cell) * 0.0098) for cell in cells[first - 1 : first + 2]]
    file = write(tmp_path, [" ".join(cells) for cells in rows])

    message = refusal(tmp_path)

    assert message.startswith("nothing to read: back: the acceleration is not in mg with gravity, as the dataset ")
    assert message.endswith(f"(300 samples)\n  where: {file}\n  fix:   leave this file out, or download it again")
