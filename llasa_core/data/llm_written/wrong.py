"""What is wrong with something that a model wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llasa_core.data.grounded.measured import Claim


class Wrong(Exception):  # noqa: N818 - the model is told, and asked again
    """A text says something that is not so, or that nobody can check."""

    def __init__(self, reason: str, detail: str, claim: Claim | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        """Short, the same for all of a kind; the report counts by it."""
        self.detail = detail
        """For the model, so that it can write better."""
        self.claim = claim
        """What it says, where that is about a fact."""
