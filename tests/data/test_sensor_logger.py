from __future__ import annotations

import pickle
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from samples.phones import (
    START_MS,
    write_android,
    write_annotations,
    write_ios,
    write_metadata,
    write_sensor,
    write_wrist,
)
from samples.sample import GRAVITY, gravity, motion

from llasa_core.data.quality import Quality
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

FRAME_NOTE = "acc negated: iOS counts gravity the other way round than Android; `--keep-frame` leaves it"
RECORD_GYR = "record the gyroscope too, or pass `--allow-missing gyro`: gyr is then zero, and the windows are flagged"


def read(path: Path, **options: Any) -> list[Recording]:
    return list(read_recordings(path, ReadOptions(**options)))


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value).replace(f"{path.parent}/", "")


def labels(recording: Recording) -> list[tuple[float, str | None]]:
    """Return (seconds on the recording's clock, activity)."""
    return [(round(segment.start / recording.sampling_rate_hz, 1), segment.activity) for segment in recording.segments]


@pytest.fixture
def android(tmp_path: Path) -> Path:
    """Return a folder that was recorded on Android, labelled by three annotations."""
    folder = tmp_path / "walk"
    folder.mkdir()
    write_android(folder)
    return folder


@pytest.fixture
def ios(tmp_path: Path) -> Path:
    """Return a folder that was recorded on iOS."""
    folder = tmp_path / "walk"
    folder.mkdir()
    write_ios(folder)
    return folder


def test_every_decision_is_told(android: Path):
    (recording,) = read(android)

    assert recording.notes == (
        "Metadata.csv: recorded on android",
        "Accelerometer.csv not used",
        "acc from TotalAcceleration.csv: `x`, `y`, `z`, time from `time`",
        "gyr from Gyroscope.csv: `x`, `y`, `z`, time from `time`",
        "time in ns: 1.717e+18 is in 2024 then; about 100 Hz",
        "acc in m/s^2: the format (Sensor Logger) says so, and the median of its 1-s means is 9.78",
        "gyr in rad/s: the format (Sensor Logger) says so, and in rad/s it explains how gravity turns (factor 0.93)",
        "acc at 100 Hz and gyr at 200 Hz joined on time: acceleration interpolated",
        "200 Hz, even stamps",
        "labels from Annotation.csv: 3 texts",
    )
    assert recording.since_1970_s == pytest.approx(START_MS / 1000 + 0.005, abs=1e-5)


def test_gravity_is_added_on_time_and_turned_round_on_ios(ios: Path):
    (recording,) = read(ios)
    (kept,) = read(ios, keep_frame=True)

    assert FRAME_NOTE in recording.notes
    assert "gravity from Gravity.csv: `x`, `y`, `z`, time from `time`" in recording.notes
    assert recording.samples[:, 2].mean() > 9
    assert kept.samples[:, :3] == pytest.approx(-recording.samples[:, :3])


def test_gravity_at_other_times_is_interpolated_and_what_it_misses_counted(ios: Path):
    times = 1.0 + np.arange(1000) / 55
    write_sensor(ios, "Gravity", times, -gravity(times))
    (recording,) = read(ios)

    assert recording.left_out == (("acceleration without gravity at its time", 91),)
    wanted = motion(1.0 + np.arange(len(recording.samples)) / recording.sampling_rate_hz)
    assert np.abs(recording.samples - wanted)[50:-50].max() < 0.05


def test_what_was_standardised_is_left_as_it_is(ios: Path):
    for name in ("Accelerometer", "Gravity"):
        times = np.arange(1000) / 50
        values = gravity(times) if name == "Gravity" else motion(times)[:, :3] - gravity(times)
        write_sensor(ios, name, times, values)
    write_metadata(ios, "ios", "true")
    (recording,) = read(ios)

    assert "Metadata.csv: recorded on ios, units and axes standardised" in recording.notes
    assert FRAME_NOTE not in recording.notes
    assert recording.samples[:, 2].mean() > 9


def test_without_metadata_nothing_is_turned_round(ios: Path):
    (ios / "Metadata.csv").unlink()
    (recording,) = read(ios)

    assert (
        "no Metadata.csv says whether this is Android or iOS, whose acceleration points the other way: left as it is"
        in recording.notes
    )
    assert recording.samples[:, 2].mean() < -9


