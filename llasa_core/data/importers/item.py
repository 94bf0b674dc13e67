"""An item that somebody else wrote, in one form whatever form it had."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from llasa_core.data.importers.texts import Readings
    from llasa_core.data.qa import Kind
    from llasa_core.errors import Place

WindowName = str | int
"""The path of a window's file, or the number of a window in an array of many."""
CAPTION_QUESTION = "Describe this recording."
NARRATION_QUESTION = "Go through the signal step by step: what do the sensors show?"
"""Asked where somebody wrote a caption or a narration without a question."""
_ASKS_ACTIVITY = re.compile(
    r"\bwhat (?:is|was|were) (?:the |this |a )?[\w' ]*\bdoing\b|\b(?:what|which)\b[\w' ]{0,30}\bactivity\b[\w' ]*\?"
    r"|\b(?:name|identify|classify)\b[\w' ]{0,30}\bactivity\b",
    re.IGNORECASE,
)
_ASKS_CAPTION = re.compile(r"\b(?:describe|caption|summari[sz]e|narrate)\b", re.IGNORECASE)


class Exchange(NamedTuple):
    """A question without its placeholder, and its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class ForeignItem:
    """A conversation about windows, as somebody else wrote it."""

    place: Place
    """Where it begins."""
    id: str
    windows: tuple[WindowName, ...]
    exchanges: tuple[Exchange, ...]
    kind: Kind | None = None
    """Where its form says so."""
    label: str | None = None
    """The activity in the file's own word."""
    subject: str | None = None
    dataset: str | None = None
    readings: Readings | None = None
    """Its window at about 10 Hz, where the item holds it as text."""

    @property
    def is_single(self) -> bool:
        """Whether it is one question about one window."""
        return len(self.exchanges) == 1 and len(self.windows) == 1

    def said(self, *exchanges: Exchange) -> ForeignItem:
        """Return it with other exchanges."""
        return replace(self, exchanges=exchanges)


def kind_of(item: ForeignItem) -> Kind:
    """Return the kind of an item: as its form says, else by what its first question asks for."""
    if item.kind:
        return item.kind
    question = item.exchanges[0].question
    if asks_activity(question):
        return "activity"
    return "caption" if _ASKS_CAPTION.search(question) else "reasoning"


def asks_activity(question: str) -> bool:
    """Return whether a question asks what the person does."""
    return bool(_ASKS_ACTIVITY.search(question))
