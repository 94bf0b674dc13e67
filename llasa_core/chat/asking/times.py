"""Times that a question names: `at 3:20`, `between 1:00 and 2:30`, `the last minute`, `after 90 s`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from llasa_core.chat.spans import Span

if TYPE_CHECKING:
    from llasa_core.timeline.timeline import Timeline

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86400.0
_UNITS = {"s": 1.0, "sec": 1.0, "second": 1.0, "m": 60.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hr": 3600.0}
_UNITS |= {"hour": 3600.0}
_LENGTH = (
    r"(?:(?P<{p}n>\d+(?:\.\d+)?) ?-?(?P<{p}u>hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\b"
    r"(?:(?: and)? (?P<{p}n2>\d+(?:\.\d+)?) ?(?P<{p}u2>minutes?|mins?|m|seconds?|secs?|s)\b)?)"
)
_CLOCK = (
    r"(?:(?P<{p}a>\d{{1,2}}):(?P<{p}b>\d{{2}})(?::(?P<{p}c>\d{{2}}))?(?P<{p}f>\.\d+)?(?:"
    r" ?(?P<{p}half>[ap])\.?m\b\.?)?)"
)
_MINUTE_N = r"(?:minute (?P<{p}minute>\d+)(?!\d|:)|second (?P<{p}second>\d+)(?!\d|:))"


def _time(prefix: str) -> str:
    """Return a pattern for a moment, its groups named with a prefix."""
    return "(?:" + "|".join(part.format(p=prefix) for part in (_CLOCK, _MINUTE_N, _LENGTH)) + ")"


_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8}
_ORDINAL = r"(?:(?P<word>" + "|".join(_ORDINALS) + r")|(?P<digits>\d+)(?:st|nd|rd|th))"
_BETWEEN = re.compile(
    rf"\b(?:between|from|during)\b (?:about |around )?{_time('x')} ?(?:and|to|until|till|-"
    rf"|through) ?{_time('y')}"
)
_RANGE = re.compile(rf"(?<![\d:.]){_time('x')} ?(?:-|to|until|till) ?{_time('y')}")
_EDGE = re.compile(
    r"\b(?P<edge>first|initial|opening|last|final|past|closing)\b (?:few |bit|part|"
    r"(?P<n>\d+(?:\.\d+)?)? ?-?(?P<u>hours?|minutes?|mins?|seconds?|secs?|(?<=\d )s|(?<=\d)s|half|third|quarter)\b)"
)
_SECOND_HALF = re.compile(r"\b(?:second|other|latter) half\b")
_NTH = re.compile(rf"\b(?:in|during|of|over) the {_ORDINAL} (?P<u>minute|hour)\b")
_AFTER = re.compile(
    rf"\b(?P<which>after|since|from|past|following)\b (?:about |around )?{_time('x')}(?! (?:later"
    rf"|of (?:walk|sit|stand|ly|jog)))"
)
_BEFORE = re.compile(rf"\b(?:before|until|till|up to|by)\b (?:about |around )?{_time('x')}")
_AT = re.compile(
    rf"(?:\b(?:at|around|about|near)\b|@) ?(?:the )?(?:time )?(?:t ?= ?)?(?:exactly |about "
    rf"|around )?{_time('x')}(?! (?:mark )?(?:in all|altogether))"
)
_MARK = re.compile(rf"{_time('x')}(?: mark\b| in(?:to (?:the )?recording)?\b(?! (?:all|total|the)))")
_BARE = re.compile(rf"(?<![\d:.]){_CLOCK.format(p='x')}(?![\d:])")
_ENDS = (
    (re.compile(r"\b(?:at|in|near|towards?) the (?:very )?(?:end|close)\b|\bin the end\b|\blastly\b"), "end"),
    (
        re.compile(
            r"\b(?:at|in|near|from) the (?:very )?(?:beginning|start|outset)\b|\bat first\b|\binitially\b"
            r"|\bto begin with\b"
        ),
        "start",
    ),
    (re.compile(r"\bhalf ?way(?: through)?\b|\b(?:in|at) the middle\b|\bmidway\b"), "middle"),
    (re.compile(r"\b(?:right )?now\b|\bcurrently\b|\bat the moment\b"), "end"),
)
END_S = 6.0
"""What `at the end` means: a window."""

Kind = Literal["at", "span"]


@dataclass(frozen=True)
class Time:
    """A time as a question names it, not yet on any recording's clock."""

    kind: Kind
    """A moment, or a span."""
    start: float | str | None = None
    """Seconds on the clock; `start`, `end`, `middle`; `-60` counts from the end; None is the recording's own start."""
    end: float | None = None
    """Of a span; None is the recording's own end."""
    share: float | None = None
    """`the first half`: share of the recording; below 0 from the end."""
    half: str | None = None
    """`a` or `p`, where the time of day was told so."""
    text: str = ""
    """As it was written."""

    def on(self, timeline: Timeline) -> Span:
        """Return it on a recording's clock: a moment has no length. It may lie outside the recording."""
        first, last = timeline.start_s, timeline.end_s
        if self.share is not None:
            length = abs(self.share) * (last - first)
            return Span(first, first + length) if self.share > 0 else Span(last - length, last)
        match self.start:
            case "start":
                return Span(first, min(first + END_S, last))
            case "end":
                return Span(max(last - END_S, first), last)
            case "middle":
                return Span((first + last) / 2, (first + last) / 2)
        start_s = first if self.start is None else self._on_clock(float(self.start), timeline)
        if self.kind == "at":
            return Span(start_s, start_s)
        end_s = last if self.end is None else self._on_clock(self.end, timeline)
        return Span(min(start_s, end_s), max(start_s, end_s))

    def _on_clock(self, seconds: float, timeline: Timeline) -> float:
        if seconds < 0:
            return max(timeline.start_s, timeline.end_s + seconds)
        if self.text.startswith(("first", "initial", "opening")):
            return min(timeline.end_s, timeline.start_s + seconds)
        of_day = _of_day(seconds, self.half, timeline)
        return seconds if of_day is None else of_day


