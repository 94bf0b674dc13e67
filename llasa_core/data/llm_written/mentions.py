"""Numbers in a text, each with its unit and what stands around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")

# A dash after a digit is that of a range, and no sign.
_NUMBER = re.compile(r"(?<![\w.])[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?![\d])", re.IGNORECASE)
_CLOCK = re.compile(r"(?<![\w.:])(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,2}):(?P<s>[0-5]\d(?:\.\d+)?)(?![\d:])")
"""`0:03.2`, `1:03:20`: a time on a recording's clock, which is a number of seconds."""
_UNITS = (
    ("m/s^2", r"m\s?/\s?s(?:\^?2|²)|m[·\s]?s(?:\^-2|⁻²)|met(?:er|re)s? (?:per|a) second squared"),
    ("rad/s", r"rad(?:ians?)?(?:\s?/\s?s(?:ec(?:ond)?)?| (?:per|a) second)"),
    ("deg/s", r"(?:°|deg(?:ree)?s?)\s?(?:/\s?s(?:ec(?:ond)?)?| ?(?:per|a) second)|dps"),
    ("deg", r"°|deg(?:ree)?s?"),
    ("steps/min", r"steps?\s?(?:/\s?min(?:ute)?| (?:per|a|each|every) minute)|spm"),
    ("steps/s", r"steps?\s?(?:/\s?s(?:ec(?:ond)?)?| (?:per|a|each|every) second)"),
    ("Hz", r"hz|hertz"),
    ("mg", r"mg|milli-?g(?:ravit(?:y|ies))?"),
    ("g", r"g"),
    ("s", r"s|sec(?:ond)?s?"),
    ("%", r"%|per ?cent"),
)
_ONE_UNIT = r"(?P<u{nth}>[\s-]?(?:{text})(?![\w/²^]))"
_UNIT = re.compile(
    "|".join(_ONE_UNIT.format(nth=nth, text=text) for nth, (_, text) in enumerate(_UNITS)), re.IGNORECASE
)
_CHAINED = re.compile(r"\s?(?:to|and|or|,|,? and|through|[-–—])\s?")
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n+")
_CLAUSE_END = re.compile(r"[,;:()–—](?!\d)|\b(?:and|but|while|whereas|against|versus|to|with|than)\b")


@dataclass(frozen=True)
class Mention:
    """A number in a text."""

    written: str
    """As it stands there."""
    value: float
    digits: int
    """After the point."""
    unit: str
    """As facts have it, and `steps/s`, `%`; empty where there is none."""
    start: int
    end: int

    @property
    def shown(self) -> str:
        """The number with its unit."""
        return f"{self.written} {self.unit}".strip()


def mentions(text: str) -> list[Mention]:
    """Return the numbers in a text, in order; in `from 1 to 2 Hz` both have the unit, and `1:05` is 65 s."""
    found: list[Mention] = []
    times = {match.start(): _time(match) for match in _CLOCK.finditer(text)}
    for match in reversed(list(_NUMBER.finditer(text))):
        time = next((one for start, one in times.items() if start <= match.start() < one.end), None)
        if time is not None:
            if match.start() == time.start:
                found.append(time)
            continue
        written = match[0]
        unit, end = _unit_after(text, match.end())
        if not unit and found and _CHAINED.fullmatch(text, match.end(), found[-1].start):
            unit = found[-1].unit
        plain = written.replace("−", "-").replace(",", "")
        found.append(Mention(written, float(plain), _digits(plain), unit, match.start(), end))
    return found[::-1]


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each sentence of a text stands: [start, end)."""
    yield from _parts(text, 0, len(text), _SENTENCE_END)


def clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where each clause of a sentence stands."""
    yield from _parts(text, start, end, _CLAUSE_END)


def part_at(parts: Iterator[tuple[int, int]], position: int) -> tuple[int, int]:
    """Return the part that holds a position."""
    last = (0, 0)
    for last in parts:
        if position < last[1]:
            break
    return last


def meant(text: str, position: int, words: Mapping[T, re.Pattern[str]]) -> T | None:
    """Return which of several words is said of what stands at a position.

    The one in its clause, if there is one alone; else the nearest before it in its sentence, the nearest after it
    there, or the last one said before.

    Args:
        text: all of it.
        position: in the text.
        words: what to look for; `axis x` and the like.
    """
    found = sorted((match.start(), at) for at, (_, word) in enumerate(words.items()) for match in word.finditer(text))
    names = list(words)
    sentence = part_at(sentences(text), position)
    clause = part_at(clauses(text, *sentence), position)
    in_clause = {at for start, at in found if clause[0] <= start < clause[1]}
    if len(in_clause) == 1:
        return names[in_clause.pop()]
    before = [at for start, at in found if sentence[0] <= start < position]
    after = [at for start, at in found if position <= start < sentence[1]]
    earlier = [at for start, at in found if start < sentence[0]]
    chosen = before[-1:] or after[:1] or earlier[-1:]
    return names[chosen[0]] if chosen else None


def _time(match: re.Match[str]) -> Mention:
    seconds = 3600 * int(match["h"] or 0) + 60 * int(match["m"]) + float(match["s"])
    return Mention(match[0], seconds, _digits(match["s"]), "s", *match.span())


def _unit_after(text: str, end: int) -> tuple[str, int]:
    match = _UNIT.match(text, end)
    if match is None:
        return "", end
    nth = next(nth for nth in range(len(_UNITS)) if match[f"u{nth}"] is not None)
    return _UNITS[nth][0], match.end()


def _digits(plain: str) -> int:
    return len(plain.lower().split("e")[0].partition(".")[2])


def _parts(text: str, start: int, end: int, border: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    at = start
    for match in border.finditer(text, start, end):
        if match.start() > at:
            yield at, match.start()
        at = match.end()
    if at < end:
        yield at, end
