from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.plain import write_table
from samples.sample import motion

from llasa_cli.app import main
from llasa_core.data.prepare import PrepareSettings, prepare

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """Return a CSV of 20 s at 50 Hz."""
    write_table(tmp_path)
    return tmp_path / "walk.csv"


@pytest.fixture
def acc_only(tmp_path: Path) -> Path:
    """Return a CSV without a gyroscope."""
    times = np.arange(1000) / 50
    table = np.column_stack([times, motion(times)[:, :3]])
    header = "time (s),acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2)"
    np.savetxt(tmp_path / "watch.csv", table, delimiter=",", header=header, comments="")
    return tmp_path / "watch.csv"


@pytest.fixture
def data(hapt_folder: Path, tmp_path: Path) -> Path:
    """Return a data folder of 12 windows."""
    prepare([hapt_folder], tmp_path / "data", PrepareSettings(), workers=1)
    return tmp_path / "data"


def test_json_holds_the_promised_keys(walk: Path, capsys: Capture):
    assert main(["inspect", str(walk), "--json"]) == 0

    captured = capsys.readouterr()
    shown = json.loads(captured.out)
    assert {key: shown[key] for key in ("format", "acc_unit", "gyr_unit", "gravity", "rate_hz", "gaps", "windows")} == {
        "format": "csv",
        "acc_unit": "m/s^2",
        "gyr_unit": "rad/s",
        "gravity": "included",
        "rate_hz": {"acc": 50.0, "gyr": 50.0},
        "gaps": [],
        "windows": 5,
    }
    assert shown["clock"] == "s"
    assert shown["notes"]
    assert captured.err == ""


