"""One thing that an answer rests on."""

from __future__ import annotations

from typing import Literal, NamedTuple

FactKind = Literal[
    "segment",
    "total",
    "steps",
    "cadence",
    "intensity",
    "evenness",
    "peak",
    "statistic",
    "signal",
    "length",
    "gap",
    "probability",
]


class Fact(NamedTuple):
    """What was found or measured, and where in the recording."""

    text: str
    """`walking, 2:19–3:06.5 (92 % sure)`."""
    kind: FactKind
    start_s: float
    end_s: float
    recording: int = 0
    """Which of several."""
