"""Every field of a recipe, broken in every way a hand can break it, points at its own line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from llasa_core.errors import LlasaError
from llasa_core.recipe import DataConfig, Recipe
from llasa_core.recipe_file import load_recipe
from llasa_core.recipe_mistakes import all_fields, schema_of

FIELDS = all_fields()
IDS = [".".join(field) for field in FIELDS]


def whole_recipe() -> dict[str, Any]:
    """Return a recipe that writes every field out."""
    return Recipe(data=DataConfig(folder=Path("d"))).model_dump(mode="json")


def error_of(values: dict[str, Any], folder: Path) -> LlasaError:
    """Write the values, one field a line, and return the error that loading them raises."""
    file = folder / "r.yaml"
    file.write_text(yaml.safe_dump(values, sort_keys=False, width=10_000))
    with pytest.raises(LlasaError) as caught:
        load_recipe(file)
    return caught.value


def group_of(values: dict[str, Any], field: tuple[str, ...]) -> dict[str, Any]:
    """Return the group that holds a field."""
    for name in field[:-1]:
        values = values[name]
    return values


def line_of(field: tuple[str, ...], folder: Path) -> str:
    """Return `file:line` of a field in the file that was written last."""
    node = yaml.compose((folder / "r.yaml").read_text())
    key = None
    for name in field:
        key, node = next((k, v) for k, v in node.value if k.value == name)
    assert key is not None
    return f"{folder / 'r.yaml'}:{key.start_mark.line + 1}"


@pytest.mark.parametrize("field", FIELDS, ids=IDS)
def test_a_misspelt_field_is_found_and_its_name_suggested(field: tuple[str, ...], tmp_path: Path):
    values = whole_recipe()
    group = group_of(values, field)
    wrong = field[-1] + "x"
    items = [(wrong if name == field[-1] else name, value) for name, value in group.items()]
    group.clear()
    group.update(items)

    error = error_of(values, tmp_path)
    errors = [e for e in getattr(error, "errors", [error]) if "is not a field" in e.message]

    dotted = ".".join(field)
    assert [e.message for e in errors] == [f"`{dotted}x` is not a field; did you mean `{dotted}`?"]
    assert errors[0].where.startswith(f"{line_of((*field[:-1], wrong), tmp_path)}:")
    assert error.exit_code == 2


@pytest.mark.parametrize("field", FIELDS, ids=IDS)
def test_a_value_of_the_wrong_type_is_found(field: tuple[str, ...], tmp_path: Path):
    values = whole_recipe()
    is_group_or_list = schema_of(field).get("type") in {"object", "array"}
    group_of(values, field)[field[-1]] = "wrong" if is_group_or_list else ["wrong"]

    error = error_of(values, tmp_path)

    dotted = ".".join(field)
    shown = '"wrong"' if is_group_or_list else "a list"
    assert error.message.startswith(f"`{dotted}` is {shown}, expected ")
    assert error.where is not None
    line = int(line_of(field, tmp_path).rpartition(":")[2])
    assert int(error.where.split(":")[-2]) in {line, line + 1}  # a list may begin on the line after its name
    assert error.exit_code == 2


@pytest.mark.parametrize("field", [field for field in FIELDS if len(field) > 1], ids=".".join)
def test_a_field_in_the_wrong_group_is_told_where_it_belongs(field: tuple[str, ...], tmp_path: Path):
    values = whole_recipe()
    values[field[-1]] = 1
    if (field[-1],) in FIELDS:
        pytest.skip("there is a field of this name at the top as well")

    error = error_of(values, tmp_path)

    assert f"`{field[-1]}` is not a field; `{field[-1]}` belongs under " in error.message
    assert f"`{'.'.join(field[:-1])}`" in error.message
    assert error.where == f"{line_of((field[-1],), tmp_path)}:1"
    assert error.exit_code == 2


def test_every_field_is_explained():
    assert [name for name, field in zip(IDS, FIELDS, strict=True) if not schema_of(field).get("description")] == []
