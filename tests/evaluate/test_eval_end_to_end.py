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

SETTINGS = """\
model: {base_lm: tiny-random}
eval:
  suites: [closed_set]
  bootstrap: 100
  trees: 10
  sensitivity_windows: 2
  protocol_windows: 1
  baselines: [random_forest, majority]
"""


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
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} if folder.is_dir() else {}


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
    assert first.keys() == {"report.json", "report.html", "predictions.csv", "confusion.png"}


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
    assert lines[0] == f"mine on the val split of {tmp_path}/data; seed 7"
    assert lines[2] == "12 windows of 1 person in 1 recording"


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


def test_an_interrupted_eval_leaves_the_last_report_and_goes_on(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    command = ["eval", str(recipe), "--runs", str(tmp_path / "runs")]
    folder = tmp_path / "runs" / "mine" / "eval"
    assert main(command) == 0
    before, kept = files_of(folder), sorted((folder / "parts").iterdir())

    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("llasa_core.model.score.score_prompts", interrupted)
        capsys.readouterr()
        other = [*command, "--set", "eval.question=What does the sensor see?"]
        assert main(other) == 130
    assert files_of(folder) == before
    assert capsys.readouterr().out == ""

    assert main(other) == 0
    again = files_of(folder)
    assert main([*other, "--fresh"]) == 0
    assert files_of(folder) == again
    assert not set(kept) <= set((folder / "parts").iterdir())


def test_two_ranks_report_what_one_process_does(recipe: Path, tmp_path: Path):
    command = ["eval", str(recipe), "--runs", str(tmp_path / "runs")]
    folder = tmp_path / "runs" / "mine" / "eval"
    assert main(command) == 0
    alone = files_of(folder)

    assert main([*command, "--fresh", "--gpus", "2"]) == 0

    assert {name: content for name, content in files_of(folder).items() if name in alone} == alone


def test_the_fitted_temperature_goes_into_the_checkpoint_once(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    checkpoint = tmp_path / "runs" / "mine" / "finetune" / "checkpoint"
    manifest = tmp_path / "data" / "manifest.json"
    values = json.loads(manifest.read_text(encoding="utf-8"))
    values["splits"] = {"train": ["made/01"], "val": ["made/02", "made/03", "made/04"], "test": ["made/05", "made/06"]}
    manifest.write_text(json.dumps(values), encoding="utf-8")
    command = ["eval", str(recipe), "--runs", str(tmp_path / "runs")]

    assert main(command) == 0
    first = json.loads((checkpoint / "calibration.json").read_text(encoding="utf-8"))
    assert first["windows"] == 36
    assert first["nll_after"] <= first["nll_before"]

    capsys.readouterr()
    manifest.write_text(json.dumps({**values, "note": "other data"}), encoding="utf-8")
    assert main(command) == 0
    assert json.loads((checkpoint / "calibration.json").read_text(encoding="utf-8")) == first
    assert "the checkpoint keeps its temperature, which was fitted on other data" in capsys.readouterr().err


def test_the_page_is_about_what_was_measured(recipe: Path, tmp_path: Path):
    assert main(["eval", str(recipe), "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]) == 0

    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<h1>mine: what it can do on people it has never seen</h1>" in page
    assert "36 windows of 3 people in 3 recordings" in page


def test_every_suite_has_its_part_of_the_report(recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    suites = ["facts", "open_ended", "robustness"]
    flags = [word for suite in suites for word in ("--suite", suite)]
    small = ["--set", "eval.robustness_windows=3"]

    assert main(["eval", str(recipe), "--runs", str(tmp_path / "runs"), *flags, *small, "--json"]) == 0

    values = json.loads(capsys.readouterr().out)
    assert [key for key in values if key in {"closed_set", *suites}] == suites
    assert values["facts"]["items"] == 0  # this data folder holds no questions


def test_a_suite_that_is_none_is_a_mistake_in_the_recipe(recipe: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["eval", str(recipe), "--suite", "beauty"]) == 2

    assert "`eval.suites" in capsys.readouterr().err


def test_splits_that_share_a_person_are_refused(recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    manifest = tmp_path / "data" / "manifest.json"
    values = json.loads(manifest.read_text(encoding="utf-8"))
    values["splits"]["train"].append("made/06")
    manifest.write_text(json.dumps(values), encoding="utf-8")

    assert main(["eval", str(recipe), "--runs", str(tmp_path / "runs")]) == 2

    assert "1 subject is in train and in test: made/06" in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["--compare", "--pool"])
def test_evaluations_are_shown_together(mode: str, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    main(["eval", str(recipe), "--out", str(tmp_path / "one"), "--runs", str(tmp_path / "runs")])
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    capsys.readouterr()

    both = [str(tmp_path / "one"), str(tmp_path / "other")]
    assert main(["eval", mode, *both, "--out", str(tmp_path / "both"), "--json"]) == 0

    values = json.loads(capsys.readouterr().out)
    name = {"--compare": "comparison", "--pool": "pooled"}[mode]
    assert json.loads((tmp_path / "both" / f"{name}.json").read_text(encoding="utf-8")) == values
    assert (tmp_path / "both" / f"{name}.html").is_file()


def test_what_to_measure_must_be_named(capsys: pytest.CaptureFixture[str]):
    assert main(["eval"]) == 2

    assert capsys.readouterr().err == (
        "error: what shall be measured?\n"
        "  where: llasa eval\n"
        "  fix:   name one recipe or checkpoint; `--compare A B` compares evaluations\n"
    )


def test_outputs_need_their_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "answers.jsonl"

    assert main(["eval", "--outputs", str(file)]) == 2

    assert capsys.readouterr().err == (
        "error: answers do not say which data they are about\n"
        f"  where: {file}\n"
        f"  fix:   pass `--data DATA`: `llasa eval --outputs {file} --data data/hapt`\n"
    )
