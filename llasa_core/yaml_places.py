"""YAML with the place of every value, so that a mistake can be pointed at."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from llasa_core.errors import Place, RecipeError

if TYPE_CHECKING:
    from pathlib import Path

KeyPath = tuple[str | int, ...]
"""`("finetune", "adapter", "rank")`; positions in a list are numbers."""

MOST_BYTES = 2**17
"""Of a recipe file: one that sets every field has 4 kB, and YAML is read at some 50 kB a second."""
MOST_VALUES = 5000
"""After aliases were followed: a few lines of them can stand for billions."""
NOT_YAML = "this is not YAML"
DEEPEST = 16
"""Groups and lists inside one another."""
TAG = "tag:yaml.org,2002:"
TAGS = {TAG + name for name in ("null", "bool", "int", "float", "str", "timestamp", "seq", "map", "value")}
"""What plain YAML gives to values by itself; others ask for objects of some program."""


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

    def add_error(self, message: str, node: yaml.Node, fix: str) -> None:
        """Note what is wrong with a part of the file."""
        self.errors.append(RecipeError(message, where=_place(node, self), fix=fix))


def read_located(path: Path) -> Located:
    """Read a YAML file.

    Args:
        path: a file in UTF-8 that holds one document.

    Returns:
        Its values with their places. Dates stay text. An empty file gives None.

    Raises:
        RecipeError: the file is missing, far too large, not UTF-8, or not YAML.
    """
    return _located(_read_text(path), path)[0]


def parse_flag(text: str) -> Located:
    """Read the value of a flag as YAML reads it; `1e-4`, which YAML takes for text, is a number here.

    Raises:
        RecipeError: the text is not YAML.
    """
    located, node = _located(text, "")
    if located.errors:
        raise located.errors[0]
    if isinstance(located.values, str) and isinstance(node, yaml.ScalarNode) and not node.style:
        number = number_in(located.values)
        located.values = located.values if number is None else number
    return located


def _located(text: str, file: Path | str) -> tuple[Located, yaml.Node | None]:
    located = Located(file)
    node = _compose(text, file)
    if node is not None:
        try:
            located.values = _value(node, (), located, frozenset())
        except _TooManyError:
            shown = RecipeError(
                f"the recipe stands for more than {MOST_VALUES:,} values",
                where=located.places[()],
                fix="write the values out instead of repeating them by aliases",
            )
            raise shown from None
    return located, node


class _TooManyError(Exception):
    """A file's aliases stand for more values than any recipe holds."""


NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


def number_in(text: str) -> int | float | None:
    """Return the number that a text holds, or None where it holds none."""
    if not NUMBER.fullmatch(text):
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise RecipeError(_why_unread(path, error), where=path, fix=_other_file(path)) from error
    if len(data) > MOST_BYTES:
        raise RecipeError(
            f"the file has more than {MOST_BYTES // 1024} KiB, a recipe has a few",
            where=path,
            fix="name a file such as recipes/smol.yaml",
        )
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise RecipeError("the recipe is UTF-16 text, not UTF-8", where=Place(path, 1, 1), fix="save the file as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(path, before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1)
        raise RecipeError("the recipe is not UTF-8 text", where=place, fix="save the file as UTF-8") from error


def _why_unread(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):  # a NUL in the name
        return f"there is no recipe {path.name!r}"
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
            f"{NOT_YAML}: {problem}",
            where=place,
            fix="look at the indentation, colons and quotes near this place",
        ) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(file, before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        raise RecipeError(
            f"{NOT_YAML}: the character U+{ord(text[error.position]):04X} is not allowed",
            where=place,
            fix="remove it",
        ) from error
    except RecursionError:
        raise RecipeError(
            "the recipe is nested too deeply", where=file, fix="close the brackets that it opens"
        ) from None


def _value(node: yaml.Node, path: KeyPath, located: Located, above: frozenset[int]) -> Any:
    located.places[path] = _place(node, located)
    if len(located.places) > MOST_VALUES:
        raise _TooManyError
    if id(node) in above:
        located.add_error("an alias stands inside its own anchor", node, "write the value out")
        return None
    if len(path) > DEEPEST:
        fix = "no field lies deeper than four groups"
        raise RecipeError("the recipe is nested too deeply", where=_place(node, located), fix=fix)
    if node.tag not in TAGS:
        located.add_error(f"the tag `{_short_tag(node)}` is not for recipes", node, "write a plain value without it")
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, located, above | {id(node)})
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, i), located, above | {id(node)}) for i, item in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)  # noqa: S101 - the third and last kind
    located.texts[path] = node.value
    return _scalar(node, located)


def _short_tag(node: yaml.Node) -> str:
    tag: str = node.tag
    return "!!" + tag.removeprefix(TAG) if tag.startswith(TAG) else tag


def _mapping(node: yaml.MappingNode, path: KeyPath, located: Located, above: frozenset[int]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            located.add_error("a field's name is not a single word", key, SCHEMA_FIX)
            continue
        if key.tag == f"{TAG}merge":
            located.add_error("the merge key `<<` is not for recipes", key, "write the fields out where they belong")
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


MISLEADING_NUMBER = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
"""What YAML 1.1 takes for a number of base 8 or 60: `010` is 8, and `1:30` is 90."""


def _scalar(node: yaml.ScalarNode, located: Located) -> Any:
    text: str = node.value
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        located.add_error("the text holds half a character", node, "write the character itself, not its `\\u` escape")
        return None
    constructor = yaml.constructor.SafeConstructor()
    make = {
        "null": constructor.construct_yaml_null,
        "bool": constructor.construct_yaml_bool,
        "int": constructor.construct_yaml_int,
        "float": constructor.construct_yaml_float,
    }.get(node.tag.removeprefix(TAG))
    try:
        value = make(node) if make else text  # what YAML takes for a date stays text
    except (ValueError, LookupError):  # such as `!!int many`, `!!bool maybe`
        return text
    if isinstance(value, int | float) and MISLEADING_NUMBER.fullmatch(text):
        fix = f'write {value}, or "{text}" where text is meant'
        located.add_error(f"YAML reads {text} as {value}", node, fix)
    return value


def _place(node: yaml.Node, located: Located) -> Place | str:
    return Place(located.file, node.start_mark.line + 1, node.start_mark.column + 1)