def test_several_recordings_come_as_a_list(hapt_folder: Path, capsys: Capture):
    assert main(["inspect", str(hapt_folder), "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["windows"]) for one in shown["recordings"]] == [("exp01_user01", 6), ("exp02_user03", 6)]
    assert main(["inspect", str(hapt_folder), "--json", "--recording", "exp02_user03"]) == 0
    assert json.loads(capsys.readouterr().out)["subject"] == "hapt/03"


def test_what_is_refused_is_shown_and_then_refused(acc_only: Path, capsys: Capture):
    assert main(["inspect", str(acc_only)]) == 2

    captured = capsys.readouterr()
    assert captured.out.startswith("watch.csv: watch, 20.0 s\n  format     csv\n")
    assert captured.err == (
        "error: no gyroscope: the file holds acceleration only "
        "(`acc_x (m/s^2)`, `acc_y (m/s^2)`, `acc_z (m/s^2)`)\n"
        f"  where: {acc_only}:1\n"
        "  fix:   record the gyroscope too, or pass `--allow-missing gyro`: gyr is then zero, and the windows are "
        "flagged\n"
    )


def test_a_refusal_is_an_object_under_json(acc_only: Path, capsys: Capture):
    assert main(["inspect", str(acc_only), "--json"]) == 2

    captured = capsys.readouterr()
    assert json.loads(captured.out)["gyr_unit"] is None
    assert set(json.loads(captured.err)) == {"error", "where", "fix"}


def test_flags_that_mend_a_refusal_mend_it_here(acc_only: Path, walk: Path, capsys: Capture):
    assert main(["inspect", str(acc_only), "--allow-missing", "gyro", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["quality"] == {"gyro missing": 5}
    assert main(["inspect", str(walk), "--window", "30s", "--json"]) == 2
    capsys.readouterr()
    assert main(["inspect", str(walk), "--window", "2s", "--stride", "1s", "--target-rate", "10", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["windows"] == 19


def test_a_data_folder_a_window_and_a_checkpoint_are_told_apart(data: Path, tiny_checkpoint: Path, capsys: Capture):
    assert main(["inspect", str(data), "--verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verified"] is True
    assert main(["inspect", str(data), "--window", "windows-00000.h5:11", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["number"] == 11
    assert main(["inspect", str(tiny_checkpoint), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["activities"] == ["walking", "sitting", "lying"]


def test_leaks_are_shown_and_end_with_2(data: Path, capsys: Capture):
    manifest = json.loads((data / "manifest.json").read_text())
    manifest["splits"]["test"].append("hapt/01")
    (data / "manifest.json").write_text(json.dumps(manifest))

    assert main(["inspect", str(data)]) == 2

    captured = capsys.readouterr()
    assert "  leaks      2 leaks, see below\n" in captured.out
    assert captured.err.startswith("error: 1 subject is in train and in test: hapt/01\n")
    assert captured.err.count("error: ") == 2


def test_a_figure_is_drawn_and_drawn_over(walk: Path, tmp_path: Path, capsys: Capture):
    png = tmp_path / "figure.png"
    for _ in range(2):
        assert main(["inspect", str(walk), "--png", str(png)]) == 0

    assert png.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().err == ""


def test_a_figure_of_a_refused_recording_is_drawn(acc_only: Path, tmp_path: Path):
    assert main(["inspect", str(acc_only), "--png", str(tmp_path / "figure.png")]) == 2

    assert (tmp_path / "figure.png").is_file()


def test_a_figure_replaces_nothing_else(walk: Path, tmp_path: Path, capsys: Capture):
    (tmp_path / "notes.png").write_text("my notes")
    (tmp_path / "folder.png").mkdir()
    wrong = {
        "notes.png": (
            f"error: the file is no PNG, so it is not replaced\n  where: {tmp_path / 'notes.png'}\n"
            "  fix:   pass another `--png`\n"
        ),
        "folder.png": (
            f"error: --png names a folder\n  where: {tmp_path / 'folder.png'}\n"
            "  fix:   name a file in it, such as `figure.png`\n"
        ),
        "figure.pdf": (
            f"error: --png draws a PNG file, not figure.pdf\n  fix:   write `--png {tmp_path / 'figure.png'}`\n"
        ),
    }
    for name, message in wrong.items():
        assert main(["inspect", str(walk), "--png", str(tmp_path / name)]) == 2
        assert capsys.readouterr().err == message
    assert (tmp_path / "notes.png").read_text() == "my notes"


def test_nothing_there_is_an_error(tmp_path: Path, capsys: Capture):
    assert main(["inspect", str(tmp_path / "nowhere")]) == 2

    assert capsys.readouterr().err == (
        f"error: there is no such file or folder\n  where: {tmp_path / 'nowhere'}\n  fix:   check the path\n"
    )


def test_a_flag_that_says_nothing_about_the_path_is_refused(
    data: Path, walk: Path, tiny_checkpoint: Path, capsys: Capture
):
    wrong = [
        (walk, ["--verify"], "--verify says nothing about recordings", "leave out `--verify`"),
        (data, ["--recording", "a"], "--recording says nothing about a data folder", "leave out `--recording`"),
        (
            data,
            ["--window", "1", "--verify"],
            "--verify says nothing about a data folder with `--window`",
            "leave out `--verify`",
        ),
        (tiny_checkpoint, ["--window", "1"], "--window says nothing about a checkpoint", "leave out `--window`"),
    ]
    for path, flags, message, fix in wrong:
        assert main(["inspect", str(path), *flags]) == 2
        assert capsys.readouterr().err == f"error: {message}\n  where: {path}\n  fix:   {fix}\n"


def test_a_shard_is_looked_at_in_its_folder(data: Path, capsys: Capture):
    shard = data / "windows-00000.h5"

    assert main(["inspect", str(shard)]) == 2
    assert capsys.readouterr().err == (
        "error: a shard is looked at in its data folder\n"
        f"  where: {shard}\n"
        f"  fix:   `llasa inspect {data}`, with `--window windows-00000.h5:0` for its first window\n"
    )


def test_a_wrong_length_is_named(walk: Path, capsys: Capture):
    assert main(["inspect", str(walk), "--stride", "0"]) == 2

    assert capsys.readouterr().err == (
        "error: --stride: it should be greater than 0\n  fix:   `llasa inspect --help` says what it takes\n"
    )


def test_a_terminal_without_blocks_gets_other_signs(walk: Path, monkeypatch: pytest.MonkeyPatch):
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", latin)

    assert main(["inspect", str(walk)]) == 0

    latin.seek(0)
    lines = latin.read().splitlines()
    assert set(next(line for line in lines if line.startswith("  |acc| "))[8:]) <= set("_.-~=+*#")


def test_nothing_is_written(hapt_folder: Path, tmp_path: Path):
    shutil.copytree(hapt_folder, tmp_path / "copy")

    assert main(["inspect", str(hapt_folder)]) == 0

    assert sorted(path.name for path in tmp_path.iterdir()) == ["RawData", "copy"]
    assert sorted(path.name for path in hapt_folder.iterdir()) == sorted(
        path.name for path in (tmp_path / "copy").iterdir()
    )


def test_neither_torch_nor_matplotlib_is_needed_to_look(walk: Path):
    code = (
        f"import sys; from llasa_cli.app import main; main(['inspect', {str(walk)!r}]); "
        "print(sorted({'torch', 'matplotlib'} & set(sys.modules)))"
    )

    assert subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()[-1] == "[]"