@pytest.mark.parametrize(
    ("platform", "partner"),
    [
        ("android", "TotalAcceleration.csv"),
        ("ios", "Gravity.csv"),
        (None, "TotalAcceleration.csv (Android) or Gravity.csv (iOS)"),
    ],
)
def test_acceleration_without_gravity_is_refused(ios: Path, platform: str | None, partner: str):
    (ios / "Gravity.csv").unlink()
    (ios / "Metadata.csv").unlink()
    if platform:
        write_metadata(ios, platform)

    assert refusal(ios) == (
        "Accelerometer.csv of Sensor Logger has no gravity, and nothing with it stands beside\n"
        "  where: walk/Accelerometer.csv\n"
        f"  fix:   put {partner} of the same recording beside it; next time switch on total acceleration, or gravity"
    )
    assert refusal(ios / "Accelerometer.csv").startswith("Accelerometer.csv of Sensor Logger has no gravity")


def test_inspecting_describes_acceleration_without_gravity(ios: Path):
    (ios / "Gravity.csv").unlink()
    (recording,) = read(ios, describe_only=True)

    assert recording.origin is not None
    assert recording.origin.gravity == "removed"


@pytest.mark.parametrize(
    ("platform", "scale", "unit"), [("ios", -1 / GRAVITY, "g"), ("android", 1, "m/s^2"), (None, -1 / GRAVITY, "g")]
)
def test_uncalibrated_acceleration_is_taken_where_nothing_else_has_gravity(
    ios: Path, platform: str | None, scale: float, unit: str
):
    (ios / "Gravity.csv").unlink()
    (ios / "Metadata.csv").unlink()
    if platform:
        write_metadata(ios, platform)
    times = np.arange(1000) / 50
    write_sensor(ios, "AccelerometerUncalibrated", times, scale * motion(times)[:, :3])
    (recording,) = read(ios)

    assert recording.origin is not None
    assert recording.origin.acc_unit == unit
    assert recording.samples == pytest.approx(motion(times), abs=1e-6)
    assert "Accelerometer.csv not used" in recording.notes


def test_the_calibrated_sensors_come_first(ios: Path):
    times = np.arange(1000) / 50
    write_sensor(ios, "AccelerometerUncalibrated", times, 0 * motion(times)[:, :3])
    write_sensor(ios, "GyroscopeUncalibrated", times, 0 * motion(times)[:, 3:])
    (recording,) = read(ios)

    assert recording.samples == pytest.approx(motion(times), abs=1e-6)
    assert "AccelerometerUncalibrated.csv and GyroscopeUncalibrated.csv not used" in recording.notes


def test_a_missing_gyroscope_is_named(android: Path):
    (android / "Gyroscope.csv").unlink()
    wanted = f"\n  where: walk/TotalAcceleration.csv\n  fix:   {RECORD_GYR}"

    assert refusal(android) == f"no gyroscope: no Gyroscope.csv beside TotalAcceleration.csv{wanted}"
    (android / "Gyroscope.csv").touch()
    assert refusal(android) == f"no gyroscope: Gyroscope.csv beside TotalAcceleration.csv is empty (0 bytes){wanted}"
    (recording,) = read(android, allow_missing_gyro=True)
    assert Quality.GYRO_MISSING in recording.quality


def test_names_in_lower_case_and_copies_of_a_browser_belong_together(ios: Path):
    (ios / "Gyroscope.csv").rename(ios / "Gyroscope (1).csv")
    (ios / "Accelerometer.csv").rename(ios / "accelerometer.csv")
    (ios / "Metadata.csv").rename(ios / "metadata.csv")

    assert read(ios)[0].samples == pytest.approx(motion(np.arange(1000) / 50), abs=1e-6)


def test_a_second_set_of_copies_is_a_recording_of_its_own(ios: Path):
    for name in ("Accelerometer", "Gravity", "Gyroscope"):
        shutil.copy(ios / f"{name}.csv", ios / f"{name} (1).csv")

    assert sorted(recording.session for recording in read(ios)) == ["walk", "walk_1"]


def test_a_zip_and_a_zip_of_zips_are_read(ios: Path, tmp_path: Path):
    (tmp_path / "all").mkdir()
    shutil.make_archive(str(tmp_path / "all" / "first"), "zip", ios)
    shutil.make_archive(str(tmp_path / "all" / "second"), "zip", ios)
    shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path / "all")

    assert [recording.session for recording in read(tmp_path / "all" / "first.zip")] == ["first"]
    assert [recording.session for recording in read(tmp_path / "all.zip")] == ["first", "second"]


def test_files_taken_out_of_the_zip_beside_them_are_read_once(android: Path, tmp_path: Path):
    shutil.make_archive(str(tmp_path / "run-2024"), "zip", android)
    (tmp_path / "run-2024.zip").rename(android / "run-2024.zip")
    for name in ("TotalAcceleration.csv", "Metadata.csv", "Annotation.csv", "AccelerometerUncalibrated.csv"):
        (android / name).unlink()
    (recording,) = read(android)

    assert recording.session == "run-2024"
    assert "Accelerometer.csv and Gyroscope.csv beside run-2024.zip are in it too: read once" in recording.notes
    assert find_recordings(android, ReadOptions()).passed_over == []


