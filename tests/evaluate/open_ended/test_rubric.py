from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from llm_fakes.gait import ACTIVITIES, WINDOW_S, recording_of, walking

from llasa_core.data.grounded.items import items_of
from llasa_core.data.qa import Turn
from llasa_core.evaluate.open_ended.case import Answered, Case
from llasa_core.evaluate.open_ended.items import OpenItem
from llasa_core.evaluate.open_ended.rubric import grade, repeats_itself
from llasa_core.evaluate.open_ended.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.grounded.measured import Measured

RIGHT = Scores(100, 100, 100, 100)
NOTHING = Scores(0, 0, 0, 0)
GAIT, REST = walking(4), walking(4, seed=1)
REST[:, :, :] = [0.0, 0.0, 9.81, 0.0, 0.0, 0.0]
WALKING = recording_of(GAIT).windows[0]
LYING = recording_of(REST, activity="lying").windows[0]


def case_of(kind: str, question: str, claims: Sequence[dict[str, Any]], *windows: Measured) -> Case:
    """Return a question with what its reference claims."""
    turns = (Turn("human", "<sensor>\n" + question),)
    item = OpenItem("own/a", kind, "own/1", tuple(range(len(windows))), turns, "", {"claims": list(claims)})
    return Case(item, windows, WINDOW_S, ACTIVITIES)


CAPTION = case_of(
    "caption",
    "Describe the movement with its figures.",
    [
        {"fact": "activity", "value": "walking"},
        {"fact": "moving", "value": True},
        {"fact": "cadence_spm", "value": 114, "unit": "steps/min"},
        {"fact": "up_axis", "value": "+y"},
    ],
    WALKING,
)
WHOLE = "A person walking: a steady rhythm of about 114 steps a minute, with the device's y axis pointing up."


def scores_of(case: Case, text: str, *, is_ended: bool = True) -> Scores:
    """Return the rubric's scores of a text."""
    return grade(case, Answered(text, is_ended)).scores


def test_an_answer_that_says_all_and_nothing_wrong_gets_100():
    assert scores_of(CAPTION, WHOLE) == RIGHT


@pytest.mark.parametrize("text", ["", "Certainly!", "asdf asdf"])
def test_an_answer_that_says_nothing_gets_nothing(text: str):
    assert scores_of(CAPTION, text) == NOTHING


def test_what_is_missing_costs_completeness_alone():
    assert scores_of(CAPTION, "Walking.") == Scores(100, 25, 100, 100)


def test_each_wrong_claim_costs_its_share_of_correctness():
    graded = grade(CAPTION, Answered("The person is sitting, at about 114 steps a minute, moving vigorously."))

    assert (graded.n_right, graded.n_wrong, graded.n_unsupported) == (1, 2, 0)
    assert graded.scores.correctness == pytest.approx(100 / 3)
    assert graded.missing == ("activity", "up_axis")


def test_what_motion_does_not_show_is_unsupported():
    graded = grade(CAPTION, Answered("The person is walking, and the heart rate is high."))

    assert (graded.n_right, graded.n_wrong, graded.n_unsupported) == (1, 0, 1)
    assert graded.scores.correctness == 50


@pytest.mark.parametrize(
    ("text", "consistency"),
    [
        ("The person is walking. The person is sitting.", 0),
        ("The device is at rest. The person is walking.", 0),
        ("The device is at rest, with a cadence of 114 steps a minute.", 0),
        ("The person is walking. The y axis is pointing up. The person is sitting.", pytest.approx(100 / 3)),
        ("The device is at rest. The person is lying.", 100),
    ],
)
def test_claims_that_contradict_each_other_cost_consistency(text: str, consistency: float):
    assert scores_of(CAPTION, text).consistency == consistency


@pytest.mark.parametrize(
    ("text", "is_ended", "helpfulness"),
    [
        ("The person is walking.", True, 100),
        ("The person is walking.", False, 75),
        ("The person is walking. " * 6, True, 75),
        ("The person is walking. " * 6, False, 50),
        ("The person is sitting.", True, 100),
        ("The mean turning rate is 12 degrees per second.", True, 0),
    ],
)
def test_helpfulness_is_about_the_question_the_end_and_repetition(text: str, is_ended: bool, helpfulness: float):  # noqa: FBT001 - a case
    assert scores_of(CAPTION, text, is_ended=is_ended).helpfulness == helpfulness


