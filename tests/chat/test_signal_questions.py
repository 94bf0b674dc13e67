"""Questions on the signal, in wordings that no training template has: read rightly, and answered with its numbers."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.chat.asking.asked import read_question
from llasa_core.chat.classifiers import Nameless
from llasa_core.chat.ground import ground
from llasa_core.chat.known_recording import known
from llasa_core.data.grounded.activities import OTHER_PHRASINGS, PLAIN_QUESTION
from llasa_core.data.grounded.fact_questions import TOPICS
from llasa_core.data.grounded.reasons import CAPTION_QUESTIONS, NARRATION_QUESTIONS, REASON_QUESTIONS
from llasa_core.data.grounded.unanswerable import UNKNOWNS
from llasa_core.data.qa import Turn
from llasa_core.data.recording import Recording, Segment

if TYPE_CHECKING:
    from llasa_core.chat.known_recording import KnownRecording

SPEC = importlib.util.spec_from_file_location("signal_questions", Path(__file__).with_name("signal_questions.py"))
assert SPEC is not None
assert SPEC.loader is not None
TABLE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(TABLE)

TEMPLATES = {
    question.casefold()
    for question in (
        PLAIN_QUESTION,
        *OTHER_PHRASINGS,
        *CAPTION_QUESTIONS,
        *REASON_QUESTIONS,
        *NARRATION_QUESTIONS,
        *(question for topic in TOPICS for question in topic.questions),
        *(question for unknown in UNKNOWNS for question in unknown.questions),
    )
}


def test_no_wording_is_one_of_training():
    ours = [*TABLE.ASKED, *TABLE.DECLINED, *TABLE.NEAR_MISSES, *TABLE.ALSO_DECLINED]

    assert TEMPLATES.isdisjoint(question.casefold() for question in ours)
    assert len(set(ours)) == len(ours) > 350


@pytest.mark.parametrize("question", TABLE.ASKED | TABLE.NEAR_MISSES)
def test_a_question_on_the_signal_is_read_as_what_it_asks_for(question: str):
    asked = read_question(question)

    assert (asked.quantity, asked.cannot) == ((TABLE.ASKED | TABLE.NEAR_MISSES)[question], None)


@pytest.mark.parametrize("question", [*TABLE.DECLINED, *TABLE.ALSO_DECLINED])
def test_what_motion_cannot_tell_is_declined_in_any_wording(walking: KnownRecording, question: str):
    grounded = ground(question, [walking])

    assert grounded.answer is not None
    assert grounded.asked.cannot is not None
    assert grounded.answer.startswith(f"This recording cannot tell {grounded.asked.cannot.what}.")
    assert grounded.asked.cannot.what == TABLE.DECLINED.get(question, grounded.asked.cannot.what)


@pytest.mark.parametrize("question", TABLE.POLAR)
def test_a_yes_no_question_gets_yes_or_no_first(mix: KnownRecording, question: str):
    answer = ground(question, [mix]).answer

    assert answer is not None
    assert answer.startswith(TABLE.POLAR[question])


def turning() -> KnownRecording:
    """Return 12 s of a device that lies on its back, turns to the left by 0.1 rad/s, and is knocked once."""
    samples = np.zeros((240, 6))
    samples[:, 2], samples[:, 5] = 9.80665, 0.1
    samples[100, 2], samples[40, 0] = 19.6133, -1.5
    whole = (Segment(0, 240, None),)
    return known([Recording(Path("a.csv"), "csv", "a", "a", 20.0, samples, whole)], Nameless(20.0, 6.0))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the mean of gyr_z?", "The mean of the angular rate about the z axis is 0.100 rad/s."),
        (
            "What's the range of acc_x?",
            "The acceleration on the x axis ranges from -1.50 to 0.00 m/s².",
        ),
        ("How low does x acceleration get?", "The smallest value of the acceleration on the x axis is -1.50 m/s²."),
        (
            "Give the std of acc_z and acc_y.",
            (
                "The standard deviation of the acceleration on the y axis is 0.00 m/s². "
                "The standard deviation of the acceleration on the z axis is 0.63 m/s²."
            ),
        ),
        ("Which axis is vertical?", "The device's z axis points up, the median of 3 windows."),
        ("How fast does it turn on average?", "The device turns at 5.7 degrees a second on average."),
        ("How fast does it turn at most?", "The device turns at 5.7 degrees a second at most, at 0:00."),
        ("How far does it turn about the vertical?", "The device turns by 69 degrees to the left about the vertical."),
        ("Did it turn right?", "No, the device turns by 69 degrees to the left about the vertical."),
        ("How many g at most?", "The strongest acceleration was 2.00 g at 0:05."),
        (
            "Did the orientation change?",
            "No, the posture of the device does not change: gravity turns by 0 degrees from start to end.",
        ),
        (
            "What is the mean of acc_z between 0:06 and 0:10?",
            "The mean of the acceleration on the z axis between 0:06 and 0:10 is 9.81 m/s².",
        ),
    ],
)
def test_answers_hold_the_numbers_of_the_samples(question: str, answer: str):
    assert ground(question, [turning()]).answer == answer


def test_a_question_on_a_channel_is_taken_up_again():
    before = (Turn("human", "What is the mean of acc_z?"), Turn("gpt", "…"))

    assert ground("and on the x axis?", [turning()], before).answer == (
        "The mean of the acceleration on the x axis is -0.01 m/s²."
    )
    assert ground("and between 0:06 and 0:10?", [turning()], before).answer == (
        "The mean of the acceleration on the z axis between 0:06 and 0:10 is 9.81 m/s²."
    )


def test_recordings_are_compared_in_posture_and_activity(walking: KnownRecording, stairs: KnownRecording):
    both = [walking, replace(walking, timeline=replace(walking.timeline, file=Path("again.csv")))]

    assert ground("Is the phone held the same way in both?", both).answer == (
        "Yes, the device is held the same way: the direction of gravity differs by 0 degrees."
    )
    assert ground("Do the two recordings show different activities?", [walking, stairs]).answer == (
        "Yes, different things: walking in walking.csv, climbing stairs in stairs.csv."
    )
    assert ground("Which recording is more vigorous?", both).answer == (
        "The movement is alike: walking.csv 179 mg (moderate) and again.csv 179 mg (moderate)."
    )
    assert ground("What is done in each of them?", both).answer == "The same in both: walking (at least 100 % sure)."


def test_a_full_account_has_what_was_measured(walking: KnownRecording):
    account = ground("Explain in detail what the measurements say.", [walking]).answer

    assert account is not None
    assert account.startswith("Walking: a steady rhythm of about 103 steps a minute, strongest at ")
    assert "degrees a second on average" in account
