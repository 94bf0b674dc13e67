from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.store import read_manifest
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import UsageError
from llasa_core.inspect.looked import Paper
from llasa_core.inspect.recordings import look_at_recordings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.inspect.recordings import RecordingsFound

TWENTY_S = np.arange(1000) / 50


def look(path: Path, name: str | None = None, **options: object) -> RecordingsFound:
    """Return what is found with the default windows."""
    return look_at_recordings(path, ReadOptions(**options), WindowConfig(), name)


def with_gap() -> np.ndarray:
    """Return the times of 20 s at 50 Hz, a gap of 10 s, and 10 s more."""
    return np.concatenate([TWENTY_S, 30 + TWENTY_S[:500]])


def test_one_recording_tells_all_that_was_promised(tmp_path: Path, write_table: Callable[..., Path]):
    found = look(write_table(tmp_path / "walk.csv", with_gap()))

    shown = found.as_dict()
    promised = ("format", "acc_unit", "gyr_unit", "gravity", "rate_hz", "clock", "gaps", "windows")
    assert {key: shown[key] for key in promised} == {
        "format": "csv",
        "acc_unit": "m/s^2",
        "gyr_unit": "rad/s",
        "gravity": "included",
        "rate_hz": {"acc": 50.0, "gyr": 50.0},
        "clock": "s",
        "gaps": [{"start_s": 20.0, "end_s": 30.0}],
        "windows": 7,
    }
    assert shown["duration_s"] == 40.0
    assert shown["activities"] == {"unknown": 30.0}
    assert shown["refused"] is None
    assert "time in s: the header says so; about 50 Hz" in shown["notes"]
    assert not any("gap" in note for note in shown["notes"])


def test_windows_are_those_that_prepare_data_makes(hapt_folder: Path, tmp_path: Path):
    prepare([hapt_folder], tmp_path / "data", PrepareSettings(qa="none"), workers=1)
    sources = read_manifest(tmp_path / "data")["sources"]

    found = look(hapt_folder)

    assert [one.windows for one in found.recordings] == [source["windows"] for source in sources]
    assert [one.as_dict()["left_out"] for one in found.recordings] == [source["left_out"] for source in sources]


def test_labels_count_in_seconds(hapt_folder: Path):
    shown = look(hapt_folder).as_dict()

    assert shown["activities"] == {"walking": 28.0, "sitting": 28.0}
    assert shown["windows"] == 12
    assert [one["subject"] for one in shown["recordings"]] == ["hapt/01", "hapt/03"]


def test_a_page_about_one_recording(tmp_path: Path, write_table: Callable[..., Path]):
    labels = ["walking"] * 500 + ["sitting"] * 500 + ["walking"] * 500
    path = write_table(tmp_path / "walk.csv", with_gap(), labels=labels)

    text = look(path, label_column="label").as_text(Paper(width=48))

    assert text.splitlines()[:15] == [
        "walk.csv: walk, 40.0 s, 10.0 s of it in 1 gap",
        "  format     csv",
        "  subject    csv/walk, placement unknown",
        "  acc        50 Hz, m/s^2, gravity included",
        "  gyr        50 Hz, rad/s",
        "  clock      s",
        "  gaps       20.0-30.0 s (10.0 s)",
        "  labels     walking 20.0 s, sitting 10.0 s",
        "  windows    6 of 6 s at 20 Hz, one every 3 s",
        "",
        "  |acc| ▇▅▁▄█▇▅▁▄█▇▅▁▄█▇▅▁▄█··········▇▅▁▄█▇▅▁▄█",
        "  |gyr| █▄▁▆██▆▁▄██▄▁▆██▆▁▄█··········█▄▁▆██▆▁▄█",
        "  label aaaaaaaaaabbbbbbbbbb          aaaaaaaaaa",
        "        0 s                               40.0 s",
        "        |acc| 10.9 to 11 m/s²; |gyr| 0.262 to 0.401 rad/s; a walking, b sitting; · gap",
    ]


