"""The same question in other words, and with the classes listed in several orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from llasa_core.data.grounded.words import doing
from llasa_core.data.qa import Turn
from llasa_core.evaluate.closed_set.probabilities import prompt_of

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDINGS = (
    "What activity is this?",
    "Which movement or posture do the readings belong to?",
    "Say in a word or two what the wearer is busy with.",
)
"""The first is among the questions that `prepare-data` writes, the others are not."""
LIST = "Which of these is the person doing: {options}?"
N_ORDERS = 3
"""As they are, reversed, and shuffled by the seed."""

Variation = Literal["question", "wording", "order"]


@dataclass(frozen=True)
class Prompt:
    """One way of asking which class it is."""

    varies: Variation
    text: str

    @property
    def turns(self) -> tuple[Turn, ...]:
        """As a conversation about one window."""
        return (Turn("human", prompt_of(self.text)),)


def prompts_of(question: str, classes: Sequence[str], seed: int) -> list[Prompt]:
    """Return the question itself, then other wordings of it, then lists of the classes in several orders."""
    wordings = [Prompt("wording", text) for text in WORDINGS if text != question]
    orders = [Prompt("order", LIST.format(options=_listed(order))) for order in orders_of(classes, seed)]
    return [Prompt("question", question), *wordings, *orders]


def orders_of(classes: Sequence[str], seed: int) -> list[tuple[str, ...]]:
    """Return the classes in up to `N_ORDERS` different orders, as they are first; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    shuffled = [tuple(classes[i] for i in rng.permutation(len(classes))) for _ in range(N_ORDERS - 2)]
    return list(dict.fromkeys([tuple(classes), tuple(reversed(classes)), *shuffled]))


def _listed(classes: Sequence[str]) -> str:
    words = [doing(name) for name in classes]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
