"""A recording that somebody pasted into a question."""

from __future__ import annotations

import re
from typing import NamedTuple

LEAST_ROWS = 20
"""So many rows of numbers, one after the other, are a recording and no part of a sentence."""
LEAST_COLUMNS = 6
SEPARATORS = (",", ";", "\t")
FENCE = re.compile(r"^\s*```\w*\s*$")
HEAD_LINES = 3
"""Lines above the first row that may be its head: names, units, a comment."""


class Pasted(NamedTuple):
    """A text, taken apart."""

    question: str
    table: str | None
    """The rows with their head; None where there is no recording."""


def take_apart(text: str) -> Pasted:
    """Return the question and the recording in a text; rows of numbers tell the recording, fenced or not."""
    lines = text.splitlines()
    first, end = _longest_run(lines)
    if end - first < LEAST_ROWS:
        return Pasted(text.strip(), None)
    separator = _separator(lines[first])
    columns = len(lines[first].split(separator))
    begin = first
    while begin > max(0, first - HEAD_LINES) and _is_head(lines[begin - 1], separator, columns):
        begin -= 1
    around = [line for line in (*lines[:begin], *lines[end:]) if not FENCE.match(line)]
    return Pasted("\n".join(around).strip(), "\n".join(lines[begin:end]) + "\n")


def _longest_run(lines: list[str]) -> tuple[int, int]:
    """Return the longest run of lines `[first, end)` that are rows of numbers."""
    best = (0, 0)
    first: int | None = None
    for number, line in enumerate([*lines, ""]):
        if _is_row(line):
            first = number if first is None else first
        elif first is not None:
            best = max(best, (first, number), key=lambda run: run[1] - run[0])
            first = None
    return best


def _separator(line: str) -> str:
    return max(SEPARATORS, key=line.count)


def _is_row(line: str) -> bool:
    """Return whether most cells are numbers; one that is not is the reader's to complain about."""
    cells = line.split(_separator(line))
    return len(cells) >= LEAST_COLUMNS and 2 * sum(map(_is_number, cells)) > len(cells)


def _is_head(line: str, separator: str, columns: int) -> bool:
    return len(line.split(separator)) == columns


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
