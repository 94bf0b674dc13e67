"""The report as one HTML file: no scripts, nothing loaded, light and dark, on paper and on a phone."""

from __future__ import annotations

from functools import cache
from itertools import chain, count, groupby
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.evaluate.page.bars import draw_bars
from llasa_core.evaluate.page.blocks import Bars, Chart, Example, Matrix, Paragraph, Table
from llasa_core.evaluate.page.chart import draw_chart
from llasa_core.evaluate.page.example import draw_example
from llasa_core.evaluate.page.headline import draw_headlines
from llasa_core.evaluate.page.html import NOTHING, Html, element, paragraphs
from llasa_core.evaluate.page.matrix import draw_matrix
from llasa_core.evaluate.page.table import draw_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.page.blocks import Block, Cover, Section

STYLE = Path(__file__).with_name("style.css")
NOTHING_IS_LOADED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""A browser refuses whatever a text in the page might try to fetch."""


def render_page(cover: Cover, sections: Sequence[Section]) -> str:
    """Return a report as one HTML file; the same blocks give the same bytes.

    Args:
        cover: what was measured, and the numbers to take home.
        sections: in their order. Figures that follow each other stand side by side where there is room.
    """
    anchors = _anchors(sections)
    main = [_contents(sections, anchors)]
    main += [_section(section, anchor) for section, anchor in zip(sections, anchors, strict=True)]
    body = element("body", _cover(cover), element("main", *main))
    return f"<!DOCTYPE html>\n{element('html', _head(cover.title), body, lang='en')}\n"


def _head(title: str) -> Html:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=NOTHING_IS_LOADED),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", _style()),
    )


@cache
def _style() -> Html:
    return Html(STYLE.read_text(encoding="utf-8"))


def _cover(cover: Cover) -> Html:
    about = [element("div", element("dt", name), element("dd", value)) for name, value in cover.about]
    notes = [element("li", note) for note in cover.notes]
    return element(
        "header",
        element("h1", cover.title),
        paragraphs(cover.lead, class_="lead"),
        draw_headlines(cover.headlines),
        element("dl", *about, class_="about") if about else NOTHING,
        element("ul", *notes, class_="notes") if notes else NOTHING,
    )


def _contents(sections: Sequence[Section], anchors: Sequence[str]) -> Html:
    links = [
        element("li", element("a", section.title, href=f"#{anchor}"))
        for section, anchor in zip(sections, anchors, strict=True)
    ]
    return element("nav", element("ol", *links), aria_label="Contents") if links else NOTHING


def _section(section: Section, anchor: str) -> Html:
    title = element("h2", section.title, id=anchor)
    return element("section", title, paragraphs(section.lead, class_="lead"), *_side_by_side(section.blocks))


def _side_by_side(blocks: Sequence[Block]) -> list[Html]:
    drawn = []
    for class_, group in groupby(blocks, _place_of):
        together = [_draw(block) for block in group]
        drawn += [element("div", *together, class_=class_)] if class_ else together
    return drawn


def _place_of(block: Block) -> str | None:
    if isinstance(block, Chart | Bars | Matrix):
        return "figures"
    return "examples" if isinstance(block, Example) else None


def _draw(block: Block) -> Html:
    match block:
        case Paragraph():
            return paragraphs(block.text)
        case Table():
            return draw_table(block)
        case Chart():
            return draw_chart(block)
        case Bars():
            return draw_bars(block)
        case Matrix():
            return draw_matrix(block)
        case Example():
            return draw_example(block)


def _anchors(sections: Sequence[Section]) -> list[str]:
    """Return a name for each section that no other has."""
    anchors: list[str] = []
    for section in sections:
        wanted = section.anchor or "section"
        names = chain([wanted], (f"{wanted}-{number}" for number in count(2)))
        anchors.append(next(name for name in names if name not in anchors))
    return anchors
