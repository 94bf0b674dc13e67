from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from samples import foreign_qa

from llasa_core.data.importers.foreign_file import items_in
from llasa_core.data.importers.generated import pairs_in
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.importers.item import ForeignItem

QUESTION, ANSWER = "What does the gyroscope show?", "A slow rotation."
TURNS = [{"from": "human", "value": f"<image>\n{QUESTION}"}, {"from": "gpt", "value": ANSWER}]
SKIP = "\n  fix:   repair the item, or pass `--skip-bad` to leave it out"


def items(tmp_path: Path, *values: Any) -> list[ForeignItem]:
    (tmp_path / "items.json").write_text(json.dumps(values))
    return list(items_in(tmp_path / "items.json"))


def error_of(tmp_path: Path, value: Any) -> str:
    with pytest.raises(DataError) as caught:
        items(tmp_path, value)
    return str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    "form",
    [
        {"conversations": TURNS},
        {"conversations": {"from": ["human", "gpt"], "value": [turn["value"] for turn in TURNS]}},
        {"conversations": json.dumps(TURNS)},
        {"conversations": [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}]},
        {"conversations": [{"from": "system", "value": "Be short."}, *TURNS]},
        {"conversation": TURNS},
        {"question": QUESTION, "answer": ANSWER},
        {"question": f"{QUESTION}\n<image>", "answer": ANSWER, "split": "train", "label": None},
    ],
)
def test_a_conversation_is_read_in_every_form_that_exports_have(tmp_path: Path, form: dict[str, Any]):
    (item,) = items(tmp_path, {"id": "7_0", "image": "images/uci/sensor_image_7.npy", **form})

    assert item.id == "7_0"
    assert item.windows == ("images/uci/sensor_image_7.npy",)
    assert item.exchanges == ((QUESTION, ANSWER),)


def test_a_row_of_a_viewer_is_taken_out_of_its_wrapping(tmp_path: Path):
    row = {"id": 3, "images": ["a.npy", "b.npy"], "conversations": TURNS, "user": 4, "activity": "walk"}
    row["conversations"] = [{"from": "human", "value": f"<image><image>{QUESTION}"}, TURNS[1]]

    (item,) = items(tmp_path, {"row_idx": 0, "row": row, "truncated_cells": []})

    assert (item.id, item.windows, item.subject, item.label) == ("3", ("a.npy", "b.npy"), "4", "walk")


def test_sensorcaps_gives_a_caption_and_a_narration(tmp_path: Path):
    found = items(tmp_path, {"index": 5, "summary": "Brisk walking.", "narration": "First, steps.", "label": "walking"})

    assert [(item.id, item.kind, item.windows, item.exchanges[0].answer) for item in found] == [
        ("0-caption", "caption", (5,), "Brisk walking."),
        ("0-narration", "reasoning", (5,), "First, steps."),
    ]


def test_opensqa_as_it_was_generated_keeps_each_answer_with_its_question(tmp_path: Path):
    samples = foreign_qa.window(0)
    readings = foreign_qa.readings_text(samples).replace("Accelerometer", "\nAccelerometer")
    pairs = foreign_qa.pairs(0)
    messages = [
        {"role": "system", "content": "You know sensors."},
        {
            "role": "user",
            "content": f"Summary: walking\n{readings}\nFeatures: Steps.\nNarration: Some steps\nare taken.",
        },
        {"role": "assistant", "content": foreign_qa.as_text(pairs)},
    ]

    found = items(tmp_path, {"messages": messages}, {"messages": messages})

    assert [tuple(item.exchanges[0]) for item in found[:5]] == pairs
    assert [(item.id, item.kind, item.label) for item in found[:7]] == [
        *((f"0_{at}", None, "walking") for at in range(5)),
        ("0-caption", "caption", "walking"),
        ("0-narration", "reasoning", "walking"),
    ]
    assert found[6].exchanges[0].answer == "Some steps\nare taken."
    assert found[7].windows == (1,)
    assert found[0].readings is not None
    np.testing.assert_allclose(found[0].readings.acc[-1], samples[-1, :3], atol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "1. Why A?\n   - Answer: Because a.\n\n2. Why B?\n   - Answer: Because b.",
        "1. Why A?\nAnswer: Because a.\n2. Why B?\nAnswer: Because b.",
        "**Q1: Why A?**\n**A1:** Because a.\n\n**Q2: Why B?**\n**A2:** Because b.",
        "Question 1: Why A?\nAnswer 1: Because a.\nQuestion 2: Why B?\nAnswer 2: Because b.",
        "Two:\n\n1. **Question:** Why A?\n  **Answer:** Because a.\n2. **Question:** Why B?\n  **A:** Because b.",
        "### Q1. Why A?\n\nA1: Because a.\n\n### Q2. Why B?\n\nA2: Because b.",
    ],
)
def test_pairs_are_found_however_a_model_numbers_them(text: str):
    assert pairs_in(text) == [("Why A?", "Because a."), ("Why B?", "Because b.")]


