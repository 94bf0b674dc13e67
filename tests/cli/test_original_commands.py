"""`llasa chat` and `llasa eval` with checkpoints of the original."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lm_samples.original_folders import write_base, write_encoder, write_full, write_stage1

from llasa_cli.app import main

if TYPE_CHECKING:
    from collections.abc import Callable

WALKING = str(Path(__file__).parents[2] / "examples" / "walking.csv")


@pytest.fixture
def full(tmp_path: Path) -> Path:
    return write_full(tmp_path / "LLaSA-small")


def chat(*flags: str | Path) -> int:
    return main(
        ["chat", "--sensor", WALKING, "--ask", "What is this?", "--json", "--max-new-tokens", "4", *map(str, flags)]
    )


def test_a_full_checkpoint_talks_about_a_recording(full: Path, capsys: pytest.CaptureFixture[str]):
    assert chat("--model", full, "--device", "cpu") == 0

    reply = json.loads(capsys.readouterr().out)
    assert (reply["activity"], reply["windows"]) == ({}, [])  # it keeps no list of activities
    assert reply["answer_windows"][0]["end_s"] - reply["answer_windows"][0]["start_s"] == 6
    assert reply["turns"][0]["value"] == "What is this?"


def test_a_stage_1_checkpoint_needs_its_base_lm_and_an_encoder(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    stage1, base = write_stage1(tmp_path / "stage1"), write_base(tmp_path / "base")
    encoder = write_encoder(tmp_path / "uci.pt", max_len=40)

    assert chat("--model", stage1) == 2
    assert json.loads(capsys.readouterr().err) == {
        "error": "a stage-1 checkpoint needs its base LM; it was trained on `bases/small`",
        "where": str(stage1),
        "fix": "pass `--base-lm` with that LM's folder or Hugging Face id",
    }
    assert chat("--model", stage1, "--base-lm", base) == 2
    assert json.loads(capsys.readouterr().err)["fix"] == (
        "pass `--encoder FILE` with the LIMU-BERT weights that it was trained with"
    )
    assert chat("--model", stage1, "--base-lm", base, "--encoder", encoder, "--device", "cpu") == 0
    (shown,) = json.loads(capsys.readouterr().out)["answer_windows"]
    assert shown["end_s"] - shown["start_s"] == 2  # windows as long as its encoder's


def test_our_own_checkpoints_have_their_encoder(tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]):
    assert chat("--model", tiny_checkpoint, "--encoder", "uci.pt") == 2

    assert json.loads(capsys.readouterr().err) == {
        "error": "this checkpoint holds the encoder that it was trained with",
        "where": str(tiny_checkpoint),
        "fix": "leave out `--encoder`: it is for checkpoints of the original LLaSA",
    }


def test_a_full_checkpoint_is_measured(
    full: Path, tmp_path: Path, make_hapt: Callable[..., None], capsys: pytest.CaptureFixture[str]
):
    make_hapt(tmp_path / "RawData", users=(1, 3), seconds=30)
    assert main(["prepare-data", str(tmp_path / "RawData"), "--out", str(tmp_path / "data")]) == 0
    capsys.readouterr()

    command = ["eval", str(full), "--data", str(tmp_path / "data"), "--runs", str(tmp_path / "runs"), "--json"]
    assert main([*command, "--set", "eval.bootstrap=10", "--set", "eval.trees=5", "--device", "cpu"]) == 0

    printed = capsys.readouterr()
    report = json.loads(printed.out)["closed_set"]
    assert 0 <= report["accuracy"] <= 1
    assert report["subjects"] == 1
    assert printed.err.splitlines()[0] == (
        "a checkpoint of the original does not say which activities it knows: it is asked about all of them"
    )
    assert (tmp_path / "runs" / "LLaSA-small" / "eval" / "report.json").is_file()
