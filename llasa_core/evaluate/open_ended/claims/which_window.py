"""Which of several windows a part of an answer speaks of."""

from __future__ import annotations

import re
from typing import NamedTuple

_BORDER = re.compile(
    r"[,;:.!?\n](?!\d)|\b(?:then|while|whereas|but)\b"
    r"|\band (?=(?:in )?(?:the )?(?:first|second|third|fourth|last|parts?|recordings?)\b)",
    re.IGNORECASE,
)
_ALL = re.compile(r"\b(?:both|all|each|every|throughout|two recordings)\b", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\b(?:parts?|recordings?|windows?) (\d)(?:\s*(?:(to|through|-|–)|and|or|,)\s*(?:parts? )?(\d))?", re.IGNORECASE
)
_ORDINALS = ("first", "second", "third", "fourth")
ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)}|last)\b(?! half)", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:against|versus|vs|than|compared (?:to|with))\b", re.IGNORECASE)


class Part(NamedTuple):
    """A part of an answer, [start, end), and the windows that it speaks of; none where it does not say."""

    start: int
    end: int
    windows: tuple[int, ...]


def parts_of(text: str, n_windows: int) -> list[Part]:
    """Return an answer cut at commas and the like; a part that names no window speaks of what the last one did."""
    if n_windows == 1:
        return [Part(0, len(text), (0,))]
    parts: list[Part] = []
    last: tuple[int, ...] = ()
    at = 0
    for border in (*_BORDER.finditer(text), None):
        end = len(text) if border is None else border.start()
        if text[at:end].strip():
            named = windows_named(text[at:end], n_windows)
            last = named or last
            parts.append(Part(at, end, last))
        at = len(text) if border is None else border.end()
    return parts


def windows_at(parts: list[Part], position: int) -> tuple[int, ...]:
    """Return which windows the part at a position speaks of."""
    return next((part.windows for part in parts if part.start <= position < part.end), ())


def is_of_the_other(text: str, parts: list[Part], position: int) -> bool:
    """Return whether a number stands behind `against`, and is thus that of the other of two windows."""
    part = next((part for part in parts if part.start <= position < part.end), None)
    return part is not None and _OTHER.search(text, part.start, position) is not None


def windows_named(text: str, n_windows: int) -> tuple[int, ...]:
    """Return the windows that a text names, from 0."""
    if _ALL.search(text):
        return tuple(range(n_windows))
    found: list[int] = []
    for match in _NUMBERED.finditer(text):
        first, last = int(match[1]), int(match[3] or match[1])
        found += range(first, last + 1) if match[2] else (first, last)
    named = [number - 1 for number in found]
    named += [_ordinal(match[1].lower(), n_windows) for match in ORDINAL.finditer(text)]
    return tuple(dict.fromkeys(number for number in named if 0 <= number < n_windows))


def _ordinal(word: str, n_windows: int) -> int:
    return n_windows - 1 if word == "last" else _ORDINALS.index(word)
