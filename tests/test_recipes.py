"""The recipes that come with the project."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from llasa_core.data.split import SPLITS
from llasa_core.data.store import WindowStore
from llasa_core.recipe_file import LoadedRecipe, load_recipe
from llasa_core.train.plan import make_plan

FOLDER = Path(__file__).parents[1] / "recipes"
FILES = sorted(FOLDER.glob("*.yaml"))


def load(name: str) -> LoadedRecipe:
    """Load one of them."""
    return load_recipe(FOLDER / f"{name}.yaml")


def test_there_are_six():
    assert [file.stem for file in FILES] == ["13b", "7b-full", "7b-qlora", "7b", "smol", "tiny"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recipe_says_what_it_needs_how_to_run_it_and_what_to_expect(file: Path):
    head = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]

    assert any(line.startswith("# Run:     llasa ") for line in head)
    assert any(line.startswith("# Expect:  ") for line in head)
    needs = "\n".join(head).partition("# Needs:   ")[2].partition("# Expect:")[0]
    assert all(word in needs for word in ("GB", "fetched", "disk"))
    for command in ("pretrain", "finetune", "eval"):
        assert any(f"llasa {command} recipes/{file.name}" in line for line in head)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_recipe_trains_is_counted_before_the_lm_is_there(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)  # where no data is, which would take its time to be counted
    loaded = load_recipe(file)

    for stage in ("pretrain", "finetune"):
        for plan in make_plan(loaded, stage).stages:
            assert plan.unknown is None


def test_the_large_recipes_hold_the_settings_of_the_original():
    for name in ("7b", "13b"):
        recipe = load(name).recipe
        finetune = recipe.finetune

        assert recipe.model.template == "vicuna_v1"
        assert recipe.model.sensor_tokens == 120
        assert (recipe.pretrain.epochs, recipe.pretrain.learning_rate, recipe.pretrain.batch_size) == (1, 1e-4, 64)
        assert (finetune.epochs, finetune.learning_rate, finetune.batch_size) == (1, 3e-5, 64)
        assert finetune.projector_learning_rate == 1e-4
        assert (finetune.adapter.rank, finetune.adapter.alpha) == (8, 8)
        assert (finetune.warmup_fraction, finetune.weight_decay) == (0.03, 0.0)


def test_the_recipe_for_a_small_gpu_holds_the_lm_in_4_bits():
    seven, small = load("7b").recipe, load("7b-qlora").recipe

    assert small.model == seven.model.model_copy(update={"quantization": "nf4"})
    assert (small.finetune.lm, small.finetune.learning_rate) == ("adapter", 2e-4)


def test_the_full_recipe_trains_the_whole_lm_at_llava_s_rates():
    seven, full = load("7b").recipe, load("7b-full").recipe
    pretrain, finetune = full.pretrain, full.finetune

    assert (full.model, full.data, full.eval) == (seven.model, seven.data, seven.eval)
    assert (finetune.lm, finetune.projector_learning_rate) == ("whole", None)
    assert (pretrain.learning_rate, pretrain.batch_size) == (1e-3, 256)
    assert (finetune.learning_rate, finetune.batch_size, finetune.epochs) == (2e-5, 128, 1)
    assert (finetune.warmup_fraction, finetune.weight_decay) == (0.03, 0.0)


def test_the_large_recipes_differ_in_their_lm_alone():
    seven, thirteen = load("7b").recipe, load("13b").recipe

    assert (seven.model.base_lm, thirteen.model.base_lm) == ("lmsys/vicuna-7b-v1.5", "lmsys/vicuna-13b-v1.5-16k")
    assert seven.model_copy(update={"model": thirteen.model}) == thirteen


def test_the_tiny_recipe_brings_its_own_data():
    plan = make_plan(load("tiny"), "pretrain")

    assert plan.problem is None
    assert plan.data is not None
    assert {split: counts["windows"] for split, counts in plan.data.splits.items()} == {
        "train": 12,
        "val": 4,
        "test": 8,
    }
    assert all(kinds for kinds in plan.data.qa_items.values())
    assert [stage.steps for stage in plan.stages] == [8, 4]


def test_the_tiny_data_is_what_its_script_makes(tmp_path: Path):
    runpy.run_path(str(FOLDER / "tiny" / "make.py"))["make"](tmp_path / "data")
    kept, made = WindowStore(FOLDER / "tiny" / "data"), WindowStore(tmp_path / "data")

    assert np.allclose(made.take(made.rows()), kept.take(kept.rows()), atol=1e-5)  # other filters round otherwise
    assert made.activity.tolist() == kept.activity.tolist()
    for split in SPLITS:
        assert (made.folder / f"qa-{split}.json").read_text() == (kept.folder / f"qa-{split}.json").read_text()


def test_no_recipe_holds_an_absolute_path():
    assert [file.name for file in FILES if re.search(r"[: {]/", file.read_text(encoding="utf-8"))] == []
