"""The one activity that a free answer names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.llm_written.activity_words import is_denied, named_activities

if TYPE_CHECKING:
    from collections.abc import Sequence


def named_activity(text: str, activities: Sequence[str]) -> str | None:
    """Return the activity that an answer says is done, in whatever words; None where it names none, or several.

    What is denied (`not walking`) does not count. `Walking or standing` is unclear.
    """
    named = {name for name, at in named_activities(text, activities) if not is_denied(text, at)}
    return named.pop() if len(named) == 1 else None
