"""What a question asks, as far as its words tell; which part of a recording that is, is decided later."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llasa_core.chat.asking.cannot_tell import (
    DATE,
    SOMETHING_ELSE,
    CannotTell,
    asks_for_date,
    cannot_tell,
    is_about_motion,
)
from llasa_core.chat.asking.polar import is_polar
from llasa_core.chat.asking.quantities import pick_of, quantity_of
from llasa_core.chat.asking.signal import NOTHING_NAMED, OfSignal, of_signal, signal_quantity_of
from llasa_core.chat.asking.targets import Target, find_targets
from llasa_core.chat.asking.times import find_time
from llasa_core.chat.asking.wording import plain

if TYPE_CHECKING:
    from llasa_core.chat.asking.quantities import Quantity
    from llasa_core.chat.asking.times import Time

_FOLLOWS = re.compile(
    r"^(?:and|but|so|then|also|ok(?:ay)?|what about|how about|plus|now)\b"
    r"|^(?:the )?same (?:for|question)|\binstead\b"
    r"|^(?:only|just|no,)|^(?:in|on|at|for|between|after|before|during|while|from) [^?]*\??$"
    r"|\b(?:that|those|it|(?<!were )(?<!was )(?<!are )(?<!is )there)\??$"
    r"|\b(?:after|before|during|in|by) (?:that|this|it)\b|\b(?:then|afterwards?|next)\??$|^why\b"
    r"|\bof (?:these|those|them)\b"
)
_AFTER_THAT = re.compile(
    r"\b(?:after|since|following) (?:that|this|it|then)\b|\b(?:afterwards?|next)\b|\bthen\??$"
    r"|^(?:and )?then\b"
)
_BEFORE_THAT = re.compile(r"\bbefore (?:that|this|it|then)\b|\b(?:beforehand|previously)\b")
_IN_THAT = re.compile(
    r"\b(?:during|in|within|over) (?:that|this|these|those)(?: (?:time|stretch|period|part|minute"
    r"|segment))?s?\b|\b(?<!were )(?<!was )(?<!are )(?<!is )there\??$|\bmeanwhile\b"
)
_RECORDING = re.compile(
    r"\b(?:recording|file|session|part|clip|window) (?P<a>1|2|3|4|one|two|three|four|a|b|c|d)\b"
    r"|\b(?P<b>first|second|third|fourth|last|other) (?:recording|file|session)\b"
    r"|\bin the (?P<c>other) one\b"
)
_WHICH = {"1": 0, "one": 0, "a": 0, "first": 0, "2": 1, "two": 1, "b": 1, "second": 1, "3": 2, "three": 2, "c": 2}
_WHICH |= {"third": 2, "4": 3, "four": 3, "d": 3, "fourth": 3, "last": -1, "other": 1}
_ALL = re.compile(
    r"\bboth\b|\beach\b|\bthe (?:two|three) (?:recordings|files|sessions)\b"
    r"|\ball (?:the )?(?:recordings|files)\b"
)
_WORD = re.compile(r"[a-z]")
_YOU = re.compile(r"\b(?:i|me|my|mine|myself)\b")
_WHOLE = re.compile(r"\b(?:in all|altogether|in total|overall|whole|entire|all day|all the time|throughout)\b")
_START = re.compile(r"\b(?:start(?:ed|s|ing)?|began|begin(?:s|ning)?)\b")
_END = re.compile(r"\b(?:stop(?:ped|s)?|end(?:ed|s)?|finish(?:ed|es)?)\b")
_DURING = re.compile(
    r"\b(?:while|whilst|when|during|as|in|of|for|from)(?: (?:i|he|she|they|we|the \w+)(?: (?:was|were|is|am|are))?| my"
    r"| the)? $"
)
_ON = re.compile(r"(?:on|in|at|using|while) (?!rest)")
_WHEN = re.compile(r"\bwhen\b")
_FIRST, _LAST = re.compile(r"\bfirst\b"), re.compile(r"\blast\b")


@dataclass(frozen=True)
class Asked:
    """What the words of a question say."""

    quantity: Quantity | None
    """What is asked for; None where only a model may know."""
    targets: tuple[Target, ...] = ()
    """The activities whose length, count, … is asked for, or in which something is asked for."""
    event: Target | None = None
    """The activity that a question is about the time after or before of."""
    time: Time | None = None
    """When."""
    back: str = ""
    """`after`, `before` or `in` what the question before was about."""
    pick: str | None = None
    """`longest`, `shortest`, `most` or `least`: one stretch of several."""
    edge: str = ""
    """`start` or `end`: when it began, when it ended."""
    nth: int | None = None
    """1 is the first, -1 the last, where no activity is named with it."""
    recording: int | None = None
    """Which of several recordings; None is the only one, or all."""
    is_of_all: bool = False
    """`both recordings`."""
    is_follow_up: bool = False
    """It may lack words that the question before had."""
    cannot: CannotTell | None = None
    """What motion cannot tell."""
    is_about_me: bool = False
    """It says `I`."""
    is_whole: bool = False
    """`in all`, `the whole recording`."""
    is_polar: bool = False
    """It is answered by yes or no."""
    signal: OfSignal = NOTHING_NAMED
    """Which channels and which statistic of them."""
    plain: str = ""
    """The question as it was read."""


def read_question(question: str) -> Asked:
    """Return what a question asks, as far as its own words tell."""
    text = plain(question)
    bare = text.rstrip(" ?.!")
    recording, text = _recording(text)
    of_the_signal = signal_quantity_of(text)
    time, without_time = find_time(text)
    if of_the_signal == "trend" and time is not None and time.share in {0.5, -0.5}:
        time = None  # both halves are named
    if is_polar(text):
        without_time = _WHEN.sub("while", without_time)  # `was I calm when I sat?` asks for no time
    found = find_targets(without_time)
    event = next((one for one in found if one.relation in {"after", "before"}), None)
    targets = tuple(one for one in found if one is not event)
    if of_the_signal is not None:  # in `between which values does it lie?` nobody lies
        targets = tuple(
            one for one in targets if _DURING.search(without_time[: one.at]) or _ON.match(without_time, one.at)
        )
    quantity = of_the_signal or quantity_of(without_time)
    back = _back(without_time) if event is None else ""
    if back in {"after", "before"} and targets:  # `the second time I sat, what came next?`
        event, targets, back = replace(targets[0], relation=back), targets[1:], ""
    asked = Asked(
        quantity=quantity,
        targets=targets,
        event=event,
        time=time,
        back=back,
        pick=pick_of(without_time),
        edge="end" if _END.search(without_time) else "start" if _START.search(without_time) else "",
        nth=-1 if _LAST.search(without_time) else 1 if _FIRST.search(without_time) else None,
        recording=recording,
        is_of_all=_ALL.search(text) is not None,
        is_follow_up=_FOLLOWS.search(bare) is not None or back != "",
        cannot=cannot_tell(text, is_of_signal=of_the_signal is not None) or (DATE if asks_for_date(text) else None),
        is_about_me=_YOU.search(text) is not None,
        is_whole=_WHOLE.search(text) is not None,
        is_polar=is_polar(text),
        signal=of_signal(text),
        plain=plain(question),
    )
    return _settled(asked)


def _settled(asked: Asked) -> Asked:
    """Decide where the words leave it open."""
    quantity = asked.quantity
    if quantity == "whether" and not asked.targets and not asked.is_follow_up and asked.time is None:
        quantity = None  # `is this a good recording?`
    if quantity == "when" and asked.event is not None and not asked.targets:
        quantity = "what"
    if quantity == "whether" and not asked.is_polar and len(asked.targets) > 1 and asked.time is None:
        quantity = "compare"  # `was I sitting or standing?`
    if quantity in {"what", "describe"} and _is_bare_what(asked):
        quantity = "activity" if quantity == "what" else "describe"
    quantity = _by_size(asked, quantity)
    if quantity is None and asked.time is not None and not asked.is_follow_up:
        quantity = "what"
    if quantity is None and _is_of_something_else(asked):
        asked = replace(asked, cannot=SOMETHING_ELSE)
    if asked.cannot is not None:
        quantity = asked.cannot.instead or None  # type: ignore[assignment]
    return replace(asked, quantity=quantity)


def _by_size(asked: Asked, quantity: Quantity | None) -> Quantity | None:
    """Return what the longest, the most vigorous, … is asked by, where no other word says it."""
    if quantity == "most" and asked.pick in {"most", "least"}:
        return "intensity"  # `the most vigorous part`
    if quantity is not None or asked.pick is None:
        return quantity
    if asked.pick in {"longest", "shortest"}:
        return None if asked.cannot else "duration"
    return "cadence" if "step" in asked.plain else "intensity" if asked.targets else None


def _is_of_something_else(asked: Asked) -> bool:
    """Return whether no word of a question is about motion, and it leans on no question before."""
    has_part = asked.targets or asked.event or asked.time or asked.recording is not None or asked.is_of_all
    is_alone = not (has_part or asked.is_follow_up or asked.cannot or asked.signal.axes)
    return is_alone and not is_about_motion(asked.plain)


def _is_bare_what(asked: Asked) -> bool:
    """Return whether it asks what is done and says nothing of when."""
    has_scope = (
        asked.targets or asked.event or asked.time or asked.back or asked.pick or asked.edge or asked.is_follow_up
    )
    return not has_scope and asked.recording is None and not asked.is_whole and "happen" not in asked.plain


def _back(text: str) -> str:
    if _AFTER_THAT.search(text):
        return "after"
    if _BEFORE_THAT.search(text):
        return "before"
    return "in" if _IN_THAT.search(text) else ""


def _recording(text: str) -> tuple[int | None, str]:
    """Return which recording is meant, and the question without it."""
    found = list(_RECORDING.finditer(text))
    which = {_WHICH[next(filter(None, match.groups()))] for match in found}
    if len(which) != 1:
        return None, text
    first = found[0]
    return which.pop(), f"{text[: first.start()]}recording{text[first.end() :]}"
