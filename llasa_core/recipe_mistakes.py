"""What is wrong with a recipe, in words for the person who wrote it."""

from __future__ import annotations

import difflib
import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from llasa_core.errors import RecipeError
from llasa_core.recipe import Recipe
from llasa_core.spelling import closest
from llasa_core.yaml_places import SCHEMA_FIX, number_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
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


def mistakes(error: ValidationError, located: Located) -> list[RecipeError]:
    """Turn pydantic's errors into ours: what is there, what is expected, and where it stands; one for each place."""
    found: dict[tuple[KeyPath, bool], RecipeError] = {}
    for detail in error.errors():
        path = _without_choices(detail["loc"])
        found.setdefault((path, detail["type"] in {"extra_forbidden", "missing"}), _mistake(detail, path, located))
    paths = {path for path, _ in found}
    around: set[KeyPath] = {
        path[:length] for path in paths for length in range(1, len(path))
    }  # wrong since what it holds is
    return [found[key] for key in found if key[0] not in around]


def unseen_mistakes(located: Located) -> list[RecipeError]:
    """Return what pydantic lets through: true for 1 among choices, and paths that no file can have."""
    return [_wrong_value(path, located) for path in located.texts if _is_unseen_mistake(path, located)]


def _is_unseen_mistake(path: KeyPath, located: Located) -> bool:
    try:
        schema, value = schema_of(path), _at(path, located.values)
    except (KeyError, IndexError, TypeError):  # stands in a part of the file that could not be kept
        return False
    if isinstance(value, bool):
        return "enum" in schema and not any(isinstance(choice, bool) for choice in schema["enum"])
    return schema.get("format") == "path" and isinstance(value, str) and (not value.strip() or "\0" in value)


def _without_choices(path: KeyPath) -> KeyPath:
    """Drop what pydantic adds to a path: which of several types it has tried."""
    kept: list[str | int] = []
    is_tried = False
    for key in path:
        if is_tried and isinstance(key, str):
            is_tried = False
            continue
        kept.append(key)
        is_tried = "choices" in schema_of(tuple(kept))
    return tuple(kept)


def _mistake(detail: ErrorDetails, path: KeyPath, located: Located) -> RecipeError:
    match detail["type"]:
        case "extra_forbidden":
            return _unknown(path, located)
        case "missing":
            return _missing(path, located)
        case "value_error":  # raised by a validator, in words of its own
            words = str(detail["ctx"]["error"])
            named = [tuple(name.split(".")) for name in re.findall(r"`([a-z_.]+)", words)]
            at = next((name for name in named if name in located.places), path)
            return RecipeError(words, where=_nearest(at, located), fix=SCHEMA_FIX)
        case _:
            return _wrong_value(path, located)


def is_group(path: KeyPath) -> bool:
    """Say whether a field is a group of settings."""
    return schema_of(path).get("type") == "object"


@cache
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


@cache
def schema_of(path: KeyPath) -> Schema:
    """Return what the schema says of a field, or nothing where there is no such field."""
    part = _whole_schema()
    for key in path:
        part = part.get("items", {}) if isinstance(key, int) else part.get("properties", {}).get(key, {})
        part = _resolved(part)
    return part


def _resolved(part: Schema) -> Schema:
    """Follow references; "or null" becomes the key `null`, and several types become `choices`."""
    if "anyOf" in part:
        others = [_resolved(choice) for choice in part["anyOf"] if choice != {"type": "null"}]
        has_null = {"null": len(others) < len(part["anyOf"])}
        return {**part, **has_null, "choices": others} if len(others) > 1 else {**others[0], **part, **has_null}
    if "$ref" in part:
        return {**_whole_schema()["$defs"][part["$ref"].rpartition("/")[2]], **part}
    return part


def _unknown(path: KeyPath, located: Located) -> RecipeError:
    group, name = path[:-1], str(path[-1])
    where, fix = located.keys.get(path, str(located.file)), SCHEMA_FIX
    message = f"`{dotted(path)}` is not a field"
    fields = all_fields()
    parts = (*group, *name.split("."))
    elsewhere = [field[:-1] for field in fields if field[-1] == name]
    if len(parts) > len(path) and parts in fields:
        message = f"`{name}` is one word to YAML, not a field inside `{dotted(parts[:-1])}`"
        fix = f"write `{': {'.join(map(str, parts))}: …{'}' * (len(parts) - 1)}`"
    elif elsewhere:
        message += f"; `{name}` belongs {_belongs(elsewhere)}"
    elif close := _closest(name, fields, group):
        message += f"; did you mean `{dotted(close)}`?"
    return RecipeError(message, where=where, fix=fix)


