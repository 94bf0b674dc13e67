"""Every field of a recipe, broken in every way a hand can break it, points at its own place and is never passed over.

The fields come from the recipe's own classes, so a new one is covered once it is there. All fields are broken at once
where that is possible: every mistake is reported, so each must have its own error, and no other.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from llasa_core.errors import ErrorGroup, LlasaError, Place
from llasa_core.recipe import DataConfig, Recipe
from llasa_core.recipe_file import load_recipe
from llasa_core.recipe_mistakes import all_fields, dotted, schema_of
from llasa_core.spelling import edits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Field = tuple[str, ...]

FIELDS = all_fields()
LEAVES = [field for field in FIELDS if schema_of(field).get("type") != "object"]
GROUPS = [field for field in FIELDS if field not in LEAVES]
TOP = [field for field in FIELDS if len(field) == 1]
RECIPES = sorted((Path(__file__).parents[1] / "recipes").glob("*.yaml"))
each_recipe = pytest.mark.parametrize("shipped", RECIPES, ids=lambda file: file.stem)


def whole(shipped: Path | None = None) -> dict[str, Any]:
    """Return a recipe that writes every field out; a shipped one's values where it has some."""
    values = Recipe(data=DataConfig(folder=Path("d"))).model_dump(mode="json")
    return _merged(values, yaml.safe_load(shipped.read_text(encoding="utf-8"))) if shipped else values


