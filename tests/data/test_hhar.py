from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_a import HHAR_HEADER, HHAR_START_NS, hhar_rows
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

AGAIN = "unpack the dataset again, with all files of `Activity recognition exp` in one folder"
EVERY = np.arange(600) / 100


def read(path: Path, **options: object) -> list[Recording]:
    return list(read_recordings(path, ReadOptions(**options)))


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value)


def write(folder: Path, acc: Sequence[str], gyr: Sequence[str], kind: str = "Phones") -> Path:
    for sensor, rows in (("accelerometer", acc), ("gyroscope", gyr)):
        (folder / f"{kind}_{sensor}.csv").write_text("\n".join([HHAR_HEADER, *rows]) + "\n")
    return folder / f"{kind}_accelerometer.csv"


def both(
    times_s: np.ndarray, label: str = "walk", user: str = "a", device: str = "nexus4_1"
) -> tuple[list[str], list[str]]:
    labels, values = [label] * len(times_s), motion(times_s)
    return (
        hhar_rows(times_s, values[:, :3], labels, user, device),
        hhar_rows(times_s, values[:, 3:], labels, user, device),
    )


def with_creation(rows: Sequence[str], change: Callable[[int], object]) -> list[str]:
    """Return rows with another Creation_Time."""
    cells = [row.split(",") for row in rows]
    return [",".join([*cell[:2], str(change(int(cell[2]))), *cell[3:]]) for cell in cells]


def test_people_and_devices_are_told_apart_before_anything_is_sorted(tmp_path: Path):
    pairs = [both(EVERY, user="a"), both(EVERY, "sit", user="b"), both(EVERY, "bike", user="a", device="s3_2")]
    # the blocks of all of them alternate, and their clocks agree
    acc, gyr = ([row for at in range(0, 600, 100) for pair in pairs for row in pair[s][at : at + 100]] for s in (0, 1))
    write(tmp_path, acc, gyr)

    recordings = read(tmp_path)

    assert [(one.subject, one.session, one.segments) for one in recordings] == [
        ("hhar/a", "a_nexus4_1", (Segment(0, 600, "walking"),)),
        ("hhar/a", "a_s3_2", (Segment(0, 600, "biking"),)),
        ("hhar/b", "b_nexus4_1", (Segment(0, 600, "sitting"),)),
    ]


def test_watches_are_at_the_wrist(tmp_path: Path):
    write(tmp_path, *both(EVERY, device="gear_1"), kind="Watch")

    assert read(tmp_path)[0].placement == "wrist"


def test_null_is_a_label_and_left_out_by_name_unless_it_is_mapped(tmp_path: Path):
    acc, gyr = both(EVERY, "stand")
    null = [row.replace("stand", "null") for row in acc[:200]]
    write(tmp_path, [*null, *acc[200:]], gyr)

    (only,), (mapped,) = read(tmp_path), read(tmp_path, label_map=(("null", "lying"),))

    assert only.segments == (Segment(200, 600, "standing"),)
    assert only.left_out == (('label "null": nobody said what was done', 200),)
    assert mapped.segments[0] == Segment(0, 200, "lying")


