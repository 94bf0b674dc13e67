from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.sample import motion

from llasa_core.data.quality import Quality
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.recording import Recording

ALLOWED = ReadOptions(allow_missing_gyro=True)
TIMES_S = np.arange(200) / 20


def rows(user: int, label: str, start_s: float = 1000.0, times_s: np.ndarray = TIMES_S) -> list[str]:
    return [
        f"{user},{label},{round(1e9 * (start_s + time))},{x:.8g},{y:.8g},{z:.8g};"
        for time, (x, y, z) in zip(times_s, motion(times_s)[:, :3], strict=True)
    ]


def write(folder: Path, lines: list[str], name: str = "WISDM_ar_v1.1_raw.txt") -> Path:
    file = folder / name
    file.write_text("\n".join(lines) + "\n")
    return file


def read(path: Path, options: ReadOptions = ALLOWED) -> list[Recording]:
    return list(read_recordings(path, options))


def refusal(path: Path, options: ReadOptions = ALLOWED) -> str:
    with pytest.raises(DataError) as caught:
        read(path, options)
    return str(caught.value)


def test_it_is_refused_because_it_has_no_gyroscope(tmp_path: Path):
    file = write(tmp_path, rows(33, "Jogging"))

    assert refusal(file, ReadOptions()) == (
        "WISDM v1.1 has no gyroscope: its phones recorded acceleration alone\n"
        f"  where: {file}\n"
        "  fix:   take wisdm-2019, which has both, or pass `--allow-missing gyro`: gyr is then zero, "
        "and the windows are flagged"
    )


def test_where_allowed_it_is_read_with_a_gyroscope_of_zero(tmp_path: Path):
    write(tmp_path, [*rows(33, "Jogging"), *rows(33, "Upstairs", 1010), *rows(7, "Sitting", 20)])

    first, second = read(tmp_path)

    assert np.abs(first.samples[:200, :3] - motion(TIMES_S)[:, :3]).max() < 1e-6
    assert not first.samples[:, 3:].any()
    assert first.quality & Quality.GYRO_MISSING
    assert (first.subject, first.session, first.placement) == ("wisdm/33", "user33", "trouser pocket")
    assert [(segment.start, segment.end, segment.activity) for segment in first.segments] == [
        (0, 200, "jogging"),
        (200, 400, "climbing stairs"),
    ]
    assert first.sampling_rate_hz == 20
    assert first.origin is not None
    assert (first.origin.format, first.origin.gyr_unit, first.origin.clock) == ("wisdm", None, "ns")
    assert second.subject == "wisdm/7"


def test_inspections_describe_it_without_a_flag(tmp_path: Path):
    write(tmp_path, rows(33, "Jogging"))

    (only,) = read(tmp_path, ReadOptions(describe_only=True))

    assert only.origin is not None
    assert only.origin.gyr_rate_hz is None


def test_the_known_oddities_of_the_file_are_mended_and_counted(tmp_path: Path):
    lines = rows(33, "Walking")
    lines[10] = lines[10] + lines[11]  # two records on one line
    lines[11] = ""
    lines[20] = lines[20].rpartition(",")[0] + ",;"  # no z
    lines[30] = "33,Walking,0,0,0,0;"
    lines[40] = lines[40].removesuffix(";")
    lines[50] = lines[50].replace(";", ",;")
    write(tmp_path, lines)

    (only,) = read(tmp_path)

    assert only.left_out == (("value missing or beyond all sensors", 2),)
    assert np.abs(only.samples[:, :3] - motion(np.arange(len(only.samples)) / 20)[:, :3]).max() < 0.3
    assert len(only.samples) == 200


def test_a_phone_that_was_started_again_makes_parts_in_the_order_of_time(tmp_path: Path):
    write(tmp_path, [*rows(33, "Walking", 1000), *rows(33, "Jogging", 50)])

    first, second = read(tmp_path)

    assert [one.segments[0].activity for one in (first, second)] == ["jogging", "walking"]
    assert "time jumped back once in the acceleration: sorted, 0 repeated rows left out" in first.notes


