from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from llasa_core.errors import ModelError, UsageError
from llasa_core.evaluate.target import find_target


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Return a recipe that is named like no shipped checkpoint."""
    file = tmp_path / "mine.yaml"
    file.write_text("seed: 3\ndata: {folder: data/own}\nmodel: {base_lm: tiny-random}\n", encoding="utf-8")
    return file


@pytest.fixture
def runs(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    """Return a folder of runs in which `mine` is finetuned."""
    checkpoint = tmp_path / "runs" / "mine" / "finetune" / "checkpoint"
    shutil.copytree(tiny_checkpoint, checkpoint)
    (checkpoint / "recipe.yaml").write_text("data: {folder: somewhere/else}\nseed: 5\n", encoding="utf-8")
    return tmp_path / "runs"


def test_a_recipe_is_measured_by_its_finetune_run(recipe: Path, runs: Path):
    found = find_target(recipe, None, ["eval.split=val"], runs)

    assert found.checkpoint == runs / "mine" / "finetune" / "checkpoint"
    assert found.data == Path("data/own")
    assert found.folder == runs / "mine" / "eval"
    assert (found.name, found.recipe.seed, found.recipe.eval.split) == ("mine", 3, "val")


def test_other_data_can_be_named(recipe: Path, runs: Path):
    assert find_target(recipe, Path("data/other"), [], runs).data == Path("data/other")


def test_a_recipe_without_a_checkpoint_is_an_error(recipe: Path, tmp_path: Path):
    with pytest.raises(ModelError) as error:
        find_target(recipe, None, [], tmp_path / "none")

    assert str(error.value) == (
        "the recipe `mine` has no finetuned checkpoint\n"
        f"  where: {tmp_path}/none/mine/finetune/checkpoint\n"
        f"  fix:   run `llasa finetune {recipe}` first"
    )


def test_a_shipped_checkpoint_stands_in_for_a_run(
    recipe: Path, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("llasa_core.model.shipped.SHIPPED", tmp_path / "shipped")
    coming_with_us = tmp_path / "shipped" / "mine"
    shutil.copytree(runs / "mine" / "finetune" / "checkpoint", coming_with_us)

    assert find_target(recipe, None, [], runs).checkpoint == runs / "mine" / "finetune" / "checkpoint"
    assert find_target(recipe, None, [], tmp_path / "none").checkpoint == coming_with_us


def test_a_checkpoint_folder_brings_its_recipe_and_is_named_by_its_run(runs: Path):
    checkpoint = runs / "mine" / "finetune" / "checkpoint"

    found = find_target(checkpoint, Path("data/other"), ["eval.max_windows=9"], runs)

    assert (found.name, found.recipe.seed, found.recipe.eval.max_windows) == ("mine", 5, 9)
    assert (found.checkpoint, found.data, found.folder) == (checkpoint, Path("data/other"), runs / "mine" / "eval")


def test_a_checkpoint_elsewhere_is_named_by_its_folder(runs: Path, tmp_path: Path):
    copy = tmp_path / "best"
    shutil.copytree(runs / "mine" / "finetune" / "checkpoint", copy)

    assert find_target(copy, Path("data/other"), [], runs).name == "best"


def test_a_checkpoint_without_data_is_an_error(runs: Path):
    checkpoint = runs / "mine" / "finetune" / "checkpoint"

    with pytest.raises(UsageError) as error:
        find_target(checkpoint, None, [], runs)

    assert str(error.value) == (
        "a checkpoint does not say which data it is to be measured on\n"
        f"  where: {checkpoint}\n"
        f"  fix:   pass `--data DATA`: `llasa eval {checkpoint} --data data/hapt`"
    )


def test_a_folder_that_is_no_checkpoint_is_an_error(runs: Path):
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        find_target(runs / "mine", Path("data/other"), [], runs)


def test_nothing_there_is_an_error(tmp_path: Path):
    with pytest.raises(UsageError) as error:
        find_target(tmp_path / "smol.yml", None, [], tmp_path)

    assert str(error.value) == (
        "there is no recipe and no checkpoint here\n"
        f"  where: {tmp_path}/smol.yml\n"
        "  fix:   name a recipe such as `recipes/smol.yaml`, or a checkpoint folder with `--data DATA`"
    )
