"""What all figures have in common: a title, a drawing, a caption, and names of what is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.page import svg
from llasa_core.evaluate.page.html import NOTHING, Html, element

if TYPE_CHECKING:
    from collections.abc import Sequence


def figure(
    title: str,
    drawn: Html,
    caption: str,
    *,
    key: Html = NOTHING,
    below: Html = NOTHING,
    class_: str | None = None,
) -> Html:
    """Return a figure in three parts, which line up with those of figures beside it.

    Args:
        title: what it is about.
        drawn: the drawing.
        caption: what one sees there.
        key: names of what is drawn.
        below: what can be opened.
        class_: `wide` for two columns, `full` for all.
    """
    head = element("div", element("h3", title), key)
    said = element("figcaption", caption) if caption else NOTHING
    foot = element("div", said, below, class_="foot")
    return element("figure", head, element("div", drawn, class_="drawn"), foot, class_=class_)


def legend(names: Sequence[str], *, has_marks: bool) -> Html:
    """Return the names of lines, in their order, each behind its line."""
    return element(
        "ul", *(_key(name, number, has_mark=has_marks) for number, name in enumerate(names)), class_="legend"
    )


def _key(name: str, number: int, *, has_mark: bool) -> Html:
    colour = svg.colour(number)
    parts = [svg.rule(0, 6, 22, 6, f"line {colour}")]
    if has_mark:
        parts.append(svg.mark(number, 11, 6, f"mark {colour}"))
    return element("li", element("svg", *parts, width="22", height="12", aria_hidden="true"), name)
