"""QA items: the schema of `qa-*.json`, and how they are written, read and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

SENSOR = "<sensor>"
"""Placeholder: stands for one window in a prompt."""

Kind = Literal["activity", "fact", "caption", "compare", "timeline", "reasoning", "unanswerable"]


class WindowRef(NamedTuple):
    """Where one window is stored: a shard of the data folder and a row in it."""

    file: str
    row: int


class Turn(NamedTuple):
    """One message of a conversation; written as `{"from": speaker, "value": text}`."""

    speaker: Literal["human", "gpt"]
    text: str


@dataclass(frozen=True)
class QaItem:
    """One conversation about one or more windows."""

    id: str
    windows: tuple[WindowRef, ...]
    kind: Kind
    subject: str
    conversations: tuple[Turn, ...]
    """Human first, then in turns; the human turns hold one `<sensor>` for each window, in order."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the answers claim, in a form that code can check."""