def test_a_question_without_an_answer_wants_to_be_declined():
    case = case_of("unanswerable", "How old is the person?", [{"fact": "unanswerable", "value": "age"}], WALKING)

    assert scores_of(case, "It cannot be told from motion how old the person is.") == RIGHT
    assert scores_of(case, "The sensors do not show the age of a person.") == RIGHT
    assert scores_of(case, "The person is 34 years old.") == Scores(0, 0, 100, 0)
    assert scores_of(case, "Walking.") == Scores(50, 0, 100, 0)


def test_a_question_with_an_answer_is_not_to_be_declined():
    assert scores_of(CAPTION, "It cannot be told what the person is doing.") == Scores(0, 0, 100, 0)


PAIR = case_of(
    "compare",
    "Which of the two recordings is more vigorous?",
    [
        {"fact": "more_vigorous", "value": "first"},
        {"fact": "intensity_mg", "value": 163.0, "unit": "mg"},
        {"fact": "intensity_mg", "value": 0.0, "unit": "mg", "window": 1},
    ],
    WALKING,
    LYING,
)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("The first: 163 mg against 0.0 mg.", RIGHT),
        ("In the first recording there are 163 mg, in the second 0.0 mg.", RIGHT),
        ("The first.", Scores(100, pytest.approx(100 / 3), 100, 100)),
        ("The second: 163 mg against 0.0 mg.", Scores(0, 0, 100, 100)),
        ("They are alike.", Scores(0, 0, 100, 100)),
    ],
)
def test_numbers_belong_to_the_window_that_is_named(text: str, scores: Scores):
    assert scores_of(PAIR, text) == scores


ROW = case_of(
    "timeline",
    "What happens over these parts?",
    [
        {"fact": "activity", "value": "walking"},
        {"fact": "activity", "value": "walking", "window": 1},
        {"fact": "activity", "value": "lying", "window": 2},
    ],
    WALKING,
    WALKING,
    LYING,
)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("Walking in parts 1 and 2, then lying in part 3.", RIGHT),
        ("Part 1: walking. Part 2: walking. Part 3: lying.", RIGHT),
        (
            "Lying in part 1, then walking in parts 2 to 3.",
            Scores(pytest.approx(100 / 3), pytest.approx(100 / 3), 100, 100),
        ),
        ("Walking.", Scores(pytest.approx(200 / 3), pytest.approx(200 / 3), 100, 100)),
    ],
)
def test_activities_belong_to_the_parts_that_are_named(text: str, scores: Scores):
    assert scores_of(ROW, text) == scores


def open_item(item: Any) -> OpenItem:
    """Return an item of a data folder as it is asked here."""
    rows = tuple(ref.row for ref in item.windows)
    turns = item.conversations
    return OpenItem(item.id, item.kind, item.subject, rows, turns[:1], turns[1].text, item.facts)


@pytest.mark.parametrize("activity", ["walking", "climbing stairs", "standing", None])
def test_every_reference_gets_100_and_that_of_another_window_much_less(activity: str | None):
    samples = walking(12, step_hz=1.9) if activity != "standing" else REST.repeat(3, axis=0)
    recording = recording_of(samples, activity=activity)
    other_samples = REST if activity != "standing" else GAIT
    others = recording_of(other_samples.repeat(3, axis=0), activity="sitting").windows
    items = [item for item in items_of(recording, ACTIVITIES, seed=3) if len(item.conversations) == 2]
    lower = []
    for item in map(open_item, items):
        case = Case(item, tuple(recording.windows[row] for row in item.rows), WINDOW_S, ACTIVITIES)
        assert scores_of(case, item.reference) == RIGHT, (item.reference, grade(case, Answered(item.reference)))
        elsewhere = Case(item, tuple(others[row] for row in item.rows), WINDOW_S, ACTIVITIES)
        if item.kind in {"caption", "reasoning"}:
            lower.append(scores_of(elsewhere, item.reference).correctness)

    assert len(items) > 50
    assert sum(lower) / len(lower) < 40


def test_a_text_repeats_itself_when_its_runs_of_words_come_again():
    assert repeats_itself("the person is walking and the person is walking and the person is walking")
    assert not repeats_itself("The person is walking in part 1, and the person is sitting in part 2.")
    assert not repeats_itself("Walking.")
