"""Imports point one way; here is the map that says which."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LEVELS = (
    {"", "errors"},  # "" is llasa_core itself, which holds the version
    {"files", "locks", "machine", "settings", "spelling", "yaml_places"},
    {"data", "cluster", "launching"},
    {"model", "eval_settings"},
    {"recipe", "engine"},
    {"recipe_mistakes", "starter"},
    {"recipe_file"},
    {"inspect"},
    {"timeline"},
    {"chat"},  # its answers are measured, too
    {"train", "evaluate"},
    {"serve"},
    {"sweep", "export", "runs", "doctor", "adapt"},  # use what was trained and measured
)
"""A part imports from the levels above it in this list, never from its own: what two share lives above both."""
LEVEL_OF = {part: level for level, parts in enumerate(LEVELS) for part in parts}

CORE_FILES = sorted((ROOT / "llasa_core").rglob("*.py"))


def imported_by(source: str) -> Iterator[str]:
    """Yield the dotted names that a module imports, inside functions and for type checking too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import; write the whole name"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def part_of(dotted: str) -> str:
    """Return which part of llasa_core a dotted name belongs to."""
    part = [*dotted.split("."), ""][1]
    return "" if part.startswith("__") else part


def wrong_arrows(part: str, source: str) -> list[str]:
    """Return the imports of llasa_core in a module of this part that do not point up the list."""
    needed = (name for name in imported_by(source) if name.split(".")[0] == "llasa_core")
    return [name for name in needed if part_of(name) != part and LEVEL_OF[part_of(name)] >= LEVEL_OF[part]]


def test_every_part_of_the_core_is_on_the_map():
    parts = {part_of(".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in CORE_FILES}

    assert parts <= LEVEL_OF.keys()


@pytest.mark.parametrize("file", CORE_FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_one_way(file: Path):
    part = part_of(".".join(file.relative_to(ROOT).with_suffix("").parts))

    assert wrong_arrows(part, file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", CORE_FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_core_knows_no_command_line(file: Path):
    packages = {name.split(".")[0] for name in imported_by(file.read_text(encoding="utf-8"))}

    assert packages.isdisjoint({"llasa_cli", "rich", "typer", "click"})


def test_an_arrow_that_points_back_is_found():
    source = """
from typing import TYPE_CHECKING
from llasa_core import __version__
from llasa_core.data.qa import QaItem
if TYPE_CHECKING:
    from llasa_core.train.loop import Run
def late():
    from llasa_core import recipe
"""

    assert wrong_arrows("model", source) == ["llasa_core.train.loop.Run", "llasa_core.recipe"]
    assert wrong_arrows("chat", source) == ["llasa_core.train.loop.Run"]
    assert wrong_arrows("train", source) == []
    assert wrong_arrows("chat", "from llasa_core.evaluate.job import Job") == ["llasa_core.evaluate.job.Job"]
