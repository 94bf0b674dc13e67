from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_cli.app import main
from llasa_cli.training import StageProgress, Trained
from llasa_core.recipe import DataConfig, PretrainConfig, Recipe
from llasa_core.train.loop import Progress

if TYPE_CHECKING:
    import pytest

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


def step(number: int, mfu: float | None = None) -> Progress:
    """Return what a run of ten steps tells after one of them."""
    return Progress(
        step=number,
        n_steps=10,
        loss=0.5,
        learning_rate=1e-3,
        grad_norm=1.0,
        items_per_s=123.0,
        tokens_per_s=1234.0,
        unit="answer tokens",
        memory_gb=1.25,
        mfu=mfu,
        seconds=0.1,
        seconds_left=90.0,
    )


def test_a_dry_run_shows_the_plan_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)

    assert main(["pretrain", str(TINY), "--dry-run", "--set", "pretrain.epochs=9"]) == 0

    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert ["epochs:", "9", "#", "--set", "pretrain.epochs=9"] in [line.split() for line in lines]
    start = lines.index("encoder")
    assert lines[start : start + 7] == [
        "encoder",
        "  trains    encoder 8,766 parameters",
        "  steps     8: 4 epochs of 12 windows, 8 a step",
        "pretrain",
        "  trains    projector 5,760 parameters",
        "  steps     4 of 27, stopped by `max_steps`: 1.3 epochs of 24 QA items, 8 a step",
        "  attention each: no kernel without a CUDA device",
    ]
    assert lines[-1] == "launcher  none: one process trains on the CPU"
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_shows_the_launchers_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)

    assert main(["finetune", str(TINY), "--dry-run", "--gpus", "2", "--json", "--runs", "R"]) == 0

    shown = json.loads(capsys.readouterr().out)
    command = shown["command"]
    assert command[:4] == [sys.executable, "-u", "-m", "deepspeed.launcher.launch"]
    assert str(tmp_path / "R" / "tiny" / "finetune") in command
    assert shown["recipe"]["model"]["base_lm"] == "tiny-random"
    assert shown["stages"][0]["trained"] == {"projector": 5760, "adapter": 8192}
    assert shown["data"]["splits"]["train"]["windows"] == 12


def test_a_dry_run_without_data_shows_the_rest_and_exits_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)

    assert main(["finetune", str(TINY), "--dry-run", "--set", "data.folder=D"]) == 2

    out, err = capsys.readouterr()
    assert "  trains    projector 5,760, adapter 8,192 parameters\n" in out
    assert err == (
        "error: there is no data folder here\n  where: D\n  fix:   make it with `llasa prepare-data SOURCE --out D`\n"
    )


def test_a_mistake_in_the_recipe_stops_a_command_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)

    assert main(["pretrain", str(TINY), "--set", "pretrain.epoch=9"]) == 2
    assert capsys.readouterr().err.startswith("error: `pretrain.epoch` is not a field; did you mean `pretrain.epochs`?")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_a_line_every_so_many_steps(capsys: pytest.CaptureFixture[str]):
    recipe = Recipe(data=DataConfig(folder=Path("d")), pretrain=PretrainConfig(log_every=4))
    with StageProgress(recipe) as tell:
        for number in range(1, 11):
            tell("pretrain", step(number, mfu=0.416 if number == 10 else None))

    assert capsys.readouterr().err.splitlines() == [
        "pretrain: step 4 of 10, loss 0.5000, 1,234 tokens/s, 1.2 GB, 1 min 30 s left",
        "pretrain: step 8 of 10, loss 0.5000, 1,234 tokens/s, 1.2 GB, 1 min 30 s left",
        "pretrain: step 10 of 10, loss 0.5000, 1,234 tokens/s (42 % MFU), 1.2 GB, 1 min 30 s left",
    ]


def test_the_result_of_a_run_in_words():
    result = Trained(
        stage="pretrain", run="r", checkpoint="r/checkpoint", steps=1200, loss=0.25, seconds=90.0, already_done=False
    )

    assert str(result) == "pretrain done in 1 min 30 s: 1,200 steps, loss 0.2500\n  checkpoint: r/checkpoint"
    result["already_done"] = True
    assert str(result) == "pretrain was done before: 1,200 steps, loss 0.2500\n  checkpoint: r/checkpoint"
