"""What goes wrong with recordings, case by case: what a person is told, in whole, or how it is put right.

The numbers are those of the project's catalogue of failures.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.phones import write_annotations, write_metadata, write_phyphox, write_phyphox_meta, write_sensor
from samples.sample import gravity, motion
from samples.tables import HEADER, SENSOR_NAMES, cells_of, read, refusal, save, walk_rows

from llasa_core.data import prepare as prepare_module
from llasa_core.data.build import PrepareSettings
from llasa_core.data.prepare import prepare
from llasa_core.data.quality import Quality
from llasa_core.data.windows import WindowConfig, windows_of
from llasa_core.errors import DataError, RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.data.recording import Recording

TIMES = np.arange(1000) / 50
SAMPLES = motion(TIMES)
LINEAR = SAMPLES[:, :3] - gravity(TIMES)
EPOCH_NS = 1_700_000_000_000_000_000 + 20_000_000 * np.arange(1000)
REPAIR = "repair the row, or pass `--bad-rows drop`"
NO_SPREADSHEET = "export again, and do not save the file from a spreadsheet"
COLUMNS = (
    "acc from `acc_x (m/s^2)`, `acc_y (m/s^2)`, `acc_z (m/s^2)`",
    "gyr from `gyr_x (rad/s)`, `gyr_y (rad/s)`, `gyr_z (rad/s)`",
)
CLOCK = ("time from `time (s)`", "time in s: the header says so; about 50 Hz")
UNITS = (
    "acc in m/s^2: the header (`acc_x (m/s^2)`) says so, and the median of its 1-s means is 9.79",
    "gyr in rad/s: the header (`gyr_x (rad/s)`) says so, and in rad/s it explains how gravity turns (factor 0.93)",
)
EVEN = ("50 Hz, even stamps",)


def notes(
    *more: str,
    before: Sequence[str] = (),
    columns: Sequence[str] = COLUMNS,
    clock: Sequence[str] = CLOCK,
    units: Sequence[str] = UNITS,
    rate: Sequence[str] = EVEN,
) -> tuple[str, ...]:
    """Return the notes on the walk that all tests here write, and what a case adds to them."""
    return (*before, *columns, *clock, *units, *rate, *more)


@pytest.fixture
def wrote(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of `walk.csv`, in a folder of its own."""

    def write(rows: Sequence[Sequence[str]], name: str = "walk.csv", separator: str = ",") -> Path:
        return save(tmp_path / "in" / name, rows, separator)

    return write


def edited(row: int, column: int, text: str) -> list[list[str]]:
    """Return the walk with another text in a cell; both count from 1."""
    rows = walk_rows()
    rows[row - 1][column - 1] = text
    return rows


def with_times(stamps: Sequence[object], name: str = "time") -> list[list[str]]:
    """Return the walk with other time stamps."""
    rows = walk_rows()
    rows[0][0] = name
    for row, stamp in zip(rows[1:], stamps, strict=False):
        row[0] = str(stamp)
    return rows


def stamps(begin: datetime, form: str, jump_s: float = 0) -> list[str]:
    """Return the times of the walk as text; the clock is set by `jump_s` in its middle."""
    return [(begin + timedelta(seconds=row / 50 + jump_s * (row >= 500))).strftime(form) for row in range(1000)]


def is_the_walk(recording: Recording, n_samples: int = 1000) -> bool:
    """Return whether a recording holds the motion that was written; what is made up may be off a little."""
    expected = motion(recording.start_s + np.arange(n_samples) / 50)
    is_made_up = np.zeros(n_samples, bool)
    for start, end in recording.bridged:
        is_made_up[start:end] = True
    off = np.abs(recording.samples[:n_samples] - expected)
    return len(recording.samples) == n_samples and off.max() < 0.05 and off[~is_made_up].max() < 1e-6


def qualities(recording: Recording) -> list[Quality]:
    return [Quality(int(bits)) for bits in windows_of(recording, WindowConfig()).quality]


def test_01_an_empty_file(wrote: Callable[..., Path]):
    assert refusal(wrote([])) == ("the file is empty (0 bytes)\n  where: walk.csv\n  fix:   export the recording again")


def test_02_a_header_alone(wrote: Callable[..., Path]):
    assert refusal(wrote([HEADER])) == (
        "the file has a header, but no rows of numbers\n"
        "  where: walk.csv:1\n"
        "  fix:   export the recording again; it may have been stopped before the first sample"
    )


def test_03_a_last_row_that_is_cut_off(wrote: Callable[..., Path]):
    path = wrote(walk_rows())
    path.write_bytes(path.read_bytes()[:-40])
    (recording,) = read(path)

    assert is_the_walk(recording, 999)
    assert recording.notes == notes("the file is cut off: its last row, line 1001, ends early and is left out")