def find_time(text: str) -> tuple[Time | None, str]:
    """Return the time that a plain question names, and the question without it."""
    for pattern, make in _WAYS:
        match = pattern.search(text)
        if match is not None and (found := make(match)) is not None:
            return found, f"{text[: match.start()]} {text[match.end() :]}"
    return None, text


def _seconds(match: re.Match[str], p: str) -> float | None:
    groups = match.groupdict()
    if groups.get(f"{p}a") is not None:
        a, b, c = groups[f"{p}a"], groups[f"{p}b"], groups[f"{p}c"]
        fraction = float(f"0{groups[f'{p}f'] or ''}" if groups[f"{p}f"] else 0)
        return int(a) * 3600.0 + int(b) * 60 + int(c) + fraction if c else int(a) * 60.0 + int(b) + fraction
    if groups.get(f"{p}minute") is not None:
        return 60.0 * int(groups[f"{p}minute"])
    if groups.get(f"{p}second") is not None:
        return float(groups[f"{p}second"])
    if groups.get(f"{p}n") is None:
        return None
    seconds = float(groups[f"{p}n"]) * _unit_s(groups[f"{p}u"])
    if groups.get(f"{p}n2") is not None:
        seconds += float(groups[f"{p}n2"]) * _unit_s(groups[f"{p}u2"])
    return seconds


def _unit_s(word: str) -> float:
    return _UNITS[word] if word in _UNITS else _UNITS[word.removesuffix("s")]


def _half(match: re.Match[str]) -> str | None:
    return match.groupdict().get("xhalf") or match.groupdict().get("yhalf")


def _between(match: re.Match[str]) -> Time | None:
    start, end = _seconds(match, "x"), _seconds(match, "y")
    if start is None or end is None:
        return None
    return Time("span", start, end, half=_half(match), text=match[0])


def _edge(match: re.Match[str]) -> Time | None:
    sign = 1 if match["edge"] in {"first", "initial", "opening"} else -1
    shares = {"half": 0.5, "third": 1 / 3, "quarter": 0.25, None: 0.25}
    if match["u"] in shares:
        return Time("span", share=sign * shares[match["u"]], text=match[0])
    if match["n"] is None and match["u"].endswith("s") and match["u"] not in {"mins", "secs"}:
        return Time("span", share=sign * 0.25, text=match[0])
    seconds = float(match["n"] or 1) * _unit_s(match["u"])
    return Time("span", 0.0, seconds, text=match[0]) if sign > 0 else Time("span", -seconds, None, text=match[0])


def _nth(match: re.Match[str]) -> Time:
    number = _ORDINALS[match["word"]] if match["word"] else int(match["digits"])
    unit_s = _unit_s(match["u"])
    return Time("span", (number - 1) * unit_s, number * unit_s, text=match[0])


def _after(match: re.Match[str]) -> Time | None:
    start = _seconds(match, "x")
    return None if start is None else Time("span", start, None, half=_half(match), text=match[0])


def _before(match: re.Match[str]) -> Time | None:
    end = _seconds(match, "x")
    return None if end is None else Time("span", None, end, half=_half(match), text=match[0])


def _at(match: re.Match[str]) -> Time | None:
    at = _seconds(match, "x")
    return None if at is None else Time("at", at, half=_half(match), text=match[0])


_WAYS = (
    (_BETWEEN, _between),
    (_RANGE, _between),
    (_SECOND_HALF, lambda match: Time("span", share=-0.5, text=match[0])),
    (_NTH, _nth),
    (_EDGE, _edge),
    (_AFTER, _after),
    (_BEFORE, _before),
    (_AT, _at),
    (_MARK, _at),
    (_BARE, _at),
    *((pattern, lambda match, which=which: Time("at", which, text=match[0])) for pattern, which in _ENDS),
)
"""Tried in this order; the first that is found counts."""


def _of_day(seconds: float, half: str | None, timeline: Timeline) -> float | None:
    """Return a time of day on a recording's clock, where that was meant: with am or pm, or outside of it."""
    if timeline.since_1970_s is None:
        return None
    if half is None and timeline.start_s <= seconds <= timeline.end_s:
        return None
    of_day_s = seconds if seconds >= HOUR_S else seconds * MINUTE_S  # `14:05` was read as minutes and seconds
    if half == "p" and of_day_s < DAY_S / 2:
        of_day_s += DAY_S / 2
    began = datetime.fromtimestamp(timeline.since_1970_s + timeline.start_s, UTC).astimezone()
    for days in (0, 1):
        midnight = began.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
        on_clock = midnight.timestamp() + of_day_s - timeline.since_1970_s
        if timeline.start_s <= on_clock <= timeline.end_s:
            return on_clock
    return None
