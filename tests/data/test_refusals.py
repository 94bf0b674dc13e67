"""Files that cannot be read as they are: each is known, and says what converts it."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.plain import write_table

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TIMETABLES = "export its tables as CSV; in MATLAB: `writetimetable(Acceleration, 'acc.csv')`"
READ_MATRIX = (
    "convert it in R: `write.csv(GGIRread::readParmayMatrix('FILE.BIN', output = 'all', read_gyro = TRUE)$data, "
    "'FILE.csv', row.names = FALSE)`"
)
SAVE_PICKLE = (
    "save its table as CSV where it was written: `pandas.read_pickle('FILE').to_csv('FILE.csv')`; "
    "to open one is to run it, so it is not read here"
)
RAW_STEPS = (
    "the acceleration is in raw steps of the sensor: the median of its means over 100 rows is {size}, "
    "and common sensors have 2048 steps a g"
)
CONVERT_CWA = "convert it: `cwa-convert FILE.cwa -out FILE.csv`, or export it from OmGui"


def mat_file(content: bytes) -> bytes:
    """Return a MATLAB file with one packed element."""
    packed = zlib.compress(content)
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(packed)) + packed


def zip_with(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "content")
    return stream.getvalue()


RECORDINGS = [
    ("ax6.cwa", b"MD\xfc\x03" + bytes(1020), "a recording of an Axivity (.cwa)", CONVERT_CWA),
    (
        "geneactiv.bin",
        b"Device Identity\r\nDevice Unique Serial Code:012967\r\nDevice Type:GENEActiv\r\n",
        "a recording of a GENEActiv (.bin), which has no gyroscope",
        "convert it to raw CSV in GENEActiv's PC software, and pass `--allow-missing gyro`",
    ),
    (
        "actigraph.gt3x",
        zip_with("log.bin"),
        "a recording of an ActiGraph (.gt3x), which has no gyroscope",
        "convert it in R: `gt3x2csv::gt3x_2_csv('FILE.gt3x', outdir = '.')`, and pass `--allow-missing gyro`",
    ),
    (
        "mtx.BIN",
        bytes(512) + b"MDTC\x01\x00\x00\x00\x08\x00\xd0\x07MDTCPACK",
        "a recording of a Parmay Matrix (.BIN)",
        READ_MATRIX,
    ),
    (
        "1-1-100_1707311064.avro",
        b'Obj\x01\x04\x16avro.schema{"name": "rawData", "fields": [{"name": "accelerometer"}]}',
        "a recording of an Empatica EmbracePlus (.avro)",
        "convert it with the script in Empatica's article `How to access Avro files with Python`",
    ),
    (
        "sensorlog_20240529_235955.mat",
        mat_file(b"\x11\x00\x00\x00MCOS\x00timetable"),
        "a MATLAB file that holds timetables, as MATLAB Mobile writes",
        TIMETABLES,
    ),
]
OTHERS = [
    ("data.mat", mat_file(b"\x06\x00\x00\x00numbers"), "a MATLAB file", TIMETABLES),
    ("data.mat", b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "a MATLAB file", TIMETABLES),
    ("data.h5", b"\x89HDF\r\n\x1a\n", "an HDF5 file", TIMETABLES),
    (
        "book.xlsx",
        zip_with("[Content_Types].xml"),
        "a zip archive or an Excel workbook",
        "unpack it; in Excel, save the sheet as CSV",
    ),
    (
        "book.xls",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Excel workbook (.xls)",
        "in Excel, save the sheet as CSV",
    ),
    ("table.parquet", b"PAR1rest", "a Parquet file", "export its table as CSV"),
    ("table.feather", b"ARROW1rest", "an Arrow file", "export its table as CSV"),
    ("table.avro", b'Obj\x01{"name": "orders"}', "an Avro file", "export its table as CSV"),
    (
        "log.sqlite",
        b"SQLite format 3\x00",
        "an SQLite database",
        "export its table as CSV: `sqlite3 -csv -header FILE 'select …'`",
    ),
    (
        "arrays.npz",
        zip_with("acc.npy"),
        "an archive of NumPy arrays (.npz)",
        "save its arrays as one table: `numpy.savetxt`",
    ),
    (
        "frame.pkl",
        pickle.dumps({"acc": [1, 2]}),
        "a Python pickle",
        SAVE_PICKLE,
    ),
]


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as raised:
        list(read_recordings(path, ReadOptions()))
    return str(raised.value)


@pytest.mark.parametrize(("name", "content", "kind", "fix"), [*RECORDINGS, *OTHERS])
@pytest.mark.parametrize("is_folder", [False, True])
def test_what_is_no_table_is_named_with_what_makes_one(
    tmp_path: Path, name: str, content: bytes, kind: str, fix: str, *, is_folder: bool
):
    (tmp_path / name).write_bytes(content)

    assert refusal(tmp_path if is_folder else tmp_path / name) == (
        f"not a text file: it is {kind}\n  where: {tmp_path / name}\n  fix:   {fix}"
    )


@pytest.mark.parametrize(("name", "content"), [row[:2] for row in RECORDINGS])
def test_a_binary_recording_is_never_passed_over(tmp_path: Path, name: str, content: bytes):
    write_table(tmp_path)
    (tmp_path / name).write_bytes(content)
    found = find_recordings(tmp_path, ReadOptions())

    assert sorted(one.format for one in found.unread) == ["binary", "csv"]


@pytest.mark.parametrize(("name", "content"), [row[:2] for row in OTHERS])
def test_other_files_beside_a_recording_are_passed_over(tmp_path: Path, name: str, content: bytes):
    write_table(tmp_path)
    (tmp_path / name).write_bytes(content)
    found = find_recordings(tmp_path, ReadOptions())

    assert [one.format for one in found.unread] == ["csv"]
    assert [file.name for file in found.passed_over] == [name]


def test_a_recording_whose_conversion_is_beside_it_is_passed_over(tmp_path: Path):
    write_table(tmp_path)
    (tmp_path / "walk.cwa").write_bytes(RECORDINGS[0][1])
    found = find_recordings(tmp_path, ReadOptions())

    assert [one.files[0].name for one in found.unread] == ["walk.csv"]
    assert [file.name for file in found.passed_over] == ["walk.cwa"]


def test_a_movisens_recording_is_refused(tmp_path: Path):
    (tmp_path / "unisens.xml").write_text('<?xml version="1.0"?><unisens version="2.0"></unisens>')
    (tmp_path / "acc.bin").write_bytes(bytes(100))
    (found,) = find_recordings(tmp_path, ReadOptions()).unread

    assert [file.name for file in found.files] == ["unisens.xml", "acc.bin"]
    assert refusal(tmp_path) == (
        "not a table: it is a movisens recording (Unisens)\n"
        f"  where: {tmp_path / 'unisens.xml'}\n"
        "  fix:   export `acc` and `angularrate` as CSV, with UnisensViewer"
    )


def test_json_is_no_table(tmp_path: Path):
    (tmp_path / "walk.json").write_text('{"acc": [[1, 2, 3]]}')

    assert refusal(tmp_path) == (
        f"not a table: it is JSON\n  where: {tmp_path / 'walk.json'}\n  fix:   export the recording as CSV"
    )


def test_raw_steps_are_refused_before_a_rate_is_asked_for(tmp_path: Path):
    random = np.random.default_rng(1)
    rows = random.normal([-2048, -28, -73, 1, 0, -5], 5, (500, 6)).round()
    table = np.column_stack([1028 + np.arange(500), rows])
    header = "samples,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z"
    np.savetxt(tmp_path / "session.csv", table, delimiter=",", header=header, comments="", fmt="%.1f")
    (size,) = np.median(np.linalg.norm(rows[:, :3].reshape(5, 100, 3).mean(axis=1), axis=1))[None]

    assert refusal(tmp_path) == (
        f"{RAW_STEPS.format(size=f'{size:.3g}')}\n"
        f"  where: {tmp_path / 'session.csv'}\n"
        "  fix:   export it in a physical unit, or multiply it by the sensor's scale and pass `--acc-unit`"
    )


@pytest.mark.shared
def test_real_binary_recordings_are_refused(shared: Path):
    loggers = shared / "data" / "loggers"
    found = [*find_recordings(loggers / "ggirread_cwa_ax6", ReadOptions()).unread]
    found += find_recordings(loggers / "matlab_mobile_john", ReadOptions()).unread
    messages = {}
    for one in found:
        with pytest.raises(DataError) as raised:
            list(one.read(ReadOptions()))
        messages[one.files[0].name] = raised.value.message

    mobile = "not a text file: it is a MATLAB file that holds timetables, as MATLAB Mobile writes"
    assert messages == {
        "ActiGraph61.csv": "the file holds activity counts, one for each 00:00:05, and no acceleration",
        "GENEActiv_testfile.bin": ("not a text file: it is a recording of a GENEActiv (.bin), which has no gyroscope"),
        "ax6_testfile.cwa": "not a text file: it is a recording of an Axivity (.cwa)",
        "mtx_12.5Hz_acc_gyro.BIN": "not a text file: it is a recording of a Parmay Matrix (.BIN)",
        "sensorlog.mat": mobile,
        "sensorlog_20230608_134859.mat": mobile,
    }


@pytest.mark.shared
@pytest.mark.parametrize(
    ("folder", "messages"),
    [
        ("arduino_nano33ble", ["no time column, and no sampling rate"] * 2),
        (
            "nilspod_imucal",
            [
                RAW_STEPS.format(size="2.05e+03"),
                "no time column, and no sampling rate",
            ],
        ),
    ],
)
def test_real_boards_say_what_is_missing(shared: Path, folder: str, messages: list[str]):
    said = []
    for one in find_recordings(shared / "data" / "loggers" / folder, ReadOptions()).unread:
        with pytest.raises(DataError) as raised:
            list(one.read(ReadOptions()))
        said.append(raised.value.message)

    assert said == messages


@pytest.mark.shared
def test_a_real_recording_with_two_clocks_is_split_at_its_gap(shared: Path):
    before, after = read_recordings(shared / "data" / "loggers" / "imucollector_android", ReadOptions())

    assert after.start_s - (before.start_s + len(before.samples) / before.sampling_rate_hz) > 70
