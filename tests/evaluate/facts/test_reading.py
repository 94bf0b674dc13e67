"""Every statement of an answer is found, and held against the signal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from corrupting import corrupted
from llm_fakes.gait import ACTIVITIES, WINDOW_S, recording_of, walking

from llasa_core.data.qa import Turn
from llasa_core.evaluate.facts.chosen import fact_items
from llasa_core.evaluate.facts.judged import Judged, judge
from llasa_core.evaluate.facts.scoring import score_answers
from llasa_core.evaluate.open_ended.case import Answered, Case
from llasa_core.evaluate.open_ended.items import OpenItem

if TYPE_CHECKING:
    from llasa_core.data.store import WindowStore

HELD = ("walking", "sitting", "lying")


def read(
    answer: str,
    question: str = "Describe this recording.",
    *claims: dict[str, Any],
    kind: str = "fact",
    activity: str | None = "walking",
) -> Judged:
    """Read an answer about a made-up gait: 114 steps a minute, the y axis up, acceleration strongest on y."""
    window = recording_of(walking(1), activity=activity).windows[0]
    item = OpenItem("a", kind, "own/1", (0,), (Turn("human", f"<sensor>\n{question}"),), "?", {"claims": list(claims)})
    return judge(Case(item, (window,), WINDOW_S, ACTIVITIES), Answered(answer))


def verdicts(judged: Judged) -> list[tuple[str, str]]:
    return [(said.fact, said.verdict) for said in judged.stated]


MEAN_X = {"fact": "mean", "value": 0.0, "channel": "acc_x", "unit": "m/s^2"}
STD_X = {"fact": "std", "value": 0.56, "channel": "acc_x", "unit": "m/s^2"}
TURNING = {"fact": "turning_dps", "value": 40, "unit": "deg/s"}
CADENCE = {"fact": "cadence_spm", "value": 114, "unit": "steps/min"}


def test_in_references_every_statement_is_right_and_all_that_was_asked_for_is_said(asked: WindowStore):
    items = fact_items(asked, "test")

    judged = score_answers(asked, items, [item.reference for item in items])

    assert len(items) > 300
    assert {said.verdict for one in judged for said in one.stated} == {"right"}
    assert all(met.is_right() for one in judged for met in one.met)
    assert all(one.stated for one in judged if one.item.kind != "unanswerable")
    assert [one.is_declined for one in judged if one.item.kind == "unanswerable"] == [True] * 36
    assert not any(one.is_declined for one in judged if one.is_answerable)


def test_whatever_is_made_wrong_in_a_reference_is_found(asked: WindowStore):
    items = fact_items(asked, "test")[::3]
    wrong = [(item, kind, text) for item in items for kind, text in corrupted(item, HELD)]

    judged = score_answers(asked, [item for item, _, _ in wrong], [text for _, _, text in wrong])

    missed = [
        (kind, item.question, item.reference, text)
        for (item, kind, text), one in zip(wrong, judged, strict=True)
        if not one.is_hallucinated and all(met.is_right() for met in one.met)
    ]
    assert missed == []
    assert Counter(kind for _, kind, _ in wrong).keys() == {"number", "axis", "activity", "sensor", "word"}
    assert len(wrong) > 150


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Walking.", [("activity", "right")]),
        ("The person is sitting.", [("activity", "wrong")]),
        ("Swimming.", [("activity", "wrong")]),
        ("About 114 steps a minute.", [("cadence_spm", "right")]),
        ("About 90 steps a minute.", [("cadence_spm", "wrong")]),
        ("The device's y axis points up.", [("up_axis", "right")]),
        ("The device's x axis points up.", [("up_axis", "wrong")]),
        ("The heart beats 72 times a minute.", [("", "unsupported"), ("", "unsupported")]),
        ("The person is walking 3 km.", [("activity", "right"), ("", "unsupported"), ("", "unsupported")]),
        ("The phone is in the pocket.", [("", "unsupported")]),
        ("A glorious day.", []),
    ],
)
def test_statements_are_right_wrong_or_unsupported(answer: str, expected: list[tuple[str, str]]):
    assert verdicts(read(answer)) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Walking (0:00–0:06, 92 % sure).", [("activity", "right")]),  # all of the window; sure is who speaks
        ("About 11 steps.", [("steps", "right")]),  # 114 a minute over 6 s
        ("About 15 steps.", [("steps", "wrong")]),
        ("Walking for 92 %.", [("activity", "right"), ("", "unsupported")]),
    ],
)
def test_times_steps_and_how_sure_are_read(answer: str, expected: list[tuple[str, str]]):
    assert verdicts(read(answer)) == expected


def test_an_activity_that_nobody_labelled_is_unsupported():
    assert verdicts(read("Walking.", activity=None)) == [("activity", "unsupported")]


def test_steps_in_a_window_without_steps_are_wrong_not_unsupported():
    judged = read("About 114 steps a minute.", "What is the cadence?", CADENCE, activity="sitting")

    assert judged.met[0].truth is None
    assert not judged.met[0].is_right()
    assert verdicts(judged) == [("cadence_spm", "wrong")]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("0.56 m/s².", "right"),
        ("0.565 m/s².", "right"),
        ("0.6 m/s².", "wrong"),  # rounded, but by more than 5 %
        ("1 m/s².", "wrong"),  # so coarse that it fits most windows
        ("0.9 m/s².", "wrong"),
        ("0.56 rad/s.", "unsupported"),  # the other sensor
        ("On the y axis it is 1.77 m/s².", "unsupported"),  # another axis
    ],
)
def test_what_is_said_of_another_axis_or_sensor_than_asked_is_unsupported(answer: str, verdict: str):
    question = "What is the standard deviation of the acceleration on the x axis?"

    assert [said.verdict for said in read(answer, question, STD_X).stated] == [verdict]


def test_a_number_of_the_other_sensor_is_unsupported_where_one_sensor_was_asked_for():
    judged = read("At 190 mg.", "How fast does the device turn on average?", TURNING)

    assert [said.verdict for said in judged.stated] == ["unsupported"]
    assert (judged.asked_sensor, judged.answered_sensor) == ("gyr", "acc")


@pytest.mark.parametrize(
    ("answer", "sensor"),
    [
        ("12 m/s².", "acc"),
        ("At 12 degrees a second.", "gyr"),
        ("1.2 g, turning at 3 rad/s.", "both"),
        ("Walking.", "neither"),
        ("The gyroscope says so.", "gyr"),
    ],
)
def test_the_sensor_of_an_answer_is_that_of_its_units_then_of_its_words(answer: str, sensor: str):
    assert read(answer).answered_sensor == sensor


def test_a_number_may_be_off_by_a_tolerance():
    met = read("About 120 steps a minute.", "What is the cadence?", CADENCE).met[0]

    assert met.said is not None
    assert met.said.error == pytest.approx(6, abs=0.7)
    assert [met.is_right(tolerance) for tolerance in (0, 0.02, 0.1)] == [False, False, True]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The standard deviation is 0.56.", ("std", "right")),
        ("0.9", ("std", "wrong")),
        ("It is 0.56 metres per minute.", ("", "unsupported")),
        ("It is 56 %.", ("", "unsupported")),
    ],
)
def test_a_number_without_a_unit_is_the_one_that_was_asked_for(answer: str, expected: tuple[str, str]):
    question = "What is the standard deviation of the acceleration on the x axis?"

    assert verdicts(read(answer, question, STD_X)) == [expected]


def test_more_intense_is_no_intensity_of_either_window():
    windows = tuple(recording_of(walking(2)).windows)
    claims = [{"fact": "more_vigorous", "value": "alike"}]
    turns = (Turn("human", "First recording: <sensor>\nSecond recording: <sensor>\nWhich is more vigorous?"),)
    item = OpenItem("a", "compare", "own/1", (0, 1), turns, "?", {"claims": claims})

    judged = judge(Case(item, windows, WINDOW_S, ACTIVITIES), Answered("The second recording is more intense."))

    assert verdicts(judged) == [("more_vigorous", "wrong")]


def test_steps_a_second_answer_the_question_for_the_cadence():
    assert read("1.9 steps a second.", "What is the cadence?", CADENCE).met[0].is_right()


def test_a_question_that_nobody_can_answer_is_declined_or_made_up():
    unknown = {"fact": "unanswerable", "value": "what the heart rate is"}

    declined = read("It cannot be told from motion what the heart rate is.", "Q?", unknown, kind="unanswerable")
    invented = read("Bob.", "Who is the person?", unknown, kind="unanswerable")

    assert (declined.is_declined, declined.stated) == (True, ())
    assert (invented.is_declined, verdicts(invented)) == (False, [("", "unsupported")])


def test_declining_a_question_that_has_an_answer_is_seen():
    judged = read("That cannot be told.", "What is the mean of the acceleration on the x axis?", MEAN_X)

    assert judged.is_answerable
    assert judged.is_declined
    assert not judged.is_hallucinated


def test_nothing_said_is_nothing_stated():
    judged = read("", "What is the cadence?", CADENCE)

    assert (judged.stated, judged.met[0].said, judged.met[0].is_right()) == ((), None, False)


@pytest.mark.parametrize("seed", range(20))
def test_any_text_can_be_read(seed: int):
    draw = np.random.default_rng(seed)
    words = [
        "the",
        "x",
        "axis",
        "-3.1",
        "1e9",
        "m/s²",
        "to",
        "from",
        "g",
        "steps",
        "a",
        "minute",
        "not",
        "walking",
        "%",
    ]
    text = " ".join(draw.choice(words, 30))

    assert {said.verdict for said in read(text, "What is it?", STD_X).stated} <= {"right", "wrong", "unsupported"}
