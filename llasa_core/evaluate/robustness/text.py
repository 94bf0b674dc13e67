"""The robustness result as lines of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.closed_set.text import aligned, counted
from llasa_core.evaluate.measured import shown

if TYPE_CHECKING:
    from llasa_core.evaluate.robustness.conditions import Condition
    from llasa_core.evaluate.robustness.result import Outcome, RobustnessResult


def lines_of(found: RobustnessResult) -> list[str]:
    """Return a row for each strength of each condition."""
    rows: list[tuple[str, ...]] = [("", "accuracy", "95 % interval", "postures as one", "random forest")]
    rows += [(name_of(condition, outcome), *_cells(outcome)) for condition, outcome in found.one_by_one]
    return [f"robustness: {stands_on(found)}", "", *aligned(rows), "", *found.notes]


def name_of(condition: Condition, outcome: Outcome) -> str:
    """Return what was done to the windows: `lower rate, 5 Hz`."""
    label = outcome.step.label
    return label if outcome.step.strength is None else f"{condition.title.lower()}, {label}"


def stands_on(found: RobustnessResult) -> str:
    """Return whose windows were changed."""
    share = found.unchanged.ours.all
    windows, people = counted(share.windows, "window", "windows"), counted(share.people, "person", "people")
    return f"the same {windows} of {people}, changed"


def _cells(outcome: Outcome) -> tuple[str, ...]:
    ours, forest = outcome.ours, outcome.forest
    return (
        f"{ours.all.value:.3f}",
        shown(ours.all.ci),
        f"{ours.still_merged.value:.3f}",
        "–" if forest is None else f"{forest.all.value:.3f}",
    )
