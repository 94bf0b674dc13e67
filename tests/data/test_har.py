from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_a import write_har_part
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.data.split import split_of
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

AGAIN = "  fix:   pass the folder `UCI HAR Dataset` as it was unpacked, or the zip"


def read(path: Path, **options: object) -> list[Recording]:
    return list(read_recordings(path, ReadOptions(**options)))


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value)


@pytest.fixture
def signals(tmp_path: Path) -> Path:
    """Return a `train` of two people: walking, sitting after it, and sitting again, each 3 windows of 2.56 s."""
    write_har_part(tmp_path, "train", [(1, 1, 0), (1, 4, 700), (3, 4, 1400)], n_windows=3)
    return tmp_path / "UCI HAR Dataset" / "train" / "Inertial Signals"


def set_row(file: Path, row: int, text: str) -> None:
    lines = file.read_text().splitlines()
    lines[row - 1] = text
    file.write_text("\n".join(lines) + "\n")


def test_windows_that_go_on_from_one_another_become_one_recording(signals: Path):
    recordings = read(signals.parents[1])

    assert [(one.subject, one.session, len(one.samples)) for one in recordings] == [
        ("har/01", "train-00001", 256),  # 128 + 2 × 64
        ("har/01", "train-00004", 256),
        ("har/03", "train-00007", 256),
    ]
    assert np.allclose(recordings[1].samples, motion((700 + np.arange(256)) / 50), atol=1e-5)
    assert recordings[1].segments == (Segment(0, 256, "sitting"),)


def test_a_window_that_does_not_overlap_starts_another_recording(signals: Path):
    file = signals / "body_gyro_z_train.txt"
    cells = file.read_text().splitlines()[1].split()
    cells[5] = "9.0"  # in the half that the window before ends with
    set_row(file, 2, " ".join(cells))

    assert [len(one.samples) for one in read(signals.parents[1])] == [128, 192, 256, 256]


def test_each_part_reads_alone_and_both_together(signals: Path):
    write_har_part(signals.parents[2], "test", [(2, 6, 0)])

    assert [one.session for one in read(signals.parents[1])] == [
        "test-00001",
        "train-00001",
        "train-00004",
        "train-00007",
    ]
    assert [one.session for one in read(signals.parents[1] / "test")] == ["test-00001"]


def test_a_label_map_wins_by_word_and_by_code(signals: Path):
    by_word = read(signals.parents[1], label_map=(("sitting", "lying"),))
    by_code = read(signals.parents[1], label_map=(("4", "unknown"),))

    assert [one.segments[0].activity for one in by_word] == ["walking", "lying", "lying"]
    assert [one.segments[0].activity for one in by_code] == ["walking", None, None]


def test_it_says_that_hapt_has_the_same_people(signals: Path):
    assert read(signals.parents[1])[0].notes[1] == (
        "HAPT holds the same people under the same numbers, and partly the same recordings: a person is in the same "
        "split of both"
    )


def test_its_people_are_in_the_splits_that_hapt_has_them_in():
    splits = [split_of(f"har/{person:02d}") for person in range(1, 31)]

    assert splits == [split_of(f"hapt/{person:02d}") for person in range(1, 31)]
    assert [person for person, split in enumerate(splits, start=1) if split == "test"] == [3, 6, 10, 13, 18, 21, 25, 29]


def test_a_label_that_is_none_is_named_with_its_row(signals: Path):
    labels = signals.parent / "y_train.txt"
    set_row(labels, 5, "7")

    assert refusal(signals.parents[1]) == (
        f'unknown label "7"\n  where: {labels}:5:1\n  fix:   pass `--label-map "7=ACTIVITY"`, with one of walking, '
        "climbing stairs, descending stairs, sitting, standing, lying, jogging, biking, or unknown"
    )


def test_a_bad_cell_is_named_with_its_row_and_column(signals: Path):
    file = signals / "total_acc_y_train.txt"
    cells = file.read_text().splitlines()[3].split()
    cells[9] = "n/a"
    set_row(file, 4, "  ".join(cells))

    assert refusal(signals.parents[1]) == (
        f'sample 10 is not a number: "n/a"\n  where: {file}:4:10\n  fix:   repair the row, or pass `--bad-rows drop`'
    )
    dropped = read(signals.parents[1], bad_rows="drop")
    assert [len(one.samples) for one in dropped] == [256, 192, 256]
    assert dropped[0].left_out == (("window that could not be read", 64),)


@pytest.mark.parametrize("name", ["Inertial Signals/body_gyro_y_train.txt", "y_train.txt", "subject_train.txt"])
def test_a_missing_file_is_named(signals: Path, name: str):
    file = signals.parent / name
    file.unlink()

    assert refusal(signals.parents[1]) == (
        f"{file.name} is missing from UCI HAR's files\n  where: {file.parent}\n{AGAIN}"
    )


def test_files_of_different_lengths_are_refused(signals: Path):
    subjects = signals.parent / "subject_train.txt"
    subjects.write_text("1\n" * 8)

    assert refusal(signals.parents[1]) == f"8 rows, but 9 in total_acc_x_train.txt\n  where: {subjects}\n{AGAIN}"


def test_a_person_without_a_number_is_refused(signals: Path):
    subjects = signals.parent / "subject_train.txt"
    set_row(subjects, 2, "1.5")

    assert refusal(signals.parents[1]) == f"subject 1.5 is no whole number\n  where: {subjects}:2:1\n{AGAIN}"


def test_acceleration_in_another_unit_is_refused(signals: Path):
    for axis in "xyz":
        file = signals / f"total_acc_{axis}_train.txt"
        np.savetxt(file, 9.80665 * np.loadtxt(file))

    assert refusal(signals.parents[1]) == (
        "the acceleration is not in g with gravity, as the dataset documents it: the median of its 1-s means is "
        f"9.77 g\n  where: {signals / 'total_acc_x_train.txt'}\n  fix:   take the dataset's original files"
    )
