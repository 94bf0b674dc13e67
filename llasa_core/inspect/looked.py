"""What every look returns, and how its text is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from llasa_core.errors import LlasaError

MOST_LINES = 20
"""Of notes and the like, shown to people; `--json` has them all."""


@dataclass(frozen=True)
class Paper:
    """What text is written on."""

    width: int = 100
    """Columns."""
    is_ascii: bool = False
    """Whether it has no block characters."""


class Looked(Protocol):
    """What was found behind a path."""

    @property
    def refusals(self) -> Sequence[LlasaError]:
        """Why it cannot be used as it is; empty where it can."""

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""

    def as_text(self, paper: Paper) -> str:
        """Return what people read."""

    def draw(self, path: Path) -> None:
        """Draw it into a PNG file.

        Raises:
            LlasaError: it has nothing that could be drawn.
        """


def facts(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line for each name and what is to say about it; a long text goes on below itself."""
    return [f"  {name:<11}{text}" for name, text in pairs if text]


def section(title: str, lines: Sequence[str]) -> list[str]:
    """Return lines under a title after a blank line; nothing where there are none, not too many anyway."""
    if not lines:
        return []
    shown = [f"  {line}" for line in lines[:MOST_LINES]]
    more = [f"  and {len(lines) - MOST_LINES:,} more: `--json` has them"] if len(lines) > MOST_LINES else []
    return ["", title, *shown, *more]


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], *, left: Iterable[int] = (0,)) -> list[str]:
    """Return rows of cells under a head, indented by two; the columns named in `left` are text, the others numbers."""
    cells = [tuple(head), *(tuple(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    is_left = set(left)
    return [
        "  "
        + "  ".join(
            f"{cell:<{width}}" if column in is_left else f"{cell:>{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def counted(counts: Mapping[str, int], noun: str = "") -> str:
    """Return `12 walking, 3 sitting` of counts, those of 0 left out."""
    return ", ".join(f"{count:,} {noun}{name}" for name, count in counts.items() if count)


def time_of(seconds: float) -> str:
    """Return a length of time: `8.3 s`, `3.5 min`, `2.1 h`."""
    if seconds < 120:  # noqa: PLR2004 - two minutes: until there, seconds say more
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004 - two hours


def size_of(n_bytes: float) -> str:
    """Return an amount of data: `12.3 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:  # noqa: PLR2004 - the next unit is as large
            return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def hertz(rate: float | None) -> str:
    """Return a rate as people write it: `49.73 Hz`."""
    return "unknown rate" if rate is None else f"{round(rate, 2):g} Hz"
