from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llasa_core.model.shipped import shipped
from llasa_core.model.taught import only_names

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("recipe", "is_so"),
    [
        ("finetune: {kinds: [activity, caption]}", True),
        ("finetune: {kinds: [activity]}", True),
        ("finetune: {kinds: [activity, fact]}", False),
        ("finetune: {kinds: null}", False),
        ("finetune: {}", False),
        ("[]", False),
        ("{", False),
        (None, False),
    ],
)
def test_a_recipe_tells_what_an_lm_was_taught(recipe: str | None, is_so: bool, tmp_path: Path):  # noqa: FBT001
    if recipe is not None:
        (tmp_path / "recipe.yaml").write_text(recipe)

    assert only_names(tmp_path) is is_so


def test_the_shipped_one_knows_names_alone():
    folder = shipped("smol")

    assert folder is not None
    assert only_names(folder)