def test_a_numbered_list_in_an_answer_is_no_question():
    text = "Q1: Why?\nA1: For two reasons:\n1. It turns.\n2. It moves.\n\nQ2: How?\nA2: So."

    assert pairs_in(text) == [("Why?", "For two reasons:\n1. It turns.\n2. It moves."), ("How?", "So.")]


def test_a_question_that_was_cut_off_before_its_answer_is_left_out():
    assert pairs_in("Q1: Why?\nA1: So.\n\nQ2: How?") == [("Why?", "So.")]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, "an item is a JSON object, not 7"),
        ({"id": 1, "conversations": TURNS}, "the item names no window: it has neither `image` nor `index`"),
        ({"image": [], "conversations": TURNS}, "the item names no window: its list is empty"),
        ({"image": -1, "conversations": TURNS}, "`image` is neither a file nor the number of a window, but -1"),
        ({"image": "a.npy"}, "the item has neither `conversations` nor a `question` with its `answer`"),
        ({"image": "a.npy", "conversations": 3}, "`conversations` is not a list but 3"),
        ({"image": "a.npy", "conversations": "hm"}, '`conversations` is a text that holds no JSON: "hm"'),
        (
            {"image": "a.npy", "conversations": {"from": ["human"], "value": []}},
            "`conversations` has columns of different lengths",
        ),
        (
            {"image": "a.npy", "conversations": [{"who": "me"}]},
            'a turn is an object with `from` and `value`, not {"who": "me"}',
        ),
        (
            {"image": "a.npy", "conversations": [{"from": "human", "value": 5}]},
            'a turn says no text: {"from": "human", "value": 5}',
        ),
        ({"image": "a.npy", "conversations": TURNS[::-1]}, 'turn 1 is from "gpt", it must be from "human"'),
        ({"image": "a.npy", "conversations": TURNS[:1]}, "the conversation does not end with an answer"),
        (
            {"image": ["a.npy", "b.npy"], "conversations": TURNS},
            "the item holds 1 <image> placeholders for 2 windows",
        ),
        ({"image": "a.npy", "id": 1.5, "conversations": TURNS}, "`id` is not a text but 1.5"),
        (
            {"messages": [{"role": "user", "content": "Gyroscope: [[1, 2]]\nAccelerometer: no"}]},
            "the lists after `Gyroscope:` and `Accelerometer:` are not readings of three axes each",
        ),
    ],
)
def test_what_is_no_item_is_refused_with_its_place(tmp_path: Path, value: Any, message: str):
    assert error_of(tmp_path, value) == f"{message}\n  where: items.json:1:2{SKIP}"


def test_a_key_that_nobody_knows_is_named_with_what_it_may_mean(tmp_path: Path):
    value = {"image": "a.npy", "conversatons": TURNS}

    assert error_of(tmp_path, value) == (
        "`conversatons` is not a key of a LLaVA-style or SensorCaps item; did you mean `conversations`?\n"
        "  where: items.json:1:2\n"
        "  fix:   rename it, or pass `--ignore conversatons` if it says nothing"
    )


def test_items_of_a_data_folder_are_not_imported(tmp_path: Path):
    value = {"id": "a", "windows": [{"file": "windows-00000.h5", "row": 0}], "conversations": TURNS}

    assert error_of(tmp_path, value) == (
        "this is a QA item of a data folder, whose windows are stored already\n"
        "  where: items.json:1:2\n"
        "  fix:   merge data folders with `llasa prepare-data FOLDER... --merge --out DATA`"
    )


def test_ignored_keys_and_skipped_items_do_no_harm(tmp_path: Path):
    good = {"image": "a.npy", "conversations": TURNS, "mood": "fine"}
    (tmp_path / "items.json").write_text(json.dumps([good, 7, good]))
    skipped: Counter[str] = Counter()

    found = list(items_in(tmp_path / "items.json", ("mood",), skipped=skipped))

    assert [item.id for item in found] == ["0", "2"]
    assert skipped == {"item that cannot be read": 1}
