from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_a import write_shoaib_participant
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.recording import Recording

LABEL = 69
"""The last of 70 columns, from 0."""


def read(path: Path, **options: object) -> list[Recording]:
    return list(read_recordings(path, ReadOptions(**options)))


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return one person's file: 3 s walking, 3 s upstairs."""
    file = tmp_path / "Participant_10.csv"
    write_shoaib_participant(file, seconds=3)
    return file


def set_cell(file: Path, row: int, column: int, text: str) -> None:
    lines = file.read_text().splitlines()
    cells = lines[row - 1].split(",")
    cells[column] = text
    lines[row - 1] = ",".join(cells)
    file.write_text("\n".join(lines) + "\n")


def test_each_position_and_activity_is_a_recording(file: Path):
    recordings = read(file)

    assert [one.session for one in recordings[:4]] == [
        "participant10-left-pocket-1",
        "participant10-left-pocket-2",
        "participant10-right-pocket-1",
        "participant10-right-pocket-2",
    ]
    assert [one.placement for one in recordings[::2]] == ["left pocket", "right pocket", "wrist", "upper arm", "belt"]
    assert {one.subject for one in recordings} == {"shoaib/10"}


def test_the_misspelt_upstairs_is_climbing_and_not_walking(file: Path):
    assert [one.segments[0].activity for one in read(file)[:2]] == ["walking", "climbing stairs"]


def test_linear_acceleration_is_not_read(file: Path):
    assert np.allclose(read(file)[0].samples, motion(np.arange(150) / 50), atol=1e-5)


def test_another_order_of_positions_is_taken_from_the_first_row(file: Path):
    lines = file.read_text().splitlines()
    lines[0] = lines[0].replace("Wrist", "?").replace("Belt", "Wrist").replace("?", "Belt")
    file.write_text("\n".join(lines) + "\n")

    assert [one.placement for one in read(file)[::2]] == ["left pocket", "right pocket", "belt", "upper arm", "wrist"]


def test_rounded_stamps_are_named_and_rows_counted_at_50_hz(file: Path):
    lines = [line.split(",") for line in file.read_text().splitlines()]
    for cells in lines[2:]:
        cells[0] = "1.39E+12"
    file.write_text("\n".join(map(",".join, lines)) + "\n")

    left, _, right = read(file)[:3]

    assert left.notes[1] == (
        "time stamps are rounded (299 of 300 repeat the one before): rows taken at 50 Hz, the dataset's rate"
    )
    assert left.origin is not None
    assert left.origin.clock == "none: 50 Hz, the dataset's rate"
    assert np.allclose(left.samples, right.samples, atol=1e-5)
    assert right.notes[1] == "time in ms: the dataset documents it so"


def test_an_unknown_label_is_named_with_its_place(file: Path):
    set_cell(file, 20, LABEL, "stairs")

    assert refusal(file) == (
        f'unknown label "stairs", which says no direction\n  where: {file}:20:70\n'
        '  fix:   pass `--label-map "stairs=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )


def test_a_label_map_wins(file: Path):
    recordings = read(file, label_map=(("upsatirs", "descending stairs"), ("walking", "jogging")))

    assert [one.segments[0].activity for one in recordings[:2]] == ["jogging", "descending stairs"]


def test_a_flicker_of_another_label_is_left_out_and_counted(file: Path):
    set_cell(file, 100, LABEL, "sitting")

    first = read(file)[0]

    assert first.left_out == (("less than a second of one label", 1),)
    assert len(first.samples) == 97


def test_a_bad_cell_is_named_or_its_row_left_out(file: Path):
    set_cell(file, 12, 29, "x.y")

    assert refusal(file) == (
        f'wrist Ax is not a number: "x.y"\n  where: {file}:12:30\n  fix:   repair the row, or pass `--bad-rows drop`'
    )
    assert read(file, bad_rows="drop")[0].left_out[0] == ("row that could not be read", 1)


def test_acceleration_without_gravity_is_refused(file: Path):
    lines = [line.split(",") for line in file.read_text().splitlines()]
    for cells in lines[2:]:
        cells[1:4] = cells[4:7]
    file.write_text("\n".join(map(",".join, lines)) + "\n")

    assert refusal(file) == (
        "the acceleration is not in m/s^2 with gravity, as the dataset documents it: the median of its 1-s means is "
        f"0.0382 g\n  where: {file}\n  fix:   take the dataset's original files"
    )
