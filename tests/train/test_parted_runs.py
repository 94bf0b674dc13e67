"""Runs on folds of the people, and with an activity left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from llasa_core.data.partition import AS_PREPARED, Parting
from llasa_core.data.qa import read_qa
from llasa_core.data.split import SPLITS
from llasa_core.data.split_items import split_items
from llasa_core.data.store import WindowStore
from llasa_core.errors import ErrorGroup, RecipeError, UsageError
from llasa_core.launching.place import RunPlace
from llasa_core.recipe_file import load_recipe
from llasa_core.train.data_counts import look_at_data
from llasa_core.train.launch import run_stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.recipe_file import LoadedRecipe


@pytest.fixture
def data(tiny: LoadedRecipe) -> Path:
    return tiny.resolved.data.folder


def people_of(store: WindowStore, split: str) -> set[str]:
    """Return whose windows and questions a split holds."""
    rows = store.rows(split)  # type: ignore[arg-type]
    asked = [store.row_of(ref) for item in split_items(store, split) for ref in item.windows]  # type: ignore[arg-type]
    return {store.subject_names[store.subject[row]] for row in [*rows.tolist(), *asked]}


def test_as_prepared_nothing_changes(data: Path):
    store = WindowStore(data, AS_PREPARED)

    assert [split_items(store, split) for split in SPLITS] == [read_qa(data / f"qa-{split}.json") for split in SPLITS]
    assert [people_of(store, split) for split in SPLITS] == [set(store.manifest["splits"][split]) for split in SPLITS]


def test_windows_and_questions_follow_the_fold(data: Path):
    n_items = sum(len(read_qa(data / f"qa-{split}.json")) for split in SPLITS)
    tested = []
    for fold in ("1/3", "2/3", "3/3"):
        store = WindowStore(data, Parting(fold=fold))
        train, val, test = (people_of(store, split) for split in SPLITS)
        assert (len(train), len(val), len(test)) == (3, 1, 2)
        assert len(train | val | test) == 6
        assert n_items == sum(len(split_items(store, split)) for split in SPLITS)  # each is about one person
        tested += sorted(test)

    assert len(set(tested)) == 6


def test_an_activity_left_out_teaches_nothing_and_is_tested(data: Path):
    store = WindowStore(data, Parting(leave_out="walking"))
    walking = store.activity_names.index("walking")

    assert walking in WindowStore(data).activity[WindowStore(data).rows("train")]
    assert walking not in store.activity[[*store.rows("train"), *store.rows("val")]]
    assert walking in store.activity[store.rows("test")]
    for split in ("train", "val"):
        items = split_items(store, split)  # type: ignore[arg-type]
        assert items
        assert not [item for item in items if walking in [store.activity[store.row_of(ref)] for ref in item.windows]]


def test_a_dry_run_shows_who_is_where(tiny: LoadedRecipe):
    recipe = load_recipe(tiny.file, ["data.fold=1/3"]).resolved

    lines = look_at_data(recipe).counts.lines()  # type: ignore[union-attr]

    assert lines[0].endswith(", fold 1/3 of its people")
    assert [line.split(";")[0].split() for line in lines[1:]] == [
        ["train", "12", "windows", "of", "3", "subjects"],
        ["val", "4", "windows", "of", "1", "subject"],
        ["test", "8", "windows", "of", "2", "subjects"],
    ]


def test_another_fold_is_another_run(finetune: Callable[..., dict[str, Any]], pretrained: Path):
    finetune()

    with pytest.raises(UsageError, match=r"the pretrain run has learned from other people: .*`data.fold: 1/3`"):
        finetune("runs", "data.fold=1/3")
    recipe = load_recipe(pretrained / "tiny" / "pretrain" / "recipe.yaml", ["data.fold=1/3"])
    recipe = type(recipe)(recipe.recipe, pretrained / "tiny.yaml", recipe.sources)
    with pytest.raises(UsageError, match=r"data\.fold was None, is '1/3'"):
        run_stage(recipe, "pretrain", RunPlace(pretrained, 1, has_cuda=False))


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["data.fold=6/5"], "`6/5` is no fold"),
        (["data.fold=fifth"], "data.fold"),
        (["data.fold=1/5", "data.leave_out=lying"], "part the people in two ways"),
    ],
)
def test_a_fold_that_is_none_is_a_recipe_mistake(tiny: LoadedRecipe, overrides: list[str], says: str):
    with pytest.raises((RecipeError, ErrorGroup), match=says):
        load_recipe(tiny.file, overrides)
