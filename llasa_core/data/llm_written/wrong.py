"""What is wrong with something that a model wrote."""

from __future__ import annotations


class Wrong(Exception):  # noqa: N818 - the model is told, and asked again
    """A text says something that is not so, or that nobody can check."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        """Short, the same for all of a kind; the report counts by it."""
        self.detail = detail
        """For the model, so that it can write better."""
