from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from llasa_core.data import text_blocks
from llasa_core.data import timeline as timeline_module
from llasa_core.data.quality import Quality
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, generic_csv
from llasa_core.data.readers.generic_csv import read_generic_csv
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

NAMES = ("acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z")
UNITS = ("(m/s^2)",) * 3 + ("(rad/s)",) * 3
HEADER = ["time (s)", *(f"{name} {unit}" for name, unit in zip(NAMES, UNITS, strict=True))]
FIX_ROW = "repair the row, or pass `--bad-rows drop`"


def write(path: Path, header: Iterable[str], *columns: Iterable[object], separator: str = ",") -> Path:
    """Write columns; numbers of two dimensions are several columns."""
    cells: list[list[str]] = []
    for column in columns:
        numbers = np.atleast_2d(np.asarray(column).T)
        cells += [
            [f"{value:.10g}" if isinstance(value, float) else str(value) for value in row.tolist()] for row in numbers
        ]
    rows = [separator.join(header), *(separator.join(row) for row in zip(*cells, strict=True))]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def read(path: Path, **options: Any) -> list[Recording]:
    return list(read_generic_csv(path, ReadOptions(**options)))


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value).replace(str(path), path.name)


@pytest.fixture
def walk(tmp_path: Path, nodding: Callable[..., np.ndarray]) -> Path:
    """Return a table of 20 s at 50 Hz that leaves nothing open."""
    return write(tmp_path / "walk.csv", HEADER, np.arange(1000) / 50, nodding(1000))


def edit(path: Path, row: int, cell: int, text: str) -> Path:
    """Write another text into a cell; both count from 1."""
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[row - 1].split(",")
    cells[cell - 1] = text
    lines[row - 1] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_plain_table_is_one_recording(walk: Path, nodding: Callable[..., np.ndarray]):
    (recording,) = read(walk)

    assert recording.samples == pytest.approx(nodding(1000), abs=1e-8)
    assert recording.samples.dtype == np.float64
    assert (recording.sampling_rate_hz, recording.dataset) == (50, "csv")
    assert (recording.file, recording.subject, recording.session) == (walk, "csv/walk", "walk")
    assert recording.segments == (Segment(0, 1000, None),)
    assert (recording.quality, recording.left_out, recording.bridged) == (Quality(0), (), ())


def test_every_decision_is_told_with_its_evidence(walk: Path):
    assert read(walk)[0].notes == (
        "acc from `acc_x (m/s^2)`, `acc_y (m/s^2)`, `acc_z (m/s^2)`",
        "gyr from `gyr_x (rad/s)`, `gyr_y (rad/s)`, `gyr_z (rad/s)`",
        "time from `time (s)`",
        "time in s: the header says so; about 50 Hz",
        "acc in m/s^2: the header (`acc_x (m/s^2)`) says so, and the median of its 1-s means is 9.79",
        "gyr in rad/s: the header (`gyr_x (rad/s)`) says so, and in rad/s it explains how gravity turns (factor 1.00)",
        "50 Hz, even stamps",
    )


