from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from llasa_core.data.importers import json_values as module
from llasa_core.data.importers.json_values import json_values
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = [{"id": nth, "text": f'“quoted” \\ "{"x" * nth}"\n', "list": [1.5, None, {"a": []}]} for nth in range(60)]
FORMS = {
    "one line": json.dumps(ITEMS),
    "indented": json.dumps(ITEMS, indent=4),
    "an item a line": "[\n" + ",\n".join(map(json.dumps, ITEMS)) + "\n]\n",
    "JSON Lines": "\n".join(map(json.dumps, ITEMS)),
    "with a byte order mark": "\ufeff" + json.dumps(ITEMS),
}


def values_in(path: Path, text: str) -> list[Any]:
    path.write_text(text, encoding="utf-8")
    return [value.json for value in json_values(path)]


def error_of(path: Path, text: str) -> str:
    with pytest.raises(DataError) as caught:
        values_in(path, text)
    return str(caught.value).replace(str(path), path.name)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chunk", [1, 7, 100, 1 << 20])
def test_values_are_read_in_every_form_whatever_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, chunk: int
):
    monkeypatch.setattr(module, "CHUNK", chunk)

    assert values_in(tmp_path / "items.json", FORMS[form]) == ITEMS


@pytest.mark.parametrize("text", ["[]", " [ ] \n", "", "\n"])
def test_an_empty_list_has_no_values(tmp_path: Path, text: str):
    assert values_in(tmp_path / "items.json", text) == []


def test_each_value_knows_its_line_and_column(tmp_path: Path):
    path = tmp_path / "items.json"
    path.write_text('[{"a": 1},\n  {"b": 2}, {"c": 3}]')

    assert [str(value.place).rpartition("/")[2] for value in json_values(path)] == [
        "items.json:1:2",
        "items.json:2:3",
        "items.json:2:13",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"a": 1}\n {"a": 2}]', "expected `,` or `]`\n  where: items.json:2:2\n"),
        ('[{"a": 1}', "the file ends without its closing `]`\n  where: items.json:1:10\n"),
        ('[{"a": 1},\n]', "an item is missing after the last comma\n  where: items.json:2:1\n"),
        ('[{"a": 1}]\n{}', "the list has ended, and something follows\n  where: items.json:2:1\n"),
        ('[\n{"a": tru}]', "not JSON: expecting value\n  where: items.json:2:7\n"),
        ('{"a": 1}\n{"a" 2}', "not JSON: expecting ':' delimiter\n  where: items.json:2:6\n"),
        ('[{"a": "b', "not JSON: unterminated string\n  where: items.json:1:8\n"),
    ],
)
def test_what_is_not_json_is_shown_with_line_and_column(tmp_path: Path, text: str, message: str):
    assert error_of(tmp_path / "items.json", text) == f"{message}  fix:   repair the file"


def test_a_fault_far_behind_is_shown_without_reading_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CHUNK", 64)

    assert error_of(tmp_path / "items.json", "[" + '{"a": 1},\n' * 40 + '{"a" 1},\n' + '{"a": 1},\n' * 40) == (
        "not JSON: expecting ':' delimiter\n  where: items.json:41:6\n  fix:   repair the file"
    )


def test_a_value_without_an_end_is_no_list_of_items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CHUNK", 64)
    monkeypatch.setattr(module, "LONGEST", 1 << 20)

    assert error_of(tmp_path / "items.json", '{"a": [' + "1, " * (1 << 19)) == (
        "one value is longer than 1 MB, so this is no list of items\n  where: items.json:1:1\n  fix:   repair the file"
    )


def test_nesting_without_end_is_refused(tmp_path: Path):
    assert error_of(tmp_path / "items.json", "[" + "[" * 100_000) == (
        "not JSON that can be read: it is nested too deeply\n  where: items.json:1:2\n  fix:   repair the file"
    )


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        list(json_values(tmp_path / "none.json"))

    assert str(caught.value) == f"there is no such file\n  where: {tmp_path / 'none.json'}\n  fix:   check its name"


def test_other_encodings_are_refused(tmp_path: Path):
    path = tmp_path / "items.json"
    path.write_bytes('[{"a": "é"}]'.encode("latin-1"))

    with pytest.raises(DataError) as caught:
        list(json_values(path))
    assert str(caught.value) == (
        f"the file is not UTF-8: invalid continuation byte\n  where: {path}\n  fix:   save it as UTF-8"
    )
