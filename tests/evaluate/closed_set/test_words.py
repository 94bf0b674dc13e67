"""Class sets, names, prompts and the parsing of free text."""

from __future__ import annotations

import numpy as np
import pytest

from llasa_core.data.activities import ACTIVITIES
from llasa_core.data.activity_words import KINDS, OTHER_NAMES, names_of, same_activity, same_kind
from llasa_core.evaluate.closed_set.class_set import Names
from llasa_core.evaluate.closed_set.prompts import orders_of, prompts_of
from llasa_core.evaluate.closed_set.protocol import UNCLEAR, parsed_class, protocol_prompt

CLASSES = ("walking", "climbing stairs", "lying")


def test_no_name_means_two_activities():
    names = [name for activity in ACTIVITIES for name in names_of(activity)]

    assert len(set(names)) == len(names)
    assert set(OTHER_NAMES) == set(ACTIVITIES)
    assert sorted(name for kind in KINDS.values() for name in kind) == sorted(ACTIVITIES)


def test_names_of_one_activity_are_the_same():
    assert same_activity(["jogging", "walking", "running", "going upstairs", "climbing stairs", "rowing"]) == [
        0,
        1,
        0,
        3,
        3,
        5,
    ]
    assert same_kind(["sitting", "walking", "laying", "running", "rowing"]) == [0, 1, 0, 1, 4]


def test_a_class_is_as_likely_as_its_likeliest_name_or_all_of_them_together():
    names = Names.of(["jogging", "rowing"])

    assert names.names == ("jogging", "running", "going for a run", "rowing")
    log_likelihood = np.log([[0.1, 0.3, 0.1, 0.4]])
    assert np.exp(names.best(log_likelihood)) == pytest.approx(np.array([[0.3, 0.4]]))
    assert np.exp(names.total(log_likelihood)) == pytest.approx(np.array([[0.5, 0.4]]))


def test_a_name_that_is_a_class_of_its_own_belongs_to_that_class():
    assert Names.of(["jogging", "running"]).names == ("jogging", "going for a run", "running")


def test_prompts_begin_with_the_question_and_list_the_classes_in_several_orders():
    prompts = prompts_of("What is it?", CLASSES, seed=7)

    assert [prompt.varies for prompt in prompts] == ["question", *["wording"] * 3, *["order"] * 3]
    assert prompts[0].turns[0].text == "<sensor>\nWhat is it?"
    assert prompts[4].text == "Which of these is the person doing: walking, climbing stairs or lying down?"
    assert prompts[5].text == "Which of these is the person doing: lying down, climbing stairs or walking?"
    assert prompts == prompts_of("What is it?", CLASSES, seed=7)


def test_orders_are_different_ones():
    assert orders_of(("walking",), seed=0) == [("walking",)]
    assert len(orders_of(ACTIVITIES, seed=0)) == 3


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("The identified class is: Walking", 0),
        ("It moves.\nThe identified class is: 'climbing stairs'.", 1),
        ("the identified class is: LYING DOWN\nThank you.", 2),
        ("The identified class is: walking. The identified class is: lying", 2),
        ("Walking.", UNCLEAR),
        ("The identified class is: rowing", UNCLEAR),
        ("The identified class is: walking or lying", UNCLEAR),
        ("The identified class is:", UNCLEAR),
        ("", UNCLEAR),
    ],
)
def test_what_stands_behind_the_marker_is_the_answer(text: str, named: int):
    assert parsed_class(text, CLASSES) == named


def test_a_bare_name_counts_where_no_marker_is_needed():
    assert parsed_class("Walking.", CLASSES, needs_marker=False) == 0
    assert parsed_class("The person walks.", CLASSES, needs_marker=False) == UNCLEAR


def test_the_protocol_asks_with_every_class_and_the_marker():
    text = protocol_prompt(CLASSES)

    assert text.startswith("<sensor>\n")
    assert "walking, climbing stairs, lying" in text
    assert "The identified class is: X" in text
