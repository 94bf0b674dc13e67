"""Questions about the activity that a label names.

An answer's form follows from its question, so that what is left to learn is the activity. No question gives it away:
open ones name none, in yes/no questions half of the answers are yes, and a wrong activity is drawn evenly from the
others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.grounded.measured import Claim, Said
from llasa_core.data.grounded.words import doing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.grounded.draw import Draw

PLAIN_QUESTION = "What is the person doing?"
"""Asked most often, and by closed-set evaluation."""
PLAIN_SHARE = 0.4
"""How often; the other phrasings share the rest equally."""

OTHER_PHRASINGS = (
    "What is this person doing?",
    "What is the wearer of the sensor doing?",
    "What is the person who carries this device doing?",
    "What was the person doing while this was recorded?",
    "What would you say the person is doing?",
    "What activity is this?",
    "What kind of activity is this?",
    "What activity does this recording show?",
    "What activity is the person engaged in?",
    "Which activity was recorded?",
    "Which activity best describes this recording?",
    "Which activity do these sensor readings come from?",
    "What is happening in this recording?",
    "What is going on here?",
    "What is the person up to?",
    "How would you label this recording?",
    "From this motion data, what is the person doing?",
    "Judging by the accelerometer and gyroscope, what is the person doing?",
    "What does the motion data say the person is doing?",
    "Name the activity.",
    "Name the person's activity.",
    "Classify this recording by activity.",
    "Identify the activity in this recording.",
    "Tell me what the person is doing.",
)

_YES_NO = (
    "Is the person {doing}?",
    "Is this person {doing}?",
    "Is the wearer of the sensor {doing}?",
    "Does this recording show a person {doing}?",
    "Does the motion data come from someone {doing}?",
    "Would you say the person is {doing}?",
    "Was the person {doing} while this was recorded?",
)

_CHOOSE = (
    "What is the person doing: {options}?",
    "Which of these is the person doing: {options}?",
    "Which of these activities was recorded: {options}?",
    "Choose the activity in this recording: {options}.",
    "Which one is it: {options}?",
    "Which label fits this recording: {options}?",
)
FEWEST_OPTIONS, MOST_OPTIONS = 3, 6
"""Of a list to choose from; now and then it holds all activities."""

_CAPTIONS = (
    ("Describe this recording.", "The person is {doing}."),
    ("Describe this recording in one sentence.", "This recording shows a person {doing}."),
    ("Write a caption for this recording.", "A person {doing}."),
    ("What does this recording show?", "It shows a person {doing}."),
    ("Describe what the sensor recorded.", "The sensor recorded a person {doing}."),
)
_CAPTIONS_ON_MOVING = (
    ("Describe the recording and say whether the person moves.", "The person is {moving}, {doing}."),
    ("Describe how the person moves, if at all.", "{Doing}: the person is {moving}."),
    ("Summarise this recording.", "A person {moving}, {doing}."),
)
_MOVES = {
    "walking": True,
    "climbing stairs": True,
    "descending stairs": True,
    "jogging": True,
    "biking": True,
    "sitting": False,
    "standing": False,
    "lying": False,
}
"""True of the label itself, whatever the signal; an activity that is not here gets no such claim."""


def activity_answer(activity: str) -> str:
    """Return the answer to "What is the person doing?": `Climbing stairs.`; closed-set evaluation scores these."""
    return activity.capitalize() + "."


def what(draw: Draw, activity: str) -> tuple[str, Said]:
    """Return an open question, and the activity."""
    question = PLAIN_QUESTION if draw.chance(PLAIN_SHARE) else draw.one(OTHER_PHRASINGS)
    return question, Said(activity_answer(activity), (Claim("activity", activity),))


def yes_no(draw: Draw, activity: str, others: Sequence[str]) -> tuple[str, Said]:
    """Return a question whether it is some activity, and yes or no."""
    is_yes = draw.chance(0.5)
    asked = activity if is_yes else draw.one(others)
    claims = (Claim("activity", activity), Claim("asked", asked), Claim("answer", "yes" if is_yes else "no"))
    return draw.one(_YES_NO).format(doing=doing(asked)), Said("Yes." if is_yes else f"No, {activity}.", claims)


def choose(draw: Draw, activity: str, others: Sequence[str]) -> tuple[str, Said]:
    """Return a question which of some activities it is, and the one."""
    n_all = len(others) + 1
    n_options = min(draw.one([*range(FEWEST_OPTIONS, MOST_OPTIONS + 1), n_all]), n_all)
    options = draw.shuffled([activity, *draw.shuffled(others)[: n_options - 1]])
    listed = ", ".join(options[:-1]) + " or " + options[-1]
    return draw.one(_CHOOSE).format(options=listed), Said(activity_answer(activity), (Claim("activity", activity),))


def short_caption(draw: Draw, activity: str, activities: Sequence[str]) -> tuple[str, Said]:
    """Return a request for a caption, and one that tells the activity alone."""
    # If only some activities could be asked about moving, the question itself would tell which.
    is_moving_known = all(name in _MOVES for name in (activity, *activities))
    question, answer = draw.one(_CAPTIONS + _CAPTIONS_ON_MOVING if is_moving_known else _CAPTIONS)
    claims = [Claim("activity", activity)]
    moving = "in motion" if _MOVES.get(activity) else "staying in place"
    words = doing(activity)
    return question, Said(answer.format(doing=words, Doing=words.capitalize(), moving=moving), tuple(claims))
