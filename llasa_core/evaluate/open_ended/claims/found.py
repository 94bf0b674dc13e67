"""One claim of an answer, and whether it is so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from llasa_core.data.audit.claims import truth_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.grounded.measured import Measured

Verdict = Literal["right", "wrong", "unsupported"]
"""Unsupported: the sensor cannot show it, or nobody measured or labelled it."""


@dataclass(frozen=True)
class Found:
    """One claim."""

    fact: str
    """As QA items name it; empty where a statement is about no fact."""
    value: Any
    verdict: Verdict
    window: int = 0
    channel: str = ""
    is_implied: bool = False
    """Whether another claim says it too; it counts for what the answer holds, and not a second time as right."""

    @property
    def place(self) -> tuple[str, int, str]:
        """What it is about: two values in one place contradict each other."""
        return self.fact, self.window, self.channel


def held_against(fact: str, value: Any, windows: Sequence[Measured], window: int = 0, channel: str = "") -> Found:
    """Return a claim with its verdict, from what was measured."""
    claim = {"fact": fact, "value": value, "window": window, "channel": channel}
    try:
        is_true, truth = truth_of(claim, windows)
    except (KeyError, IndexError):
        return Found(fact, value, "unsupported", window, channel)
    if fact == "activity" and truth is None:
        return Found(fact, value, "unsupported", window, channel)
    return Found(fact, value, "right" if is_true else "wrong", window, channel)
