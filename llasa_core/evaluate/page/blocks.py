"""What a page of a report is made of: plain values that suites fill in and the page draws."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


@dataclass(frozen=True)
class Paragraph:
    """Text; a line break begins a new paragraph."""

    text: str


@dataclass(frozen=True)
class Table:
    """Cells as text; the first column is left-aligned and names its row."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    caption: str = ""
    strong_row: int | None = None
    """The row that the report is about."""


@dataclass(frozen=True)
class Line:
    """One line of a chart, with a band where its interval is known."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


@dataclass(frozen=True)
class Chart:
    """Lines over a number: reliability, risk against coverage, accuracy against strength."""

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    has_diagonal: bool = False
    """Whether y = x is drawn, as in a reliability diagram."""
    has_markers: bool = True
    caption: str = ""
    x_ticks: Sequence[tuple[float, str]] | None = None
    """Where the x axis is marked, and with what; round numbers when left out."""


@dataclass(frozen=True)
class Bar:
    """One bar; its interval is drawn as a whisker."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""
    """Shown behind the value, such as how many windows it stands for."""
    is_strong: bool = False


@dataclass(frozen=True)
class Bars:
    """Shares beside each other, with their intervals."""

    title: str
    bars: Sequence[Bar]
    x_label: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Matrix:
    """Counts by row and column, shaded by their share of the row."""

    title: str
    row_names: Sequence[str]
    column_names: Sequence[str]
    counts: np.ndarray
    """int [row, column]."""
    row_label: str = "true"
    column_label: str = "predicted"
    caption: str = ""


@dataclass(frozen=True)
class Example:
    """One window with its signal, and words about it beside each other."""

    title: str
    seconds: np.ndarray
    """[time]."""
    window: np.ndarray
    """[time, channel], m/s² and rad/s."""
    words: Sequence[tuple[str, str]]
    """What is said, each with who says it: ("question", …), ("model", …), ("facts", …)."""
    is_wrong: bool = True


@dataclass(frozen=True)
class Headline:
    """A number that the reader shall take home."""

    name: str
    value: str
    """As it is shown, such as `0.971`."""
    note: str = ""
    """Beneath it, such as `95 % interval 0.944 – 0.985`."""
    share: float | None = None
    """The number itself where it lies between 0 and 1: drawn on a line from 0 to 1, with its interval."""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Cover:
    """What a page begins with."""

    title: str
    lead: str = ""
    """What was measured, in a sentence."""
    about: Sequence[tuple[str, str]] = ()
    """Name and value: checkpoint, data, split, people, recordings, windows, seed, version."""
    headlines: Sequence[Headline] = ()
    notes: Sequence[str] = ()
    """What a reader of the numbers must know."""


Block = Paragraph | Table | Chart | Bars | Matrix | Example


@dataclass(frozen=True)
class Section:
    """One part of the page."""

    title: str
    lead: str
    """What its numbers mean and who stands behind them, in a sentence or two."""
    blocks: Sequence[Block] = field(default_factory=tuple)

    @property
    def anchor(self) -> str:
        """Its name in links."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.title.lower()).strip("-")
