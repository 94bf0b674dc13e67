"""Recipes as files: YAML to a checked `Recipe` that knows where each value came from, and back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ValidationError

from llasa_core.errors import ErrorGroup, Place, RecipeError
from llasa_core.recipe import Recipe
from llasa_core.recipe_mistakes import dotted, is_group, mistakes, unseen_mistakes
from llasa_core.yaml_places import NOT_YAML, Located, parse_flag, read_located

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.yaml_places import KeyPath

DEFAULT = "default"


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe and the file that it came from."""

    recipe: Recipe
    """As written: paths are the recipe's own."""
    file: Path
    sources: dict[str, str]
    """Where each value came from, by its dotted name: `default`, `recipes/smol.yaml:4:3`, or `--set seed=1`."""

    @property
    def name(self) -> str:
        """The recipe's name, which its runs are kept under."""
        return self.file.stem

    @cached_property
    def resolved(self) -> Recipe:
        """The recipe with its paths as this process can open them."""
        data = self.recipe.data
        head, own = self.recipe.head, self.recipe.head.folder
        encoder = self.recipe.encoder
        checkpoint = None if encoder.checkpoint is None else resolve_path(self, encoder.checkpoint)
        return self.recipe.model_copy(
            update={
                "data": data.model_copy(update={"folder": resolve_path(self, data.folder)}),
                "head": head.model_copy(update={"folder": None if own is None else resolve_path(self, own)}),
                "encoder": encoder.model_copy(update={"checkpoint": checkpoint}),
            }
        )


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> LoadedRecipe:
    """Read and check a recipe.

    Args:
        path: a YAML file.
        overrides: `key.of.field=value`, each with a value as YAML writes it; they win over the file, later ones over
            earlier ones.

    Returns:
        The checked recipe.

    Raises:
        RecipeError: the file cannot be read, or there is one mistake in it.
        ErrorGroup: there are more; all of them, in the order of the file.
    """
    located = read_located(path)
    if located.values is None and not located.errors:
        raise RecipeError("the recipe is empty", where=path, fix="write at least `data: {folder: data/hapt}`")
    if not isinstance(located.values, dict):
        raise (
            located.errors[0]
            if located.errors
            else RecipeError(
                "a recipe is made of `name: value` lines, this file holds something else",
                where=located.places.get((), str(path)),
                fix="look at recipes/smol.yaml for an example",
            )
        )
    for override in overrides:
        _override(located, override)
    recipe, found = _validate(located)
    unreadable = {error.where for error in located.errors}
    errors = sorted([*located.errors, *(error for error in found if error.where not in unreadable)], key=_position)
    if errors or recipe is None:
        raise errors[0] if len(errors) == 1 else ErrorGroup(errors)
    return LoadedRecipe(recipe, path, _sources(recipe, located))


def recipe_yaml(recipe: Recipe) -> str:
    """Write a recipe with all its defaults, as YAML that loads back equal."""
    values = recipe.model_dump(mode="json")
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)


def described(loaded: LoadedRecipe) -> str:
    """Write a recipe with all its defaults as YAML, and where each value came from as comments."""
    lines = list(_described(loaded.recipe, (), loaded.sources))
    width = max(len(line) for line, _ in lines) + 2
    return "\n".join(f"{line:<{width}}# {source}" if source else line for line, source in lines)


def _described(settings: BaseModel, path: tuple[str, ...], sources: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        start = "  " * len(path) + f"{name}:"
        if isinstance(value, BaseModel):
            yield start, ""
            yield from _described(value, (*path, name), sources)
        else:
            yield f"{start} {_one_line(value)}", sources[dotted((*path, name))]


def _one_line(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_one_line, value))}]"
    if isinstance(value, str | Path) and "\n" in str(value):
        return json.dumps(str(value), ensure_ascii=False)  # which is YAML too
    plain = str(value) if isinstance(value, Path) else value
    text: str = yaml.safe_dump(plain, allow_unicode=True, width=math.inf)
    return text.removesuffix("...\n").strip()


def resolve_path(loaded: LoadedRecipe, path: Path) -> Path:
    """Find what a path in a recipe means: a file or folder beside the recipe if it is there, else as it stands."""
    beside = loaded.file.parent / path
    return beside if beside.exists() else path


def leaves(values: BaseModel, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and value of every setting that is not a group."""
    for name in type(values).model_fields:
        value = getattr(values, name)
        if isinstance(value, BaseModel):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


def _validate(located: Located) -> tuple[Recipe | None, list[RecipeError]]:
    # as JSON, because there a list may become a tuple and a text a path while `strict` refuses "3" for 3
    unseen = unseen_mistakes(located)
    try:
        return Recipe.model_validate_json(json.dumps(located.values), strict=True), unseen
    except ValidationError as error:
        found = mistakes(error, located)
        seen = {mistake.where for mistake in found}
        return None, [*found, *(mistake for mistake in unseen if mistake.where not in seen)]


def _override(located: Located, override: str) -> None:
    """Put the value of `--set key=value` where the file's would be."""
    shown = f"--set {override}"
    name, equals, text = override.partition("=")
    path: KeyPath = tuple(name.strip().split("."))
    if not equals or not all(path):
        fix = "write it like `--set pretrain.learning_rate=1.0e-3`"
        located.errors.append(RecipeError(f'"{override}" is not KEY=VALUE', where=shown, fix=fix))
        return
    try:
        flag = parse_flag(text)
    except RecipeError as error:
        mend = "put the value in quotes" if error.message.startswith(NOT_YAML) else error.fix
        located.errors.append(RecipeError(error.message, where=shown, fix=mend))
        return
    group = located.values
    for length, part in enumerate(path[:-1], start=1):
        if not isinstance(group.get(part), dict):
            if group.get(part) is not None and is_group(path[:length]):
                return  # the file has something else there, which is a mistake of its own
            group[part] = {}
            located.keys[path[:length]] = located.places[path[:length]] = shown
        group = group[part]
    group[path[-1]] = flag.values
    _forget(located, path)
    for inside in [(), *flag.places]:
        located.keys[path + inside] = located.places[path + inside] = shown
    located.texts |= {path + inside: written for inside, written in flag.texts.items()}


def _forget(located: Located, path: KeyPath) -> None:
    """Drop what the file said of a value that a flag replaces."""
    tables: tuple[dict[KeyPath, Any], ...] = (located.keys, located.places, located.texts)
    for table in tables:
        for known in [known for known in table if known[: len(path)] == path]:
            del table[known]


def _position(error: RecipeError) -> tuple[bool, list[int]]:
    """Sort by line and column; what came by a flag goes last."""
    numbers = [int(part) for part in (error.where or "").rsplit(":", 2)[1:] if part.isdigit()]
    return (error.where or "").startswith("--set"), numbers


def _sources(recipe: Recipe, located: Located) -> dict[str, str]:
    sources = {}
    for path, _ in leaves(recipe):
        place: Place | str = DEFAULT
        if path in located.places:
            place = located.keys.get(path, located.places[path])
        sources[dotted(path)] = str(place)
    return sources
