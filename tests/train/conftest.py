"""Runs of `recipes/tiny.yaml` in a fresh folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llasa_core.recipe_file import load_recipe
from llasa_core.train.launch import RunPlace, run_stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.recipe_file import LoadedRecipe

TINY_RECIPE = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


@pytest.fixture(scope="session")
def tiny() -> LoadedRecipe:
    return load_recipe(TINY_RECIPE)


@pytest.fixture(scope="session")
def pretrained(tiny: LoadedRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `runs` folder in which tiny's encoder and pretrain stages are done."""
    runs = tmp_path_factory.mktemp("pretrained")
    run_stage(tiny, "pretrain", RunPlace(runs, 1, has_cuda=False))
    return runs


@pytest.fixture
def finetune(tiny: LoadedRecipe, pretrained: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Finetune tiny, from the one pretrain run, into `tmp_path/<name>`."""

    def run(name: str = "runs", *overrides: str, ranks: int = 1, **options: Any) -> dict[str, Any]:
        runs = tmp_path / name
        if not runs.exists():
            shutil.copytree(pretrained, runs)
        loaded = load_recipe(TINY_RECIPE, overrides) if overrides else tiny
        return run_stage(loaded, "finetune", RunPlace(runs, ranks, has_cuda=False), **options)

    return run
