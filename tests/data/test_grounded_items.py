"""The generated questions: balanced, reproducible, true, and giving nothing away."""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from llasa_core.data.activities import ACTIVITIES
from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.activities import OTHER_PHRASINGS, PLAIN_QUESTION, activity_answer
from llasa_core.data.grounded.items import items_of
from llasa_core.data.grounded.measured import GAITS, MeasuredRecording, measured
from llasa_core.data.qa import KINDS, QaItem, WindowRef, read_qa, write_qa

if TYPE_CHECKING:
    from types import ModuleType

SIX = ACTIVITIES[:6]
ROOT = Path(__file__).parents[2]


def signal(activity: str | None, seed: int) -> np.ndarray:
    """Return six seconds of something like an activity: a gait, or a posture held."""
    draw = np.random.default_rng(seed)
    times = np.arange(120) / 20
    window = draw.normal(0, 0.02, (120, 6))
    up = {"sitting": (0.5, 0.5, 0.7), "lying": (0, 0, 1), None: (0.6, 0, 0.8)}.get(activity, (1, 0.05, 0.05))
    window[:, :3] += 9.80665 * np.array(up) / np.linalg.norm(up)
    if activity in GAITS or activity == "biking":
        beat = np.sin(2 * np.pi * draw.uniform(1.4, 2.2) * times + draw.uniform(0, 6))
        window[:, :3] += np.outer(beat, draw.uniform(0.5, 3, 3))
        window[:, 3:] += np.outer(beat, draw.uniform(0.2, 1.5, 3))
    return window


def recording_of(
    activities: list[str | None], name: str = "hapt/exp01_user01", first: int = 0
) -> tuple[MeasuredRecording, np.ndarray]:
    """Return a recording with a window of each activity, and its windows."""
    samples = np.array([signal(one, first + nth) for nth, one in enumerate(activities)], np.float32)
    starts_s = [3.0 * nth for nth in range(len(activities))]
    refs = [WindowRef("windows-00000.h5", first + nth) for nth in range(len(activities))]
    return MeasuredRecording(name, "hapt/01", refs, measured(facts_of(samples, 20), activities, starts_s), 6.0), samples


def asked_about(activities: list[str | None], known: tuple[str, ...] = SIX, seed: int = 7) -> list[QaItem]:
    return list(items_of(recording_of(activities)[0], known, seed))


