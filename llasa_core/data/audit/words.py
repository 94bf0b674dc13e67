"""Words that tell what a question or an answer is about."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from llasa_core.data.llm_written.mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator

_SENSORS = {
    "acc": re.compile(r"\bacceler\w*|\bgravity\b|m/s²|m/s\^?2", re.IGNORECASE),
    "gyr": re.compile(r"\bgyr\w*|\bangular\b|\brotat\w*|rad/s|\bturn(?:s|ing|ed)?\b", re.IGNORECASE),
}
_UNITS = {"acc": {"m/s^2", "g", "mg"}, "gyr": {"rad/s", "deg/s"}}
_SAID_AS = {
    "climbing stairs": r"climb\w* (?:the )?(?:stairs|steps)|(?:walk|go)ing up(?:stairs| the stairs)|upstairs",
    "descending stairs": r"descend\w* (?:the )?(?:stairs|steps)|(?:walk|go)ing down(?:stairs| the stairs)|downstairs",
    "walking": r"walk(?:s|ing)?",
    "jogging": r"jog(?:s|ging)?|running",
    "biking": r"biking|cycling|riding a (?:bike|bicycle)",
    "sitting": r"sitting|seated",
    "standing": r"standing(?! out)",
    "lying": r"lying(?: down)?(?! along| on the [xyz]| within| between)",
}
_YES_NO = re.compile(
    r"^(?:is|are|was|were|does|do|did|can|could|would|has|have|should|will|might|may)\b", re.IGNORECASE
)
YES, NO = re.compile(r"^yes\b", re.IGNORECASE), re.compile(r"^no\b[,.]", re.IGNORECASE)


def sensors_of(text: str, *, with_units: bool = False) -> set[str]:
    """Return which sensors a text speaks of: `acc`, `gyr`.

    Args:
        text: a question or an answer.
        with_units: whether numbers in a sensor's units count too.
    """
    found = {sensor for sensor, words in _SENSORS.items() if words.search(text)}
    if with_units and any(letter.isdigit() for letter in text):
        units = {mention.unit for mention in mentions(text)}
        found |= {sensor for sensor, its in _UNITS.items() if units & its}
    return found


def is_yes_no(question: str) -> bool:
    """Return whether a question is answered by yes or no."""
    return bool(_YES_NO.match(question))


def activities_in(text: str, activities: tuple[str, ...]) -> Iterator[str]:
    """Yield the activities that a text names, in its order.

    Args:
        text: any.
        activities: names besides those of the one vocabulary.
    """
    for match in _pattern(activities).finditer(text):
        name = match.lastgroup
        yield _names(activities)[int(name[1:])] if name else match[0]


@lru_cache(maxsize=16)
def _names(activities: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*_SAID_AS, *activities}, key=lambda name: (-len(name), name)))


@lru_cache(maxsize=16)
def _pattern(activities: tuple[str, ...]) -> re.Pattern[str]:
    groups = (
        f"(?P<a{nth}>{re.escape(name)}{f'|{_SAID_AS[name]}' if name in _SAID_AS else ''})"
        for nth, name in enumerate(_names(activities))
    )
    return re.compile(rf"\b(?:{'|'.join(groups)})\b", re.IGNORECASE)
