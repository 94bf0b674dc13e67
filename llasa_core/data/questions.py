"""Templated questions about a window whose activity is known.

What is asked depends on the seed and the window's id alone, so any number of workers in any order gives the same text.
An answer's form follows from its question, so that what is left to learn is the activity.
"""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from llasa_core.data.qa import SENSOR, QaItem, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.qa import Kind, WindowRef

T = TypeVar("T")

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


class _Exchange(NamedTuple):
    question: str
    answer: str
    facts: dict[str, Any]


def activity_answer(activity: str) -> str:
    """Return the answer to "What is the person doing?": `Climbing stairs.`; closed-set evaluation scores these."""
    return activity.capitalize() + "."


def questions_for(
    window_id: str, ref: WindowRef, subject: str, activity: str | None, activities: Sequence[str], seed: int
) -> list[QaItem]:
    """Return the QA items of one window: a plain question, a conversation, a choice or yes/no, and a caption.

    Where the data knows one activity only, nothing can be chosen: the plain question and the caption remain.

    Args:
        window_id: unique in the data folder; begins each item's id.
        ref: where the window is stored.
        subject: whose window it is.
        activity: what the person does; a window without a label gets no items.
        activities: all activities in the data, always in the same order; wrong options are drawn from them.
        seed: of the whole data folder.
    """
    if activity is None:
        return []
    draw = _Draw(seed, window_id)
    others = [name for name in activities if name != activity]
    talks: list[tuple[Kind, int, list[_Exchange]]] = [("activity", 0, [_what(draw, activity)])]
    if others:
        conversation = [_what(draw, activity), _yes_no(draw, activity, others), _choose(draw, activity, others)]
        choice = _choose if draw.chance(0.5) else _yes_no
        talks.append(("activity", 1, draw.shuffled(conversation)))
        talks.append(("activity", 2, [choice(draw, activity, others)]))
    talks.append(("caption", 0, [_caption(draw, activity, activities)]))
    return [
        QaItem(f"{window_id}/{kind}-{number}", (ref,), kind, subject, _turns(talk), _facts(talk))
        for kind, number, talk in talks
    ]


class _Draw:
    """Random choices that seed and window id decide.

    Only `random()` is used: it alone is promised to give the same numbers in every version of Python.
    """

    def __init__(self, seed: int, window_id: str) -> None:
        digest = hashlib.blake2b(f"{seed}/{window_id}".encode(), digest_size=8).digest()
        self._random = random.Random(int.from_bytes(digest, "big")).random  # noqa: S311 - no secret depends on it

    def chance(self, probability: float) -> bool:
        return self._random() < probability

    def one(self, options: Sequence[T]) -> T:
        return options[int(self._random() * len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        return sorted(options, key=lambda _: self._random())


def _what(draw: _Draw, activity: str) -> _Exchange:
    question = PLAIN_QUESTION if draw.chance(PLAIN_SHARE) else draw.one(OTHER_PHRASINGS)
    return _Exchange(question, activity_answer(activity), {"activity": activity})


def _yes_no(draw: _Draw, activity: str, others: Sequence[str]) -> _Exchange:
    is_yes = draw.chance(0.5)
    asked = activity if is_yes else draw.one(others)
    facts = {"activity": activity, "asked": asked, "answer": "yes" if is_yes else "no"}
    return _Exchange(draw.one(_YES_NO).format(doing=_doing(asked)), "Yes." if is_yes else f"No, {activity}.", facts)


def _choose(draw: _Draw, activity: str, others: Sequence[str]) -> _Exchange:
    n_all = len(others) + 1
    n_options = min(draw.one([*range(FEWEST_OPTIONS, MOST_OPTIONS + 1), n_all]), n_all)
    options = draw.shuffled([activity, *draw.shuffled(others)[: n_options - 1]])
    listed = ", ".join(options[:-1]) + " or " + options[-1]
    facts = {"activity": activity, "options": options}
    return _Exchange(draw.one(_CHOOSE).format(options=listed), activity_answer(activity), facts)


def _caption(draw: _Draw, activity: str, activities: Sequence[str]) -> _Exchange:
    # If only some activities could be asked about moving, the question itself would tell which.
    is_moving_known = all(name in _MOVES for name in (activity, *activities))
    question, answer = draw.one(_CAPTIONS + _CAPTIONS_ON_MOVING if is_moving_known else _CAPTIONS)
    facts: dict[str, Any] = {"activity": activity}
    if "{moving}" in answer:
        facts["moving"] = _MOVES[activity]
    moving = "in motion" if _MOVES.get(activity) else "staying in place"
    doing = _doing(activity)
    return _Exchange(question, answer.format(doing=doing, Doing=doing.capitalize(), moving=moving), facts)


def _doing(activity: str) -> str:
    """Return the words after "the person is"; a label that is no verb, such as `bench press`, needs one."""
    if activity == "lying":
        return "lying down"  # alone, it could also be about the truth
    return activity if activity.split(" ", maxsplit=1)[0].endswith("ing") else f"doing {activity}"


def _turns(talk: Sequence[_Exchange]) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for exchange in talk:
        placeholder = "" if turns else SENSOR + "\n"
        turns += (Turn("human", placeholder + exchange.question), Turn("gpt", exchange.answer))
    return tuple(turns)


def _facts(talk: Sequence[_Exchange]) -> dict[str, Any]:
    return {key: value for exchange in talk for key, value in exchange.facts.items()}
