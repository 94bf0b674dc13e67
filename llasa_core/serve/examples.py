"""Recordings that a page offers to look at."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from pathlib import Path

TITLES = {
    "mix.csv": "Five minutes, all activities",
    "walking.csv": "Walking",
    "stairs.csv": "Climbing stairs",
    "lying.csv": "Lying down",
}
CHECKOUT = Path(__file__).parents[2] / "examples"
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "llasa" / "examples"
"""Where a wheel puts them."""


@dataclass(frozen=True)
class Example:
    """A recording that comes with LLaSA."""

    name: str
    title: str
    path: Path


def examples() -> list[Example]:
    """Return those that are there."""
    folder = CHECKOUT if CHECKOUT.is_dir() else INSTALLED
    return [Example(name, title, path) for name, title in TITLES.items() if (path := folder / name).is_file()]