def test_04_zeros_that_a_power_loss_left(wrote: Callable[..., Path]):
    path = wrote(walk_rows())
    path.write_bytes(path.read_bytes() + 64 * b"\0")
    (recording,) = read(path)

    assert is_the_walk(recording)
    assert recording.notes == notes("64 bytes of zero left out, as a power loss leaves them")


def test_05_text_in_a_column_of_numbers(wrote: Callable[..., Path]):
    path = wrote(edited(502, 3, "bad"))

    assert refusal(path) == f'acc_y (m/s^2) is not a number: "bad"\n  where: walk.csv:502:3\n  fix:   {REPAIR}'
    (recording,) = read(path, bad_rows="drop")
    assert is_the_walk(recording)
    assert recording.left_out == (("row that could not be read", 1),)
    assert recording.bridged == ((500, 501),)
    assert recording.notes == notes(rate=("50 Hz, even stamps, 1 missing filled by a cubic spline",))


def test_06_more_cells_than_columns(wrote: Callable[..., Path]):
    rows = walk_rows()
    rows[501].append("7")

    assert refusal(wrote(rows)) == (
        f"the row has more than the table's 7 columns\n  where: walk.csv:502:8\n  fix:   {REPAIR}"
    )


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_07_a_decimal_comma(wrote: Callable[..., Path], separator: str, name: str):
    rows = [HEADER, *([cell.replace(".", ",") for cell in row] for row in walk_rows()[1:])]
    (recording,) = read(wrote(rows, separator=separator))

    assert is_the_walk(recording)
    assert recording.notes == notes(before=(f"columns separated by {name}", "decimal comma"))
    assert refusal(wrote(rows)) == (
        "the header has 7 names, but the rows have 14 columns: decimal commas cannot be told from separating commas\n"
        "  where: walk.csv:1\n"
        "  fix:   export with a decimal point, or separated by semicolons or tabs"
    )


@pytest.mark.parametrize(("line", "separator"), [("sep=,", ","), ('"sep=\\t"', "\t"), ("sep=;", ";")])
def test_08_a_line_that_names_the_separator(wrote: Callable[..., Path], line: str, separator: str):
    path = wrote(walk_rows(), separator=separator)
    path.write_text(f"{line}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    (recording,) = read(path)

    said = {"\t": ("columns separated by tabs",), ";": ("columns separated by semicolons",)}.get(separator, ())
    assert is_the_walk(recording)
    assert recording.notes == notes(before=(*said, "1 line above the table skipped"))


def test_09_a_row_of_units(wrote: Callable[..., Path]):
    table = cells_of(1000 * TIMES, SAMPLES[:, :3], np.degrees(SAMPLES[:, 3:]))
    units = ["ms", *["m/(s^2)"] * 3, *["deg/s"] * 3]
    (recording,) = read(wrote([["Time", *SENSOR_NAMES], units, *table]))

    assert is_the_walk(recording)
    assert recording.notes == (
        "a row of units in line 2",
        "acc from `acc_x`, `acc_y`, `acc_z`",
        "gyr from `gyr_x`, `gyr_y`, `gyr_z`",
        "time from `Time`",
        "time in ms: the header says so; about 50 Hz",
        "acc in m/s^2: the header (`acc_x`) says so, and the median of its 1-s means is 9.79",
        "gyr in deg/s: the header (`gyr_x`) says so, and in deg/s it explains how gravity turns (factor 0.93)",
        "50 Hz, even stamps",
    )


def test_10_lines_above_the_table(wrote: Callable[..., Path]):
    above = [["# Some Logger 1.0"], ["# rate = 50.0 Hz, range 4 g"], [""]]
    (recording,) = read(wrote([*above, *(row[1:] for row in walk_rows())]))

    rate = "50 Hz, a row a sample: the line `# rate = 50.0 Hz, range 4 g` above the table says so"
    assert is_the_walk(recording)
    assert recording.notes == notes(before=("2 lines above the table skipped",), clock=(rate,))


def test_11_no_header(wrote: Callable[..., Path]):
    path = wrote(walk_rows()[1:])

    assert refusal(path) == (
        "the first row already holds numbers: no header says what the 7 columns are\n"
        "  where: walk.csv:1\n"
        "  fix:   name them in the file's order: `--columns t,ax,ay,az,gx,gy,gz`"
    )
    (recording,) = read(path, columns=("t", "ax", "ay", "az", "gx", "gy", "gz"))
    assert is_the_walk(recording)
    assert recording.quality == Quality.UNITS_DETECTED


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8-sig", ()), ("utf-16", ("text encoded as utf-16-le",)), ("latin-1", ("text encoded as latin-1",))],
)
def test_12_other_encodings(wrote: Callable[..., Path], encoding: str, said: tuple[str, ...]):
    path = wrote(walk_rows())
    path.write_bytes(path.read_text(encoding="utf-8").replace("m/s^2", "m/s²").encode(encoding))
    (recording,) = read(path)

    assert is_the_walk(recording)
    assert recording.notes == tuple(note.replace("(m/s^2)", "(m/s²)") for note in notes(before=said))