def test_stairs_say_no_direction_unless_told(tmp_path: Path):
    write(tmp_path, [*rows(33, "Walking"), *rows(33, "Stairs", 1010)])

    (only,) = read(tmp_path)
    (told,) = read(tmp_path, ReadOptions(allow_missing_gyro=True, label_map=(("stairs", "climbing stairs"),)))

    assert only.left_out == (('label "stairs" says no direction', 200),)
    assert [segment.activity for segment in told.segments] == ["walking", "climbing stairs"]


def test_an_unknown_label_is_named_with_its_place(tmp_path: Path):
    lines = rows(33, "Walking")
    lines[2] = lines[2].replace("Walking", "Waltzing")
    file = write(tmp_path, lines)

    assert refusal(file) == (
        f'unknown label "Waltzing"; did you mean "walking"?\n  where: {file}:3:2\n'
        '  fix:   pass `--label-map "Waltzing=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )


@pytest.mark.parametrize(
    ("record", "message", "column"),
    [
        ("33,Walking,1000150000000,1.5,a,9.5;", 'y is not a number: "a"', 5),
        ("33,Walking,1000150000000,1.5;", "a record has 6 cells, not 4", 4),
        ("33,Walking,1000150000000,1.5,2,3,4,5;", "a record has 6 cells, not 8", 7),
        ("33,Walking,1000150000000,1,2,3;33,Walking,1000200000000,1,x,3;", 'y is not a number: "x"', 11),
    ],
)
def test_a_bad_record_is_named_with_its_place(tmp_path: Path, record: str, message: str, column: int):
    lines = rows(33, "Walking")
    lines[3] = record
    file = write(tmp_path, lines)

    assert refusal(file) == f"{message}\n  where: {file}:4:{column}\n  fix:   repair the row, or pass `--bad-rows drop`"


def test_bad_records_can_be_left_out(tmp_path: Path):
    lines = rows(33, "Walking")
    lines[3] = "33,Walking,1000150000000,1.5,a,9.5;"
    file = write(tmp_path, lines)

    (only,) = read(file, ReadOptions(allow_missing_gyro=True, bad_rows="drop"))

    assert only.left_out == (("row that could not be read", 1),)


def test_a_person_without_a_second_is_counted(tmp_path: Path):
    write(tmp_path, [*rows(33, "Walking"), *rows(7, "Sitting")[:10]])

    (only,) = read(tmp_path)

    assert only.left_out == (("user 7: no second without a gap", 10),)


def test_a_file_with_nothing_of_use_says_why(tmp_path: Path):
    file = write(tmp_path, rows(7, "Sitting")[:10])

    assert refusal(file) == (
        f"nothing to read: user 7: no second without a gap (10 samples)\n  where: {file}\n"
        "  fix:   leave this file out, or download it again"
    )


def test_milliseconds_since_1970_are_told_from_nanoseconds(tmp_path: Path):
    """v2.0 of the dataset counts so."""
    lines = [row.split(",") for row in rows(33, "Walking", start_s=1_350_000_000)]
    write(tmp_path, [",".join([*row[:2], row[2][:-6], *row[3:]]) for row in lines], "WISDM_at_v2.0_raw.txt")

    (only,) = read(tmp_path)

    assert only.since_1970_s == 1_350_000_000
    assert only.sampling_rate_hz == 20


@pytest.mark.parametrize("is_odd", [False, True])
def test_a_file_that_is_cut_off_loses_its_last_record(tmp_path: Path, *, is_odd: bool):
    file = tmp_path / "WISDM_ar_v1.1_raw.txt"
    lines = rows(33, "Walking")
    if is_odd:
        lines[5] = lines[5] + lines[6]
        lines[6] = ""
    file.write_bytes("\n".join(lines).encode()[:-30] + bytes(64))

    (only,) = read(tmp_path)

    assert len(only.samples) == 199
    assert only.notes[1:3] == (
        f"{file.name}: 64 bytes of zero left out, as a power loss leaves them",
        f"{file.name}: the file is cut off: its last row, line 200, ends early and is left out",
    )


def test_other_tables_are_not_taken_for_it(tmp_path: Path):
    (tmp_path / "walk.csv").write_text("33,Jogging,then,a,b,c\n")

    assert not [one for one in find_recordings(tmp_path / "walk.csv", ALLOWED).unread if one.format == "wisdm"]
