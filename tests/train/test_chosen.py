"""Which QA items a stage learns."""

from __future__ import annotations

from pathlib import Path

import pytest

from llasa_core.data.qa import QaItem, Turn, WindowRef
from llasa_core.recipe import FinetuneConfig
from llasa_core.train.chosen import chosen_items, no_items

ANSWERS = {
    "name": ("activity", "Walking."),
    "figure": ("caption", "A person walking at 104 steps a minute."),
    "words": ("caption", "A person walking steadily."),
    "cannot": ("unanswerable", "It cannot be told from motion where this was recorded."),
}
ITEMS = [
    QaItem(
        name,
        (WindowRef("windows-00000.h5", 0),),
        kind,  # type: ignore[arg-type]
        "1",
        (Turn("human", "<sensor>\nIn the first 3 s?"), Turn("gpt", answer)),
    )
    for name, (kind, answer) in ANSWERS.items()
]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ["name", "figure", "words", "cannot"]),
        ({"kinds": ("caption",)}, ["figure", "words"]),
        ({"figures": False}, ["name", "words", "cannot"]),
        ({"kinds": ("caption", "activity"), "figures": False}, ["name", "words"]),
    ],
)
def test_kinds_and_figures(settings: dict[str, object], names: list[str]):
    config = FinetuneConfig(**settings)

    assert [item.id for item in chosen_items(ITEMS, config)] == names


def test_none_is_an_error_that_says_what_was_looked_for():
    error = no_items(FinetuneConfig(kinds=("fact",), figures=False), Path("data"))

    assert "kind fact whose answers state no figure" in str(error)
