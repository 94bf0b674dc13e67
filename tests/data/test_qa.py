from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from llasa_core.data.qa import QaItem, Turn, WindowRef, read_qa, write_qa
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

ITEM = QaItem(
    id="hapt/exp01_user01/12/activity-0",
    windows=(WindowRef("windows-00000.h5", 12),),
    kind="activity",
    subject="hapt/01",
    conversations=(Turn("human", "<sensor>\nWhat is the person doing?"), Turn("gpt", "Walking.")),
    facts={"activity": "walking"},
)
LINE = (
    '{"id": "hapt/exp01_user01/12/activity-0", "windows": [{"file": "windows-00000.h5", "row": 12}], '
    '"kind": "activity", "subject": "hapt/01", "conversations": '
    '[{"from": "human", "value": "<sensor>\\nWhat is the person doing?"}, {"from": "gpt", "value": "Walking."}], '
    '"facts": {"activity": "walking"}}'
)
AGAIN = "repair the line, or run `llasa prepare-data` again"


def error_of(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_qa(path)
    return str(caught.value).replace(str(path), path.name)


def test_a_qa_file_is_a_json_array_with_one_item_a_line(tmp_path: Path):
    second = replace(ITEM, id="second", facts={})

    n_items = write_qa(tmp_path / "qa.json", iter([ITEM, second]))

    text = (tmp_path / "qa.json").read_text()
    assert n_items == 2
    assert text.splitlines()[:2] == ["[", LINE + ","]
    assert [item["id"] for item in json.loads(text)] == [ITEM.id, "second"]


def test_what_was_written_is_read_back(tmp_path: Path):
    items = [ITEM, replace(ITEM, id="“quoted” \n \\ 走る", facts={"numbers": [1, 2.5, None]})]

    write_qa(tmp_path / "qa.json", items)

    assert read_qa(tmp_path / "qa.json") == items


def test_no_items_make_an_empty_array(tmp_path: Path):
    assert write_qa(tmp_path / "qa.json", []) == 0
    assert json.loads((tmp_path / "qa.json").read_text()) == []
    assert read_qa(tmp_path / "qa.json") == []


def test_the_same_text_is_held_once(tmp_path: Path):
    write_qa(tmp_path / "qa.json", [ITEM, replace(ITEM, id="second")])

    first, second = read_qa(tmp_path / "qa.json")

    assert first.conversations[0].text is second.conversations[0].text
    assert first.windows[0].file is second.windows[0].file


def test_a_file_saved_on_windows_is_read(tmp_path: Path):
    (tmp_path / "qa.json").write_bytes(("\ufeff[\r\n" + LINE + "\r\n]\r\n").encode())

    assert read_qa(tmp_path / "qa.json") == [ITEM]


def test_several_windows_need_as_many_placeholders(tmp_path: Path):
    refs = (WindowRef("windows-00000.h5", 1), WindowRef("windows-00000.h5", 2))
    turns = (Turn("human", "<sensor>\n<sensor>\nAre these the same?"), Turn("gpt", "Yes."))
    item = replace(ITEM, windows=refs, kind="compare", conversations=turns)

    write_qa(tmp_path / "qa.json", [item])

    assert read_qa(tmp_path / "qa.json") == [item]


def test_a_bad_item_is_not_written(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        write_qa(tmp_path / "qa.json", [ITEM, replace(ITEM, id="x", conversations=ITEM.conversations[1:])])

    assert str(caught.value) == (
        'turn 1 is from "gpt", it must be from "human"\n'
        f'  where: {tmp_path / "qa.json"}, item "x"\n'
        "  fix:   mend what made the item; the file was not written"
    )
    assert list(tmp_path.iterdir()) == []


def test_two_items_with_one_id_are_not_written(tmp_path: Path):
    with pytest.raises(DataError, match="two items have the id") as caught:
        write_qa(tmp_path / "qa.json", [ITEM, replace(ITEM, id="x"), ITEM])

    assert caught.value.where == f"{tmp_path / 'qa.json'}:4:2"
    assert list(tmp_path.iterdir()) == []


def test_two_items_with_one_id_are_named_with_both_lines(tmp_path: Path):
    assert error_of(tmp_path / "qa.json", f"[\n{LINE},\n{LINE}\n]\n") == (
        'two items have the id "hapt/exp01_user01/12/activity-0"; the other is on line 2\n'
        "  where: qa.json:3:2\n"
        "  fix:   rename one"
    )


def test_a_missing_file_says_what_writes_it(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        read_qa(tmp_path / "qa.json")

    assert str(caught.value) == (
        f"there is no such QA file\n  where: {tmp_path / 'qa.json'}\n  fix:   write it with `llasa prepare-data`"
    )


def test_broken_json_is_shown_by_line_and_column(tmp_path: Path):
    broken = LINE.replace('"row": 12', '"row" 12')

    assert error_of(tmp_path / "qa.json", f"[\n{LINE},\n{broken}\n]\n") == (
        "not JSON: Expecting ':' delimiter; each line holds one whole item\n"
        f"  where: qa.json:3:{broken.index('12}') + 1}\n"
        f"  fix:   {AGAIN}"
    )


def test_a_file_cut_off_is_an_error(tmp_path: Path):
    assert error_of(tmp_path / "qa.json", f"[\n{LINE},\n") == (
        "the file ends without its closing `]`\n"
        "  where: qa.json:2:1\n"
        "  fix:   copy it again whole, or run `llasa prepare-data` again"
    )


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("", "the file ends without its closing `]`", "qa.json:1:1"),
        (LINE, f"a QA file begins with a line that holds `[` alone, not {LINE[:40]}…", "qa.json:1:1"),
        (f"[\n{LINE}\n{LINE}\n]\n", f"expected `]`, found {LINE[:40]}…", "qa.json:3:1"),
        (f"[\n{LINE}\n]\n{LINE}\n", f"expected no more, found {LINE[:40]}…", "qa.json:4:1"),
        ("[\n[1, 2]\n]\n", "an item is a JSON object, not [1, 2]", "qa.json:2:1"),
    ],
)
def test_a_file_of_another_layout_is_an_error(tmp_path: Path, text: str, message: str, where: str):
    error = error_of(tmp_path / "qa.json", text).splitlines()

    assert error[0] == message
    assert error[1] == f"  where: {where}"


def test_a_file_that_is_not_utf8_is_an_error(tmp_path: Path):
    (tmp_path / "qa.json").write_bytes(b"[\n\xff\n]\n")

    with pytest.raises(DataError, match="the file is not UTF-8: invalid start byte"):
        read_qa(tmp_path / "qa.json")


def test_a_missing_field_is_named(tmp_path: Path):
    item = json.loads(LINE)
    del item["subject"]

    assert error_of(tmp_path / "qa.json", "[\n" + json.dumps(item) + "\n]") == (
        f"the item has no `subject`\n  where: qa.json:2:1\n  fix:   {AGAIN}"
    )


HUMAN, GPT = {"from": "human", "value": "<sensor>\nWhat?"}, {"from": "gpt", "value": "Walking."}
KINDS = "activity, fact, caption, compare, timeline, reasoning, unanswerable"
KEYS = "id, windows, kind, subject, conversations, facts"
ROW_0, ROW_1 = {"file": "a", "row": 0}, {"file": "a", "row": 1}


@pytest.mark.parametrize(
    ("changes", "message", "at"),
    [
        ({"id": " "}, '`id` is not a text but " "', '"id"'),
        ({"subject": None}, "`subject` is not a text but null", '"subject"'),
        ({"kind": "activty"}, f'"activty" is not a kind of QA item; these are: {KINDS}', '"kind"'),
        ({"kind": ["fact"]}, f'["fact"] is not a kind of QA item; these are: {KINDS}', '"kind"'),
        ({"facts": [1]}, "`facts` is not an object but [1]", '"facts"'),
        ({"label": 1}, f"`label` is not a field of a QA item; these are: {KEYS}", '"label"'),
        ({"windows": {}}, "`windows` is not a list but {}", '"windows"'),
        ({"windows": []}, "the item names no window", '"windows"'),
        ({"windows": ["a.h5"]}, 'a window is an object with `file` and `row`, not "a.h5"', '"windows"'),
        ({"windows": [{"file": 3, "row": 1}]}, "`file` is not a file name but 3", '"file": 3'),
        ({"windows": [{"file": "a", "row": -1}]}, "`row` is not a row number but -1", '"row": -1'),
        ({"windows": [ROW_0, {"file": "a", "row": True}]}, "`row` is not a row number but true", '"row": true'),
        ({"windows": [ROW_0, ROW_1]}, "the item holds 1 <sensor> placeholders for 2 windows", '"windows"'),
        ({"conversations": "Walking."}, '`conversations` is not a list but "Walking."', '"conversations"'),
        ({"conversations": []}, "the conversation does not end with an answer", '"conversations"'),
        ({"conversations": [HUMAN]}, "the conversation does not end with an answer", '"conversations"'),
        (
            {"conversations": ["Walking."]},
            'a turn is an object with `from` and `value`, not "Walking."',
            '"conversations"',
        ),
        ({"conversations": [GPT, HUMAN]}, 'turn 1 is from "gpt", it must be from "human"', '"from": "gpt"'),
        ({"conversations": [GPT]}, 'turn 1 is from "gpt", it must be from "human"', '"from": "gpt"'),
        (
            {"conversations": [HUMAN, {**GPT, "from": "user"}]},
            'turn 2 is from "user", it must be from "gpt"',
            '"from": "u',
        ),
        ({"conversations": [HUMAN, {**GPT, "value": ""}]}, 'turn 2 says no text but ""', '"value": ""'),
        (
            {"conversations": [HUMAN, {**GPT, "value": "See <sensor>"}]},
            "turn 2 is an answer and holds <sensor>; only questions may",
            '"value": "See',
        ),
    ],
)
def test_an_item_that_breaks_the_schema_is_shown_by_column(
    tmp_path: Path, changes: dict[str, Any], message: str, at: str
):
    line = json.dumps({**json.loads(LINE), **changes})

    assert error_of(tmp_path / "qa.json", f"[\n{line}\n]\n") == (
        f"{message}\n  where: qa.json:2:{line.index(at) + 1}\n  fix:   {AGAIN}"
    )
