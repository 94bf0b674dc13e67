"""Other names of activities, as people say them, and which activities are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

OTHER_NAMES = {
    "walking": ("strolling", "going for a walk"),
    "climbing stairs": ("going upstairs", "walking up the stairs"),
    "descending stairs": ("going downstairs", "walking down the stairs"),
    "sitting": ("sitting down", "being seated"),
    "standing": ("standing still", "standing upright"),
    "lying": ("lying down", "laying"),
    "jogging": ("running", "going for a run"),
    "biking": ("cycling", "riding a bike"),
}
"""They mean one activity and no other; `data/labels.py` knows how label files abbreviate them."""

KINDS = {
    "on foot": ("walking", "climbing stairs", "descending stairs", "jogging"),
    "still": ("sitting", "standing", "lying"),
    "on a bike": ("biking",),
}
"""Coarse groups: what a sensor cannot mistake for each other."""


def names_of(activity: str) -> tuple[str, ...]:
    """Return an activity's own name and the others that mean the same."""
    return (activity, *OTHER_NAMES.get(activity, ()))


def same_activity(activities: Sequence[str]) -> list[int]:
    """Return a group number for each name: equal where two names mean the same activity, such as jogging and running.

    Groups are numbered by the first of their names.
    """
    meaning = [_meaning(name) for name in activities]
    return [meaning.index(each) for each in meaning]


def same_kind(activities: Sequence[str]) -> list[int]:
    """Return a group number for each name: equal where two are of one kind; a name without a kind stands alone."""
    kinds = [_kind(_meaning(name)) for name in activities]
    return [kinds.index(each) for each in kinds]


def _meaning(name: str) -> str:
    return next((activity for activity in OTHER_NAMES if name in names_of(activity)), name)


def _kind(activity: str) -> str:
    return next((kind for kind, activities in KINDS.items() if activity in activities), activity)
