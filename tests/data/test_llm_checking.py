from __future__ import annotations

from typing import Any

import pytest
from llm_fakes.gait import ACTIVITIES, WINDOW_S, recording_of, walking

from llasa_core.data.llm_written.checking import Checker
from llasa_core.data.llm_written.mentions import mentions
from llasa_core.data.llm_written.wrong import Wrong

# The window's facts, to read the texts below: walking; moderate, 163 mg (160 in the first half, 165 in the second);
# 114 steps/min, 1.9 Hz; the y axis up; 33 degrees to the left; 39 degrees a second, 63 at most; 1.27 g at 0.65 s.
# acc_x: mean 0.03, standard deviation 0.56, -0.86 to 0.83; acc_y: 9.88, 1.77, 7.30 to 12.40.
WALK = Checker(recording_of(walking(1)).windows[0], WINDOW_S, ACTIVITIES)
REST = Checker(
    recording_of(0 * walking(1) + [9.81, 0, 0, 0, 0, 0], activity="sitting").windows[0], WINDOW_S, ACTIVITIES
)


def claimed(answer: str, question: str = "What is seen?", checker: Checker = WALK) -> list[dict[str, Any]]:
    return [claim.as_dict() for claim in checker.answer(question, answer).claims]


def test_numbers_are_read_with_their_units():
    text = "From −1.5 to 2.25 m/s², 12° in 0.5-1.5 Hz, 1,200 mg, 3 rad/s; acc_2 and 40 degrees a second (90 %)."

    found = [(mention.value, mention.unit) for mention in mentions(text)]

    assert found == [
        (-1.5, "m/s^2"),
        (2.25, "m/s^2"),
        (12, "deg"),
        (0.5, "Hz"),
        (1.5, "Hz"),
        (1200, "mg"),
        (3, "rad/s"),
        (40, "deg/s"),
        (90, "%"),
    ]


def test_times_on_a_clock_are_seconds():
    found = [
        (mention.written, mention.value, mention.unit) for mention in mentions("1.9 g at 0:03.2, 1:03:20 to 1:04.")
    ]

    assert found == [
        ("1.9", 1.9, "g"),
        ("0:03.2", 3.2, "s"),
        ("1:03:20", 3800, "s"),
        ("1:04", 64, "s"),
    ]


