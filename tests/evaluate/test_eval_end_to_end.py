from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from llasa_cli.app import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.data.store import WindowStore

SETTINGS = "model: {base_lm: tiny-random}\neval: {bootstrap: 100, trees: 10}\n"


@pytest.fixture
def recipe(tmp_path: Path, make_data: Callable[..., WindowStore], tiny_checkpoint: Path) -> Path:
    """Return a recipe whose finetune run is an untrained checkpoint of the two-layer LM, with data."""
    store = make_data()
    checkpoint = tmp_path / "runs" / "mine" / "finetune" / "checkpoint"
    shutil.copytree(tiny_checkpoint, checkpoint)
    (checkpoint / "recipe.yaml").write_text(f"data: {{folder: away}}\n{SETTINGS}", encoding="utf-8")
    file = tmp_path / "mine.yaml"
    file.write_text(f"data: {{folder: {store.folder.as_posix()}}}\n{SETTINGS}", encoding="utf-8")
    return file


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def test_eval_prints_one_object_and_keeps_it(recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    runs = tmp_path / "runs"

    assert main(["eval", str(recipe), "--runs", str(runs), "--max-windows", "12", "--json"]) == 0

    printed = capsys.readouterr()
    values = json.loads(printed.out)
    assert values["closed_set"]["windows"] == 12
    assert values["closed_set"]["baselines"]["random_forest"]["accuracy"] > 0.5
    assert json.loads((runs / "mine" / "eval" / "report.json").read_text(encoding="utf-8")) == values
    assert printed.err.splitlines()[0] == f"measuring {runs}/mine/finetune/checkpoint on {tmp_path}/data"


def test_eval_twice_gives_the_same_bytes(recipe: Path, tmp_path: Path):
    folder = tmp_path / "runs" / "mine" / "eval"
    command = ["eval", str(recipe), "--runs", str(tmp_path / "runs")]

    assert main(command) == 0
    first = files_of(folder)
    assert main(command) == 0

    assert files_of(folder) == first
    assert first.keys() == {"report.json", "predictions.csv", "confusion.png"}


def test_a_checkpoint_folder_measures_the_same_as_its_recipe(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    runs = tmp_path / "runs"
    main(["eval", str(recipe), "--runs", str(runs), "--json"])
    by_recipe = json.loads(capsys.readouterr().out)

    checkpoint = runs / "mine" / "finetune" / "checkpoint"
    main(["eval", str(checkpoint), "--data", str(tmp_path / "data"), "--runs", str(runs), "--json"])

    assert json.loads(capsys.readouterr().out) == by_recipe


def test_the_table_goes_to_stdout(recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["eval", str(recipe), "--runs", str(tmp_path / "runs"), "--split", "val"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"mine on the val split of {tmp_path}/data"
    assert lines[1] == "12 windows of 1 person in 1 recording; seed 7"


def test_an_unknown_split_is_a_wrong_command_line(recipe: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["eval", str(recipe), "--split", "dev"]) == 2

    assert "'dev' is not one of 'train', 'val', 'test'" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["encoder.safetensors", "projector.safetensors"])
def test_a_checkpoint_that_was_cut_off_is_an_error(
    file: str, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    runs = tmp_path / "runs"
    path = runs / "mine" / "finetune" / "checkpoint" / file
    path.write_bytes(path.read_bytes()[:-100])

    assert main(["eval", str(recipe), "--runs", str(runs)]) == 2

    assert f"error: {file} is damaged" in capsys.readouterr().err
    assert files_of(runs / "mine" / "eval") == {}


def test_data_that_is_not_there_is_an_error(recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    nowhere = tmp_path / "nowhere"

    assert main(["eval", str(recipe), "--runs", str(tmp_path / "runs"), "--data", str(nowhere)]) == 2

    assert capsys.readouterr().err == (
        "error: there is no data folder here\n"
        f"  where: {nowhere}\n"
        f"  fix:   make it with `llasa prepare-data SOURCE --out {nowhere}`\n"
    )


def test_an_interrupted_eval_leaves_the_last_report(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    command = ["eval", str(recipe), "--runs", str(tmp_path / "runs")]
    folder = tmp_path / "runs" / "mine" / "eval"
    assert main(command) == 0
    before = files_of(folder)

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("llasa_core.evaluate.report.draw_confusion", interrupted)  # the last thing that is written
    capsys.readouterr()

    assert main(command) == 130
    assert files_of(folder) == before
    assert capsys.readouterr().out == ""