def test_a_changed_file_beside_the_zip_is_no_copy(android: Path, tmp_path: Path):
    shutil.make_archive(str(tmp_path / "run-2024"), "zip", android)
    (tmp_path / "run-2024.zip").rename(android / "run-2024.zip")
    text = (android / "Gyroscope.csv").read_text(encoding="utf-8")
    (android / "Gyroscope.csv").write_text(text[: len(text) // 2].rsplit("\n", 1)[0], encoding="utf-8")

    assert len(find_recordings(android, ReadOptions()).unread) == 2


def test_one_file_of_a_recording_stands_for_all(android: Path):
    for name in ("Accelerometer.csv", "Gyroscope.csv", "TotalAcceleration.csv"):
        assert read(android / name)[0].samples == pytest.approx(read(android)[0].samples)


def test_the_watch_is_a_recording_of_its_own_by_the_same_person(ios: Path):
    write_wrist(ios)
    phone, watch = sorted(read(ios), key=lambda recording: recording.session)

    assert (phone.session, phone.subject, phone.placement) == ("walk", "sensor-logger/walk", "unknown")
    assert (watch.session, watch.subject, watch.placement) == ("walk_wrist", "sensor-logger/walk", "wrist")
    assert watch.samples == pytest.approx(motion(np.arange(1000) / 50), abs=1e-6)
    assert "WristMotion.csv is in g, so its axes are as Apple has them" in watch.notes


def test_the_gravity_of_the_watch_decides_its_unit(ios: Path):
    write_wrist(ios, scale=1.0)
    write_metadata(ios, "ios", "false")
    (recording,) = read(ios / "WristMotion.csv")

    assert recording.samples == pytest.approx(motion(np.arange(1000) / 50), abs=1e-6)
    assert "Metadata.csv says standardisation=false; its gravity decides" in recording.notes
    assert FRAME_NOTE not in recording.notes


def test_earphones_and_the_raw_watch_are_passed_over_with_a_note(ios: Path):
    write_wrist(ios)
    (ios / "WristMotion.csv").rename(ios / "Headphone.csv")
    times = np.arange(1000) / 50
    write_sensor(ios, "WatchAccelerometerUncalibrated", times, motion(times)[:, :3])
    (recording,) = read(ios)

    note = "Headphone.csv and WatchAccelerometerUncalibrated.csv not read: they lack a sensor or gravity in one unit"
    assert note in recording.notes
    names = [file.name for file in find_recordings(ios, ReadOptions()).passed_over]
    assert names == ["Headphone.csv", "WatchAccelerometerUncalibrated.csv"]


def test_times_that_excel_rounded_are_replaced_by_the_seconds(ios: Path):
    lines = (ios / "Accelerometer.csv").read_text(encoding="utf-8").splitlines()
    rows = [lines[0], *(f"1.71701E+18,{line.split(',', 1)[1]}" for line in lines[1:])]
    (ios / "Accelerometer.csv").write_text("\n".join(rows), encoding="utf-8")
    (recording,) = read(ios)

    assert "`time` was rounded by a spreadsheet (1.71701E+18): `seconds_elapsed` is taken" in recording.notes
    assert recording.samples == pytest.approx(motion(np.arange(1000) / 50), abs=1e-4)
    assert recording.since_1970_s == pytest.approx(START_MS / 1000, abs=1e-5)


def test_a_clock_of_which_nothing_is_left_is_refused(ios: Path):
    lines = (ios / "Accelerometer.csv").read_text(encoding="utf-8").splitlines()
    rows = [lines[0], *(f"1.71701E+18,1,{line.split(',', 2)[2]}" for line in lines[1:])]
    (ios / "Accelerometer.csv").write_text("\n".join(rows), encoding="utf-8")

    assert refusal(ios) == (
        "the clock `time` was rounded by a spreadsheet: 1000 stamps are 1.71701E+18\n"
        "  where: walk/Accelerometer.csv:1:1\n"
        "  fix:   export again, and do not save the file from a spreadsheet"
    )


def test_seconds_before_the_start_are_kept(ios: Path):
    times = np.arange(1000) / 50 - 0.25
    for name, values in (
        ("Accelerometer", gravity(times) - motion(times)[:, :3]),
        ("Gravity", -gravity(times)),
        ("Gyroscope", motion(times)[:, 3:]),
    ):
        write_sensor(ios, name, times, values)
    (recording,) = read(ios)

    assert len(recording.samples) == 1000
    assert "`seconds_elapsed` begins at -0.25, before the recording was started: kept" in recording.notes


def test_annotations_label_what_follows_them(ios: Path):
    texts = [(-1.0, "walking"), (4.0, "start upstairs"), (8.0, "stop"), (12.0, "end of test"), (15.0, "sit")]
    write_annotations(ios, texts)
    (recording,) = read(ios)

    assert labels(recording) == [(0, "walking"), (4, "climbing stairs"), (8, None), (15, "sitting")]


def test_a_text_that_is_no_activity_ends_the_label_and_is_named(ios: Path):
    write_annotations(ios, [(0.0, "walking"), (8.0, "dropped the phone"), (10.0, "walking")])
    (recording,) = read(ios)

    assert labels(recording) == [(0, "walking"), (8, None), (10, "walking")]
    assert recording.notes[-2:] == (
        "labels from Annotation.csv: 3 texts",
        (
            'Annotation.csv: "dropped the phone" is no activity, and what follows it has no label; '
            '`--label-map "dropped the phone=ACTIVITY"` gives it one'
        ),
    )


def test_a_label_map_gives_other_texts_a_meaning_and_makes_slips_errors(ios: Path):
    write_annotations(ios, [(0.0, "to the bus"), (8.0, "on the phone")])
    label_map = (("to the bus", "walking"), ("on the phone", "unknown"))

    assert labels(read(ios, label_map=label_map)[0]) == [(0, "walking"), (8, None)]
    assert refusal(ios, label_map=label_map[:1]) == (
        'unknown label "on the phone"\n'
        "  where: walk/Annotation.csv:3\n"
        '  fix:   pass `--label-map "on the phone=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )


def test_annotations_without_a_date_to_count_from_are_named(ios: Path):
    (ios / "Metadata.csv").unlink()
    write_annotations(ios, [(0.0, "walking")])
    for name in ("Accelerometer", "Gravity", "Gyroscope"):
        lines = (ios / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        rows = [lines[0], *(f"1.7E+18,{line.split(',', 1)[1]}" for line in lines[1:])]
        (ios / f"{name}.csv").write_text("\n".join(rows), encoding="utf-8")
    (recording,) = read(ios)

    assert recording.segments == (Segment(0, 1000, None),)
    assert recording.notes[-1] == "Annotation.csv not used: the recording's own clock does not tell the date"


def test_labels_that_are_asked_for_otherwise_win_over_annotations(android: Path):
    assert labels(read(android, label_from="folder")[0]) == [(0, "walking")]


def test_json_is_refused_unless_the_tables_stand_beside_it(ios: Path, tmp_path: Path):
    text = '[{"sensor":"Accelerometer","time":"1717009637445000000","seconds_elapsed":"0.1","z":"1","y":"0","x":"0"}]'
    (tmp_path / "walk.json").write_text(text, encoding="utf-8")
    shutil.copy(tmp_path / "walk.json", ios / "walk.json")

    assert refusal(tmp_path / "walk.json") == (
        "an export of Sensor Logger as JSON, in which all numbers are text\n"
        "  where: walk.json\n"
        "  fix:   export the recording again as CSV (Zipped CSV in the app's list of formats)"
    )
    assert len(read(ios)) == 1


def test_what_is_found_can_be_sent_to_other_processes(android: Path):
    (unread,) = find_recordings(android, ReadOptions()).unread
    (recording,) = pickle.loads(pickle.dumps(unread)).read(ReadOptions())  # noqa: S301 - our own bytes

    assert labels(recording) == [(0, None), (4, "walking"), (10, "standing"), (15, None)]


@pytest.mark.shared
def test_real_recordings_of_two_rates_are_read_from_their_zips(shared: Path):
    recordings = read(shared / "data" / "loggers" / "sensorlogger_nmkoval")

    assert [(one.session, len(one.samples)) for one in recordings] == [
        ("Run_1-2024-05-29_19-07-17", 5064),
        ("Squatting-2024-05-29_20-05-47", 3060),
        ("Squatting-2024-05-29_20-05-47.2", 1899),
        ("Walk_1-2024-05-29_19-30-34", 5063),
    ]
    for recording in recordings:
        assert recording.origin is not None
        assert recording.origin.slowest_hz == pytest.approx(16.67, abs=0.01)


@pytest.mark.shared
def test_real_recordings_that_lack_a_sensor_are_refused(shared: Path):
    loggers = shared / "data" / "loggers"

    assert refusal(loggers / "sensorlogger_benny").startswith(
        "Accelerometer.csv of Sensor Logger has no gravity, and nothing with it stands beside\n"
    )
    assert refusal(loggers / "sensorlogger_uncalibrated").startswith(
        "no gyroscope: no Gyroscope.csv beside TotalAcceleration.csv\n"
    )
