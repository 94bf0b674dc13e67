"""What is wrong with a recipe, in words for the person who wrote it."""

from __future__ import annotations

import difflib
import math
from functools import cache
from typing import TYPE_CHECKING, Any

from llasa_core.errors import RecipeError
from llasa_core.recipe import Recipe
from llasa_core.yaml_places import SCHEMA_FIX, number_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

    from llasa_core.errors import Place
    from llasa_core.yaml_places import KeyPath, Located

Schema = dict[str, Any]
"""A JSON Schema, or a part of one."""

BOUNDS = {
    "exclusiveMinimum": "above",
    "minimum": "of at least",
    "exclusiveMaximum": "below",
    "maximum": "of at most",
}

OTHER_NAMES = {"lr": "learning_rate", "lora": "adapter", "r": "rank", "lora_r": "rank", "lora_alpha": "alpha"}
"""What other tools call a field of ours."""


def mistake(detail: ErrorDetails, located: Located) -> RecipeError:
    """Turn one error of pydantic into one that says what is there, what is expected, and where it stands."""
    path: KeyPath = detail["loc"]
    match detail["type"]:
        case "extra_forbidden":
            return _unknown(path, located)
        case "missing":
            return _missing(path, located)
        case "value_error":  # raised by a validator, in words of its own
            return RecipeError(str(detail["ctx"]["error"]), where=_nearest(path, located), fix=SCHEMA_FIX)
        case _:
            return _wrong_value(path, located)


def all_fields() -> list[tuple[str, ...]]:
    """Return the path of every field, groups included, in the order of the classes."""
    return list(_fields(_whole_schema(), ()))


def dotted(path: KeyPath) -> str:
    """Return a path as people write it: `pretrain.kinds[1]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _fields(part: Schema, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name in part.get("properties", {}):
        yield (*path, name)
        yield from _fields(schema_of((*path, name)), (*path, name))


@cache
def _whole_schema() -> Schema:
    return Recipe.model_json_schema()


def schema_of(path: KeyPath) -> Schema:
    """Return what the schema says of a field, or nothing where there is no such field."""
    part = _whole_schema()
    for key in path:
        part = part.get("items", {}) if isinstance(key, int) else part.get("properties", {}).get(key, {})
        part = _resolved(part)
    return part


def _resolved(part: Schema) -> Schema:
    """Follow references, and look through "or null", which stays as the key `null`."""
    if "anyOf" in part:
        others = [choice for choice in part["anyOf"] if choice != {"type": "null"}]
        return {**_resolved(others[0]), **part, "null": len(others) < len(part["anyOf"])}
    if "$ref" in part:
        return {**_whole_schema()["$defs"][part["$ref"].rpartition("/")[2]], **part}
    return part


def _unknown(path: KeyPath, located: Located) -> RecipeError:
    group, name = path[:-1], str(path[-1])
    message = f"`{dotted(path)}` is not a field"
    fields = all_fields()
    elsewhere = [field[:-1] for field in fields if field[-1] == name and field[:-1]]
    if elsewhere:
        message += f"; `{name}` belongs under {_or([f'`{dotted(parent)}`' for parent in elsewhere])}"
    elif close := _closest(name, fields, group):
        message += f"; did you mean `{dotted(close)}`?"
    return RecipeError(message, where=located.keys.get(path, str(located.file)), fix=SCHEMA_FIX)


def _closest(name: str, fields: list[tuple[str, ...]], group: KeyPath) -> tuple[str, ...] | None:
    """Find the field whose name is most like `name`; one of the same group goes first."""
    for choices in ([field for field in fields if field[:-1] == group], fields):
        names = [field[-1] for field in choices]
        if close := [OTHER_NAMES[name]] if OTHER_NAMES.get(name) in names else difflib.get_close_matches(name, names):
            return choices[names.index(close[0])]
    return None


def _missing(path: KeyPath, located: Located) -> RecipeError:
    while needed := schema_of(path).get("required"):  # of a missing group, name what it needs
        path = (*path, needed[0])
    fix = "add it, such as `data: {folder: data/hapt}`" if path == ("data", "folder") else SCHEMA_FIX
    return RecipeError(f"`{dotted(path)}` is missing", where=_nearest(path, located), fix=fix)


def _wrong_value(path: KeyPath, located: Located) -> RecipeError:
    schema = schema_of(path)
    value = _at(path, located.values)
    expected = f", expected {_expected(schema)}" if schema else ""
    fix = SCHEMA_FIX
    if isinstance(value, str):
        number = number_in(value)
        if "enum" in schema and (close := difflib.get_close_matches(value, map(str, schema["enum"]), n=1)):
            expected += f"; did you mean `{close[0]}`?"
        elif number is not None and schema.get("type") in {"number", "integer"}:
            fix = f"write {_as_yaml_number(value)}" if "e" in value.lower() else f"write {value} without quotes"
            expected += "; YAML reads this as text"
    elif isinstance(value, float) and not math.isfinite(value):
        expected += ", and finite"
    elif isinstance(value, int | float) and schema.get("type") == "string" and "enum" not in schema:
        fix = f'put it in quotes: "{located.texts.get(path, value)}"'
    return RecipeError(
        f"`{dotted(path)}` is {_shown(value, path, located)}{expected}", where=_nearest(path, located), fix=fix
    )


def _as_yaml_number(text: str) -> str:
    """Write `2e-4` as `2.0e-4`: YAML 1.1 wants the point and the sign."""
    mantissa, _, exponent = text.lower().partition("e")
    point = "" if "." in mantissa else ".0"
    sign = "" if exponent[:1] in "+-" else "+"
    return f"{mantissa}{point}e{sign}{exponent}"


def _shown(value: object, path: KeyPath, located: Located) -> str:
    if isinstance(value, dict):
        return "a group of settings"
    if isinstance(value, list):
        return "a list"
    text = located.texts.get(path, str(value))
    if value is None:
        return f"empty ({text})" if text else "empty"
    if len(text) > 60:  # noqa: PLR2004 - what fits on a line with its sentence
        text = text[:60] + "…"
    return f'"{text}"' if isinstance(value, str) else text


def _expected(schema: Schema) -> str:
    """Say in plain words what a field takes."""
    words = {
        "integer": "a whole number",
        "number": "a number",
        "string": "a path" if schema.get("format") == "path" else "text",
        "boolean": "true or false",
        "array": f"a list, each {_expected(_resolved(schema['items']))}" if "items" in schema else "a list",
    }.get(schema.get("type", "object"), "a group of settings")
    if "enum" in schema:
        words = f"one of {', '.join(map(str, schema['enum']))}"
    if "pattern" in schema:
        words = f"text that matches {schema['pattern']}"
    bounds = [f"{word} {schema[key]:g}" for key, word in BOUNDS.items() if key in schema]
    return f"{words} {' and '.join(bounds)}".rstrip() + (", or null" if schema.get("null") else "")


def _or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _at(path: KeyPath, values: Any) -> Any:
    for key in path:
        values = values[key]
    return values


def _nearest(path: KeyPath, located: Located) -> Place | str:
    """Return where a value stands, or the group around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in located.places:
            return located.places[path[:length]]
    return str(located.file)