@pytest.mark.parametrize("mixed", [b"\r", b"\r\n"])
def test_13_old_and_mixed_line_ends(wrote: Callable[..., Path], mixed: bytes):
    path = wrote(walk_rows())
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(mixed.join(lines[:500]) + mixed + (b"\n" if len(mixed) > 1 else mixed).join(lines[500:]))
    (recording,) = read(path)

    assert is_the_walk(recording)
    assert recording.notes == notes()


def test_14_the_header_again(wrote: Callable[..., Path]):
    first, second = read(wrote(walk_rows() + walk_rows()))

    assert is_the_walk(first)
    assert is_the_walk(second)
    assert first.notes == notes("line 1002 is the header again: a new recording starts there")
    assert (second.session, second.notes) == ("walk.2", notes())


def test_15_two_records_on_one_line(wrote: Callable[..., Path]):
    rows = walk_rows()
    rows[500] += rows.pop(501)

    assert refusal(wrote(rows)) == (
        f"the row has more than the table's 7 columns\n  where: walk.csv:501:8\n  fix:   {REPAIR}"
    )


def test_16_a_quote_that_is_not_closed(wrote: Callable[..., Path]):
    assert refusal(wrote(edited(7, 3, '"1.5'))) == (
        "a quote is opened and not closed\n  where: walk.csv:7:3\n  fix:   close or remove the quote"
    )


def test_17_two_columns_of_one_name(wrote: Callable[..., Path]):
    assert refusal(wrote(edited(1, 3, "acc_x (m/s^2)"))) == (
        "two columns are x of one sensor: `acc_x (m/s^2)` in column 2, `acc_x (m/s^2)` in column 3\n"
        "  where: walk.csv:1:3\n"
        "  fix:   rename one, or give positions in the order time, acc x y z, gyr x y z: `--columns 1,2,3,4,5,6,7`"
    )


def test_18_what_a_spreadsheet_did(wrote: Callable[..., Path]):
    assert refusal(wrote(with_times(["1.70E+18"] * 1000))) == (
        "the clock `time` was rounded by a spreadsheet: 1000 stamps are 1.7E+18\n"
        f"  where: walk.csv:1:1\n  fix:   {NO_SPREADSHEET}"
    )
    assert refusal(wrote(edited(9, 3, "#####"))) == (
        'acc_y (m/s^2) is not a number: "#####"\n  where: walk.csv:9:3\n'
        f"  fix:   {NO_SPREADSHEET}: it turns numbers into ##### where a column is narrow"
    )
    assert refusal(wrote(edited(9, 3, "1.Feb"))) == (
        'acc_y (m/s^2) is not a number: "1.Feb"\n  where: walk.csv:9:3\n'
        f"  fix:   {NO_SPREADSHEET}: it turns numbers into dates"
    )