def test_paper_without_blocks_shows_gaps_too(tmp_path: Path, write_table: Callable[..., Path]):
    found = look(write_table(tmp_path / "walk.csv", with_gap()))

    lines = found.as_text(Paper(width=48, is_ascii=True)).splitlines()

    assert lines[10][28:38] == "//////////"
    assert lines[13].endswith("rad/s; / gap")
    assert "\n".join(lines[:14]).isascii()


def test_a_line_each_about_several_recordings(tmp_path: Path, write_table: Callable[..., Path]):
    write_table(tmp_path / "logs" / "anna.csv", TWENTY_S)
    write_table(tmp_path / "logs" / "ben.csv", with_gap(), begins_s=3.0)
    write_table(tmp_path / "logs" / "cut.csv", TWENTY_S[:200], begins_s=7.0)

    text = look(tmp_path / "logs").as_text(Paper(is_ascii=True))

    lines = text.splitlines()
    assert lines[0] == "logs: 3 recordings of 3 subjects, 64.0 s"
    assert [line[:48] for line in lines[2:6]] == [
        "  windows  length  gaps    acc    gyr  format  |",
        "        5  20.0 s     0  50 Hz  50 Hz  csv     " + lines[3][47],
        "        7  40.0 s     1  50 Hz  50 Hz  csv     " + lines[4][47],
        "        0   4.0 s     0  50 Hz  50 Hz  csv     " + lines[5][47],
    ]
    assert [line.split()[-1] for line in lines[2:6]] == ["recording", "anna", "ben", "cut"]
    assert "  windows    12 of 6 s at 20 Hz, one every 3 s" in lines
    assert "  shorter than one window: 200 samples, 4.0 s" in lines


def test_notes_that_differ_in_numbers_stand_as_one(tmp_path: Path, write_table: Callable[..., Path]):
    write_table(tmp_path / "logs" / "anna.csv", TWENTY_S)
    write_table(tmp_path / "logs" / "ben.csv", np.arange(1500) / 75)

    lines = look(tmp_path / "logs").as_text(Paper()).splitlines()

    decided = lines[lines.index("decided") + 1 :]
    assert "  time from `time (s)`" in decided
    assert "  time in s: the header says so; about 50 Hz (each with its own numbers)" in decided
    assert "  50 Hz, even stamps (each with its own numbers)" in decided
    assert len(decided) == 7


def test_one_of_several_is_told_by_its_name(tmp_path: Path, write_table: Callable[..., Path]):
    write_table(tmp_path / "logs" / "anna.csv", TWENTY_S)
    write_table(tmp_path / "logs" / "ben.csv", with_gap(), begins_s=3.0)

    assert look(tmp_path / "logs", "ben").as_dict()["windows"] == 7
    with pytest.raises(UsageError) as caught:
        look(tmp_path / "logs", "carl")
    assert str(caught.value) == (
        "logs holds no recording `carl`\n"
        f"  where: {tmp_path / 'logs'}\n"
        "  fix:   pass `--recording NAME` with one of: anna, ben"
    )


def test_the_same_recording_twice_is_found(tmp_path: Path, write_table: Callable[..., Path]):
    write_table(tmp_path / "logs" / "anna.csv", TWENTY_S)
    write_table(tmp_path / "logs" / "copy.csv", TWENTY_S)

    found = look(tmp_path / "logs")

    assert found.as_dict()["windows"] == 5
    copy = found.recordings[1].as_dict()
    assert copy["same_as"] == "logs/anna.csv"
    assert copy["left_out"] == [{"reason": "the same recording again", "count": 1, "unit": "recordings"}]
    assert found.as_text(Paper()).splitlines()[4].split()[0] == "copy"


def test_what_is_refused_is_described_first(tmp_path: Path, write_table: Callable[..., Path]):
    path = write_table(tmp_path / "walk.csv", TWENTY_S, n_columns=3)

    found = look(path)

    shown = found.as_dict()
    assert shown["acc_unit"] == "m/s^2"
    assert shown["gyr_unit"] is None
    assert shown["rate_hz"] == {"acc": 50.0, "gyr": None}
    assert shown["windows"] == 0
    assert shown["refused"] == found.refusals[0].message
    (refusal,) = found.refusals
    assert str(refusal) == (
        "no gyroscope: the file holds acceleration only (`acc_x (m/s^2)`, `acc_y (m/s^2)`, `acc_z (m/s^2)`)\n"
        f"  where: {path}:1\n"
        "  fix:   record the gyroscope too, or pass `--allow-missing gyro`: gyr is then zero, and the windows are "
        "flagged"
    )
    lines = found.as_text(Paper()).splitlines()
    assert "  gyr        none" in lines
    assert not any(line.startswith("  |gyr|") for line in lines)