def test_gravity_beside_acceleration_without_is_added(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    header = [f"{sensor}.{axis}" for sensor in ("userAcceleration", "gravity", "rotationRate") for axis in "xyz"]
    samples = nodding(1000)
    motion = np.random.default_rng(7).normal(size=(1000, 3))
    path = write(tmp_path / "walk.csv", header, motion / 9.80665, samples[:, :3] / 9.80665, samples[:, 3:])
    (recording,) = read(path, sampling_rate_hz=50)

    assert recording.samples[:, :3] == pytest.approx(samples[:, :3] + motion, abs=1e-6)


def test_a_table_without_a_clock_needs_a_rate(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    path = write(tmp_path / "walk.csv", NAMES, nodding(1000))

    assert refusal(path) == (
        "no time column, and no sampling rate\n"
        "  where: walk.csv:1\n"
        "  fix:   pass the sampling rate in Hz, as in `--rate 50`"
    )
    (recording,) = read(path, sampling_rate_hz=50)
    assert recording.sampling_rate_hz == 50
    assert "50 Hz, a row a sample: `--rate` says so" in recording.notes


def test_a_rate_above_the_table_is_found(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    path = write(tmp_path / "walk.csv", NAMES, nodding(1000))
    path.write_text("# data_rate = 50.0 Hz, filter = 20 Hz\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    (recording,) = read(path)

    assert recording.sampling_rate_hz == 50
    assert recording.notes[3] == (
        "50 Hz, a row a sample: the line `# data_rate = 50.0 Hz, filter = 20 Hz` above the table says so"
    )


def test_columns_can_be_told_by_position(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    table = np.column_stack([np.arange(1000) / 50, nodding(1000)])
    path = tmp_path / "walk.txt"
    np.savetxt(path, table)
    (recording,) = read(path, columns=("1", "2", "3", "4", "5", "6", "7"))

    assert recording.samples == pytest.approx(nodding(1000))


def test_dropped_rows_leave_their_time_free_where_there_is_no_clock(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    path = edit(write(tmp_path / "walk.csv", NAMES, nodding(1000)), 502, 6, "n/a")
    (recording,) = read(path, sampling_rate_hz=50, bad_rows="drop")

    assert recording.bridged == ((500, 501),)
    assert len(recording.samples) == 1000


def test_times_may_be_written_as_text(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    stamps = [f"2024-05-29 19:07:{row // 50:02d}.{row % 50 * 20:03d}" for row in range(1000)]
    path = write(tmp_path / "walk.csv", HEADER, stamps, nodding(1000))

    assert read(path)[0].samples == pytest.approx(nodding(1000), abs=1e-8)
    assert refusal(edit(path, 7, 1, "noon")) == (
        '`time (s)` is no time: "noon"\n'
        "  where: walk.csv:7:1\n"
        f"  fix:   {FIX_ROW}; times look like 2024-05-29 19:07:17.250"
    )


def test_labels_and_subjects_come_from_their_columns(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    labels = np.repeat(["walk", "", "stairsup", "Upstairs"], 250)
    people = np.repeat(["Ada", "Bo"], 500)
    path = write(tmp_path / "all.csv", [*HEADER, "act", "who"], np.arange(1000) / 50, nodding(1000), labels, people)
    first, second = read(path, label_column="act", subject_column="who")

    assert first.segments == (Segment(0, 250, "walking"), Segment(250, 500, None))
    assert second.segments == (Segment(0, 500, "climbing stairs"),)
    assert (first.subject, second.subject, second.session) == ("csv/Ada", "csv/Bo", "all.2")


def test_unknown_labels_are_refused_by_name_unless_mapped(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    labels = np.repeat(["A", "Q"], 500)
    path = write(tmp_path / "all.csv", [*HEADER, "act"], np.arange(1000) / 50, nodding(1000), labels)

    assert refusal(path, label_column="act", label_map=(("A", "walking"),)) == (
        'unknown label "Q"\n'
        "  where: all.csv:502:8\n"
        '  fix:   pass `--label-map "Q=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, sitting, '
        "standing, lying, jogging, biking, or unknown"
    )
    (recording,) = read(path, label_column="act", label_map=(("A", "walking"), ("Q", "unknown")))
    assert [segment.activity for segment in recording.segments] == ["walking", None]


def test_the_folder_may_name_the_activity(walk: Path):
    folder = walk.parent / "sitting"
    folder.mkdir()

    assert read(walk.rename(folder / "walk.csv"), label_from="folder")[0].segments == (Segment(0, 1000, "sitting"),)


def test_a_label_column_that_is_not_read_is_told(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    path = write(tmp_path / "a.csv", [*HEADER, "activity"], np.arange(100) / 50, nodding(100), ["walking"] * 100)

    assert (
        "column `activity` is not read; `--label-column activity` takes the activities from it" in read(path)[0].notes
    )


def test_a_missing_file_is_refused(tmp_path: Path):
    assert refusal(tmp_path / "walk.csv") == ("there is no such file\n  where: walk.csv\n  fix:   check the path")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (1, "1 row with a time: too few for a recording"),
        (20, "no second without a gap in 20 rows"),
    ],
)
def test_too_few_rows_are_refused(tmp_path: Path, nodding: Callable[..., np.ndarray], rows: int, message: str):
    path = write(tmp_path / "walk.csv", HEADER, np.arange(rows) / 50, nodding(rows))

    assert refusal(path) == f"{message}\n  where: walk.csv\n  fix:   record again, longer and with both sensors"


def test_rows_that_are_never_complete_are_refused(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    samples = nodding(1000)
    samples[::2, 1] = samples[1::2, 4] = np.nan

    assert refusal(write(tmp_path / "walk.csv", HEADER, np.arange(1000) / 50, samples)) == (
        "no row has a value for every channel\n  where: walk.csv\n  fix:   record again, longer and with both sensors"
    )


def test_gravity_in_another_unit_than_the_acceleration_is_refused(tmp_path: Path, nodding: Callable[..., np.ndarray]):
    header = [f"{name}.{axis} {unit}" for name, unit in (("userAcceleration", "(g)"), ("gravity", "(m/s^2)"),
              ("rotationRate", "(rad/s)")) for axis in "xyz"]  # fmt: skip
    path = write(tmp_path / "walk.csv", header, nodding(100), nodding(100)[:, 3:])

    assert refusal(path, sampling_rate_hz=50) == (
        "acceleration is in g, but the gravity to add in m/s^2\n"
        "  where: walk.csv:1\n"
        "  fix:   export both in one unit, and name it in both headers"
    )


def test_a_file_of_any_length_is_read_in_parts(
    walk: Path, nodding: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 5000)
    monkeypatch.setattr(timeline_module, "PART_ROWS", 400)
    monkeypatch.setattr(generic_csv, "PART_ROWS", 400)
    recordings = read(walk)

    assert np.concatenate([recording.samples for recording in recordings]) == pytest.approx(nodding(1000), abs=1e-8)
    assert [recording.session for recording in recordings] == ["walk", "walk.2", "walk.3", "walk.4"]


@pytest.mark.usefixtures("walk")
def test_only_tables_of_motion_are_read_from_a_folder(tmp_path: Path):
    others = {
        "labels.csv": "start,end,activity\n0,1,walking\n2,3,sitting\n",
        "angles.csv": "time,roll,pitch,yaw\n0,1,2,3\n1,2,3,4\n",
        "Magnetometer.csv": "time,seconds_elapsed,z,y,x\n0,1,2,3,4\n1,2,3,4,5\n",
        "notes.txt": "nothing to see here",
        "empty.csv": "",
    }
    for name, text in others.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "bare.txt").write_text("1 2 3 4 5 6\n1 2 3 4 5 6\n", encoding="utf-8")

    found = find_recordings(tmp_path, ReadOptions())
    assert [one.files[0].name for one in found.unread] == ["bare.txt", "walk.csv"]
    assert sorted(file.name for file in found.passed_over) == sorted(others)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "options", "expected"),
    [
        ("androsensor/AndroSensor.csv", {}, "AndroSensor 2 Hz, 1134 samples"),
        ("xio_fusion/Examples/Python/sensor_data.csv", {}, "sensor_data 100 Hz, 13533 samples"),
        ("imucollector_android/demo/imu_1649660042505.csv", {}, "imu_1649660042505 110 Hz, 208 samples"),
        ("picoquake/sample_data/car_vibration.csv", {"gyr_unit": "deg/s"}, "car_vibration 2000 Hz, 10000 samples"),
        ("nilspod_imucal/example_data/example_ferraris_session.csv", {"sampling_rate_hz": 204.8},
         "example_ferraris_session 204.8 Hz, 10376 samples"),
        ("picoquake/sample_data/car_vibration.csv", {}, "the unit of the angular rate is not known"),
        ("nilspod_imucal/example_data/annotated_session.csv", {"sampling_rate_hz": 204.8},
         "the acceleration is in raw steps of the sensor"),
        ("arduino_nano33ble/flex.csv", {}, "no time column, and no sampling rate"),
        ("mbientlab_acc_only/Accelerometer.csv", {}, "no gyroscope"),
        ("hhar_sample/Phones_accelerometer.csv", {}, "no gyroscope"),
        ("phyphox_ios_comma/Gyroscope.csv", {}, "no acceleration"),
        ("phyphox_lynn_edited/Linear Accelerometer.csv", {}, "the only acceleration is without gravity"),
        ("empatica_e4_ppg_hr/ACC.csv", {}, "the first row already holds numbers"),
        ("matlab_mobile_john/sensorlog.mat", {}, "not a text file: it is a MATLAB file"),
        ("ggirread_cwa_ax6/inst/testfiles/ax6_testfile.cwa", {}, "not a text file"),
        ("sensorlogger_uncalibrated/Annotation.csv", {}, "the file is empty (0 bytes)"),
    ],
)  # fmt: skip
def test_real_exports_are_read_or_refused_for_the_right_reason(
    shared: Path, file: str, options: dict[str, Any], expected: str
):
    path = shared / "data" / "loggers" / file
    try:
        first = read(path, **options)[0]
        said = f"{first.session} {first.sampling_rate_hz:g} Hz, {len(first.samples)} samples"
    except DataError as error:
        said = error.message

    assert said.startswith(expected)


@pytest.mark.parametrize(("name", "unit"), [("time (min)", "min"), ("elapsed_hours", "hours"), ("Time [h]", "h")])
def test_a_clock_in_minutes_or_hours_is_not_taken_for_seconds(tmp_path: Path, walk: Path, name: str, unit: str):
    path = tmp_path / "slow.csv"
    path.write_text(walk.read_text(encoding="utf-8").replace("time (s)", name), encoding="utf-8")

    assert refusal(path) == (
        f'the clock `{name}` counts in "{unit}", which is not read\n'
        "  where: slow.csv:1:1\n"
        "  fix:   write the times in seconds, as in `time (s)`"
    )


def test_bars_separate_columns_too(walk: Path, tmp_path: Path):
    with_bars = tmp_path / "bars.txt"
    with_bars.write_text(walk.read_text(encoding="utf-8").replace(",", "|"), encoding="utf-8")

    (plain,), (barred,) = read(walk), read(with_bars)

    assert np.array_equal(plain.samples, barred.samples)
    assert "columns separated by bars" in barred.notes
