"""What a checkpoint's LM was taught to answer, as far as its recipe tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from llasa_core.model.adapted import checkpoint_behind

if TYPE_CHECKING:
    from pathlib import Path

RECIPE_FILE = "recipe.yaml"
NAMING = frozenset({"activity", "caption"})


def only_names(folder: Path) -> bool:
    """Return whether an LM was taught to name activities and to describe them, and no other kind of question.

    What such a small model says to another question is an activity's name, whatever was asked. Where nothing is known,
    as of the original's checkpoints, it is taken to answer.

    Args:
        folder: the checkpoint, or one adapted from it.
    """
    try:
        recipe = yaml.safe_load((checkpoint_behind(folder) / RECIPE_FILE).read_text(encoding="utf-8"))
        kinds = recipe["finetune"]["kinds"]
        return bool(kinds) and set(kinds) <= NAMING
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return False