def test_18_a_spreadsheet_ends_at_its_last_row(wrote: Callable[..., Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("llasa_core.data.table.SPREADSHEET_ROWS", 1001)
    (recording,) = read(wrote(walk_rows()))

    assert recording.notes == notes("the file ends at row 1,001, where spreadsheets cut what follows")


def test_19_acceleration_without_gravity_alone(wrote: Callable[..., Path]):
    header = [HEADER[0], *(name.replace("acc", "linear_acc") for name in HEADER[1:4]), *HEADER[4:]]

    assert refusal(wrote([header, *cells_of(TIMES, LINEAR, SAMPLES[:, 3:])])) == (
        "the only acceleration is without gravity: `linear_acc_x (m/s^2)`, `linear_acc_y (m/s^2)`, "
        "`linear_acc_z (m/s^2)`\n"
        "  where: walk.csv:1\n"
        "  fix:   export acceleration with gravity, or the gravity columns beside it, which are then added"
    )
    assert refusal(wrote([HEADER, *cells_of(TIMES, LINEAR, SAMPLES[:, 3:])])) == (
        "the acceleration has no gravity, or an unknown unit: the median of its 1-s means is 0.0502 m/s^2 "
        "(interquartile range 0.013), where gravity reads 9.81 m/s^2 or 1 g\n"
        "  where: walk.csv\n"
        "  fix:   export acceleration with gravity, or the gravity columns beside it, which are then added; "
        "posture cannot be told without gravity"
    )


def sensor_logger(folder: Path, *sensors: str) -> Path:
    """Write some of Sensor Logger's files."""
    folder.mkdir(parents=True, exist_ok=True)
    of = {
        "Accelerometer": LINEAR, "Gravity": gravity(TIMES), "TotalAcceleration": SAMPLES[:, :3],
        "Gyroscope": SAMPLES[:, 3:],
    }  # fmt: skip
    for sensor in sensors:
        write_sensor(folder, sensor, TIMES, of[sensor])
    write_metadata(folder, "android")
    return folder


def test_19_sensor_loggers_accelerometer_alone(tmp_path: Path):
    assert refusal(sensor_logger(tmp_path / "walk", "Accelerometer", "Gyroscope")) == (
        "Accelerometer.csv of Sensor Logger has no gravity, and nothing with it stands beside\n"
        "  where: Accelerometer.csv\n"
        "  fix:   put TotalAcceleration.csv of the same recording beside it; next time switch on total acceleration, "
        "or gravity"
    )


def test_20_acceleration_with_and_without_gravity(tmp_path: Path):
    sensors = ("Accelerometer", "Gravity", "TotalAcceleration", "Gyroscope")
    (total,) = read(sensor_logger(tmp_path / "all", *sensors))
    (summed,) = read(sensor_logger(tmp_path / "some", "Accelerometer", "Gravity", "Gyroscope"))

    assert is_the_walk(total)
    assert is_the_walk(summed)
    assert "Accelerometer.csv and Gravity.csv not used" in total.notes
    assert "gravity from Gravity.csv: `x`, `y`, `z`, time from `time`" in summed.notes


def test_21_a_unit_that_contradicts_the_values(wrote: Callable[..., Path]):
    rows = [[name.replace("m/s^2", "g") for name in HEADER], *walk_rows()[1:]]

    assert refusal(wrote(rows)) == (
        "the unit of the acceleration: the header (`acc_x (g)`) says g, but the median of its 1-s means is 9.79, "
        "which is gravity in m/s^2\n"
        "  where: walk.csv\n"
        "  fix:   pass `--acc-unit m/s^2` if the values are right"
    )
    assert is_the_walk(read(wrote(rows), acc_unit="m/s^2")[0])


def test_22_degrees_that_nobody_names(wrote: Callable[..., Path]):
    table = cells_of(TIMES, SAMPLES[:, :3], np.degrees(SAMPLES[:, 3:]))
    (recording,) = read(wrote([["t", *SENSOR_NAMES], *table]))
    still = np.tile([0, 0, 9.80665, 0.3, 0.2, 0.1], (1000, 1))

    assert is_the_walk(recording)
    assert "gyr in deg/s: in deg/s it explains how gravity turns (factor 0.93)" in recording.notes
    assert refusal(wrote([["t", *SENSOR_NAMES], *cells_of(TIMES, still)])) == (
        "the unit of the angular rate is not known: the header does not say, and 1 % of |w| lies above 0.374, "
        "which can be rad/s or deg/s\n"
        "  where: walk.csv\n"
        "  fix:   pass `--gyr-unit rad/s` or `--gyr-unit deg/s`"
    )


def test_23_no_gyroscope(wrote: Callable[..., Path]):
    path = wrote([row[:4] for row in walk_rows()])

    assert refusal(path) == (
        "no gyroscope: the file holds acceleration only (`acc_x (m/s^2)`, `acc_y (m/s^2)`, `acc_z (m/s^2)`)\n"
        "  where: walk.csv:1\n"
        "  fix:   record the gyroscope too, or pass `--allow-missing gyro`: gyr is then zero, and the windows are "
        "flagged"
    )
    (recording,) = read(path, allow_missing_gyro=True)
    assert qualities(recording) == [Quality.GYRO_MISSING] * 5


def test_24_exchanged_sensors(wrote: Callable[..., Path]):
    rows = [["t", *SENSOR_NAMES], *cells_of(TIMES, SAMPLES[:, 3:], SAMPLES[:, :3])]

    assert refusal(wrote(rows)) == (
        "acceleration and angular rate seem exchanged: gravity (9.79 m/s^2) is in the gyroscope's columns, "
        "and the accelerometer's average 0.183\n"
        "  where: walk.csv\n"
        "  fix:   name the columns in the order time, acc x y z, gyr x y z: `--columns NAMES`"
    )


def test_25_axes_in_another_order(wrote: Callable[..., Path]):
    rows = [[row[0], *row[3:0:-1], *row[6:3:-1]] for row in walk_rows()]
    (recording,) = read(wrote(rows))

    assert is_the_walk(recording)
    assert recording.notes == notes()
    assert refusal(wrote(rows), columns=tuple(rows[0])) == (
        "`--columns` gives `acc_z (m/s^2)` as acc_x\n"
        "  where: walk.csv:1\n"
        "  fix:   put the columns in the order time, acc_x, acc_y, acc_z, gyr_x, gyr_y, gyr_z"
    )


def test_26_a_row_twice(wrote: Callable[..., Path]):
    rows = walk_rows()
    (recording,) = read(wrote(rows[:300] + rows[299:]))

    assert is_the_walk(recording)
    assert recording.left_out == (("repeats the time and values of another row", 1),)


def test_27_stamps_of_whole_seconds(wrote: Callable[..., Path]):
    seconds = np.floor(TIMES).astype(int)
    (recording,) = read(wrote(with_times(seconds, "time (s)")))
    kept = np.random.default_rng(3).random(1000) < 0.6

    clock = ("time from `time (s)`", "time in s: the header says so; about 52.58 Hz")
    units = [note.replace("9.79", "9.78") for note in UNITS]
    assert is_the_walk(recording)
    assert recording.notes == notes(
        "980 equal time stamps spread evenly up to the next", clock=clock, units=[*units[:-1], recording.notes[5]]
    )
    rows = with_times(seconds)
    assert refusal(wrote([rows[0], *(row for row, keep in zip(rows[1:], kept, strict=True) if keep)])) == (
        "time stamps are rounded: 583 of 603 repeat the one before, and not at a steady rate, so that the times in "
        "between are lost\n"
        "  where: walk.csv\n"
        f"  fix:   {NO_SPREADSHEET}: it rounds long numbers"
    )


def test_28_time_that_goes_back(wrote: Callable[..., Path]):
    rows = walk_rows()
    rows[300], rows[301] = rows[301], rows[300]
    (recording,) = read(wrote(rows))

    assert is_the_walk(recording)
    assert recording.notes == notes("sorted by time: 1 rows stood too late")
    first, second = read(wrote(walk_rows(begin=200_000) + walk_rows(begin=200_000 - 36 * 3600)[1:]))
    assert (first.notes, second.notes) == (notes(), notes("starts where time jumps back by 129,620 s"))


def test_29_a_gap(wrote: Callable[..., Path]):
    rows = walk_rows()
    first, second = read(wrote(rows[:401] + rows[561:]))

    assert is_the_walk(first, 400)
    assert is_the_walk(second, 440)
    assert (first.notes[-1], second.start_s) == ("50 Hz, even stamps", 11.2)
    assert second.notes == (*first.notes, "starts after a gap of 3.22 s")
    assert [len(windows_of(part, WindowConfig()).windows) for part in (first, second)] == [1, 1]


def test_30_a_pause_in_phyphox(tmp_path: Path):
    for name, words, values, unit in (
        ("Accelerometer.csv", "Acceleration", SAMPLES[:, :3], "m/s^2"),
        ("Gyroscope.csv", "Gyroscope", SAMPLES[:, 3:], "rad/s"),
    ):
        header = ["Time (s)", *(f"{words} {axis} ({unit})" for axis in "xyz")]
        write_phyphox(tmp_path / name, header, np.column_stack([TIMES, values]))
    (recording,) = read(tmp_path)

    assert recording.notes[0] == "no meta/time.csv: a pause of the experiment would not show, and the date is not known"
    write_phyphox_meta(tmp_path, [("START", 0, 0), ("PAUSE", 8, 8), ("START", 8, 68), ("PAUSE", 20, 80)])
    first, second = read(tmp_path)
    assert (len(first.samples), len(second.samples), second.start_s) == (400, 600, pytest.approx(68))
    assert second.notes[-1] == "starts after a gap of 60.02 s"


def test_31_a_clock_in_another_unit(wrote: Callable[..., Path]):
    assert refusal(wrote(with_times(EPOCH_NS, "time (ms)"))) == (
        "the clock `time (ms)` does not count in ms, as the header says: 5e-05 Hz; ns would make 50 Hz\n"
        "  where: walk.csv:1:1\n"
        "  fix:   correct the unit in the header"
    )
    (recording,) = read(wrote(with_times(EPOCH_NS)))
    assert is_the_walk(recording)
    clock = ("time from `time`", "time in ns: 1.7e+18 is in 2023 then; about 50 Hz")
    assert recording.notes == notes(clock=clock)


@pytest.mark.parametrize(
    ("jump_s", "said"), [(3600, "starts after a gap of 3600 s"), (-3600, "starts where time jumps back by 3600 s")]
)
def test_31_a_clock_that_is_set_to_daylight_saving_time(wrote: Callable[..., Path], jump_s: float, said: str):
    times = stamps(datetime(2024, 3, 31, 1, 59, 50, tzinfo=UTC), "%Y-%m-%d %H:%M:%S.%f", jump_s)
    first, second = read(wrote(with_times(times)))

    clock = ("time from `time`", "time in s: it is written as text; about 50 Hz")
    assert (len(first.samples), len(second.samples)) == (500, 500)
    assert first.notes[2:4] == second.notes[2:4] == clock
    assert second.notes[-1] == f"{said}, as a clock does that is set to daylight saving time"


def test_32_a_full_counter(wrote: Callable[..., Path]):
    ticks = (2**32 - 5_000_000 + 20_000 * np.arange(1000)) % 2**32
    (recording,) = read(wrote(with_times(ticks, "device time")))

    clock = ("time from `device time`", "time in us: no other unit gives a motion sensor's rate; about 50 Hz")
    assert is_the_walk(recording)
    assert recording.notes == notes("`device time` starts over after 4294967296 ticks, and is counted on", clock=clock)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("%H:%M:%S.%f", ("`time` starts over at midnight, and is counted on",)),
        ("%d/%m/%Y %I:%M:%S.%f %p", ()),
        ("%m/%d/%Y %I:%M:%S.%f %p", ()),
        ("%Y-%m-%d %H:%M:%S:%f", ()),
    ],
)
def test_32_midnight(wrote: Callable[..., Path], form: str, said: tuple[str, ...]):
    (recording,) = read(wrote(with_times(stamps(datetime(2024, 5, 6, 23, 59, 50, tzinfo=UTC), form))))

    clock = ("time from `time`", "time in s: it is written as text; about 50 Hz")
    assert is_the_walk(recording)
    assert recording.notes == notes(*said, clock=clock)


