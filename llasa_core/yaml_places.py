"""YAML with the place of every value, so that a mistake can be pointed at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from llasa_core.errors import Place, RecipeError

if TYPE_CHECKING:
    from pathlib import Path

KeyPath = tuple[str | int, ...]
"""`("finetune", "adapter", "rank")`; positions in a list are numbers."""


@dataclass
class Located:
    """Values of a YAML file, and where each of them stands."""

    file: Path | str
    values: Any = None
    keys: dict[KeyPath, Place | str] = field(default_factory=dict)
    """Where a field's name stands."""
    places: dict[KeyPath, Place | str] = field(default_factory=dict)
    """Where its value stands."""
    texts: dict[KeyPath, str] = field(default_factory=dict)
    """How a single value is written."""
    errors: list[RecipeError] = field(default_factory=list)
    """What is wrong with the file as YAML, though it could be read."""


def read_located(path: Path) -> Located:
    """Read a YAML file.

    Args:
        path: a file in UTF-8 that holds one document.

    Returns:
        Its values with their places. Dates stay text. An empty file gives None.

    Raises:
        RecipeError: the file is missing, not UTF-8, or not YAML.
    """
    located = Located(path)
    node = _compose(_read_text(path), path)
    if node is not None:
        located.values = _value(node, (), located, frozenset())
    return located


def parse_flag(text: str) -> Located:
    """Read the value of a flag as YAML reads it; `1e-4`, which YAML takes for text, is a number here.

    Raises:
        RecipeError: the text is not YAML.
    """
    located = Located("")
    node = _compose(text, "")
    if node is not None:
        located.values = _value(node, (), located, frozenset())
    if located.errors:
        raise located.errors[0]
    if isinstance(located.values, str) and isinstance(node, yaml.ScalarNode) and not node.style:
        number = number_in(located.values)
        located.values = located.values if number is None else number
    return located


def number_in(text: str) -> int | float | None:
    """Return the number that a text holds, or None where it holds none."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecipeError(_why_unread(path, error), where=path, fix=_other_file(path)) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(path, before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1)
        raise RecipeError("the recipe is not UTF-8 text", where=place, fix="save the file as UTF-8") from error


def _why_unread(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no recipe {path.name}"
    if path.is_dir():
        return f"{path} is a folder, not a recipe"
    return f"the recipe cannot be read: {(error.strerror or str(error)).lower()}"


def _other_file(path: Path) -> str:
    folder = path if path.is_dir() else path.parent
    beside = sorted(str(file) for file in folder.glob("*.y*ml")) if folder.is_dir() else []
    return f"recipes there: {', '.join(beside)}" if beside else "name a file such as recipes/smol.yaml"


def _compose(text: str, file: Path | str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = file if mark is None else Place(file, mark.line + 1, mark.column + 1)
        problem = error.problem or error.context or "it cannot be read"
        if problem.startswith("but ") and error.context:
            problem = f"{error.context}, {problem}"
        raise RecipeError(
            f"this is not YAML: {problem}",
            where=place,
            fix="look at the indentation, colons and quotes near this place",
        ) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(file, before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        raise RecipeError(
            f"this is not YAML: the character U+{ord(text[error.position]):04X} is not allowed",
            where=place,
            fix="remove it",
        ) from error


def _value(node: yaml.Node, path: KeyPath, located: Located, above: frozenset[int]) -> Any:
    located.places[path] = _place(node, located)
    if id(node) in above:
        located.errors.append(
            RecipeError("an alias stands inside its own anchor", where=_place(node, located), fix="write the value out")
        )
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, located, above | {id(node)})
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, i), located, above | {id(node)}) for i, item in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)  # noqa: S101 - the third and last kind
    located.texts[path] = node.value
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: KeyPath, located: Located, above: frozenset[int]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            located.errors.append(
                RecipeError("a field's name is not a single word", where=_place(key, located), fix=SCHEMA_FIX)
            )
            continue
        name = key.value
        key_path = (*path, name)
        if name in values:
            located.errors.append(_twice(key_path, key, located))
            continue
        located.keys[key_path] = _place(key, located)
        values[name] = _value(value, key_path, located, above)
    return values


SCHEMA_FIX = "`llasa recipe schema` lists the fields"


def _twice(path: KeyPath, key: yaml.Node, located: Located) -> RecipeError:
    first = located.keys[path]
    line = first.row if isinstance(first, Place) else first
    name = ".".join(map(str, path))
    return RecipeError(
        f"`{name}` stands twice; the first is in line {line}", where=_place(key, located), fix="remove one of them"
    )


def _scalar(node: yaml.ScalarNode) -> Any:
    constructor = yaml.constructor.SafeConstructor()
    try:
        match node.tag.rpartition(":")[2]:
            case "null":
                return None
            case "bool":
                return constructor.construct_yaml_bool(node)
            case "int":
                return constructor.construct_yaml_int(node)
            case "float":
                return constructor.construct_yaml_float(node)
    except ValueError:  # such as `!!int many`
        pass
    return node.value  # text, and what YAML takes for a date


def _place(node: yaml.Node, located: Located) -> Place | str:
    return Place(located.file, node.start_mark.line + 1, node.start_mark.column + 1)
