"""What a model says is held against timeline and facts; what they do not support is marked, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llasa_core.chat.check import check
from llasa_core.chat.ground import ground

if TYPE_CHECKING:
    from llasa_core.chat.known_recording import KnownRecording

OPEN = "Is this a good recording?"

SUPPORTED = (
    "The person is walking.",
    "Walking for 47.5 s, from 2:19 to 3:06.",
    "The person walks once and descends the stairs three times.",
    "A person climbing stairs for about 89 seconds in all.",
    "The person is not sitting at the end.",
    "Walking at about 109 steps a minute, 176 mg.",
    "The recording lasts 5 minutes.",
    "It moves about.",
)
UNSUPPORTED = {
    "The person is jogging.": ("jogging", "activity", "jogging is not on the timeline here"),
    "The person walks for 210 s.": ("210 s", "duration", "nothing on the timeline lasts 3 min 30 s"),
    "Walking from 2:40 on.": ("2:40", "time", "nothing begins or ends at 2:40 on the timeline"),
    "The person sits down nine times.": ("nine times", "count", "nothing on the timeline happens 9 times"),
    "About 180 steps a minute.": ("180 steps a minute", "number", "180 steps/min is no measured value here"),
    "They took 5,000 steps.": ("5,000 steps", "count", "the rhythm gives about"),
    "It is dancing.": ("dancing", "activity", "dancing is not among the activities"),
}


@pytest.mark.parametrize("text", SUPPORTED)
def test_what_is_so_gets_no_mark(mix: KnownRecording, text: str):
    assert check(text, ground(OPEN, [mix])) == ()


@pytest.mark.parametrize("text", UNSUPPORTED)
def test_what_is_not_so_is_marked_with_what_is(mix: KnownRecording, text: str):
    wanted, kind, why = UNSUPPORTED[text]

    (mark,) = check(text, ground(OPEN, [mix]))

    assert (mark.text, mark.kind) == (wanted, kind)
    assert text[mark.start : mark.end] == wanted
    assert mark.why.startswith(why)


def test_an_activity_is_held_against_the_part_that_is_asked_about(mix: KnownRecording):
    grounded = ground("Describe the movement at 0:20.", [mix])

    assert check("Standing.", grounded) == ()
    assert [mark.why for mark in check("Walking.", grounded)] == [
        "walking is not on the timeline here; it shows standing"
    ]


def test_a_composed_answer_needs_no_check(mix: KnownRecording):
    assert check("The person flies for 400 hours.", ground("How long was I walking?", [mix])) == ()
