"""What is tried: `--grid KEY=VALUE,VALUE`, and the recipe of each combination."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

from llasa_core.errors import ErrorGroup, LlasaError, RecipeError
from llasa_core.recipe_file import leaves, load_recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.recipe_file import LoadedRecipe

Trained = Literal["both", "finetune"]
"""What a trial trains: both stages, or finetune alone, from the recipe's own pretrain run."""
Settings = tuple[tuple[str, str], ...]
"""Keys of the grid and one value of each, as text."""

NAME_LENGTH = 120
"""A longer name of a trial is cut; file systems hold 255 bytes."""


@dataclass(frozen=True)
class Axis:
    """One setting and the values that are tried."""

    key: str
    texts: tuple[str, ...]
    """As they were written."""
    flag: str
    """The whole flag, for errors."""


@dataclass(frozen=True)
class Combination:
    """One value of each axis, and the recipe with them."""

    settings: Settings
    """In the order of the axes; each value in one spelling, so that 3e-5 and 0.00003 are the same."""
    values: tuple[Any, ...]
    """The same values as the recipe holds them."""
    loaded: LoadedRecipe


def parse_grid(flags: Sequence[str], trained: Trained) -> tuple[Axis, ...]:
    """Read the values of `--grid`.

    Args:
        flags: `key.of.field=value,value` each.
        trained: which stages a trial trains; settings of others are refused.

    Raises:
        RecipeError: one of them is wrong.
        ErrorGroup: more are.
    """
    axes = [_axis(flag) for flag in flags]
    count = Counter(axis.key for axis in axes)
    _raise_all([mistake for axis in axes if (mistake := _mistake(axis, count, trained))])
    return tuple(axes)


def combine(recipe: Path, overrides: Sequence[str], axes: Sequence[Axis]) -> list[Combination]:
    """Load the recipe of every combination, the last axis changing fastest.

    Args:
        recipe: the file.
        overrides: `key=value` for all trials; the grid wins.
        axes: what is tried.

    Raises:
        RecipeError: there is one mistake in all of them.
        ErrorGroup: there are more; each once, those of the grid with their flag as the place.
    """
    flags = {f"--set {axis.key}={text}": axis.flag for axis in axes for text in axis.texts}
    found: list[Combination] = []
    mistakes: dict[str, RecipeError] = {}
    for texts in product(*(axis.texts for axis in axes)):
        chosen = [f"{axis.key}={text}" for axis, text in zip(axes, texts, strict=True)]
        try:
            loaded = load_recipe(recipe, [*overrides, *chosen])
        except LlasaError as error:
            for each in error.errors if isinstance(error, ErrorGroup) else (error,):
                mistake = RecipeError(each.message, where=flags.get(each.where or "", each.where), fix=each.fix)
                mistakes[str(mistake)] = mistake
        else:
            found.append(_combination(loaded, axes, texts))
    order = [axis.flag for axis in axes]
    in_order = sorted(mistakes.values(), key=lambda error: order.index(error.where) if error.where in order else -1)
    _raise_all(in_order or _same_twice(found, axes))
    return found


def name_of(settings: Settings, prefix: str = "") -> str:
    """Return a folder's name for settings, such as `finetune.learning_rate=3e-05,finetune.adapter.rank=4`."""
    return folder_name(",".join([*([prefix] if prefix else []), *(f"{key}={value}" for key, value in settings)]))


def folder_name(text: str) -> str:
    """Return a text as every file system takes it; where it had to be changed, a hash keeps it apart from others."""
    plain = re.sub(r"[^\w.,=+-]+", "-", text).strip("-.")
    if plain == text and len(plain) <= NAME_LENGTH:
        return plain
    return f"{plain[:NAME_LENGTH]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Return each key's last words, as many as tell it from the others."""
    short = {}
    for key in keys:
        parts = key.split(".")
        ends = (".".join(parts[-n:]) for n in range(1, len(parts) + 1))
        short[key] = next(end for end in ends if sum(f".{other}".endswith(f".{end}") for other in keys) == 1)
    return short


def _axis(flag: str) -> Axis:
    key, _, text = flag.partition("=")
    return Axis(key.strip(), tuple(part.strip() for part in split_values(text)), f"--grid {flag}")


def split_values(text: str) -> list[str]:
    """Split at commas that stand in no brackets and no quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append("")
            continue
        parts[-1] += letter
    return parts


def _mistake(axis: Axis, count: Counter[str], trained: Trained) -> RecipeError | None:
    if not axis.key or not all(axis.texts):
        return RecipeError(
            f'"{axis.flag.removeprefix("--grid ")}" is not KEY=VALUE,VALUE',
            where=axis.flag,
            fix="write it like `--grid finetune.learning_rate=3e-5,1e-4`",
        )
    if count[axis.key] > 1:
        return RecipeError(
            f"`{axis.key}` stands in the grid twice", where=axis.flag, fix="give all its values to one `--grid`"
        )
    section = axis.key.partition(".")[0]
    if section == "eval":
        return RecipeError(
            f"`{axis.key}` says how a trial is measured, and trials that are compared are measured alike",
            where=axis.flag,
            fix=f"give it to all of them with `--set {axis.key}=VALUE`",
        )
    if trained == "finetune" and section != "finetune":
        return RecipeError(
            f"`{axis.key}` changes more than finetune, and `--stage finetune` takes the rest as it is",
            where=axis.flag,
            fix="leave `--stage finetune` out: what trials have in common is still trained once",
        )
    return None


def _combination(loaded: LoadedRecipe, axes: Sequence[Axis], texts: Sequence[str]) -> Combination:
    known = {".".join(path): value for path, value in leaves(loaded.recipe)}
    values = [known.get(axis.key, text) for axis, text in zip(axes, texts, strict=True)]
    settings = tuple((axis.key, _text(value)) for axis, value in zip(axes, values, strict=True))
    return Combination(settings, tuple(values), loaded)


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, tuple):
        return "+".join(map(_text, value))
    return str(value)


def _same_twice(found: Sequence[Combination], axes: Sequence[Axis]) -> list[RecipeError]:
    mistakes = []
    for place, axis in enumerate(axes):
        seen = {combination.settings[place][1] for combination in found}
        if len(seen) < len(axis.texts):
            mistakes.append(
                RecipeError(f"`{axis.key}` has one value twice", where=axis.flag, fix="give each value once")
            )
    return mistakes


def _raise_all(mistakes: Sequence[LlasaError]) -> None:
    if mistakes:
        raise mistakes[0] if len(mistakes) == 1 else ErrorGroup(mistakes)
