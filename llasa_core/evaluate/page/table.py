"""A table, in a box of its own that scrolls where it is wider than the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.evaluate.page.html import Html, element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.page.blocks import Table

_NUMBER = re.compile(r"[−+-]?[\d.]|[–—]$|$")
"""How a cell begins that holds a number, or says that there is none."""


def draw_table(table: Table, says: str | None = None) -> Html:
    """Return a table; columns of numbers are aligned to the right.

    Args:
        table: what is in it.
        says: what it is, where it has no caption.
    """
    is_number = [_holds_numbers(cells) for cells in zip(*table.rows, strict=True)] or [False] * len(table.head)
    head = [
        element("th", words, scope="col", class_="number" if right else None)
        for words, right in zip(table.head, is_number, strict=True)
    ]
    rows = [_row(cells, is_number, is_strong=number == table.strong_row) for number, cells in enumerate(table.rows)]
    caption = [element("caption", table.caption)] if table.caption else []
    body = element("table", *caption, element("thead", element("tr", *head)), element("tbody", *rows))
    return scrolling(body, table.caption or says or " ".join(table.head))


def scrolling(content: Html, says: str) -> Html:
    """Return a box that scrolls by itself, by keys too."""
    return element("div", content, class_="scroll", tabindex="0", role="region", aria_label=says)


def _row(cells: Sequence[str], is_number: Sequence[bool], *, is_strong: bool) -> Html:
    first, *others = cells
    made = [element("th", first, scope="row")]
    made += [
        element("td", words, class_="number" if right else None)
        for words, right in zip(others, is_number[1:], strict=True)
    ]
    return element("tr", *made, class_="strong" if is_strong else None)


def _holds_numbers(cells: Sequence[str]) -> bool:
    return any(cells) and all(_NUMBER.match(cell) for cell in cells)
