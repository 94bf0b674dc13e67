"""Which word was meant by a misspelt one."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LETTERS_AN_EDIT = 4
"""A word may have one slip for each so many letters, and one if it is shorter."""


def closest(word: str, names: Sequence[str]) -> str | None:
    """Return the name that most likely was meant, or None where none is alike."""
    nearest = min(names, key=lambda name: edits(word, name), default=None)
    if nearest is not None and edits(word, nearest) <= max(1, len(word) // LETTERS_AN_EDIT):
        return nearest
    alike = difflib.get_close_matches(word, names, n=1)
    return alike[0] if alike else None


def edits(one: str, other: str) -> int:
    """Return how many letters have to be added, left out, changed, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        longer = [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(longer[j - 1] + 1, row[j] + 1, row[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], wanted):
                cost = min(cost, before[j - 2] + 1)
            longer.append(cost)
        before, row = row, longer
    return row[-1]