def _belongs(parents: list[tuple[str, ...]]) -> str:
    groups = [f"`{dotted(parent)}`" for parent in parents if parent]
    places = ["at the top"] if () in parents else []
    return _or([*places, f"under {_or(groups)}"] if groups else places)


def _closest(name: str, fields: list[tuple[str, ...]], group: KeyPath) -> tuple[str, ...] | None:
    """Find the field whose name is most like `name`; one of the same group goes first."""
    plain = name.strip().casefold().replace("-", "_").replace(" ", "_")
    for choices in ([field for field in fields if field[:-1] == group], fields):
        names = [field[-1] for field in choices]
        meant = OTHER_NAMES[plain] if OTHER_NAMES.get(plain) in names else closest(plain, names)
        if meant:
            return choices[names.index(meant)]
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
    hint, fix = _hint(value, schema, located.texts.get(path, str(value)))
    return RecipeError(
        f"`{dotted(path)}` is {_shown(value, path, located)}{expected}{hint}", where=_nearest(path, located), fix=fix
    )


def _hint(value: object, schema: Schema, text: str) -> tuple[str, str]:
    """Return what to add to the message about a wrong value, and what to do."""
    names = [str(choice) for choice in _choices(schema)]
    kinds = {choice.get("type") for choice in (schema, *schema.get("choices", ()))}
    if isinstance(value, str):
        return _hint_about_text(value, names, is_number=bool(kinds & {"number", "integer"}))
    if isinstance(value, bool) and text.casefold() in names:
        return f"; YAML reads {text} as {str(value).lower()}", f'put it in quotes: "{text.casefold()}"'
    if isinstance(value, float) and not math.isfinite(value):
        return ", and finite", SCHEMA_FIX
    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
        return "", f"write {value:.0f}"
    is_number_for_text = isinstance(value, int | float) and "string" in kinds and not names
    return "", f'put it in quotes: "{text}"' if is_number_for_text else SCHEMA_FIX


def _hint_about_text(value: str, names: list[str], *, is_number: bool) -> tuple[str, str]:
    if value in names:
        return "; YAML reads this as text", f"write {value} without quotes"
    if is_number and number_in(value) is not None:
        as_yaml = _as_yaml_number(value) if "e" in value.lower() else f"{value} without quotes"
        return "; YAML reads this as text", f"write {as_yaml}"
    close = difflib.get_close_matches(value.casefold(), names, n=1)
    return f"; did you mean `{close[0]}`?" if close else "", SCHEMA_FIX


def _choices(schema: Schema) -> list[Any]:
    """Return the values that a field may have, where they can be listed."""
    values = [schema["const"]] if "const" in schema else list(schema.get("enum", ()))
    if schema.get("type") == "boolean":
        values = ["true", "false"]
    return [*values, *(value for choice in schema.get("choices", ()) for value in _choices(choice))]


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
        return "a list" if value else "an empty list"
    text = located.texts.get(path, "" if value is None else str(value))
    if value is None:
        return f"empty ({text})" if text else "empty"
    if len(text) > 60:  # noqa: PLR2004 - what fits on a line with its sentence
        text = text[:60] + "…"
    return f'"{text}"' if isinstance(value, str) else text


def _expected(schema: Schema) -> str:
    """Say in plain words what a field takes."""
    or_null = ", or null" if schema.get("null") else ""
    if "choices" in schema:
        return _or([_expected(choice) for choice in schema["choices"]]) + or_null
    if "const" in schema:
        return str(schema["const"])
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
    if schema.get("minLength") or schema.get("minItems"):
        words = f"{words}, not empty"
    bounds = [f"{word} {_plain(schema[key])}" for key, word in BOUNDS.items() if key in schema]
    return f"{words} {' and '.join(bounds)}".rstrip() + or_null


def _plain(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


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
