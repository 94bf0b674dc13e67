"""Answers that are composed: the number is the timeline's or the signal's, and it is said where it is from."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llasa_core.chat.ground import ground
from llasa_core.chat.known_recording import known
from llasa_core.chat.spans import length
from llasa_core.data.qa import Turn
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.timeline.classifier import WindowClassifier


@pytest.fixture
def ask(spliced: KnownRecording) -> Callable[..., str]:
    """Return what asks about five minutes of known truth; earlier questions come first."""

    def answer(*questions: str) -> str:
        turns: list[Turn] = []
        for question in questions:
            grounded = ground(question, [spliced], turns)
            assert grounded.answer is not None
            turns += [Turn("human", question), Turn("gpt", grounded.answer)]
        return turns[-1].text

    return answer


def test_how_long_i_walked_is_the_timelines_number_and_near_the_truth(spliced_by_head: KnownRecording):
    walked_s = spliced_by_head.timeline.totals_s["walking"]
    answer = ground("How long was I walking?", [spliced_by_head]).answer

    assert walked_s == pytest.approx(108, rel=0.1)
    assert answer is not None
    assert answer.startswith(f"You were walking for {length(walked_s)} in all, in 3 stretches: ")


ANSWERS = {
    "How long was I walking?": "You were walking for 108 s in all, in 3 stretches: 0:54–1:48, 2:48–3:24 and 4:48–5:06.",
    "How long was the person on the stairs?": (
        "The person was on the stairs for 90 s in all, in 2 stretches: 1:48–2:48 and 4:18–4:48."
    ),
    "How many times did I lie down?": "You were lying twice: 0:00–0:54 and 3:24–4:18.",
    "What share of the time was I walking?": "You were walking for 35 % of the time: 108 s of 5 min 6 s.",
    "When did I lie down the second time?": "The second time you were lying from 3:24 to 4:18 (54 s).",
    "When did I start climbing stairs?": "Climbing stairs began twice: at 1:48 and 4:18.",
    "How long did I sit?": (
        "The timeline shows no sitting; it shows lying 108 s, walking 108 s and climbing stairs 90 s."
    ),
    "How long was the longest walk?": "The longest stretch of walking lasted 54 s, 0:54–1:48.",
    "How long did I walk between 1:00 and 3:00?": (
        "You were walking for 60 s in all between 1:00 and 3:00, in 2 stretches: 1:00–1:48 and 2:48–3:00."
    ),
    "How long did I walk the fifth time?": "You were walking only 3 times: 0:54–1:48, 2:48–3:24 and 4:48–5:06.",
    "Was I walking at 1:00?": "Yes, at 1:00 you were walking (0:54–1:48).",
    "Was I walking at 0:30?": "No, at 0:30 you were lying (0:00–0:54).",
    "What did I do after the second walk?": "After 3:24 you were lying (3:24–4:18, 99 % sure); then climbing stairs "
    "4:18–4:48 and walking 4:48–5:06.",
    "What was my cadence while walking?": (
        "Your cadence while walking was about 103 steps a minute (mostly 99 to 106)."
    ),
    "What happened at 9:00?": "The recording lasts from 0:00 to 5:06; there is nothing at 9:00.",
    "How often did I change activity?": ("The activity changed 6 times, among 3: lying, walking and climbing stairs."),
    "Did I walk more than I climbed stairs?": "Yes. Longest was walking with 108 s, then climbing stairs 90 s.",
    "Are there gaps?": "No, there are no gaps: the recording is complete.",
}


@pytest.mark.parametrize("question", ANSWERS)
def test_an_answer_is_a_sentence_with_the_number_and_its_place(ask: Callable[..., str], question: str):
    assert ask(question) == ANSWERS[question]


def test_steps_are_the_cadence_times_the_time(ask: Callable[..., str]):
    assert ask("How many steps did I take while walking?") == (
        "You took about 185 steps while walking: 103 steps a minute over 108 s walking. "
        "They are reckoned from the rhythm, not counted singly."
    )


def test_what_follows_is_known_from_what_was_said(ask: Callable[..., str]):
    assert ask("How long was I walking?", "and lying?") == (
        "You were lying for 108 s in all, in 2 stretches: 0:00–0:54 and 3:24–4:18."
    )
    assert ask("When did I first lie down?", "and after that?").startswith("After 0:54 you were walking (0:54–1:48")
    assert ask("What was I doing at 2:00?", "how long did that last?") == (
        "You were climbing stairs for 60 s, 1:48–2:48."
    )


@pytest.mark.parametrize(
    ("question", "begin", "instead"),
    [
        ("What is my heart rate?", "This recording cannot tell what the heart rate was. ", "mg (median of"),
        (
            "How fast was I walking in km/h?",
            "This recording cannot tell how fast the person moved over ground. ",
            "103",
        ),
        (
            "How many calories did I burn?",
            "This recording cannot tell how many calories were burned. ",
            "mg (median of",
        ),
        ("Which hand was it on?", "This recording cannot tell which hand, foot or side it was. ", "a left step"),
        ("Was I happy?", "This recording cannot tell how the person felt. ", "mg (median of"),
        ("Where was I?", "This recording cannot tell where this was recorded. ", "no position"),
        ("Who is this?", "This recording cannot tell who the person is. ", "Motion does not say"),
        ("How much do I weigh?", "This recording cannot tell how heavy the person is. ", "Motion does not say"),
        ("Did I cycle?", 'This recording cannot tell "biking": the model that names activities does not', "It knows"),
        ("What day was it?", "This recording cannot tell when this was recorded. ", "no date stands in the file"),
    ],
)
def test_what_motion_cannot_tell_is_said_with_the_reason_and_what_can(
    ask: Callable[..., str], question: str, begin: str, instead: str
):
    answer = ask(question)

    assert answer.startswith(begin)
    assert instead in answer


def test_every_answer_names_what_it_rests_on(spliced: KnownRecording):
    facts = ground("How long was I walking?", [spliced]).facts

    assert [(fact.kind, fact.start_s, fact.end_s) for fact in facts] == [
        ("total", 54.0, 306.0),
        ("segment", 54.0, 108.0),
        ("segment", 168.0, 204.0),
        ("segment", 288.0, 306.0),
    ]


def test_two_recordings_are_asked_apart_and_together(walking: KnownRecording, stairs: KnownRecording):
    both = [walking, stairs]

    assert ground("How long was I walking?", both).answer == (
        "walking.csv: You were walking for 18 s, from 0:00 to 0:18. "
        "stairs.csv: The timeline shows no walking; it shows climbing stairs 15 s."
    )
    assert ground("What was my cadence in the second recording?", both).answer == (
        "Your cadence while climbing stairs was about 78 steps a minute (mostly 76 to 81)."
    )
    compared = ground("Compare the two recordings.", both)
    assert compared.answer is not None
    assert "in walking.csv: about 103 steps a minute; stairs.csv: about 78 steps a minute" in compared.answer
    assert [fact.recording for fact in compared.facts] == [0, 1]


def test_one_activity_is_named_by_the_model_and_several_by_the_timeline(
    walking: KnownRecording, spliced: KnownRecording
):
    assert ground("What is the person doing?", [walking]).answer is None
    several = ground("What is the person doing?", [spliced]).answer
    assert several is not None
    assert several.startswith("In 5 min 6 s: lying 108 s, walking 108 s and climbing stairs 90 s.")


def test_a_description_of_several_activities_is_the_timelines_too(spliced: KnownRecording):
    described = ground("Describe this recording.", [spliced]).answer

    assert described == ground("What is the person doing?", [spliced]).answer
    assert ground("Describe the walking.", [spliced]).answer is None


def test_a_question_about_another_part_is_sent_with_the_one_that_it_leans_on(spliced: KnownRecording):
    before = (Turn("human", "Describe the movement at 0:20."), Turn("gpt", "Lying."))

    grounded = ground("and at 2:00?", [spliced], before)

    assert grounded.window_starts == ((0, 117.0),)
    assert [turn.text.partition("\n\n")[2] for turn in grounded.turns] == [
        "Describe the movement at 0:20.\nand at 2:00?"
    ]


def test_the_model_sees_the_window_that_shows_best_what_is_asked_about(spliced: KnownRecording):
    grounded = ground("Tell me about the walking.", [spliced])

    assert grounded.answer is None
    assert grounded.turns[0].text.startswith("<sensor>\n")
    assert grounded.turns[0].text.endswith("Tell me about the walking.")
    assert grounded.windows.shape == (1, 120, 6)
    ((_, start_s),) = grounded.window_starts
    segment = spliced.timeline.at(start_s)
    assert segment is not None
    assert segment.activity == "walking"


def test_a_moment_is_shown_by_the_window_around_it(spliced: KnownRecording):
    assert ground("Describe the movement at 2:00.", [spliced]).window_starts == ((0, 117.0),)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (" \n", 'the question is empty\n  fix:   ask something, such as "What is the person doing?"'),
        (
            "What is <sensor>?",
            (
                "the question holds <sensor>, which stands for the recording inside a prompt\n"
                "  fix:   leave it out: the recording is put before the question by itself"
            ),
        ),
        ("x" * 4001, "the question has 4001 letters, of which 4000 are read\n  fix:   ask a shorter question"),
    ],
)
def test_a_question_that_cannot_be_asked_says_why(walking: KnownRecording, question: str, text: str):
    with pytest.raises(UsageError) as error:
        ground(question, [walking])

    assert str(error.value) == text


def test_a_time_of_day_is_meant_where_the_recording_tells_the_date(spliced: KnownRecording):
    began = datetime(2024, 5, 29, 14, 0).astimezone()
    dated = replace(spliced, timeline=replace(spliced.timeline, since_1970_s=began.timestamp()))

    for question in ("Was I walking at 14:01?", "Was I walking at 2:01 pm?", "Was I walking at 1:00?"):
        assert ground(question, [dated]).answer == "Yes, at 1:00 you were walking (0:54–1:48)."
    assert ground("Was I walking at 14:01?", [spliced]).answer == (
        "The recording lasts from 0:00 to 5:06; there is nothing at 14:01."
    )
    recorded = ground("When was this recorded?", [dated]).answer
    assert recorded == f"The recording was made from 2024-05-29 14:00:00 to 14:05:06 ({began:%z})."


def test_a_gap_is_told_and_in_no_sum(head: WindowClassifier):
    (walk,) = read_recordings(Path(__file__).parents[2] / "examples" / "walking.csv", ReadOptions())
    apart = known([walk, replace(walk, start_s=60.0)], head)

    answers = {
        question: ground(question, [apart]).answer
        for question in ("How long is the recording?", "What happened at 0:40?", "Are there any gaps?")
    }
    assert answers == {
        "How long is the recording?": "The recording lasts 78 s, at 50 Hz; of these 42 s are missing, in 1 gap.",
        "What happened at 0:40?": "From 0:18 to 1:00 nothing was recorded.",
        "Are there any gaps?": "Yes, nothing was recorded in 42 s in all: 0:18–1:00.",
    }
    assert apart.timeline.totals_s["walking"] == pytest.approx(36, abs=1)


WOULD_TELL = "Seconds in which the person stands or walks would tell (`--upright 0:05-0:15`)."
WHILE_STILL = {
    "How long did I sit?": (
        "This recording cannot tell sitting from other postures: how the device is worn is not known. "
        f"You were still for 60 s: 0:00–0:40 and 2:10–2:30. {WOULD_TELL}"
    ),
    "Did I stand in the first minute?": (
        "This recording cannot tell standing from other postures between 0:00 and 1:00: "
        "how the device is worn is not known. "
        f"You were still for 40 s: 0:00–0:40. {WOULD_TELL}"
    ),
    "How long did I lie down?": (
        "You were lying for 30 s, from 1:40 to 2:10. Another 60 s are still, in which posture cannot be told."
    ),
    "Was I sitting at 0:20?": "This cannot be told: at 0:20 you were still (0:00–0:40), in which posture is not known.",
    "Was I walking at 0:20?": "No, at 0:20 you were still (0:00–0:40).",
    "How long was I at rest?": (
        "You were at rest for 90 s in all, in 3 stretches: 0:00–0:40, 1:40–2:10 and 2:10–2:30 "
        "(still 60 s and lying 30 s)."
    ),
    "Did I walk?": "Yes, you were walking for 60 s: 0:40–1:40.",
}


@pytest.mark.parametrize(("question", "answer"), WHILE_STILL.items())
def test_where_postures_merge_the_answer_says_so(still_in_parts: KnownRecording, question: str, answer: str):
    assert ground(question, [still_in_parts]).answer == answer