def test_32_a_date_that_can_be_read_in_two_ways(wrote: Callable[..., Path]):
    times = stamps(datetime(2024, 5, 6, 10, tzinfo=UTC), "%d/%m/%Y %H:%M:%S.%f")
    (recording,) = read(wrote(with_times(times)))

    clock = ("time from `time`", "time in s: it is written as text; about 50 Hz")
    assert is_the_walk(recording)
    assert recording.since_1970_s is None
    assert recording.notes == notes("dates of `time` not used: 06/05/2024 is 2024-05-06 or 2024-06-05", clock=clock)
    assert refusal(wrote(with_times([*times[:500], *(text.replace("06/05", "08/09") for text in times[500:])]))) == (
        "the dates of `time` can be read in two ways: 06/05/2024 is 2024-05-06 or 2024-06-05\n"
        "  where: walk.csv:1:1\n"
        "  fix:   write the year first, as in 2024-05-29, and the month before the day"
    )


def cutting_error(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        windows_of(read(path)[0], WindowConfig())
    return str(caught.value).replace(f"{path.parent}/", "")


def test_33_a_rate_below_that_of_windows(wrote: Callable[..., Path]):
    path = wrote(walk_rows(rate_hz=12.5))

    assert cutting_error(path) == (
        "the recording has 12.5 Hz, windows need 20 Hz\n"
        "  where: walk.csv\n"
        "  fix:   record faster, or pass `--allow-upsample`: the windows will hold nothing above 6.25 Hz"
    )
    allowed = windows_of(read(path)[0], WindowConfig(allow_upsample=True))
    assert {Quality(int(bits)) for bits in allowed.quality} == {Quality.UPSAMPLED}


def test_34_a_recording_shorter_than_a_window(wrote: Callable[..., Path], tmp_path: Path):
    path = wrote(walk_rows(seconds=4.1))

    assert cutting_error(path) == (
        "the recording lasts 4.1 s, one window needs 6 s\n"
        "  where: walk.csv\n"
        "  fix:   pass a smaller `--window`, or leave this recording out"
    )
    wrote(walk_rows(seconds=9), "long.csv")
    report = prepare([path.parent], tmp_path / "data", PrepareSettings())
    assert report.left_out[-1] == {
        "source": "in/walk.csv", "reason": "shorter than one window", "count": 205, "unit": "samples", "seconds": 4.1,
    }  # fmt: skip


def test_35_sensors_on_different_clocks(wrote: Callable[..., Path]):
    since_start = 5_000_000_000 + 20_000_000 * np.arange(1000)
    header = ["acc timestamp (ns)", *HEADER[1:4], "gyro timestamp (ns)", *HEADER[4:]]
    fix = "export both with the same clock: one may count since 1970, the other since the device started"

    assert refusal(wrote([header, *cells_of(since_start, SAMPLES[:, :3], EPOCH_NS, SAMPLES[:, 3:])])) == (
        "acceleration (from 5 s on) and angular rate (from 1700000000 s on) were never on at the same time\n"
        f"  where: walk.csv\n  fix:   {fix}"
    )
    path = wrote([["time (ns)", *HEADER[1:4]], *cells_of(since_start, SAMPLES[:, :3])], "two/acc.csv")
    wrote([["time (ns)", *HEADER[4:]], *cells_of(EPOCH_NS, SAMPLES[:, 3:])], "two/gyr.csv")
    assert refusal(path.parent) == (
        "acceleration (5 to 24.98 s) and angular rate (1700000000 to 1700000020 s) were never on at the same time\n"
        f"  where: acc.csv\n  fix:   {fix}"
    )


def test_36_files_that_belong_together(wrote: Callable[..., Path]):
    path = wrote([["time (s)", *HEADER[1:4]], *cells_of(TIMES, SAMPLES[:, :3])], "walk Acc.csv")

    assert refusal(path.parent) == (
        "no gyroscope: the file holds acceleration only (`acc_x (m/s^2)`, `acc_y (m/s^2)`, `acc_z (m/s^2)`)\n"
        "  where: walk Acc.csv:1\n"
        "  fix:   record the gyroscope too, or pass `--allow-missing gyro`: gyr is then zero, and the windows are "
        "flagged"
    )
    wrote([["time (s)", *HEADER[4:]], *cells_of(TIMES, SAMPLES[:, 3:])], "Walk GYRO.csv")
    (path.parent / "._walk Acc.csv").write_bytes(b"\0\5\x16\7")
    (path.parent / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    wrote(walk_rows(), "__MACOSX/walk.csv")
    (recording,) = read(path.parent)
    assert is_the_walk(recording)
    assert read(path)[0].session == recording.session == "walk"


def written(wrote: Callable[..., Path], samples: np.ndarray) -> list[Recording]:
    return read(wrote([HEADER, *cells_of(TIMES, samples)]))


def test_37_a_stuck_sensor(wrote: Callable[..., Path]):
    samples = SAMPLES.copy()
    samples[300:400] = samples[300]
    (recording,) = written(wrote, samples)

    assert qualities(recording) == [Quality(0), Quality.STUCK, Quality.STUCK, Quality(0), Quality(0)]


def test_38_rows_of_zeros(wrote: Callable[..., Path]):
    samples = SAMPLES.copy()
    samples[300:400] = 0
    first, second = written(wrote, samples)

    assert is_the_walk(first, 300)
    assert is_the_walk(second, 600)
    assert first.left_out == (("acceleration of zero on all axes", 100),)
    assert second.notes[-1] == "starts after a gap of 2.02 s"


def test_39_a_sensor_at_the_end_of_its_range(wrote: Callable[..., Path]):
    samples = SAMPLES.copy()
    samples[300:306, 2] = 19.6133  # 2 g
    (recording,) = written(wrote, samples)

    assert qualities(recording) == [Quality(0), Quality.CLIPPED, Quality.CLIPPED, Quality(0), Quality(0)]


@pytest.mark.parametrize("cell", ["500", "inf", "-inf", "NaN", "1e30", ""])
def test_40_a_value_that_no_sensor_gives(wrote: Callable[..., Path], cell: str):
    (recording,) = read(wrote(edited(302, 4, cell)))

    assert is_the_walk(recording)
    assert recording.left_out == (("value missing or beyond all sensors", 1),)
    assert recording.bridged == ((300, 301),)
    assert qualities(recording)[1:3] == [Quality.GAP_BRIDGED] * 2


def test_41_counts_of_activity(wrote: Callable[..., Path]):
    rows = [["2024-05-01", f"12:{row // 4:02d}:{row % 4 * 15:02d}", "100", "20", "30", "4"] for row in range(200)]

    assert refusal(wrote([["Date", "Time", "Axis1", "Axis2", "Axis3", "Steps"], *rows])) == (
        "the file holds activity counts, and no acceleration\n"
        "  where: walk.csv:1\n"
        "  fix:   export the raw data instead; an ActiGraph has no gyroscope, so pass `--allow-missing gyro` too"
    )


def labelled(wrote: Callable[..., Path], word: str) -> Path:
    words = np.repeat(["walking", word], 500)
    return wrote([[*HEADER, "label"], *cells_of(TIMES, SAMPLES, words)])


def test_42_an_unknown_label(wrote: Callable[..., Path]):
    path = labelled(wrote, "upsatirs")

    assert refusal(path, label_column="label") == (
        'unknown label "upsatirs"; did you mean "climbing stairs"?\n'
        "  where: walk.csv:502:8\n"
        '  fix:   pass `--label-map "upsatirs=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )
    (recording,) = read(path, label_column="label", label_map=(("upsatirs", "climbing stairs"),))
    assert recording.segments[1].activity == "climbing stairs"


def test_43_a_label_that_changes(wrote: Callable[..., Path]):
    windows = windows_of(read(labelled(wrote, "sitting"), label_column="label")[0], WindowConfig())

    assert windows.activities == ("walking", "walking", "sitting", "sitting")
    assert windows.start_s.tolist() == [0, 3, 10, 13]
    assert [(part.reason, part.samples) for part in windows.left_out] == [
        ("end of a segment that fills no window", 100)
    ]


def test_44_stairs_without_a_direction(wrote: Callable[..., Path]):
    assert refusal(labelled(wrote, "stairs"), label_column="label") == (
        'unknown label "stairs", which says no direction\n'
        "  where: walk.csv:502:8\n"
        '  fix:   pass `--label-map "stairs=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_45_archives(wrote: Callable[..., Path], tmp_path: Path):
    walk = wrote(walk_rows()).read_bytes()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("walk.csv", walk)

    assert is_the_walk(read(zipped(tmp_path / "all.zip", {"inner.zip": inner.getvalue()}))[0])
    assert refusal(zipped(tmp_path / "out.zip", {"../walk.csv": walk})) == (
        'the archive holds a file whose path leads out of it: "../walk.csv"\n'
        "  where: out.zip\n"
        "  fix:   unpack it by hand if you trust it"
    )
    assert refusal(zipped(tmp_path / "bomb.zip", {"walk.csv": b"0" * 120_000_000})) == (
        "the archive has 117 kB and would unpack to 120 MB or more: it may be a zip bomb\n"
        "  where: bomb.zip\n"
        "  fix:   unpack it by hand if you trust it"
    )
    locked = zipped(tmp_path / "locked.zip", {"walk.csv": walk})
    content = bytearray(locked.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    locked.write_bytes(content)
    assert refusal(locked) == ("the zip needs a password\n  where: locked.zip\n  fix:   unpack it by hand")


@pytest.mark.parametrize(
    ("name", "head", "kind", "fix"),
    [
        ("walk.mat", b"MATLAB 5.0 MAT-file", "a MATLAB file",
         "export its tables as CSV; in MATLAB: `writetimetable(Acceleration, 'acc.csv')`"),
        ("walk.gt3x", b"PK\3\4", "a recording of an ActiGraph (.gt3x), which has no gyroscope",
         "convert it in R: `gt3x2csv::gt3x_2_csv('FILE.gt3x', outdir = '.')`, and pass `--allow-missing gyro`"),
        ("walk.cwa", b"MD\xfc\3", "a recording of an Axivity (.cwa)",
         "convert it: `cwa-convert FILE.cwa -out FILE.csv`, or export it from OmGui"),
        ("walk.json", b'[{"x": 1}]', None, "export the recording as CSV"),
    ],
)  # fmt: skip
def test_46_files_that_are_no_tables(tmp_path: Path, name: str, head: bytes, kind: str | None, fix: str):
    path = tmp_path / name
    path.write_bytes(head + 200 * b" ")
    what = f"not a text file: it is {kind}" if kind else "not a table: it is JSON"

    assert refusal(path) == f"{what}\n  where: {name}\n  fix:   {fix}"


def test_47_the_same_recording_twice(wrote: Callable[..., Path], tmp_path: Path):
    path = wrote(walk_rows())
    wrote(walk_rows(), "again.csv")
    report = prepare([path.parent], tmp_path / "data", PrepareSettings())

    assert report.windows == 5
    assert report.left_out == [
        {"source": "in/again.csv", "reason": "end of a segment that fills no window", "count": 100,
         "unit": "samples", "seconds": 2.0},
        {"source": "in/walk.csv", "reason": "the same recording again", "count": 1, "unit": "recordings",
         "kept_as": "in/again.csv"},
    ]  # fmt: skip


def test_48_a_run_that_is_broken_off(wrote: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = wrote(walk_rows())

    def full(*_: object) -> None:
        raise RunError("the disk is full", where=tmp_path, fix="free some space and run the same command again")

    with monkeypatch.context() as patched:
        patched.setattr(prepare_module, "cut_here", full)
        with pytest.raises(RunError):
            prepare([path], tmp_path / "data", PrepareSettings())
    assert sorted(found.name for found in tmp_path.iterdir() if not found.name.endswith(".lock")) == ["in"]
    assert prepare([path], tmp_path / "data", PrepareSettings()).windows == 5


@pytest.mark.parametrize(
    ("cell", "decimal"), [("1,234.5", "."), ("1.0D-3", "."), ("0x1F", "."), ("1.234,5", ","), ("1'234", ".")]
)
def test_49_numbers_in_other_ways(wrote: Callable[..., Path], cell: str, decimal: str):
    rows = [HEADER, *([one.replace(".", decimal) for one in row] for row in walk_rows()[1:])]
    rows[500][2] = cell

    assert refusal(wrote(rows, separator=";")) == (
        f'acc_y (m/s^2) is not a number: "{cell}"\n  where: walk.csv:501:3\n  fix:   {REPAIR}'
    )


def test_50_time_before_the_start(tmp_path: Path):
    folder = sensor_logger(tmp_path / "walk")
    for name, values in (("TotalAcceleration", SAMPLES[:, :3]), ("Gyroscope", SAMPLES[:, 3:])):
        write_sensor(folder, name, TIMES - 1.5, values)
    write_annotations(folder, [(4.0, "walking")])
    (recording,) = read(folder)

    assert recording.samples == pytest.approx(SAMPLES, abs=1e-9)
    assert [(one.start, one.end, one.activity) for one in recording.segments] == [
        (0, 275, None), (275, 1000, "walking"),
    ]  # fmt: skip