def test_an_unknown_label_is_named_with_its_place(tmp_path: Path):
    acc, gyr = both(EVERY, "stand")
    acc[41] = acc[41].replace("stand", "stairs")
    file = write(tmp_path, acc, gyr)

    assert refusal(tmp_path) == (
        f'unknown label "stairs", which says no direction\n  where: {file}:43:10\n'
        '  fix:   pass `--label-map "stairs=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )
    assert read(tmp_path, label_map=(("stairs", "climbing stairs"),))[0].segments[1].activity == "climbing stairs"


def test_a_bad_cell_is_named_with_its_row_and_column(tmp_path: Path):
    acc, gyr = both(EVERY)
    gyr[9] = gyr[9].replace(gyr[9].split(",")[4], "bad")
    write(tmp_path, acc, gyr)

    assert refusal(tmp_path) == (
        f'y is not a number: "bad"\n  where: {tmp_path / "Phones_gyroscope.csv"}:11:5\n'
        "  fix:   repair the row, or pass `--bad-rows drop`"
    )
    assert read(tmp_path, bad_rows="drop")[0].left_out[-1] == ("row that could not be read", 1)


def test_a_device_without_gyroscope_is_left_out_and_counted(tmp_path: Path):
    acc, gyr = both(EVERY)
    write(tmp_path, [*acc, *both(EVERY[:50], device="samsungold_1")[0]], gyr)

    assert read(tmp_path)[0].left_out == (("samsungold_1 has no gyroscope", 50),)


def test_time_that_runs_backwards_after_a_restart_is_sorted_where_nothing_overlaps(tmp_path: Path):
    acc, gyr = both(EVERY)
    early = [with_creation(rows, lambda ns: ns - 3_600 * 10**9) for rows in both(EVERY, "sit")]
    write(tmp_path, [*acc, *early[0]], [*gyr, *early[1]])

    first, second = read(tmp_path)

    assert [one.segments[0].activity for one in (first, second)] == ["sitting", "walking"]
    assert second.start_s == pytest.approx(3600)


def test_arrival_time_is_taken_where_the_sensors_clocks_differ(tmp_path: Path):
    acc, gyr = both(EVERY)
    write(tmp_path, acc, with_creation(gyr, lambda ns: ns - HHAR_START_NS))  # since the device's start

    (only,) = read(tmp_path)

    assert only.notes[1] == (
        "time is Arrival_Time, in ms (Creation_Time: 0 % of the acceleration lies within the gyroscope's time)"
    )
    assert only.origin is not None
    assert only.origin.clock == "ms"


def test_a_spreadsheets_rounding_is_named_and_harmless_where_stamps_still_differ(tmp_path: Path):
    acc, gyr = (with_creation(rows, lambda ns: f"{ns:.14E}".replace("E+18", "E+018")) for rows in both(EVERY))
    write(tmp_path, acc, gyr)

    (only,) = read(tmp_path)

    assert only.notes[1] == (
        "time is Creation_Time, in ns; its stamps are rounded to 10 µs, as a spreadsheet does, and 0 of 600 repeat the "
        "one before"
    )
    assert np.abs(only.samples - motion(EVERY)).max() < 0.01


def test_tabs_separate_as_well_as_commas(tmp_path: Path):
    write(tmp_path, *both(EVERY))
    file = tmp_path / "Phones_gyroscope.csv"
    file.write_text(file.read_text().replace(",", "\t"))

    assert len(read(tmp_path)) == 1


def test_stamps_rounded_until_they_repeat_are_refused_if_both_clocks_are(tmp_path: Path):
    acc, gyr = (with_creation(rows, lambda _: "1.42E+18") for rows in both(EVERY))
    acc, gyr = ([row.replace(row.split(",")[1], "1.42E+12", 1) for row in rows] for rows in (acc, gyr))
    file = write(tmp_path, acc, gyr)

    assert refusal(tmp_path) == (
        "neither clock of user a and nexus4_1 tells when samples were taken: Creation_Time: rounded time stamps, "
        "599 of 600 of the accelerometer repeat the one before; Arrival_Time: rounded time stamps, 599 of 600 of the "
        f"accelerometer repeat the one before\n  where: {file}\n"
        "  fix:   take the dataset's original files: a spreadsheet rounds long numbers"
    )


def test_one_device_with_unusable_clocks_is_left_out_by_name(tmp_path: Path):
    acc, gyr = both(EVERY)
    apart = both(EVERY, user="b")[0], both(EVERY + 7200, user="b")[1]  # an hour and more after the other sensor
    write(tmp_path, [*acc, *apart[0]], [*gyr, *apart[1]])

    (only,) = read(tmp_path)

    why = "0 % of the acceleration lies within the gyroscope's time"
    assert only.session == "a_nexus4_1"
    clocks = f"Creation_Time: {why}; Arrival_Time: {why}"
    reason = f"b_nexus4_1: neither clock of user b and nexus4_1 tells when samples were taken: {clocks}"
    assert only.left_out == ((reason, 600),)


def test_rounded_creation_gives_way_to_a_sound_arrival(tmp_path: Path):
    acc, gyr = (with_creation(rows, lambda _: "1.42E+18") for rows in both(EVERY))
    write(tmp_path, acc, gyr)

    assert read(tmp_path)[0].notes[1] == (
        "time is Arrival_Time, in ms (Creation_Time: rounded time stamps, 599 of 600 of the accelerometer repeat the "
        "one before)"
    )


def test_a_missing_sensor_is_named(tmp_path: Path):
    write(tmp_path, *both(EVERY))
    (tmp_path / "Phones_gyroscope.csv").unlink()

    assert refusal(tmp_path) == (
        "Phones_accelerometer.csv has no gyroscope beside it: Phones_gyroscope.csv is missing\n"
        f"  where: {tmp_path}\n  fix:   {AGAIN}"
    )


def test_tables_of_different_people_are_refused(tmp_path: Path):
    write(tmp_path, both(EVERY, user="a")[0], both(EVERY, user="b")[1])

    assert refusal(tmp_path) == (
        "no person and device of Phones_accelerometer.csv is in Phones_gyroscope.csv\n"
        f"  where: {tmp_path / 'Phones_gyroscope.csv'}\n  fix:   {AGAIN}"
    )


def test_one_of_the_two_files_reads_with_the_other(tmp_path: Path):
    file = write(tmp_path, *both(EVERY))

    assert [one.session for one in read(file)] == ["a_nexus4_1"]


def test_a_zip_in_the_zip_reads_as_downloaded(tmp_path: Path):
    folder = tmp_path / "Activity recognition exp"
    folder.mkdir()
    write(folder, *both(EVERY))
    inner = tmp_path / "Activity recognition exp.zip"
    with zipfile.ZipFile(inner, "w") as packed:
        for file in folder.iterdir():
            packed.write(file, f"{folder.name}/{file.name}")
    outer = tmp_path / "heterogeneity+activity+recognition.zip"
    with zipfile.ZipFile(outer, "w") as packed:
        packed.write(inner, inner.name)

    (unpacked,), (zipped,) = read(folder), read(outer)

    assert np.array_equal(zipped.samples, unpacked.samples)


@pytest.mark.shared
def test_the_real_excerpt_is_read_and_its_rounding_named(shared: Path):
    recordings = read(shared / "data" / "loggers" / "hhar_sample")

    assert {one.subject for one in recordings} == {"hhar/a"}
    assert {segment.activity for one in recordings for segment in one.segments} == {
        "standing",
        "sitting",
        "walking",
        "biking",
        "climbing stairs",
        "descending stairs",
    }
    assert "rounded to 10 µs" in recordings[0].notes[1]