@pytest.fixture(scope="module")
def items() -> list[QaItem]:
    return asked_about([SIX[nth // 4 % 6] for nth in range(2400)])


@pytest.fixture(scope="module")
def on_activity(items: list[QaItem]) -> list[QaItem]:
    return [item for item in items if item.kind == "activity"]


def claimed(item: QaItem, fact: str) -> list[object]:
    return [claim["value"] for claim in item.facts.get("claims", []) if claim["fact"] == fact]


def exchanges(items: list[QaItem]) -> list[tuple[QaItem, str, str]]:
    """Return each question with its answer, without placeholders."""
    return [
        (item, human.text.rsplit("<sensor>\n", 1)[-1], gpt.text)
        for item in items
        for human, gpt in zip(item.conversations[::2], item.conversations[1::2], strict=True)
    ]


def named_in(text: str, activities: tuple[str, ...] = SIX) -> set[str]:
    return {name for name in activities if re.search(rf"\b{name}\b", text.lower())}


def is_what(question: str) -> bool:
    return question == PLAIN_QUESTION or question in OTHER_PHRASINGS


def is_yes_no(question: str) -> bool:
    return question.startswith(("Is ", "Was ", "Does ", "Would "))


def test_answers_are_short_sentences():
    assert activity_answer("climbing stairs") == "Climbing stairs."


def test_a_labelled_window_among_others_gets_twelve_items_of_all_kinds(items: list[QaItem]):
    first = [item for item in items if item.id.startswith("hapt/exp01_user01/0/")]

    assert [item.id.rsplit("/", 1)[1] for item in first] == [
        "activity-0",
        "activity-1",
        "activity-2",
        "caption-0",
        "caption-1",
        "fact-0",
        "fact-1",
        "fact-2",
        "reasoning-0",
        "unanswerable-0",
        "compare-0",
        "timeline-0",
    ]
    assert {item.kind for item in first} == set(KINDS)
    assert len(items) == 12 * 2400 - 1  # nothing follows the last window
    assert len({item.id for item in items}) == len(items)


def test_kinds_and_activities_are_balanced(items: list[QaItem]):
    of_each = {name: Counter(i.kind for i in items if i.facts.get("activity") == name) for name in SIX}

    assert len({counts["activity"] for counts in of_each.values()}) == 1
    assert Counter(item.kind for item in items) == {
        "activity": 7200, "caption": 4800, "fact": 7200, "reasoning": 2400,
        "unanswerable": 2400, "compare": 2400, "timeline": 2399,
    }  # fmt: skip


def test_every_item_fits_the_schema(tmp_path: Path, items: list[QaItem]):
    write_qa(tmp_path / "qa.json", items)

    assert read_qa(tmp_path / "qa.json") == items


def test_every_window_has_its_placeholder(items: list[QaItem]):
    for item in items:
        texts = [turn.text for turn in item.conversations]
        assert texts[0].count("<sensor>\n") == len(item.windows)
        assert not any("<sensor>" in text for text in texts[1:])


def test_a_window_without_a_label_gets_what_needs_none():
    items = asked_about([None, None, None])

    assert Counter(item.kind for item in items) == {
        "caption": 3, "fact": 9, "unanswerable": 3, "compare": 3, "timeline": 2,
    }  # fmt: skip
    assert not any("activity" in item.facts or claimed(item, "activity") for item in items)


def test_the_seed_and_the_window_alone_decide():
    once, again = asked_about(["sitting", "walking"]), asked_about(["sitting", "walking"])

    assert once == again
    assert [item.conversations for item in asked_about(["sitting", "walking"], seed=8)] != [
        item.conversations for item in once
    ]


def test_the_draw_is_the_same_on_every_machine():
    asked = [turn.text for item in asked_about(["walking"])[:3] for turn in item.conversations[::2]]

    assert asked == [
        "<sensor>\nFrom this motion data, what is the person doing?",
        "<sensor>\nWhich label fits this recording: walking, climbing stairs, descending stairs or standing?",
        "Identify the activity in this recording.",
        "Does this recording show a person standing?",
        "<sensor>\nChoose the activity in this recording: climbing stairs, standing, walking or descending stairs.",
    ]


def test_there_are_more_than_twenty_ways_to_ask_and_the_plain_one_leads(on_activity: list[QaItem]):
    counts = Counter(question for _, question, _ in exchanges(on_activity) if is_what(question))

    assert len(OTHER_PHRASINGS) == len(set(OTHER_PHRASINGS)) >= 20
    assert set(counts) == {PLAIN_QUESTION, *OTHER_PHRASINGS}
    assert counts.most_common(1)[0][0] == "What is the person doing?"
    assert 0.35 < counts[PLAIN_QUESTION] / counts.total() < 0.45


def test_open_questions_name_no_activity(items: list[QaItem]):
    asked = {
        question
        for item, question, _ in exchanges(items)
        if is_what(question) or item.kind in {"caption", "fact", "reasoning", "unanswerable", "compare", "timeline"}
    }

    assert len(asked) > 200
    assert all(not named_in(question, ACTIVITIES) for question in asked)


@pytest.mark.parametrize("kind", ["caption", "fact", "reasoning", "unanswerable", "compare", "timeline"])
def test_what_is_asked_does_not_tell_the_activity(items: list[QaItem], kind: str):
    asked = {name: Counter[str]() for name in SIX}
    of_window = {item.id.rsplit("/", 1)[0]: item.facts["activity"] for item in items if item.kind == "activity"}
    for item, question, _ in exchanges([item for item in items if item.kind == kind]):
        asked[of_window[item.id.rsplit("/", 1)[0]]][question] += 1
    common = [question for question, _ in sum(asked.values(), Counter()).most_common(10)]

    for question in common:
        shares = [counts[question] / counts.total() for counts in asked.values()]
        assert max(shares) - min(shares) < 0.1


def test_yes_and_no_are_balanced_and_true(on_activity: list[QaItem]):
    counts: Counter[str] = Counter()
    for item, question, answer in exchanges(on_activity):
        if is_yes_no(question):
            activity, (asked,) = item.facts["activity"], claimed(item, "asked")
            assert named_in(question) == {asked}
            assert answer == ("Yes." if asked == activity else f"No, {activity}.")
            assert claimed(item, "answer") == ["yes" if asked == activity else "no"]
            counts[answer[:2]] += 1

    assert counts.total() > 3000
    assert 0.46 < counts["Ye"] / counts.total() < 0.54


def test_a_list_to_choose_from_holds_the_right_one_at_any_place(on_activity: list[QaItem]):
    places: Counter[tuple[int, int]] = Counter()
    for item, question, answer in exchanges(on_activity):
        if not (is_what(question) or is_yes_no(question)):
            options = re.split(r", | or ", question.split(": ")[1].rstrip("?."))
            assert len(options) == len(set(options))
            assert set(options) <= set(SIX)
            assert answer == activity_answer(item.facts["activity"])
            places[len(options), options.index(item.facts["activity"])] += 1

    assert set(places) == {(n, place) for n in (3, 4, 5, 6) for place in range(n)}
    for n in (3, 4, 5, 6):
        of_n = [count for (size, _), count in places.items() if size == n]
        assert min(of_n) / max(of_n) > 0.6


def test_labels_that_are_no_verbs_are_asked_about_in_english():
    known = ("bench press", "lying", "rowing")
    questions = {question for _, question, _ in exchanges(asked_about([*known] * 60, known))}

    assert "Is the person doing bench press?" in questions
    assert "Is the person lying down?" in questions
    assert "Is the person rowing?" in questions


def test_moving_is_not_asked_where_it_is_not_known_of_every_activity():
    items = asked_about(["walking"] * 100, ("walking", "rowing"))

    assert not [item for item in items if "in motion" in item.conversations[1].text]


def test_one_window_alone_of_one_activity_leaves_nothing_to_choose_or_compare():
    items = asked_about(["walking"], ("walking",))

    assert Counter(item.kind for item in items) == {
        "activity": 1, "caption": 2, "fact": 3, "reasoning": 1, "unanswerable": 1,
    }  # fmt: skip


def test_no_steps_are_counted_on_a_bicycle():
    texts = [turn.text for item in asked_about(["biking"] * 60, ACTIVITIES) for turn in item.conversations[1::2]]

    assert not [text for text in texts if re.search(r"\d steps", text)]
    assert [text for text in texts if "the rhythm is not one of steps" in text]


def test_answers_are_true_of_their_windows_by_another_reckoning(tmp_path: Path, checker: ModuleType):
    activities = [ACTIVITIES[nth // 2 % 8] for nth in range(320)] + [None] * 40
    recording, samples = recording_of(activities)
    write_qa(tmp_path / "qa-train.json", items_of(recording, ACTIVITIES, 7))
    (tmp_path / "manifest.json").write_text(json.dumps({"activities": list(ACTIVITIES)}), encoding="utf-8")
    with h5py.File(tmp_path / "windows-00000.h5", "w") as shard:
        shard["samples"] = samples
        shard["activity"] = [ACTIVITIES.index(one) if one else -1 for one in activities]
        shard.attrs["sampling_rate_hz"] = 20.0

    found = checker.check(tmp_path, 2000, 0)

    assert found["wrong"] == {}
    assert found["n_unread"] == 0
    assert found["statements"] > 3000


def test_the_other_reckoning_finds_what_is_false(checker: ModuleType):
    window = checker.Window(signal("walking", 0), 20.0, "walking")
    false = {
        "What is the person doing?": "Sitting.",
        "Does the device move or is it at rest?": "At rest.",
        "What is the largest acceleration?": "9.50 g.",
        "Which axis is vertical?": "The z axis, pointing up.",
        "How fast does the device turn on average?": "At 3 degrees a second.",
        "What is the mean of the acceleration on the x axis?": "1.00 m/s².",
        "What is the cadence?": "About 230 steps a minute.",
    }

    for question, answer in false.items():
        assert [is_right for _, is_right in checker.checks(question, answer, [window])].count(False) == 1, question


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    """Return benchmarks/check_answers.py, which shares no code with the generator."""
    spec = importlib.util.spec_from_file_location("check_answers", ROOT / "benchmarks" / "check_answers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
