"""Short answers, which only their question gives a meaning: yes and no, none, an axis, which of two."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from llasa_core.data.audit.words import YES
from llasa_core.data.llm_written import phrases
from llasa_core.data.llm_written.mentions import mentions
from llasa_core.data.llm_written.number_check import AXES
from llasa_core.evaluate.open_ended.claims.found import Found, held_against
from llasa_core.evaluate.open_ended.claims.which_window import windows_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.grounded.measured import Measured

YES_NO = ("rhythmic", "changes_posture", "same_posture", "same_activity", "moving")
WITHOUT_VALUE = ("cadence_spm", "dominant_hz", "symmetry", "strongest_acc", "strongest_gyr", "up_axis")
"""Facts that a window may lack, which is then the answer."""
BETWEEN = ("more_vigorous", "faster")
_NONE = re.compile(
    r"^\W*(?:none|no(?= (?:axis|steps|cadence|rhythm|frequency))|neither|not defined|there is none)\b", re.IGNORECASE
)
_NOT_AT_ALL = re.compile(r"^\W*(?:not at all|it does not turn)", re.IGNORECASE)
_ALIKE = re.compile(r"\b(?:alike|same|equal|similar|no difference|none stands out)\b", re.IGNORECASE)
_DIFFERENT = re.compile(r"\b(?:different|differs?|not the same)\b", re.IGNORECASE)
_STILL = re.compile(r"^\W*still\b", re.IGNORECASE)
_MOVES = re.compile(r"^\W*moving\b|\bit moves\b", re.IGNORECASE)


def asked_claims(text: str, asked: Sequence[str], windows: Sequence[Measured], *, is_declined: bool) -> Iterator[Found]:
    """Yield what an answer says of the facts that its question is about, as far as no other words say it.

    Args:
        text: the answer.
        asked: facts that the question is about.
        windows: what was measured.
        is_declined: whether it says that the recording does not tell.
    """
    values: dict[str, Any] = {}
    yes_no = [fact for fact in YES_NO if fact in asked]
    if yes_no and (YES.match(text) or re.match(r"no\b", text, re.IGNORECASE)):
        values[yes_no[0]] = bool(YES.match(text))
    if "same_activity" in asked and "same_activity" not in values:
        values |= _same(text)
    if _NONE.match(text) or is_declined:
        values |= {fact: None for fact in WITHOUT_VALUE if fact in asked}
    if "heading_deg" in asked and _NOT_AT_ALL.match(text):
        values["heading_deg"] = 0
    if "intensity" in asked and _STILL.match(text):
        values["intensity"] = "still"
    if "moving" in asked and _MOVES.search(text):
        values["moving"] = True
    values |= _axes(text, asked)
    values |= _among(text, asked, len(windows))
    yield from (held_against(fact, value, windows) for fact, value in values.items())
    if "up_angle_deg" in asked:
        angles = [mention.value for mention in mentions(text) if mention.unit == "deg"]
        yield from (held_against("up_angle_deg", angle, windows) for angle in angles)


def asks_for_a_value(asked: Sequence[str]) -> bool:
    """Return whether a question asks for one value that a window may lack, so that to decline is to say so."""
    return set(asked) <= {*WITHOUT_VALUE, "moving", "step_hz"}


def _same(text: str) -> dict[str, Any]:
    if _DIFFERENT.search(text):
        return {"same_activity": False}
    return {"same_activity": True} if _ALIKE.search(text) else {}


def _axes(text: str, asked: Sequence[str]) -> dict[str, Any]:
    named = {axis for axis, word in AXES.items() if word.search(text)}
    if len(named) != 1:
        return {}
    axis = named.pop()
    values: dict[str, Any] = {fact: axis for fact in ("strongest_acc", "strongest_gyr") if fact in asked}
    is_down = phrases.DOWN.search(text)
    if "up_axis" in asked and (is_down or phrases.UP.search(text)):
        values["up_axis"] = f"{'-' if is_down else '+'}{axis}"
    return values


def _among(text: str, asked: Sequence[str], n_windows: int) -> dict[str, Any]:
    """Return which window an answer says is more so than the others."""
    values: dict[str, Any] = {}
    named = windows_named(text.split(",", maxsplit=1)[0].split(":", maxsplit=1)[0], n_windows)
    for fact in BETWEEN:
        if fact not in asked:
            continue
        if re.match(r"\W*(?:neither|none)\b(?! stands)", text, re.IGNORECASE) and fact == "faster":
            values[fact] = None
        elif _ALIKE.search(text):
            values[fact] = "alike"
        elif len(named) == 1:
            values[fact] = ("first", "second")[named[0]]
    if "most_vigorous" in asked:
        if _ALIKE.search(text) or _NONE.match(text):
            values["most_vigorous"] = None
        elif len(named) == 1:
            values["most_vigorous"] = named[0] + 1
    return values
