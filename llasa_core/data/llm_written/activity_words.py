"""Which activities a text names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.data.llm_written.wrong import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SAID_AS = {
    "climbing stairs": r"(?:walk|go|step)(?:s|es|ing)? (?:up (?:the )?stairs|upstairs)|upstairs"
    r"|(?:climb|ascend)(?:s|ing)? (?:the |a )?(?:flight of )?(?:stairs|staircase|steps)|stair[- ]climbing",
    "descending stairs": r"(?:walk|go|step)(?:s|es|ing)? (?:down (?:the )?stairs|downstairs)|downstairs"
    r"|descend(?:s|ing)? (?:the |a )?(?:flight of )?(?:stairs|staircase|steps)|stair[- ]descen(?:t|ding)",
    "walking": r"walk(?:s|ing|er)?|strolling",
    "jogging": r"jog(?:s|ging)?|running(?! (?:from|along|at))",
    "biking": r"bik(?:es|ing)|cycl(?:es|ing)(?! of)|bicycl\w+|riding a (?:bike|bicycle)|pedal\w*",
    "sitting": r"sit(?:s|ting)?|seated",
    "standing": r"standing(?! out)|stands(?! out)",
    "lying": r"lying(?! (?:along|on the [xyz]|within|between|in the|near|at))|lies down|lie down",
}
_OTHERS = (
    "danc",
    "swimm",
    "driv",
    "sleep",
    "jump",
    "hopp",
    "skipp",
    "rowing",
    "exercis",
    "stretching",
    "cooking",
    "eating",
    "cleaning",
    "falling",
    "fell",
    "crawl",
    "sprint",
    "hiking",
    "marching",
    "stair",
)
"""Beginnings of words for what people do; each is wrong unless it is in the window's own activity."""
_NOT = r"(?:\b(?:not|never|rather than|instead of|no longer|without|unlike)\b|n't\b)(?:\W+\w+){0,2}\W+$"


def named_activities(text: str, activities: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the activities that a text names, in whatever words, and where; longer names are found first.

    Args:
        text: any text.
        activities: what labels there are; words that mean one of them count as it.
    """
    own = set(activities)
    words = {name: re.escape(name) for name in own}
    for name, text_of in _SAID_AS.items():
        words[name] = f"{words[name]}|{text_of}" if name in words else text_of
    left = text
    for name in sorted(words, key=len, reverse=True):
        for match in re.finditer(rf"\b(?:{words[name]})\b", left, re.IGNORECASE):
            yield name, match.start()
            left = left[: match.start()] + "#" * len(match[0]) + left[match.end() :]
    for beginning in _OTHERS:
        for match in re.finditer(rf"\b{beginning}\w*", left, re.IGNORECASE):
            yield match[0].lower(), match.start()


def is_said_of(text: str, activity: str | None, activities: Iterable[str]) -> bool:
    """Return whether a text says that it is the window's own activity; False where it names none.

    Raises:
        Wrong: it names another, or denies its own.
    """
    is_named = False
    for name, at in named_activities(text, activities):
        if name != activity:
            label = f"the activity is {activity}" if activity else "nobody labelled the activity"
            raise Wrong("another activity", f'it names "{name}"; {label}, and no other may be named')
        if is_denied(text, at):
            raise Wrong("another activity", f'it denies "{activity}", which is the activity')
        is_named = True
    return is_named


def is_denied(text: str, at: int) -> bool:
    """Return whether what stands at a position is said not to be so."""
    return re.search(_NOT, text[max(0, at - 60) : at], re.IGNORECASE) is not None
