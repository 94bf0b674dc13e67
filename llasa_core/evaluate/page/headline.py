"""The numbers that a reader takes home, each above a line from 0 to 1 with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.page.html import NOTHING, Html, element, paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.page.blocks import Headline


def draw_headlines(headlines: Sequence[Headline]) -> Html:
    """Return the headlines beside each other."""
    if not headlines:
        return NOTHING
    return element("div", *(_headline(one) for one in headlines), class_="headlines")


def _headline(one: Headline) -> Html:
    parts = [element("p", one.name, class_="name"), element("p", one.value, class_="value")]
    if one.share is not None:
        parts.append(_line(one.share, one.low, one.high))
    if one.note:
        parts.append(paragraphs(one.note, class_="note"))
    return element("div", *parts)


def _line(share: float, low: float | None, high: float | None) -> Html:
    parts = [element("line", x1="0", x2="100%", y1=6, y2=6, class_="whole")]
    if low is not None and high is not None:
        parts.append(element("line", x1=f"{100 * low:.2f}%", x2=f"{100 * high:.2f}%", y1=6, y2=6, class_="ends"))
    parts.append(element("circle", cx=f"{100 * share:.2f}%", cy=6, r=4))
    return element("svg", *parts, height=12, aria_hidden="true")
