"""Drawings: small functions that return SVG elements, with lengths in pixels at the width of a phone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from llasa_core.evaluate.page.html import Html, element, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LETTER = 6.6
"""About how wide a letter of the drawings' text is."""
MARKS = ("circle", "square", "triangle", "diamond")
MARK_SIZE = 3.2

N_COLOURS = 6

Point = tuple[float, float]


def colour(number: int) -> str:
    """Return the class of the colour and dashes of the line with this number."""
    return f"s{number % N_COLOURS}"


def drawing(width: float, height: float, says: str, *children: Html) -> Html:
    """Return a drawing that fills its column, and says in words what it shows."""
    box = f"0 0 {rounded(width)} {rounded(height)}"
    return element("svg", *children, viewBox=box, role="img", aria_label=says)


def inside(left: float, top: float, width: float, height: float, *children: Html) -> Html:
    """Return a part of a drawing that cuts off what reaches beyond it; lengths count as outside."""
    box = " ".join(rounded(length) for length in (left, top, width, height))
    return element("svg", *children, x=left, y=top, width=width, height=height, viewBox=box)


def text(words: str, x: float, y: float, *, class_: str = "tick", anchor: str | None = None) -> Html:
    """Return words; `anchor` is `middle` or `end` where x is not their beginning."""
    return element("text", words, x=x, y=y, class_=class_, text_anchor=anchor)


def rule(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def line(points: Iterable[Point], class_: str) -> Html:
    """Return a line through points, broken where one is no number."""
    return element("path", d=_path(points), class_=class_)


def area(upper: Sequence[Point], lower: Sequence[Point], class_: str) -> Html:
    """Return what lies between two lines."""
    return element("path", d=f"{_path([*upper, *reversed(lower)])}Z", class_=class_)


def mark(kind: int, x: float, y: float, class_: str, says: str | None = None) -> Html:
    """Return a point of the line with this number; the mouse over it shows what it says."""
    told = [element("title", says)] if says else []
    name, r = MARKS[kind % len(MARKS)], MARK_SIZE
    if name == "circle":
        return element("circle", *told, cx=x, cy=y, r=r, class_=class_)
    corners = {
        "square": [(-0.9 * r, -0.9 * r), (0.9 * r, -0.9 * r), (0.9 * r, 0.9 * r), (-0.9 * r, 0.9 * r)],
        "triangle": [(0, -1.2 * r), (1.2 * r, r), (-1.2 * r, r)],
        "diamond": [(0, -1.35 * r), (1.35 * r, 0), (0, 1.35 * r), (-1.35 * r, 0)],
    }[name]
    return element("path", *told, d=f"{_path([(x + dx, y + dy) for dx, dy in corners])}Z", class_=class_)


def _path(points: Iterable[Point]) -> str:
    parts, is_down = [], False
    for x, y in points:
        if math.isfinite(x) and math.isfinite(y):
            parts.append(f"{'L' if is_down else 'M'}{rounded(x)} {rounded(y)}")
            is_down = True
        else:
            is_down = False
    return "".join(parts)
