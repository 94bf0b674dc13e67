from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AGAIN = "unpack the dataset again, with all files of RawData in one folder"


def read(path: Path, options: ReadOptions | None = None) -> list[Recording]:
    return list(read_recordings(path, options or ReadOptions()))


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    return str(caught.value)


def set_cell(file: Path, row: int, text: str) -> None:
    lines = file.read_text().splitlines()
    lines[row - 1] = text
    file.write_text("\n".join(lines) + "\n")


def test_an_experiment_is_read_in_our_units_with_its_labels(hapt_folder: Path):
    first, second = read(hapt_folder)

    raw = np.loadtxt(hapt_folder / "acc_exp01_user01.txt")
    assert first.samples.shape == (1500, 6)
    assert np.array_equal(first.samples[:, :3], raw * 9.80665)
    assert np.array_equal(first.samples[:, 3:], np.loadtxt(hapt_folder / "gyro_exp01_user01.txt"))
    assert (first.subject, first.session, first.placement) == ("hapt/01", "exp01_user01", "waist")
    assert second.subject == "hapt/03"
    # labels.txt says 0 to 699 and 750 to 1449, both with their ends
    assert first.segments == (Segment(0, 700, "walking"), Segment(750, 1450, "sitting"))
    assert first.left_out == (("transition between postures", 50), ("no label", 50))


@pytest.mark.parametrize("inside", ["", "HAPT Data Set/RawData/"])
def test_a_zip_reads_like_the_folder(hapt_folder: Path, tmp_path: Path, inside: str):
    archive = tmp_path / "HAPT.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("__MACOSX/._acc_exp01_user01.txt", "not a recording")
        packed.writestr(f"{inside}README.txt", "how to cite")
        for file in sorted(hapt_folder.iterdir(), reverse=True):
            packed.write(file, inside + file.name)

    for from_zip, from_folder in zip(read(archive), read(hapt_folder), strict=True):
        assert np.array_equal(from_zip.samples, from_folder.samples)
        assert from_zip.segments == from_folder.segments
    assert read(archive)[0].file == archive / f"{inside}acc_exp01_user01.txt"


def test_the_folder_above_reads_like_the_folder(hapt_folder: Path):
    assert [one.session for one in read(hapt_folder.parent)] == ["exp01_user01", "exp02_user03"]


def test_one_file_reads_as_its_experiment(hapt_folder: Path):
    (only,) = read(hapt_folder / "acc_exp02_user03.txt")

    assert only.session == "exp02_user03"


def test_blanks_do_not_matter(hapt_folder: Path, tmp_path: Path):
    spaced = tmp_path / "spaced"
    shutil.copytree(hapt_folder, spaced)
    for file in spaced.glob("acc_*"):
        file.write_text(
            "\r\n".join(f" {line.replace(' ', '  ')}\t" for line in file.read_text().splitlines()) + "\r\n\r\n"
        )

    assert np.array_equal(read(spaced)[0].samples, read(hapt_folder)[0].samples)


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("1.0 n/a 0.5", 'acc_y is not a number: "n/a"', 2),
        ("1.0 0.5 inf", 'acc_z is not a number: "inf"', 3),
        ("1.0 0.5", "the row holds 2 numbers, not 3", 2),
        ("1.0 0.5 2.5 3.5", "the row holds 4 numbers, not 3", 4),
    ],
)
def test_a_bad_cell_is_named_with_its_row_and_column(hapt_folder: Path, text: str, message: str, column: int):
    file = hapt_folder / "acc_exp02_user03.txt"
    set_cell(file, 1042, text)

    assert refusal(hapt_folder) == (
        f"{message}\n  where: {file}:1042:{column}\n  fix:   repair the row, or pass `--bad-rows drop`"
    )


def test_bad_rows_can_be_left_out_and_no_window_holds_them(hapt_folder: Path):
    set_cell(hapt_folder / "gyro_exp01_user01.txt", 201, "0 x 0")
    set_cell(hapt_folder / "gyro_exp01_user01.txt", 202, "0")

    found = read(hapt_folder, ReadOptions(bad_rows="drop"))[0]

    assert found.segments[:2] == (Segment(0, 200, "walking"), Segment(202, 700, "walking"))
    assert found.left_out[-1] == ("row that could not be read", 2)
    assert np.isfinite(found.samples).all()


