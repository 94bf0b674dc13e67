"""HTML elements from plain values: text is escaped unless it was made here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

VOID = frozenset({"br", "link", "meta"})
"""Elements that HTML never closes."""


class Html(str):
    """Markup, which is put into a page as it stands; any other text is escaped."""

    __slots__ = ()


NOTHING = Html("")


def element(tag: str, *children: str, **attributes: str | float | None) -> Html:
    """Return an element.

    Args:
        tag: its name.
        children: elements, or text, which is escaped.
        attributes: by name, with `_` for `-`, and `class_` for `class`; None leaves one out.
    """
    words = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Html(f"<{tag}{words}>" if tag in VOID else f"<{tag}{words}>{joined(children)}</{tag}>")


def joined(parts: Iterable[str], between: str = "") -> Html:
    """Return elements and texts behind each other; texts are escaped."""
    return Html(between.join(part if isinstance(part, Html) else escape(part) for part in parts))


def paragraphs(text: str, class_: str | None = None) -> Html:
    """Return a paragraph for each line of a text."""
    return joined(element("p", line.strip(), class_=class_) for line in text.splitlines() if line.strip())


def rounded(value: float) -> str:
    """Return a length in a drawing, to a tenth, as short as it can be: `12`, `0.5`."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else rounded(value)
