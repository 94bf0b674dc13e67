"""Damage that `tests/fuzz` found to end in a traceback or in numbers that are none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from samples.datasets_a import write_har_part
from samples.devices import write_shimmer
from samples.phones import write_watch
from samples.published import write_limu_bert
from samples.sample import motion
from samples.tables import read, refusal, save, walk_rows

if TYPE_CHECKING:
    from pathlib import Path


def replace_in(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


def test_a_rate_of_zero_above_a_table_is_none(tmp_path: Path):
    path = save(tmp_path / "walk.csv", [["# rate = 0.0 Hz"], *(row[1:] for row in walk_rows())])

    assert refusal(path) == (
        "no time column, and no sampling rate\n"
        "  where: walk.csv:2\n"
        "  fix:   pass the sampling rate in Hz, as in `--rate 50`"
    )


def test_a_window_of_har_that_ends_in_no_number_is_in_no_recording(tmp_path: Path):
    write_har_part(tmp_path, "train", [(1, 1, 0)], n_windows=3)
    signals = tmp_path / "UCI HAR Dataset" / "train" / "Inertial Signals"
    file = signals / "body_gyro_x_train.txt"
    rows = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    rows[1][100] = "nan"
    file.write_text("".join(f" {' '.join(row)}\n" for row in rows), encoding="utf-8")
    recordings = read(signals.parents[1])

    assert [len(recording.samples) for recording in recordings] == [128, 128]
    assert all(np.isfinite(recording.samples).all() for recording in recordings)


def test_a_shimmer_without_an_axis_of_one_accelerometer_is_read_from_the_other(tmp_path: Path):
    write_shimmer(tmp_path)
    (file,) = tmp_path.rglob("*.csv")
    replace_in(file, "Accel_WR_X_CAL", "Comment")
    (recording,) = read(tmp_path)

    assert np.abs(recording.samples - motion(np.arange(len(recording.samples)) / 51.2)).max() < 0.02


def test_a_line_that_swallowed_the_others_is_refused_soon(tmp_path: Path):
    rows = walk_rows(seconds=400)
    path = save(tmp_path / "walk.csv", [*rows[:1000], [cell for row in rows[1000:] for cell in row], *rows[1:9]])
    begun = time.monotonic()

    assert refusal(path) == (
        "the row has more than the table's 7 columns\n"
        "  where: walk.csv:1001:8\n"
        "  fix:   repair the row, or pass `--bad-rows drop`"
    )
    assert len(read(path, bad_rows="drop")[0].samples) == 999
    assert time.monotonic() - begun < 5  # DuckDB itself takes a minute


def test_a_long_line_of_few_cells_is_a_row(tmp_path: Path):
    rows = [[*row, "comment" if not nth else "slow " * nth] for nth, row in enumerate(walk_rows())]
    (recording,) = read(save(tmp_path / "walk.csv", rows))

    assert len(recording.samples) == 1000


def test_a_label_of_hapt_with_endless_digits_is_refused(hapt_folder: Path):
    labels = hapt_folder / "labels.txt"
    replace_in(labels, "1 1 ", f"1 {'0' * 5000} ")

    assert refusal(hapt_folder).splitlines()[1] == "  where: labels.txt:1:2"


def test_a_number_of_hapt_beyond_all_sensors_is_refused(hapt_folder: Path):
    file = next(hapt_folder.glob("gyro_*.txt"))
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[6] = "0.1 -1e308 0.2"
    file.write_text("\n".join(lines), encoding="utf-8")

    assert refusal(hapt_folder) == (
        f'gyr_y is not a number: "-1e308"\n  where: {file.name}:7:2\n  fix:   repair the row, or pass `--bad-rows drop`'
    )


def test_a_watch_without_an_axis_of_gravity_is_refused(tmp_path: Path):
    write_watch(tmp_path)
    replace_in(tmp_path / "WristMotion.csv", "gravityZ", "Comment")

    assert refusal(tmp_path).splitlines()[1] == "  where: WristMotion.csv:1"


def test_rows_of_motionsense_that_are_all_incomplete_are_refused(tmp_path: Path):
    sensors = ("gravity", "rotationRate", "userAcceleration")
    header = ["", *(f"attitude.{name}" for name in ("roll", "pitch", "yaw"))]
    header += [f"{sensor}.{axis}" for sensor in sensors for axis in "xyz"]
    rows = [[str(row), "0", "0", "0", "0", "0", "1", "0", "", "0", "0", "0", "0"] for row in range(300)]
    path = save(tmp_path / "wlk_7" / "sub_1.csv", [header, *rows])

    assert refusal(path) == (
        "no row has a value for every channel\n  where: sub_1.csv\n  fix:   copy or download it again"
    )


def test_a_number_beyond_all_sensors_in_published_windows_is_refused(tmp_path: Path):
    write_limu_bert(tmp_path)
    path = tmp_path / "uci" / "data_20_120.npy"
    data = np.load(path)
    data[2, 7, 4] = 1e300
    np.save(path, data)

    assert refusal(path).splitlines()[0] == "gyr_y is not a number in window 2, step 7"


def test_an_array_whose_header_is_damaged_is_refused(tmp_path: Path):
    write_limu_bert(tmp_path)
    path = tmp_path / "uci" / "data_20_120.npy"
    content = bytearray(path.read_bytes())
    content[10:12] = b"{("
    path.write_bytes(content)

    said, where, fix = refusal(path).splitlines()
    assert said.startswith("not a whole array of numbers: ")
    assert (where, fix) == ("  where: data_20_120.npy", "  fix:   copy the file again")
