"""A recipe to begin with, and the JSON Schema that editors complete it by."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llasa_core.errors import UsageError
from llasa_core.files import write_text
from llasa_core.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FILE = "llasa.schema.json"
"""Beside a starter. The project's own recipes stand beside `schema.json`."""
STARTERS = ("smol", "7b", "7b-qlora", "7b-full", "13b")
"""Recipes of the project that others can be made from; `tiny` learns from drawn numbers."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def recipe_schema() -> dict[str, Any]:
    """Return the JSON Schema of recipes; fields that it does not name are refused."""
    return {"$schema": DRAFT, **Recipe.model_json_schema(), "title": "A recipe of LLaSA"}


def schema_text() -> str:
    """Return the schema as its file holds it."""
    return json.dumps(recipe_schema(), indent=2, ensure_ascii=False) + "\n"


def write_starter(name: str, out: Path | None = None, base: str = "smol") -> Mapping[str, str]:
    """Write a recipe to begin with, and the schema beside it.

    Args:
        name: of the recipe; its runs will be kept under it.
        out: the file; `NAME.yaml` in the current folder when left out.
        base: one of `STARTERS`.

    Returns:
        `{recipe, schema, base}`.

    Raises:
        UsageError: a name that no file can have everywhere, no such starter, or a file that is there already.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" is no name for a recipe', fix="take letters, digits, `-`, `_` and `.`; its file is NAME.yaml"
        )
    file = out or Path(f"{name}.yaml")
    text = starter_text(name, file, base)
    if file.exists():
        raise UsageError(
            "there is a file of this name already", where=file, fix="remove it, or name another by `--out`"
        )
    schema = file.with_name(SCHEMA_FILE)
    write_text(schema, schema_text())
    write_text(file, text)
    return {"recipe": str(file), "schema": str(schema), "base": base}


def starter_text(name: str, file: Path, base: str) -> str:
    """Return the text of a recipe that is like one of the project's, with a name and a data folder of its own.

    Raises:
        UsageError: no such starter.
    """
    if base not in STARTERS:
        raise UsageError(f"there is no starter `{base}`", fix=f"starters: {', '.join(STARTERS)}")
    lines = (resources.files("llasa_core") / "starters" / f"{base}.yaml").read_text(encoding="utf-8").splitlines()
    settings = [line for line in lines if not line.startswith("#")]
    comments = [line for line in lines if line.startswith("#")]
    needs = _part(comments, "# Needs:   ")
    head = [
        f"# yaml-language-server: $schema={SCHEMA_FILE}",
        f"# {name}: begun from LLaSA's recipe {base}. Editors complete the fields; `llasa recipe schema` lists them.",
        f"# Run:     llasa prepare-data RECORDINGS --out data/{name}",
        *(f"#          llasa {command} {file.as_posix()}" for command in ("pretrain", "finetune", "eval")),
        *needs,
        "# Expect:  write down here what you found: minutes, device, accuracy.",
    ]
    body = "\n".join(settings).replace("data/hapt", f"data/{name}")
    return "\n".join(head) + "\n" + body + "\n"


def _part(comments: list[str], start: str) -> list[str]:
    """Return a part of a header: its first line and those that go on with it."""
    first = next(i for i, line in enumerate(comments) if line.startswith(start))
    after = first + 1
    while comments[after].startswith("#     "):
        after += 1
    return comments[first:after]