def test_a_slow_recording_is_described_and_refused(tmp_path: Path, write_table: Callable[..., Path]):
    path = write_table(tmp_path / "walk.csv", np.arange(400) / 17)

    found = look(path)

    assert found.as_dict()["rate_hz"] == {"acc": 17.0, "gyr": 17.0}
    (refusal,) = found.refusals
    assert str(refusal) == (
        "the recording has 17 Hz, windows need 20 Hz\n"
        f"  where: {path}\n"
        "  fix:   record faster, or pass `--allow-upsample`: the windows will hold nothing above 8.5 Hz"
    )


def test_a_short_recording_is_described_and_refused(tmp_path: Path, write_table: Callable[..., Path]):
    path = write_table(tmp_path / "walk.csv", TWENTY_S[:200])

    found = look(path)

    assert found.as_dict()["duration_s"] == 4.0
    (refusal,) = found.refusals
    assert str(refusal) == (
        "the recording lasts 4.0 s, one window needs 6 s\n"
        f"  where: {path}\n"
        "  fix:   pass a smaller `--window`, or leave this recording out"
    )


def test_what_cannot_be_read_at_all_is_named(tmp_path: Path, write_table: Callable[..., Path]):
    path = write_table(tmp_path / "walk.csv", TWENTY_S)
    path.write_text("\n".join(line.partition(",")[2] for line in path.read_text().splitlines()))  # no clock

    found = look(path)

    shown = found.as_dict()
    assert (shown["format"], shown["acc_unit"], shown["gravity"], shown["clock"]) == ("csv", None, None, None)
    assert shown["rate_hz"] == {"acc": None, "gyr": None}
    assert found.as_text(Paper()).splitlines()[:4] == [
        "walk.csv: walk.csv, not read",
        "  format     csv",
        "  acc, gyr   not read",
        "  windows    none",
    ]
    assert found.refusals[0].message == "no time column, and no sampling rate"


def test_a_reason_that_many_share_is_told_once(tmp_path: Path, write_table: Callable[..., Path]):
    for nth, name in enumerate(("a", "b", "c")):
        write_table(tmp_path / "logs" / f"{name}.csv", np.arange(400) / 17, begins_s=nth)
    write_table(tmp_path / "logs" / "d.csv", TWENTY_S, n_columns=3)

    found = look(tmp_path / "logs")

    assert [(error.message.split(":")[0], error.where) for error in found.refusals] == [
        ("the recording has 17 Hz, windows need 20 Hz", f"{tmp_path / 'logs' / 'a.csv'}, and 2 more"),
        ("no gyroscope", f"{tmp_path / 'logs' / 'd.csv'}:1"),
    ]
    assert [line.split()[0] for line in found.as_text(Paper()).splitlines()[3:7]] == ["refused"] * 4


def test_a_bad_row_does_not_hide_the_rest(tmp_path: Path, write_table: Callable[..., Path]):
    path = write_table(tmp_path / "walk.csv", TWENTY_S)
    lines = path.read_text().splitlines()
    lines[700] = lines[700].replace(",", ",bad", 1)
    path.write_text("\n".join(lines) + "\n")

    found = look(path)

    assert found.as_dict()["duration_s"] == 20.0
    assert found.as_dict()["windows"] == 0
    assert found.refusals[0].where == f"{path}:701:2"


def test_memory_of_a_hundred_recordings_is_small(tmp_path: Path, write_table: Callable[..., Path]):
    for nth in range(3):
        write_table(tmp_path / "logs" / f"{nth}.csv", TWENTY_S, begins_s=nth)

    envelopes = [one.envelope for one in look(tmp_path / "logs").recordings]

    assert all(envelope is not None and envelope.low.nbytes + envelope.high.nbytes < 16_000 for envelope in envelopes)
