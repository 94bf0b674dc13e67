"""No field of a recipe is validated, documented, and then read by nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llasa_cli.app import main
from llasa_core import recipe, recipe_file
from llasa_core.model import config
from llasa_core.recipe import Recipe
from llasa_core.recipe_mistakes import all_fields, dotted, schema_of
from llasa_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"
SHOWING = {module.__file__ for module in (recipe_file, recipe, config)}
"""Modules that go through all fields to write them out with their places, or compare some with each other."""
LEAVES = [field for field in all_fields() if schema_of(field).get("type") != "object"]


class Reads(set[tuple[str, str]]):
    """(class, field) of every setting that was read by its name; writing a recipe out reads none."""

    def of(self, field: tuple[str, ...]) -> bool:
        """Say whether a field of the recipe was among them."""
        settings: Any = Recipe
        for name in field[:-1]:
            settings = settings.model_fields[name].annotation
        return (settings.__name__, field[-1]) in self


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reads]:
    """Note every setting that is read."""
    found = Reads()
    plain = Settings.__getattribute__

    def noted(self: Settings, name: str) -> Any:
        if name in type(self).model_fields and sys._getframe(1).f_code.co_filename not in SHOWING:
            found.add((type(self).__name__, name))
        return plain(self, name)

    monkeypatch.setattr(Settings, "__getattribute__", noted)
    return found


def test_every_field_is_read_by_pretrain_finetune_or_eval(
    reads: Reads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for command in ("pretrain", "finetune", "eval"):
        assert main([command, str(TINY)]) == 0
    for command in ("pretrain", "finetune"):
        assert main([command, str(TINY), "--dry-run"]) == 0  # which lays the stage out over devices

    judged = [field for field in LEAVES if field[:2] == ("eval", "judge")]  # read where a judge is asked, as tests do
    assert [dotted(field) for field in LEAVES if field not in judged and not reads.of(field)] == []


def test_a_field_that_is_only_written_out_counts_as_unread(reads: Reads):
    loaded = recipe_file.load_recipe(TINY)
    recipe_file.described(loaded)
    recipe_file.recipe_yaml(loaded.recipe)
    assert not [dotted(field) for field in LEAVES if reads.of(field)]

    assert not reads.of(("pretrain", "epochs"))
    assert loaded.recipe.pretrain.epochs
    assert reads.of(("pretrain", "epochs"))
    assert not reads.of(("finetune", "epochs"))
