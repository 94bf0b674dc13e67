from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from samples.phones import START_MS, write_paused, write_phyphox, write_phyphox_meta, write_raw_data
from samples.sample import gravity, motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.recording import Recording

ACC = ("Time (s)", *(f"Acceleration {axis} (m/s^2)" for axis in "xyz"))
GYR = ("Time (s)", *(f"Gyroscope {axis} (rad/s)" for axis in "xyz"))
LINEAR = ("Time (s)", *(f"Linear Acceleration {axis} (m/s^2)" for axis in "xyz"))
TIMES = np.arange(1000) / 50


def read(path: Path, **options: Any) -> list[Recording]:
    return list(read_recordings(path, ReadOptions(**options)))


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    return str(caught.value).replace(f"{path}/", "")


def acc() -> np.ndarray:
    return np.column_stack([TIMES, motion(TIMES)[:, :3]])


def gyr() -> np.ndarray:
    return np.column_stack([TIMES, motion(TIMES)[:, 3:]])


@pytest.mark.parametrize(("separator", "decimal"), [(",", "."), ("\t", "."), (";", "."), ("\t", ","), (";", ",")])
def test_all_five_ways_to_write_numbers_are_read(tmp_path: Path, separator: str, decimal: str):
    write_phyphox(tmp_path / "Accelerometer.csv", ACC, acc(), separator, decimal)
    write_phyphox(tmp_path / "Gyroscope.csv", GYR, gyr(), separator, decimal)
    write_phyphox_meta(tmp_path, [("START", 0, 0), ("PAUSE", 20, 20)], separator, decimal)
    (recording,) = read(tmp_path)

    assert recording.dataset == "phyphox"
    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-6)
    assert recording.since_1970_s == pytest.approx(START_MS / 1000, abs=1e-3)


def test_every_decision_is_told(tmp_path: Path):
    write_phyphox(tmp_path / "Accelerometer.csv", ("Time (s)", "X (m/s^2)", "Y (m/s^2)", "Z (m/s^2)"), acc())
    write_phyphox(tmp_path / "Gyroscope.csv", ("Time (s)", "X (rad/s)", "Y (rad/s)", "Z (rad/s)"), gyr())

    assert read(tmp_path)[0].notes == (
        "no meta/time.csv: a pause of the experiment would not show, and the date is not known",
        "acc from Accelerometer.csv: `X (m/s^2)`, `Y (m/s^2)`, `Z (m/s^2)`, time from `Time (s)`",
        "gyr from Gyroscope.csv: `X (rad/s)`, `Y (rad/s)`, `Z (rad/s)`, time from `Time (s)`",
        "time in s: the header says so; about 50 Hz",
        "acc in m/s^2: the header (`X (m/s^2)`) says so, and the median of its 1-s means is 9.79",
        "gyr in rad/s: the header (`X (rad/s)`) says so, and in rad/s it explains how gravity turns (factor 0.93)",
        "50 Hz, even stamps",
    )


def test_a_pause_splits_the_recording_though_its_clock_stood_still(tmp_path: Path):
    write_paused(tmp_path)
    before, after = read(tmp_path)

    assert (before.start_s, len(before.samples)) == (0, 1200)
    assert (after.start_s, len(after.samples)) == (pytest.approx(17), 1200)
    assert before.since_1970_s == pytest.approx(START_MS / 1000, abs=1e-3)
    assert after.since_1970_s == pytest.approx(START_MS / 1000 + 17, abs=1e-3)
    assert "paused at 12 s for 5 s: split there" in before.notes
    assert "starts after a gap of 5.01 s" in after.notes


def test_a_pause_splits_a_table_of_both_sensors(tmp_path: Path):
    write_raw_data(tmp_path)
    write_phyphox_meta(tmp_path, [("START", 0, 0), ("PAUSE", 8, 8), ("START", 8, 60), ("PAUSE", 20, 72)], ";", ",")
    recordings = read(tmp_path)

    assert [(one.start_s, len(one.samples)) for one in recordings] == [(0, 400), (pytest.approx(60), 600)]
    assert recordings[1].samples == pytest.approx(motion(TIMES)[400:], abs=1e-6)
    assert read(tmp_path / "Raw Data.csv")[1].start_s == pytest.approx(60)


def test_a_pause_in_which_the_clock_was_set_back_still_splits(tmp_path: Path):
    write_raw_data(tmp_path)
    write_phyphox_meta(tmp_path, [("START", 0, 0), ("PAUSE", 8, 8), ("START", 8, -3000), ("PAUSE", 20, -2988)])

    assert [one.start_s for one in read(tmp_path)] == [0, pytest.approx(9)]


def test_ios_writes_its_system_time_in_scientific_notation(tmp_path: Path):
    write_raw_data(tmp_path)
    header = '"event","experiment time","system time","system time text"'
    rows = [
        '"START",0.000000000000000E0,1.717009637445000E9,"2024-05-29 19:07:17.445 UTC+00:00"',
        '"PAUSE",8.000000000000000E0,1.717009645445000E9,"2024-05-29 19:07:25.445 UTC+00:00"',
        '"START",8.000000000000000E0,1.717009655445000E9,"2024-05-29 19:07:35.445 UTC+00:00"',
    ]
    (tmp_path / "meta" / "time.csv").write_text("\n".join([header, *rows]), encoding="utf-8")

    assert [one.start_s for one in read(tmp_path)] == [0, pytest.approx(18)]


