"""Baselines by name."""

from __future__ import annotations

from llasa_core.evaluate.baselines.jobs import TITLES


def title_of(name: str) -> str:
    """Return a baseline's name as people read it; a rival's is its own."""
    return next((title for key, title in TITLES.items() if key == name), name)
