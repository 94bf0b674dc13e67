from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from samples.turned import upside_down

from llasa_cli.app import main
from llasa_core.model.shipped import shipped

EXAMPLES = Path(__file__).parents[2] / "examples"
MIX = EXAMPLES / "mix.csv"


def found_in(segments: list[dict[str, float | str]], truth: list[dict[str, str]], name: str) -> float:
    """Return the seconds of an activity that were found while somebody was seen doing it."""
    pairs = ((one, row) for one in segments for row in truth if one["activity"] == name == row["activity"])
    overlaps = (
        min(float(one["end_s"]), float(row["end"])) - max(float(one["start_s"]), float(row["start"]))
        for one, row in pairs
    )
    return sum(max(0.0, overlap) for overlap in overlaps)


def test_five_minutes_of_everything_are_told_to_within_a_tenth(capfd: pytest.CaptureFixture[str]):
    with (EXAMPLES / "mix-labels.csv").open(newline="") as file:
        truth = list(csv.DictReader(file))

    assert main(["timeline", str(MIX), "--json"]) == 0
    found = json.loads(capfd.readouterr().out)

    assert sum(found["totals_s"].values()) == pytest.approx(300)
    for name in {row["activity"] for row in truth}:
        true_s = sum(float(row["end"]) - float(row["start"]) for row in truth if row["activity"] == name)
        assert found_in(found["segments"], truth, name) == pytest.approx(true_s, rel=0.1), name


def test_a_folder_gives_a_row_a_segment_with_the_files_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    folder = tmp_path / "day"
    folder.mkdir()
    for name in ("walking", "lying"):
        shutil.copy(EXAMPLES / f"{name}.csv", folder)

    assert main(["timeline", str(folder), "--csv", str(tmp_path / "out.csv"), "--png", str(tmp_path / "out.png")]) == 0
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = [(Path(row["file"]).name, row["activity"]) for row in csv.DictReader(file)]

    assert rows == [("lying.csv", "lying"), ("walking.csv", "walking")]
    assert "walking: 18.0 s" in capfd.readouterr().out
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["out-1.png", "out-2.png"]


def test_a_file_that_cannot_be_read_is_named_and_the_others_go_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    bad = tmp_path / "bad.csv"
    bad.write_text("time (s),what\n0,1\n1,2\n")

    code = main(["timeline", str(bad), str(EXAMPLES / "walking.csv"), str(tmp_path / "none.csv"), "--json"])
    shown = capfd.readouterr()
    found = json.loads(shown.out)

    assert code == 2
    assert [one["recording"] for one in found["recordings"]] == ["walking"]
    assert len(found["failed"]) == 2
    assert "bad.csv" in shown.err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--stride", "0.1s"], "--stride is 0.1 s"),
        (["--upright", "early"], '--upright is no span of time: "early"'),
        (["--upright", "0:15-0:05"], "--upright 0:15-0:05 lasts -10 s"),
        (["--upright", "9:00-9:10"], "nothing was recorded in the upright seconds 540-550 s"),
        (["--stride", "soon"], "--stride is not a length in seconds"),
        (["--csv", "out.txt"], "--csv writes a CSV file, not out.txt"),
        (["--png", "out.jpg"], "--png draws a PNG file, not out.jpg"),
        (["--watch", "--csv", "out.csv"], "--csv and --png are of a whole recording"),
        (["--model", "nowhere"], "there is no checkpoint in nowhere"),
    ],
)
def test_flags_that_make_no_sense_are_refused(flags: list[str], message: str, capfd: pytest.CaptureFixture[str]):
    assert main(["timeline", str(MIX), *flags]) == 2
    assert message in capfd.readouterr().err


@pytest.fixture
def turned(tmp_path: Path) -> Path:
    """Return the file of a device that is worn upside down."""
    file = tmp_path / "turned.csv"
    file.write_text(upside_down())
    return file


def test_upright_seconds_tell_how_a_turned_device_is_worn(turned: Path, capfd: pytest.CaptureFixture[str]):
    assert main(["timeline", str(turned), "--json"]) == 0
    shown = capfd.readouterr()
    assert set(json.loads(shown.out)["totals_s"]) == {"still"}
    assert "warning: turned: 100.0 s still, and in which posture cannot be told" in shown.err

    assert main(["timeline", str(turned), "--json", "--upright", "0:12-0:22"]) == 0
    shown = capfd.readouterr()
    assert set(json.loads(shown.out)["totals_s"]) == {"sitting", "standing", "lying"}
    assert "warning" not in shown.err


def test_a_conversation_knows_upright_seconds_too(turned: Path, capfd: pytest.CaptureFixture[str]):
    ask = ["chat", "--sensor", str(turned), "--ask", "How long did I lie down?"]

    assert main(ask) == 0
    assert capfd.readouterr().out.startswith("This recording cannot tell lying from other postures")
    assert main([*ask, "--upright", "12-22"]) == 0
    assert capfd.readouterr().out.startswith("You were lying for")


def test_the_lm_is_not_loaded_where_there_is_a_head():
    code = "import sys; from llasa_cli.app import main; main(sys.argv[1:]); print('torch' in sys.modules)"
    command = [sys.executable, "-c", code, "timeline", str(EXAMPLES / "walking.csv")]

    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.endswith("False\n")


@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C as POSIX does")
def test_a_watched_file_is_followed_until_ctrl_c(tmp_path: Path):
    lines = (EXAMPLES / "walking.csv").read_text().splitlines(keepends=True)
    file = tmp_path / "live.csv"
    file.write_text("".join(lines[:600]))
    command = [sys.executable, "-m", "llasa_cli.app", "timeline", str(file), "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        file.write_text("".join(lines))
        time.sleep(2.5)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)

    assert first == "0:12.0  walking since 0:00.0\n"
    assert process.returncode == 0
    assert "in all: walking 18.0 s" in rest


@pytest.mark.network
def test_a_checkpoint_without_a_head_asks_its_lm(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    folder = shipped("smol")
    assert folder is not None
    copy = tmp_path / "headless"
    shutil.copytree(folder, copy)
    (copy / "head.safetensors").unlink()

    assert main(["timeline", str(EXAMPLES / "walking.csv"), "--model", str(copy), "--json"]) == 0
    shown = capfd.readouterr()
    assert [one["activity"] for one in json.loads(shown.out)["segments"]] == ["walking"]
    assert "has no light head" in shown.err