def _merged(values: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    return values | {k: _merged(values[k], v) if isinstance(v, dict) else v for k, v in others.items()}


def write(values: dict[str, Any], folder: Path) -> Path:
    """Write the values, one field a line."""
    file = folder / "r.yaml"
    file.write_text(yaml.safe_dump(values, sort_keys=False, width=10_000), encoding="utf-8")
    return file


def errors_of(file: Path, overrides: Sequence[str] = ()) -> list[LlasaError]:
    """Return the errors that loading raises, each once."""
    with pytest.raises(LlasaError) as caught:
        load_recipe(file, overrides)
    assert caught.value.exit_code == 2
    return list(caught.value.errors) if isinstance(caught.value, ErrorGroup) else [caught.value]


def put(values: dict[str, Any], field: Field, value: Any) -> dict[str, Any]:
    """Set a field, whose groups need not be there, and return the whole."""
    group = values
    for name in field[:-1]:
        group = group.setdefault(name, {})
    group[field[-1]] = value
    return values


def rename(values: dict[str, Any], field: Field, name: str) -> None:
    """Give a field another name, in its place."""
    for part in field[:-1]:
        values = values[part]
    items = [(name if key == field[-1] else key, value) for key, value in values.items()]
    values.clear()
    values.update(items)


def keys_in(file: Path) -> dict[Field, yaml.ScalarNode]:
    """Return the node of every field's name in a file."""

    def of(node: yaml.Node, path: Field) -> Iterator[tuple[Field, yaml.ScalarNode]]:
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            yield (*path, key.value), key
            yield from of(value, (*path, key.value))

    return dict(of(yaml.compose(file.read_text(encoding="utf-8")), ()))


def place(file: Path, node: yaml.Node) -> str:
    """Return `file:row:column` of a node."""
    return str(Place(file, node.start_mark.line + 1, node.start_mark.column + 1))


# misspelt


@each_recipe
def test_each_misspelt_name_in_a_shipped_recipe_is_pointed_at_and_its_name_suggested(shipped: Path, tmp_path: Path):
    for field, key in keys_in(shipped).items():
        text = shipped.read_text(encoding="utf-8")
        wrong = field[-1][:-1] + "x" + field[-1][-1]
        file = tmp_path / shipped.name
        file.write_text(text[: key.start_mark.index] + wrong + text[key.end_mark.index :], encoding="utf-8")

        errors = [error for error in errors_of(file) if error.message != "`data.folder` is missing"]

        path = dotted((*field[:-1], wrong))
        (error,) = errors
        assert str(error) == (
            f"`{path}` is not a field; did you mean `{dotted(field)}`?\n"
            f"  where: {place(file, key)}\n  fix:   `llasa recipe schema` lists the fields"
        )


@each_recipe
def test_all_misspelt_fields_of_a_recipe_that_writes_every_field_are_found_at_once(shipped: Path, tmp_path: Path):
    values = whole(shipped)
    for field in reversed(LEAVES):  # groups keep their names, so that what is inside is looked at
        rename(values, field, f"{field[-1]}_")
    file = write(values, tmp_path)
    keys = keys_in(file)

    found = {(error.message, error.where) for error in errors_of(file)}

    assert found - {("`data.folder` is missing", place(file, keys["data",]))} >= {
        (
            f"`{dotted(field)}_` is not a field; did you mean `{dotted(field)}`?",
            place(file, keys[*field[:-1], f"{field[-1]}_"]),
        )
        for field in LEAVES
    }
    assert len(found) == len(LEAVES) + 1  # and `data.folder` is missing


def one_edit(name: str) -> list[str]:
    """Return the slips of a hand: a letter left out, doubled, changed or swapped; other cases and hyphens."""
    slips = {name.upper(), name.title(), name.replace("_", "-"), name.replace("_", ""), f"{name}s", f" {name}"}
    for i in {0, len(name) // 2, len(name) - 1}:
        before, letter, after = name[:i], name[i], name[i + 1 :]
        slips |= {
            before + after,
            before + letter + letter + after,
            f"{before}q{after}",
            before + after[:1] + letter + after[1:],
        }
    return sorted(slips - {name, ""})


def test_each_slip_of_a_hand_in_each_field_suggests_it(tmp_path: Path):
    file = write(whole(), tmp_path)
    names = {field[-1] for field in FIELDS}
    slips = [(field, slip) for field in FIELDS for slip in one_edit(field[-1]) if slip.strip() not in names]
    flags = [f"{dotted((*field[:-1], slip))}=1" for field, slip in slips]

    found = {error.where: error.message for error in errors_of(file, flags)}

    assert len(slips) > 10 * len(FIELDS)
    for (field, slip), flag in zip(slips, flags, strict=True):
        message = found[f"--set {flag}"]
        suggested = message.partition("did you mean `")[2].partition("`")[0].rpartition(".")[2]
        assert message.startswith(f"`{dotted((*field[:-1], slip))}` is not a field; did you mean `"), message
        if suggested != field[-1]:  # as near, such as `ranks` beside ... and in the same group
            plain = slip.strip().casefold().replace("-", "_")
            assert edits(plain, suggested) <= edits(plain, field[-1]), message


# mistyped


def wrong_values(field: Field) -> list[Any]:
    """Return values that a field must refuse: of other types, outside its bounds, of no choice; null; nested."""
    schema = schema_of(field)
    kinds = {schema.get("type")} | {choice.get("type") for choice in schema.get("choices", ())}
    values: list[Any] = [{"nested": {"deeper": 1}}, [["wrong"]], {}, 1.5, True, "wrøng"]
    if not schema.get("null"):
        values.append(None)
    if "minimum" in schema:
        values.append(schema["minimum"] - 1)
    if "exclusiveMinimum" in schema:
        values += [schema["exclusiveMinimum"], -1, -0.5]
    for bound in ("maximum", "exclusiveMaximum"):
        if bound in schema:
            values.append(schema[bound] + (bound == "maximum"))
    if kinds & {"integer", "number"}:
        values += ["3", ".inf", float("inf"), float("nan"), float("-inf")]
    if schema.get("format") == "path":
        values += ["", "a\0b"]
    is_text = "string" in kinds and "enum" not in schema and "choices" not in schema and "pattern" not in schema
    taken = [
        (is_text, str),
        ("number" in kinds, (int, float)),
        ("boolean" in kinds, bool),
        (schema.get("type") == "object", dict),
    ]
    return [value for value in values if not any(is_taken(value, *pair) for pair in taken) or _is_out(value, schema)]


def is_taken(value: Any, takes: bool, types: Any) -> bool:  # noqa: FBT001
    """Say whether a field that takes these types takes this value's."""
    return takes and isinstance(value, types) and (not isinstance(value, bool) or types is bool)


def _is_out(value: Any, schema: dict[str, Any]) -> bool:
    if schema.get("format") == "path":
        return value in {"", "a\0b"} if isinstance(value, str) else False
    if schema.get("type") == "object":
        return value == {"nested": {"deeper": 1}}
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return (
        value != 1.5
        or value >= schema.get("exclusiveMaximum", float("inf"))
        or value > schema.get("maximum", float("inf"))
    )


@pytest.mark.parametrize("field", FIELDS, ids=dotted)
def test_each_wrong_value_of_each_field_is_one_error_at_its_place(field: Field, tmp_path: Path):
    for value in wrong_values(field):
        file = write(put({"data": {"folder": "d"}}, field, value), tmp_path)
        key = keys_in(file)[field]

        errors = errors_of(file)

        if field == ("data",) and isinstance(value, dict):
            errors = [error for error in errors if error.message != "`data.folder` is missing"]
            if not value:
                continue
        assert len(errors) == 1, (value, [str(error) for error in errors])
        assert f"`{dotted(field)}" in errors[0].message, value  # or `field[0][0]`, or `field.nested`
        row = int(str(errors[0].where).split(":")[-2])
        assert key.start_mark.line + 1 <= row <= key.start_mark.line + 3  # a nested value begins below its name
        assert errors[0].fix


@each_recipe
def test_a_list_in_place_of_any_value_is_refused_by_flag_too(shipped: Path):
    flags = [f"{dotted(field)}=[[1]]" for field in LEAVES]

    found = errors_of(shipped, flags)

    assert sorted(str(error.where) for error in found) == sorted(f"--set {flag}" for flag in flags)
    assert all(" is a list, expected " in error.message for error in found)


@each_recipe
def test_null_in_place_of_any_value_is_refused_unless_it_means_something(shipped: Path):
    refused = [f"{dotted(field)}=null" for field in FIELDS if not schema_of(field).get("null")]
    refused = [flag for flag in refused if flag.count(".") or flag.removesuffix("=null") not in map(dotted, GROUPS)]
    taken = [f"{dotted(field)}=null" for field in LEAVES if schema_of(field).get("null")]
    inside = [flag for flag in refused if flag.removesuffix("=null") not in map(dotted, GROUPS)]

    found = errors_of(shipped, [*inside, *taken])

    assert sorted(str(error.where) for error in found) == sorted(f"--set {flag}" for flag in inside)
    assert all(" is empty (null), expected " in error.message for error in found)


# misplaced


@pytest.mark.parametrize("group", [(), *GROUPS], ids=lambda group: dotted(group) or "top")
def test_each_field_in_each_other_group_is_told_where_it_belongs(group: Field, tmp_path: Path):
    own = {field[-1] for field in FIELDS if field[:-1] == group}
    misplaced = sorted({field[-1] for field in FIELDS} - own)
    values = whole()
    for name in misplaced:
        put(values, (*group, name), 1)
    file = write(values, tmp_path)
    keys = keys_in(file)

    found = errors_of(file)

    assert {str(error.where) for error in found} == {place(file, keys[*group, name]) for name in misplaced}
    for error in found:
        name = error.message.split("`")[1].rpartition(".")[2]
        homes = [field[:-1] for field in FIELDS if field[-1] == name]
        assert error.message.startswith(f"`{dotted((*group, name))}` is not a field; `{name}` belongs ")
        assert all((f"`{dotted(home)}`" if home else "at the top") in error.message for home in homes)
        assert error.fix == "`llasa recipe schema` lists the fields"


def test_a_field_that_belongs_at_the_top_is_told_so(tmp_path: Path):
    (error,) = errors_of(write({**whole(), "data": {"folder": "d", "seed": 1}}, tmp_path))

    assert error.message == "`data.seed` is not a field; `seed` belongs at the top"


def test_a_dotted_name_is_told_how_yaml_writes_it(tmp_path: Path):
    (error,) = errors_of(write({**whole(), "finetune.adapter.rank": 4}, tmp_path))

    assert str(error).replace(str(tmp_path), "") == (
        "`finetune.adapter.rank` is one word to YAML, not a field inside `finetune.adapter`\n"
        "  where: /r.yaml:82:1\n".replace("82", str(error.where).split(":")[-2])
        + "  fix:   write `finetune: {adapter: {rank: …}}`"
    )


# written twice


@each_recipe
def test_each_field_written_twice_is_found(shipped: Path, tmp_path: Path):
    file = write(whole(shipped), tmp_path)
    lines = file.read_text(encoding="utf-8").splitlines()
    once = keys_in(file)
    twice = {field for field in LEAVES if schema_of(field).get("type") != "array"}
    rows = {once[field].start_mark.line: field for field in twice}
    doubled = [line for i, text in enumerate(lines) for line in [text] * (1 + (i in rows))]
    file.write_text("\n".join(doubled), encoding="utf-8")

    found = [error.message for error in errors_of(file)]

    assert sorted(message.partition(";")[0] for message in found) == sorted(
        f"`{dotted(field)}` stands twice" for field in twice
    )


@pytest.mark.parametrize("field", TOP, ids=dotted)
def test_each_group_written_twice_is_found(field: Field, tmp_path: Path):
    file = write(whole(), tmp_path)
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}{field[0]}: {{}}\n", encoding="utf-8")

    (error,) = errors_of(file)

    first = keys_in(write(whole(), tmp_path))[field].start_mark.line + 1
    assert error.message == f"`{field[0]}` stands twice; the first is in line {first}"
    assert error.where == f"{file}:{len(text.splitlines()) + 1}:1"


# anything at all


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | st.text(alphabet=string.printable, max_size=200).map(str.encode))
@example(data=b"&a [*a]")
@example(data=b"? {a: 1}\n: 2")
@example(data=b"!!python/object/apply:os.system ['true']")
def test_no_bytes_make_anything_but_a_recipe_or_a_clear_error(data: bytes, tmp_path: Path):
    file = tmp_path / "any.yaml"
    file.write_bytes(data)

    for error in errors_of(file):
        assert error.message
        assert str(error.where).startswith(str(file))
        assert error.fix


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(LEAVES), value=st.text(max_size=20) | st.integers() | st.floats() | st.booleans())
def test_a_value_is_kept_as_it_was_written_or_refused(field: Field, value: Any, tmp_path: Path):
    file = write(put({"data": {"folder": "d"}}, field, value), tmp_path)
    refusal, kept = outcome(file)

    if refusal:
        assert refusal.exit_code == 2
        assert dotted(field) in str(refusal) or "half a character" in str(refusal)
    else:
        for name in field:
            kept = getattr(kept, name)
        assert kept == (Path(value) if isinstance(kept, Path) else value)
        assert isinstance(kept, bool) == isinstance(value, bool)


def outcome(file: Path) -> tuple[LlasaError | None, Any]:
    """Return why a recipe is refused, or the recipe."""
    try:
        return None, load_recipe(file).recipe
    except LlasaError as error:
        return error, None


def test_every_field_is_explained():
    assert [dotted(field) for field in FIELDS if not schema_of(field).get("description")] == []
