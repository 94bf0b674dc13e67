"""The page holds together: every tag closed, nothing loaded, everything escaped, the same bytes again."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.evaluate.page.blocks import (
    Bar,
    Bars,
    Chart,
    Cover,
    Example,
    Headline,
    Line,
    Matrix,
    Paragraph,
    Section,
    Table,
)
from llasa_core.evaluate.page.page import STYLE, render_page

if TYPE_CHECKING:
    from collections.abc import Iterator

VOID = {"meta", "link", "br"}
EVIL = '<script>alert("x")</script> & "quoted"'
NAMES = ("walking", EVIL)


class Reader(HTMLParser):
    """Checks that tags close in the order in which they opened, and collects what is loaded and said."""

    def __init__(self, page: str) -> None:
        """Read a page."""
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.values: dict[str, list[str]] = {}
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        self.seen.append(tag)
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute of {tag} is said twice"
        for name, value in attrs:
            self.values.setdefault(name, []).append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect what is said."""
        if self.open and self.open[-1] != "style":
            self.text += data


def blocks() -> tuple[Section, ...]:
    """Return one of each block, with names that nobody should trust."""
    window = np.random.default_rng(0).normal(size=(120, 6)).astype(np.float32)
    return (
        Section(
            EVIL,
            EVIL,
            (
                Paragraph(f"{EVIL}\nmore"),
                Table(("", EVIL), [(EVIL, "0.9"), ("b", EVIL)], caption=EVIL, strong_row=0),
                Chart(EVIL, EVIL, EVIL, [Line(EVIL, [0, 1], [0.2, 0.8], [0.1, 0.7], [0.3, 0.9])], caption=EVIL),
                Bars(EVIL, [Bar(EVIL, 0.9, 0.8, 0.95, note=EVIL, is_strong=True), Bar("b", 0.2)], EVIL, EVIL),
                Matrix(EVIL, NAMES, NAMES, np.array([[9, 1], [0, 0]]), EVIL, EVIL, EVIL),
                Example(EVIL, np.arange(120) / 20, window, ((EVIL, EVIL), ("facts", ""))),
            ),
        ),
        Section("Again", "", ()),
        Section("Again", "", ()),
    )


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(
        Cover(EVIL, EVIL, ((EVIL, EVIL),), (Headline(EVIL, EVIL, EVIL, 0.9, 0.8, 0.95),), (EVIL,)), blocks()
    )


def test_every_tag_is_closed_and_every_block_is_drawn(page: str):
    seen = Reader(page).seen

    assert {"table", "svg", "figure", "figcaption", "article", "nav", "details", "h1", "h2", "h3"} <= set(seen)
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')


def test_ids_are_unique_and_links_lead_to_them(page: str):
    values = Reader(page).values

    assert len(values["id"]) == len(set(values["id"])) == 3
    assert {f"#{name}" for name in values["id"]} == {href for href in values["href"] if href.startswith("#")}


def test_nothing_is_loaded(page: str):
    read = Reader(page)

    assert not {"script", "img", "iframe", "object", "embed", "image", "use"} & set(read.seen)
    assert set(read.values["href"]) - {"data:,"} == {f"#{name}" for name in read.values["id"]}
    assert not {"src", "srcset", "xlink:href", "onclick", "onload"} & read.values.keys()
    assert not re.search(r"url\(|@import|https?://", page)
    assert any(value.startswith("default-src 'none'") for value in read.values["content"])


def test_whatever_is_said_is_text(page: str):
    said = Reader(page).text

    assert "<script" not in page
    assert said.count(EVIL) > 20


def test_drawings_say_what_they_show(page: str):
    drawings = re.findall(r"<svg [^>]*>", page)

    outermost = [each for each in drawings if not each.startswith("<svg x=")]
    assert all('aria-hidden="true"' in each or 'role="img" aria-label="' in each for each in outermost)
    assert sum('role="img"' in each for each in drawings) == 3  # the chart, and both sensors of the example


def test_the_same_blocks_give_the_same_bytes(page: str):
    again = render_page(
        Cover(EVIL, EVIL, ((EVIL, EVIL),), (Headline(EVIL, EVIL, EVIL, 0.9, 0.8, 0.95),), (EVIL,)), blocks()
    )

    assert page == again


def test_a_page_of_nothing_is_a_page():
    assert Reader(render_page(Cover("nothing"), ())).text.strip() == 2 * "nothing"


def schemes() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the colours of every scheme of the style sheet by their names."""
    for name, rules in zip(
        ("light", "dark", "print"), re.findall(r":root \{([^}]*)\}", STYLE.read_text()), strict=True
    ):
        yield name, dict(re.findall(r"--([\w-]+):\s*(#\w+)", rules))


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_known():
    assert contrast("#000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize(
    ("name", "colours"), list(schemes()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_words_stand_out_from_what_lies_behind_them(name: str, colours: dict[str, str]):
    words = {key: colours[key] for key in ("ink", "soft", "s0", "s1", "s2", "s3", "s4", "s5")}
    for key, colour in words.items():
        assert contrast(colour, colours["paper"]) >= 4.5, f"{key} on paper, {name}"
    for behind in ("right", "wrong", "faint"):
        assert contrast(colours["ink"], colours[behind]) >= 4.5, f"ink on {behind}, {name}"
    assert contrast(colours["soft"], colours["faint"]) >= 4.5
