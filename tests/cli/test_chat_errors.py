"""Whatever is wrong with what `llasa chat` is given: one error, exit code 2, nothing on stdout, no traceback."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import pytest

from llasa_cli.app import main

HEADER = "time_s,acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2),gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s)"
STILL = "9.81,0.02,0.03,0.001,0.002,0.003"


def table(*, header: str = HEADER, values: str = STILL, seconds: float = 8, rate: int = 50) -> str:
    rows = [f"{i / rate:.2f},{values}" for i in range(round(seconds * rate))]
    return "\n".join([header, *rows]) + "\n"


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run `llasa chat` and return the one error that it must end with."""
    assert main(["chat", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("error: ") == 1
    assert shown.err.startswith("error: ")
    assert "\n  fix:   " in shown.err
    assert "Traceback" not in shown.err
    return shown.err


RECORDINGS = {
    "empty": ("", [], "empty"),
    "header only": (HEADER + "\n", [], "header"),
    "text in a number column": (table().replace("1.00,9.81", "1.00,n/a"), [], "n/a"),
    "unknown unit": (table(header=HEADER.replace("m/s^2", "furlong")), [], "furlong"),
    "no gravity": (table(values="0.01,0.02,0.03,0.001,0.002,0.003"), [], "gravity"),
    "no gyroscope": (table(header=HEADER.partition(",gyr_x")[0], values="9.81,0.02,0.03"), [], "gyr"),
    "shorter than a window": (table(seconds=5), [], "the recording lasts 5.0 s, the model needs 6 s"),
    "slower than a window": (table(rate=10), [], "20 Hz"),
    "a column that is not there": (table(), ["--columns", "time_s,a,b,c,d,e,f"], '"a"'),
    "no rate that could be": (table(), ["--rate", "-5"], "--rate: it should be greater than 0"),
}


@pytest.mark.parametrize("case", RECORDINGS)
def test_a_recording_that_cannot_be_used_is_refused(
    case: str, tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
):
    text, flags, reason = RECORDINGS[case]
    file = tmp_path / "walk.csv"
    file.write_text(text)

    error = failed(capsys, "--sensor", str(file), "--model", str(tiny_checkpoint), "--ask", "What is this?", *flags)

    assert reason in error


def test_a_missing_recording_is_said_before_anything_is_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "walk.csv"

    error = failed(capsys, "--sensor", str(file), "--model", "nowhere", "--ask", "What is this?")

    assert error == f"error: there is no such file or folder\n  where: {file}\n  fix:   check the path\n"


@pytest.fixture
def still(tmp_path: Path) -> str:
    file = tmp_path / "still.csv"
    file.write_text(table())
    return str(file)


@pytest.fixture
def checkpoint(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """Return a checkpoint to damage."""
    return Path(shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint"))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--compile", "--device", "cpu"], "decoding is compiled for a GPU alone"),
        (["--compile", "--quantize", "nf4"], "an LM in 4 bits is not compiled"),
    ],
)
def test_compiling_where_it_does_not_help_is_refused(
    flags: list[str], message: str, still: str, checkpoint: Path, capsys: pytest.CaptureFixture[str]
):
    assert message in failed(capsys, "--sensor", still, "--model", str(checkpoint), "--ask", "What?", *flags)


def test_a_missing_checkpoint_is_refused(still: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "nowhere"

    error = failed(capsys, "--sensor", still, "--model", str(folder), "--ask", "What is this?")

    assert error == (
        f"error: there is no checkpoint in {folder}: config.json is missing\n"
        f"  where: {folder / 'config.json'}\n"
        "  fix:   name a folder that `llasa finetune` wrote, such as `runs/smol/finetune/checkpoint`\n"
    )


def test_a_checkpoint_of_another_base_lm_is_refused(still: str, checkpoint: Path, capsys: pytest.CaptureFixture[str]):
    file = checkpoint / "config.json"
    config = json.loads(file.read_text())
    config["base_lm"] |= {"name": "other-lm", "hidden_size": 96}
    file.write_text(json.dumps(config))

    error = failed(capsys, "--sensor", still, "--model", str(checkpoint), "--ask", "What is this?")

    assert error == (
        "error: `tiny-random` is not the base LM of this checkpoint: hidden_size 64, trained on 96\n"
        f"  where: {file}\n"
        "  fix:   pass `--base-lm` with a copy of other-lm, or leave it out\n"
    )


@pytest.mark.parametrize("name", ["encoder.safetensors", "projector.safetensors"])
def test_weights_that_were_cut_off_are_refused(
    name: str, still: str, checkpoint: Path, capsys: pytest.CaptureFixture[str]
):
    file = checkpoint / name
    file.write_bytes(file.read_bytes()[:-100])

    error = failed(capsys, "--sensor", still, "--model", str(checkpoint), "--ask", "What is this?")

    assert f"{name} is damaged" in error
    assert f"  where: {file}\n" in error


def test_a_base_lm_that_is_not_there_is_refused(
    still: str, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    chat = ["--sensor", still, "--model", str(checkpoint), "--ask", "What is this?"]

    error = failed(capsys, *chat, "--base-lm", str(tmp_path / "nowhere"))

    assert f"there is no base LM `{tmp_path / 'nowhere'}`" in error


def test_a_question_that_cannot_be_asked_does_not_keep_the_next_one_waiting(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "still.csv"
    file.write_text(table(seconds=20))
    monkeypatch.setattr(sys, "stdin", io.StringIO("Is <sensor> good?\nHow long is the recording?\n"))

    assert main(["chat", "--sensor", str(file), "--model", str(tiny_checkpoint)]) == 2

    shown = capsys.readouterr()
    assert "The recording lasts 20 s" in shown.out
    assert "error: the question holds <sensor>" in shown.err


def test_nothing_on_stdin_is_no_question(
    still: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n \n"))

    assert failed(capsys, "--sensor", still) == (
        "error: there is no question on stdin\n  fix:   pass `--ask TEXT`, or pipe a question, one a line\n"
    )


def test_json_at_a_keyboard_needs_a_question(
    still: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    keyboard = io.StringIO()
    monkeypatch.setattr(keyboard, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", keyboard)
    assert main(["chat", "--sensor", still, "--json"]) == 2

    assert json.loads(capsys.readouterr().err) == {
        "error": "`--json` needs a question",
        "where": None,
        "fix": "pass `--ask TEXT`, or pipe a question, one a line",
    }


@pytest.mark.parametrize("question", ["", "What is <sensor>?"])
def test_a_question_that_cannot_be_asked_is_refused(
    question: str, still: str, checkpoint: Path, capsys: pytest.CaptureFixture[str]
):
    assert "the question " in failed(capsys, "--sensor", still, "--model", str(checkpoint), "--ask", question)
