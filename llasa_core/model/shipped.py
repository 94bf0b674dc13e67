"""Checkpoints that come with the package; light, since not everything that uses one needs torch."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parent.parent / "checkpoints"
"""A folder for each recipe."""
CONFIG_FILE = "config.json"


def shipped(recipe_name: str) -> Path | None:
    """Return the checkpoint that comes with the package for a recipe, if there is one."""
    folder = SHIPPED / recipe_name
    return folder if (folder / CONFIG_FILE).is_file() else None
