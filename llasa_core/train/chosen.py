"""Which of a data folder's QA items a stage learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from llasa_core.data.qa import QaItem
    from llasa_core.recipe import FinetuneConfig, PretrainConfig


def chosen_items(items: Iterable[QaItem], config: PretrainConfig | FinetuneConfig) -> list[QaItem]:
    """Return the items of the stage's kinds; without those that state a figure, where it learns none."""
    return [
        item
        for item in items
        if (config.kinds is None or item.kind in config.kinds) and (config.figures or not _states_a_figure(item))
    ]


def no_items(config: PretrainConfig | FinetuneConfig, folder: Path) -> DataError:
    """Return the error of a data folder that holds none of them."""
    kinds = " or ".join(config.kinds) if config.kinds else "any"
    without = "" if config.figures else " whose answers state no figure"
    return DataError(
        f"the data folder has no QA items of kind {kinds}{without} to train on",
        where=folder / "qa-train.json",
        fix="prepare the data with questions (`--qa facts`), or name other `kinds` in the recipe",
    )


def _states_a_figure(item: QaItem) -> bool:
    return any(letter.isdigit() for turn in item.conversations if turn.speaker == "gpt" for letter in turn.text)