@pytest.mark.parametrize(
    ("answer", "claims"),
    [
        (
            "The person is walking at roughly 1.9 Hz, about 114 steps a minute, with the y axis pointing up.",
            [
                {"fact": "activity", "value": "walking"},
                {"fact": "dominant_hz", "value": 1.9, "unit": "Hz"},
                {"fact": "cadence_spm", "value": 114.0, "unit": "steps/min"},
                {"fact": "up_axis", "value": "+y"},
            ],
        ),
        (
            "Along the y axis, acceleration ranges from 7.30 to 12.4 m/s², along the x axis from -0.86 to 0.83 m/s².",
            [
                {"fact": "low", "value": 7.3, "unit": "m/s^2", "channel": "acc_y"},
                {"fact": "high", "value": 12.4, "unit": "m/s^2", "channel": "acc_y"},
                {"fact": "low", "value": -0.86, "unit": "m/s^2", "channel": "acc_x"},
                {"fact": "high", "value": 0.83, "unit": "m/s^2", "channel": "acc_x"},
            ],
        ),
        (
            ("The acceleration varies most on the y axis, with a standard deviation of 1.77 m/s², "
            "while the x axis has 0.56 m/s²."),
            [
                {"fact": "std", "value": 1.77, "unit": "m/s^2", "channel": "acc_y"},
                {"fact": "std", "value": 0.56, "unit": "m/s^2", "channel": "acc_x"},
                {"fact": "strongest_acc", "value": "y"},
            ],
        ),
        (
            "The mean amplitude deviation goes from 160 mg in the first half to 165 mg in the second half.",
            [
                {"fact": "first_half_mg", "value": 160.0, "unit": "mg"},
                {"fact": "second_half_mg", "value": 165.0, "unit": "mg"},
            ],
        ),
        (
            "The device is not at rest but in motion, and turns by 33 degrees to the left.",
            [
                {"fact": "heading_deg", "value": 33.0, "unit": "deg"},
                {"fact": "moving", "value": True},
                {"fact": "turns_to", "value": "left"},
            ],
        ),
        (
            "It turns at 39 °/s on average, peaking at 63 °/s; 1.27 g come 0.65 s into the 6-second window.",
            [
                {"fact": "turning_dps", "value": 39.0, "unit": "deg/s"},
                {"fact": "peak_turning_dps", "value": 63.0, "unit": "deg/s"},
                {"fact": "peak_g", "value": 1.27, "unit": "g"},
                {"fact": "peak_s", "value": 0.65, "unit": "s"},
            ],
        ),
        (
            "A steady rhythm of moderate intensity: its periodicity is 0.96.",
            [
                {"fact": "periodicity", "value": 0.96},
                {"fact": "rhythmic", "value": True},
                {"fact": "intensity", "value": "moderate"},
            ],
        ),
        (
            "Gravity turns by 0 degrees, so the posture does not change.",
            [
                {"fact": "posture_change_deg", "value": 0.0, "unit": "deg"},
                {"fact": "changes_posture", "value": False},
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_true_gives_its_claims(answer: str, claims: list[dict[str, Any]]):
    assert claimed(answer) == claims


def test_the_question_says_what_a_short_answer_is_about():
    question = "What is the standard deviation of the acceleration on the x axis?"

    assert claimed("It is 0.56 m/s².", question) == [
        {"fact": "std", "value": 0.56, "unit": "m/s^2", "channel": "acc_x"}
    ]


def test_rest_is_said_in_many_ways():
    answer = "The device stays at rest, with no rhythm and the x axis upright."

    assert claimed(answer, checker=REST) == [
        {"fact": "moving", "value": False},
        {"fact": "rhythmic", "value": False},
        {"fact": "up_axis", "value": "+x"},
    ]
    assert claimed("There is hardly any movement.", checker=REST) == [{"fact": "moving", "value": False}]


@pytest.mark.parametrize(
    ("answer", "reason", "detail"),
    [
        ("Walking at 104 steps a minute.", "a wrong number", "104 steps/min is not the cadence_spm, which is 114"),
        ("Walking at 100 steps a minute.", "a wrong number", "100 steps/min is not the cadence_spm, which is 114"),
        ("The dominant frequency is 2 Hz.", "a wrong number", "2 Hz is not the dominant_hz, which is 1.9"),
        (
            "The acceleration on the y axis has a mean of 1.77 m/s² and a standard deviation of 9.88 m/s².",
            "a wrong number",
            "1.77 m/s^2 is not the mean of acc_y, which is 9.88",
        ),
        (
            "The acceleration on the x axis has a mean of 9.88 m/s².",
            "a wrong number",
            "9.88 m/s^2 is not the mean of acc_x, which is 0.03",
        ),
        (
            "On the y axis, the acceleration ranges from 12.40 to 7.30 m/s².",
            "a wrong number",
            "12.40 m/s^2 is not the low of acc_y, which is 7.30",
        ),
        (
            "It goes from 165 mg in the first half to 160 mg in the second half.",
            "a wrong number",
            "165 mg is not the first_half_mg, which is 160",
        ),
        (
            "The acceleration shows 9.88, 0.03 and 0.00 m/s².",
            "a number of no axis",
            "9.88 m/s^2 is said of no axis; name it before the number",
        ),
        ("Walking, with 12 % of noise.", "a number that is no fact", "12 % is none of the facts"),
        ("Walking with 3 of them.", "a number that is no fact", "3 is none of the facts"),
        (
            "The steps come at two steps per second.",
            "a number in words",
            'it says "two steps per"; write numbers in digits, as the facts have them',
        ),
        (
            "The person is walking upstairs.",
            "another activity",
            'it names "climbing stairs"; the activity is walking, and no other may be named',
        ),
        (
            "The person is walking rather than sitting.",
            "another activity",
            'it names "sitting"; the activity is walking, and no other may be named',
        ),
        (
            "The person is dancing.",
            "another activity",
            'it names "dancing"; the activity is walking, and no other may be named',
        ),
        ("The person is not walking.", "another activity", 'it denies "walking", which is the activity'),
        ("The device is at rest.", "words that contradict a fact", 'it says "at rest", but moving: yes'),
        ("There is no steady rhythm.", "words that contradict a fact", 'it says "steady rhythm", but rhythmic: yes'),
        ("Movement is vigorous.", "words that contradict a fact", 'it says "vigorous", but intensity is moderate'),
        ("The movement fades.", "words that contradict a fact", 'it says "fades", but trend is steady'),
        ("It turns to the right.", "words that contradict a fact", 'it says "to the right", but it turned to the left'),
        (
            "The y axis points down.",
            "a wrong axis",
            'it says "down" of the y axis, which points the other way',
        ),
        ("The x axis is upright.", "a wrong axis", 'it says "upright" of the x axis, but the y axis is upright'),
        ("The device is tilted.", "a wrong axis", 'it says "tilted", but the y axis is upright'),
        (
            "The acceleration varies most on the z axis.",
            "a wrong axis",
            'it says "most" of the z axis, but the y axis is it',
        ),
        (
            "The y axis varies most.",
            "an axis of no sensor",
            'it says "most" of the y axis, but not whether of acceleration or of angular rate',
        ),
        (
            "The phone is in a pocket.",
            "what motion does not tell",
            'it speaks of "pocket", which the sensor does not show',
        ),
        (
            "According to the provided facts, it moves.",
            "words about its task",
            'it says "provided facts"; write as if you had looked at the signal yourself',
        ),
        ("The signal oscillates smoothly.", "nothing that can be checked", "it says nothing of the facts"),
        ("Yes, walking.", "yes or no", "it answers by yes or no; ask and answer so that the answer says what is so"),
        ("<sensor> is walking.", "a placeholder", "it holds <sensor>, which stands for a window"),
        ("walking " * 100, "too long", "the answer has 800 letters, and may have 600"),
    ],
)
def test_what_is_not_true_or_cannot_be_checked_is_refused_with_the_reason(answer: str, reason: str, detail: str):
    with pytest.raises(Wrong) as caught:
        WALK.answer("What is seen?", answer)

    assert (caught.value.reason, caught.value.detail) == (reason, detail)


@pytest.mark.parametrize(
    ("question", "detail"),
    [
        ("Why is the person strolling?", 'its question tells the activity "walking"'),
        ("Why is the cadence 114?", "its question tells a number"),
    ],
)
def test_a_question_that_gives_the_answer_away_is_refused(question: str, detail: str):
    with pytest.raises(Wrong) as caught:
        WALK.answer(question, "The person is walking.")

    assert (caught.value.reason, caught.value.detail) == ("a question that gives the answer away", detail)


def test_a_window_without_a_label_is_no_activity():
    unlabelled = Checker(recording_of(walking(1), activity=None).windows[0], WINDOW_S, ACTIVITIES)

    with pytest.raises(Wrong) as caught:
        unlabelled.summary("A person walks at 114 steps a minute.")

    assert caught.value.detail == 'it names "walking"; nobody labelled the activity, and no other may be named'
    assert unlabelled.summary("There is a rhythm of 114 steps a minute.").claims


def test_a_narration_loses_its_numbers_of_steps_and_ends_with_the_activity():
    steps = ["1. The y axis is upright.", "Step 2: A cadence of 114 steps/min.", "So the person is walking."]

    said = WALK.narration(steps)

    assert said.text == "The y axis is upright. A cadence of 114 steps/min. So the person is walking."
    with pytest.raises(Wrong, match='its last step does not name the activity "walking"'):
        WALK.narration([*steps, "That is all there is to see: the y axis is upright."])
    with pytest.raises(Wrong, match="it has 2 steps, and needs 3 at least"):
        WALK.narration(steps[1:])


def test_a_summary_names_the_activity():
    with pytest.raises(Wrong, match='it does not name the activity "walking"'):
        WALK.summary("There is a rhythm of 114 steps a minute.")


TRUE = (
    "Walking at 114 steps a minute.",
    "The dominant frequency is 1.9 Hz.",
    "The mean amplitude deviation is 163 mg, from 160 mg in the first half to 165 mg in the second half.",
    "Along the y axis, acceleration ranges from 7.30 to 12.40 m/s²; the standard deviation is 1.77 m/s².",
    "On the x axis, the mean acceleration is 0.03 m/s² and the maximum is 0.83 m/s².",
    "The angular rate about the y axis has a standard deviation of 0.649 rad/s.",
    "The device turns by 33 degrees about the vertical, at 39 degrees per second on average and 63 at most.",
    "The peak of 1.27 g comes after 0.65 s.",
    "The periodicity is 0.96.",
)


@pytest.mark.parametrize("text", TRUE)
@pytest.mark.parametrize("by", [-0.3, -0.06, 0.06, 0.3, 1.0])
def test_no_number_that_is_off_is_taken(text: str, by: float):
    for number in mentions(text):
        off = number.value + (by * abs(number.value) or by)
        digits = number.digits + 1  # the last digit shall be off even where it is coarse
        if abs(off - number.value) < 0.011:  # as near as prompts show it
            continue
        changed = text[: number.start] + f"{off:.{digits}f}" + text[number.start + len(number.written) :]
        with pytest.raises(Wrong):
            WALK.answer("What is seen?", changed)


@pytest.mark.parametrize("text", TRUE[3:6])
@pytest.mark.parametrize("other", "xyz")
def test_no_number_of_another_axis_is_taken(text: str, other: str):
    said = text.replace(f"{'x' if ' x ' in text else 'y'} axis", f"{other} axis")

    if said == text:
        assert WALK.answer("What is seen?", said).claims
    else:
        with pytest.raises(Wrong):
            WALK.answer("What is seen?", said)
