from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_a import pamap2_table, write_pamap2_table

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


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "subject105.dat"


def test_each_sensor_is_a_recording_of_its_own_from_the_sensor_that_does_not_saturate(file: Path):
    table = pamap2_table([4] * 300)
    table[:, 21:24] += [0, 0, 1]  # chest
    write_pamap2_table(file, table)

    hand, chest, ankle = read(file)

    assert [(one.session, one.placement) for one in (hand, chest, ankle)] == [
        ("subject105-hand", "wrist"),
        ("subject105-chest", "chest"),
        ("subject105-ankle", "ankle"),
    ]
    assert np.allclose(chest.samples - hand.samples, [0, 0, 1, 0, 0, 0], atol=1e-5)
    assert np.allclose(hand.samples, ankle.samples)


def test_labels_are_mapped_and_all_others_left_out_by_name(file: Path):
    codes = [0, 1, 2, 3, 4, 5, 6, 12, 13, 7, 9, 10, 11, 16, 17, 18, 19, 20, 24]
    write_pamap2_table(file, pamap2_table(np.repeat(codes, 10).tolist()))

    first = read(file)[0]

    assert [segment.activity for segment in first.segments] == [
        "lying",
        "sitting",
        "standing",
        "walking",
        "jogging",
        "biking",
        "climbing stairs",
        "descending stairs",
    ]
    names = (
        "Nordic walking,watching TV,computer work,car driving,vacuum cleaning,ironing,folding laundry,house cleaning,"
        "playing soccer,rope jumping"
    )
    assert first.left_out == (
        ("label 0: between the activities", 10),
        *((f'label "{name}" is none of the activities', 10) for name in names.split(",")),
    )


def test_a_label_map_wins_by_name_and_by_code(file: Path):
    write_pamap2_table(file, pamap2_table([7] * 100 + [4] * 100))

    recordings = read(file, label_map=(("nordic walking", "walking"), ("4", "jogging")))

    assert recordings[0].segments == (Segment(0, 100, "walking"), Segment(100, 200, "jogging"))


def test_dropouts_split_one_sensor_and_no_other(file: Path):
    table = pamap2_table([4] * 600)
    table[200:250, 38:] = np.nan  # the ankle's sensor is out of reach for half a second
    write_pamap2_table(file, table)

    recordings = read(file)

    assert [(one.session, len(one.samples)) for one in recordings] == [
        ("subject105-hand", 600),
        ("subject105-chest", 600),
        ("subject105-ankle", 200),
        ("subject105-ankle.2", 350),
    ]
    assert recordings[3].start_s == pytest.approx(2.5)


def test_a_sensor_that_was_never_on_is_left_out_and_counted(file: Path):
    table = pamap2_table([4] * 300)
    table[:, 4:20] = np.nan
    write_pamap2_table(file, table)

    chest, _ = read(file)

    assert chest.left_out == (("the sensor at the hand was not on", 300),)


def test_optional_activities_are_another_session_of_the_same_person(tmp_path: Path):
    for folder in ("Protocol", "Optional"):
        (tmp_path / folder).mkdir()
        write_pamap2_table(tmp_path / folder / "subject101.dat", pamap2_table([4] * 200))

    recordings = read(tmp_path)

    assert {one.subject for one in recordings} == {"pamap2/101"}
    assert [one.session for one in recordings[::3]] == ["subject101-optional-hand", "subject101-hand"]


def test_an_unknown_code_is_named_with_its_place(file: Path):
    table = pamap2_table([4] * 200)
    table[120, 1] = 8
    write_pamap2_table(file, table)

    assert refusal(file) == (
        f'unknown label "8"\n  where: {file}:121:2\n  fix:   pass `--label-map "8=ACTIVITY"`, with one of walking, '
        "climbing stairs, descending stairs, sitting, standing, lying, jogging, biking, or unknown"
    )


def test_a_bad_cell_is_named_or_its_row_left_out(file: Path):
    write_pamap2_table(file, pamap2_table([4] * 200))
    lines = file.read_text().splitlines()
    cells = lines[99].split()
    cells[4] = "bad"
    lines[99] = " ".join(cells)
    file.write_text("\n".join(lines) + "\n")

    assert refusal(file) == (
        f'hand acc16_x is not a number: "bad"\n  where: {file}:100:5\n'
        "  fix:   repair the row, or pass `--bad-rows drop`"
    )
    assert read(file, bad_rows="drop")[0].left_out == (("row that could not be read", 1),)


def test_a_row_that_ends_early_is_named(file: Path):
    write_pamap2_table(file, pamap2_table([4] * 200))
    lines = file.read_text().splitlines()
    lines[49] = " ".join(lines[49].split()[:20])
    file.write_text("\n".join(lines) + "\n")

    assert refusal(file) == (
        f"the row ends after 20 of 54 columns\n  where: {file}:50:20\n"
        "  fix:   repair the row, or pass `--bad-rows drop`"
    )


def test_no_sensor_at_all_is_refused(file: Path):
    table = pamap2_table([4] * 200)
    table[:, 3:] = np.nan
    write_pamap2_table(file, table)

    assert refusal(file) == f"no sensor was on for a second\n  where: {file}\n  fix:   unpack the dataset again"


def test_another_table_of_54_columns_is_not_taken_for_it(tmp_path: Path):
    np.savetxt(tmp_path / "other.dat", np.random.default_rng(7).normal(size=(50, 54)))

    found = find_recordings(tmp_path / "other.dat", ReadOptions()).unread

    assert [one.format for one in found] != ["pamap2"]