def test_the_acceleration_with_gravity_is_taken(tmp_path: Path):
    write_phyphox(tmp_path / "Accelerometer.csv", ACC, acc())
    without = np.column_stack([TIMES, motion(TIMES)[:, :3] - gravity(TIMES)])
    write_phyphox(tmp_path / "Linear Acceleration.csv", LINEAR, without)
    write_phyphox(tmp_path / "Gyroscope.csv", GYR, gyr())
    (recording,) = read(tmp_path)

    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-6)
    assert "Linear Acceleration.csv not used" in recording.notes


def test_linear_acceleration_alone_is_refused(tmp_path: Path):
    without = np.column_stack([TIMES, motion(TIMES)[:, :3] - gravity(TIMES)])
    write_phyphox(tmp_path / "Linear Acceleration.csv", LINEAR, without)
    write_phyphox(tmp_path / "Gyroscope.csv", GYR, gyr())

    assert refusal(tmp_path) == (
        "Linear Acceleration.csv of phyphox has no gravity, and nothing with it stands beside\n"
        "  where: Linear Acceleration.csv\n"
        "  fix:   record the accelerometer with gravity too (Accelerometer.csv; in phyphox `Acceleration with g`)"
    )


def test_a_missing_gyroscope_is_named(tmp_path: Path):
    write_phyphox(tmp_path / "Accelerometer.csv", ACC, acc())

    assert refusal(tmp_path) == (
        "no gyroscope: no Gyroscope.csv beside Accelerometer.csv\n"
        "  where: Accelerometer.csv\n"
        "  fix:   record the gyroscope in the same experiment (one of your own with both sensors), "
        "or pass `--allow-missing gyro`: gyr is then zero, and the windows are flagged"
    )


def test_pairs_are_told_by_their_number_and_have_no_part_in_the_metadata(tmp_path: Path):
    for number in ("", "_2"):
        write_phyphox(tmp_path / f"Accelerometer{number}.csv", ACC, acc()[: 800 if number else None])
        write_phyphox(tmp_path / f"Gyroscope{number}.csv", GYR, gyr()[: 800 if number else None])
    write_phyphox_meta(tmp_path, [("START", 0, 0), ("PAUSE", 20, 20)])
    recordings = {recording.session: recording for recording in read(tmp_path)}

    assert {name: len(one.samples) for name, one in recordings.items()} == {
        tmp_path.name: 1000,
        f"{tmp_path.name}_2": 800,
    }
    assert recordings[f"{tmp_path.name}_2"].since_1970_s is None


def test_files_in_another_language_are_told_by_their_units(tmp_path: Path):
    write_phyphox(tmp_path / "Beschleunigungssensor.csv", ("Zeit (s)", "X (m/s²)", "Y (m/s²)", "Z (m/s²)"), acc())
    write_phyphox(tmp_path / "Gyroskop.csv", ("Zeit (s)", "X (rad/s)", "Y (rad/s)", "Z (rad/s)"), gyr())
    (recording,) = read(tmp_path)

    assert (recording.dataset, recording.session) == ("phyphox", tmp_path.name)
    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-6)


def test_a_guarded_header_and_missing_cells_are_read(tmp_path: Path):
    write_phyphox(tmp_path / "Accelerometer.csv", ("'Time (s)", *ACC[1:]), acc())
    table = gyr()
    table[10:12, 1] = np.nan
    write_phyphox(tmp_path / "Gyroscope.csv", GYR, table)
    (recording,) = read(tmp_path)

    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-3)
    assert recording.left_out == (("value missing or beyond all sensors", 2),)


def test_a_table_with_plain_numbers_is_no_export_of_phyphox(tmp_path: Path):
    np.savetxt(
        tmp_path / "walk.csv",
        np.column_stack([acc(), gyr()[:, 1:]]),
        delimiter=",",
        fmt="%.4f",
        comments="",
        header=",".join((*ACC, *GYR[1:])),
    )

    assert {unread.format for unread in find_recordings(tmp_path, ReadOptions()).unread} == {"csv"}


@pytest.mark.shared
def test_a_real_recording_of_two_walks_is_read(shared: Path):
    recordings = read(shared / "data" / "loggers" / "phyphox_ios_comma")

    assert [(one.session, len(one.samples)) for one in recordings] == [
        ("phyphox_ios_comma", 2387),
        ("phyphox_ios_comma_2", 3315),
    ]
    assert all(one.sampling_rate_hz == pytest.approx(49.72, abs=0.02) for one in recordings)


@pytest.mark.shared
def test_a_real_recording_that_a_spreadsheet_rounded_is_refused(shared: Path):
    assert refusal(shared / "data" / "loggers" / "phyphox_lynn_edited") == (
        "the time stamps `timestamps` were rounded to 3 digits: 2447 of 3659 repeat the one before, and 1 goes back\n"
        "  where: Accelerometer.csv:1:1\n"
        "  fix:   export again, and do not save the file from a spreadsheet: it rounds long numbers"
    )
