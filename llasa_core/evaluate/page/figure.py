"""What all figures have in common: a title, a drawing, a caption, and names of what is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.page import svg
from llasa_core.evaluate.page.html import NOTHING, Html, element

if TYPE_CHECKING:
    from collections.abc import Sequence


def figure(title: str, drawn: Html, caption: str, *, class_: str | None = None, below: Html = NOTHING) -> Html:
    """Return a figure: its title, what is drawn, what one sees there, and what can be opened below."""
    parts = [element("h3", title), drawn]
    if caption:
        parts.append(element("figcaption", caption))
    return element("figure", *parts, below, class_=class_)


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
