"""Counts as people read them."""

from __future__ import annotations


def number_of(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: `1 window`, `2,000 windows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
