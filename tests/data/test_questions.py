from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from llasa_core.data.activities import ACTIVITIES
from llasa_core.data.qa import QaItem, WindowRef, read_qa, write_qa
from llasa_core.data.questions import OTHER_PHRASINGS, PLAIN_QUESTION, activity_answer, questions_for

if TYPE_CHECKING:
    from pathlib import Path

REF = WindowRef("windows-00000.h5", 12)
SIX = ACTIVITIES[:6]


def asked_about(window: int, activity: str | None, activities: tuple[str, ...] = SIX, seed: int = 7) -> list[QaItem]:
    return questions_for(f"hapt/exp01_user01/{window}", REF, "hapt/01", activity, activities, seed)


@pytest.fixture(scope="module")
def items() -> list[QaItem]:
    return [item for window in range(3000) for item in asked_about(window, SIX[window % 6])]


def exchanges(items: list[QaItem]) -> list[tuple[QaItem, str, str]]:
    """Return each question with its answer, without the placeholder."""
    return [
        (item, human.text.removeprefix("<sensor>\n"), gpt.text)
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


def test_a_window_gets_a_plain_question_a_conversation_a_single_choice_and_a_caption():
    items = asked_about(12, "walking")

    assert [item.id for item in items] == [
        "hapt/exp01_user01/12/activity-0",
        "hapt/exp01_user01/12/activity-1",
        "hapt/exp01_user01/12/activity-2",
        "hapt/exp01_user01/12/caption-0",
    ]
    assert [item.kind for item in items] == ["activity", "activity", "activity", "caption"]
    assert [len(item.conversations) for item in items] == [2, 6, 2, 2]
    assert {item.subject for item in items} == {"hapt/01"}
    assert {item.windows for item in items} == {(REF,)}


def test_every_item_fits_the_schema(tmp_path: Path, items: list[QaItem]):
    write_qa(tmp_path / "qa.json", items)

    assert read_qa(tmp_path / "qa.json") == items


def test_the_placeholder_begins_the_first_question(items: list[QaItem]):
    assert all(item.conversations[0].text.startswith("<sensor>\n") for item in items)
    assert sum(turn.text.count("<sensor>") for item in items for turn in item.conversations) == len(items)


def test_a_window_without_a_label_gets_no_questions():
    assert asked_about(12, None) == []


def test_the_seed_and_the_window_alone_decide():
    again = [asked_about(window, "sitting") for window in (2, 1, 0)][::-1]

    assert again == [asked_about(window, "sitting") for window in (0, 1, 2)]
    assert asked_about(0, "sitting", seed=8) != again[0]
    assert questions_for("another/0", REF, "hapt/01", "sitting", SIX, 7)[1].conversations != again[0][1].conversations


def test_the_draw_is_the_same_on_every_machine():
    asked = [turn.text for item in asked_about(12, "walking") for turn in item.conversations[::2]]

    assert asked == [
        "<sensor>\nIdentify the activity in this recording.",
        "<sensor>\nWould you say the person is walking?",
        "Which label fits this recording: climbing stairs, walking or standing?",
        "How would you label this recording?",
        "<sensor>\nIs this person climbing stairs?",
        "<sensor>\nDescribe the recording and say whether the person moves.",
    ]


def test_there_are_more_than_twenty_ways_to_ask_and_the_plain_one_leads(items: list[QaItem]):
    counts = Counter(question for _, question, _ in exchanges(items) if is_what(question))

    assert len(OTHER_PHRASINGS) == len(set(OTHER_PHRASINGS)) >= 20
    assert set(counts) == {PLAIN_QUESTION, *OTHER_PHRASINGS}
    assert counts.most_common(1)[0][0] == "What is the person doing?"
    assert 0.35 < counts[PLAIN_QUESTION] / counts.total() < 0.45


def test_open_questions_name_no_activity(items: list[QaItem]):
    asked = {question for item, question, _ in exchanges(items) if is_what(question) or item.kind == "caption"}

    assert all(not named_in(question, ACTIVITIES) for question in asked)


def test_open_questions_are_the_same_for_every_activity(items: list[QaItem]):
    asked = {name: Counter[str]() for name in SIX}
    for item, question, _ in exchanges(items):
        if item.kind == "caption":
            asked[item.facts["activity"]][question] += 1

    assert len({frozenset(counts) for counts in asked.values()}) == 1


def test_yes_and_no_are_balanced_and_true(items: list[QaItem]):
    counts: Counter[str] = Counter()
    for item, question, answer in exchanges(items):
        if is_yes_no(question):
            activity, asked = item.facts["activity"], item.facts["asked"]
            assert named_in(question) == {asked}
            assert answer == ("Yes." if asked == activity else f"No, {activity}.")
            assert item.facts["answer"] == ("yes" if asked == activity else "no")
            counts[item.facts["answer"]] += 1

    assert counts.total() > 4000
    assert 0.47 < counts["yes"] / counts.total() < 0.53


def test_every_other_activity_is_asked_about(items: list[QaItem]):
    wrong = {item.facts["asked"] for item in items if item.facts.get("answer") == "no"}

    assert wrong == set(SIX)


def test_a_list_to_choose_from_holds_the_right_one_at_any_place(items: list[QaItem]):
    places: Counter[tuple[int, int]] = Counter()
    for item, question, answer in exchanges(items):
        if not (is_what(question) or is_yes_no(question) or item.kind == "caption"):
            options = item.facts["options"]
            assert named_in(question) == set(options)
            assert len(options) == len(set(options))
            assert answer == activity_answer(item.facts["activity"])
            places[len(options), options.index(item.facts["activity"])] += 1

    assert set(places) == {(n, place) for n in (3, 4, 5, 6) for place in range(n)}
    for n in (3, 4, 5, 6):
        of_n = [count for (size, _), count in places.items() if size == n]
        assert min(of_n) / max(of_n) > 0.7


def test_captions_say_only_what_the_label_says(items: list[QaItem]):
    captions = [(item, answer) for item, _, answer in exchanges(items) if item.kind == "caption"]

    assert len({answer for item, answer in captions if item.facts["activity"] == "walking"}) >= 6
    for item, answer in captions:
        activity = item.facts["activity"]
        is_still = activity in {"sitting", "standing", "lying"}
        assert named_in(answer) == {activity}
        assert ("in motion" in answer) <= (not is_still)
        assert ("staying in place" in answer) <= is_still
        assert item.facts == {"activity": activity} | (
            {"moving": not is_still} if "in motion" in answer or "staying" in answer else {}
        )


def test_labels_that_are_no_verbs_are_asked_about_in_english():
    questions = {
        question
        for window in range(200)
        for _, question, _ in exchanges(asked_about(window, "bench press", ("bench press", "lying", "rowing")))
    }

    assert "Is the person doing bench press?" in questions
    assert "Is the person lying down?" in questions
    assert "Is the person rowing?" in questions


def test_moving_is_not_asked_where_it_is_not_known_of_every_activity():
    answers = [
        item.conversations[1].text
        for window in range(200)
        for item in asked_about(window, "walking", ("walking", "rowing"))
    ]

    assert not [answer for answer in answers if "in motion" in answer]


def test_one_activity_alone_leaves_nothing_to_choose():
    items = asked_about(12, "walking", ("walking",))

    assert [item.id.rsplit("/", 1)[1] for item in items] == ["activity-0", "caption-0"]


def test_two_activities_are_enough_for_a_list():
    options = {
        tuple(sorted(item.facts["options"]))
        for window in range(20)
        for item in asked_about(window, "walking", ("walking", "sitting"))
        if "options" in item.facts
    }

    assert options == {("sitting", "walking")}
