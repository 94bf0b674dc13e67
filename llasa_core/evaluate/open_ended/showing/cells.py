"""Numbers as they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.open_ended.scores import HIGHEST
from llasa_core.evaluate.page.blocks import Bar, Headline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llasa_core.evaluate.open_ended.summaries import Mean


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows as text, the first column to the left and the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def bar(name: str, mean: Mean, *, is_strong: bool = False) -> Bar:
    """Return a mean with its interval as a bar."""
    low, high = (None, None) if mean.ci is None else (mean.ci.low, mean.ci.high)
    return Bar(name, mean.value or 0.0, low, high, note=f"{mean.n:,} answers", is_strong=is_strong)


def headline(name: str, mean: Mean) -> Headline:
    """Return a mean in points of 100 as a number to take home."""
    low, high = (None, None) if mean.ci is None else (mean.ci.low / HIGHEST, mean.ci.high / HIGHEST)
    note = "" if mean.ci is None else f"95 % interval {interval(mean, 1)}"
    share = None if mean.value is None else mean.value / HIGHEST
    return Headline(name, points(mean.value), note, share, low, high)


def interval(mean: Mean, digits: int = 3) -> str:
    """Return both ends of an interval, or that there is none."""
    return "not available" if mean.ci is None else f"{mean.ci.low:.{digits}f} – {mean.ci.high:.{digits}f}"


def counted(unread: Mapping[str, int]) -> list[str]:
    """Return `3 unread (no JSON)`, one text for each reason."""
    return [f"{count:,} unread ({reason})" for reason, count in unread.items()]


def number(value: float | None) -> str:
    """Return a correlation, or a dash where there is none."""
    return "–" if value is None else f"{value:.2f}"


def points(value: float | None) -> str:
    """Return points of 100, or a dash."""
    return "–" if value is None else f"{value:.1f}"


def share(value: float | None) -> str:
    """Return a share of 1, or a dash."""
    return "–" if value is None else f"{value:.3f}"