def test_a_file_without_a_good_row_is_refused(hapt_folder: Path):
    file = hapt_folder / "acc_exp01_user01.txt"
    file.write_text("a b c\n" * 1500)

    with pytest.raises(DataError) as caught:
        read(hapt_folder, ReadOptions(bad_rows="drop"))

    assert str(caught.value) == (
        f"the file holds no row of numbers\n  where: {file}\n  fix:   copy or download it again"
    )


def test_a_missing_sensor_is_named(hapt_folder: Path):
    (hapt_folder / "gyro_exp01_user01.txt").unlink()

    assert refusal(hapt_folder) == (
        "experiment 01 of user 01 has no angular rate: gyro_exp01_user01.txt is missing\n"
        f"  where: {hapt_folder}\n  fix:   {AGAIN}"
    )


def test_missing_labels_are_named(hapt_folder: Path):
    (hapt_folder / "labels.txt").unlink()

    assert refusal(hapt_folder) == (
        f"labels.txt is missing beside the recordings\n  where: {hapt_folder}\n  fix:   {AGAIN}"
    )


def test_sensors_of_different_length_are_refused(hapt_folder: Path):
    file = hapt_folder / "gyro_exp01_user01.txt"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))

    assert refusal(hapt_folder) == (
        "1500 rows of acceleration, but 1499 of angular rate in gyro_exp01_user01.txt\n"
        f"  where: {hapt_folder / 'acc_exp01_user01.txt'}\n  fix:   {AGAIN}"
    )


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("1 1 one 0 699", 'activity is not a whole number: "one"', ":3"),
        ("1 1 1 0", "a label has 5 numbers, not 4: experiment, user, activity, first sample, last sample", ""),
        ("1 1 13 0 699", "activity 13 is none of HAPT's 1 to 12", ":3"),
        ("1 1 1 0 720", "samples 700 to 749 overlap another label, or lie outside the 1500 here", ":4"),
    ],
)
def test_a_bad_label_is_named_with_its_row(hapt_folder: Path, text: str, message: str, column: str):
    labels = hapt_folder / "labels.txt"
    set_cell(labels, 1, text)

    row = 2 if "overlap" in message else 1
    assert refusal(hapt_folder) == f"{message}\n  where: {labels}:{row}{column}\n  fix:   {AGAIN}"


def test_an_empty_file_is_refused(hapt_folder: Path):
    file = hapt_folder / "acc_exp01_user01.txt"
    file.write_text("")

    assert refusal(hapt_folder) == f"the file is empty\n  where: {file}\n  fix:   copy or download it again"


def test_a_damaged_zip_is_refused(hapt_folder: Path, tmp_path: Path):
    archive = tmp_path / "HAPT.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in hapt_folder.iterdir():
            packed.write(file, file.name)
    archive.write_bytes(archive.read_bytes()[:-100])

    assert (
        refusal(archive) == f"not a whole zip: File is not a zip file\n  where: {archive}\n  fix:   download it again"
    )


def test_damage_inside_a_zip_is_found(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=[1], seconds=10)
    archive = tmp_path / "HAPT.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted((tmp_path / "RawData").iterdir()):
            packed.write(file, file.name)
    content = bytearray(archive.read_bytes())
    content[1000] ^= 1  # in the first member's numbers
    archive.write_bytes(content)

    assert refusal(archive) == (
        "the zip cannot be unpacked: Bad CRC-32 for file 'acc_exp01_user01.txt'\n"
        f"  where: {archive / 'acc_exp01_user01.txt'}\n  fix:   copy or download it again"
    )


def test_a_label_map_wins_by_code_and_by_name(hapt_folder: Path):
    (first, *_) = read(hapt_folder, ReadOptions(label_map=(("1", "jogging"), ("sitting", "unknown"))))

    assert [segment.activity for segment in first.segments] == ["jogging", None]
