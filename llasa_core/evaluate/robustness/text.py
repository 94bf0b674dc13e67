"""The robustness result as lines of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.closed_set.text import aligned, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.measured import Share
    from llasa_core.evaluate.robustness.result import Outcome, RobustnessResult


def lines_of(found: RobustnessResult) -> list[str]:
    """Return a row for each condition with all its strengths, or for each step where they are no numbers."""
    rows: list[tuple[str, ...]] = [("", "accuracy", "postures as one", "random forest")]
    for condition, outcomes in found.outcomes:
        if all(outcome.step.strength is not None for outcome in outcomes):
            strengths = ", ".join(outcome.step.label.split()[0] for outcome in outcomes)
            unit = " ".join(outcomes[-1].step.label.split()[1:])
            rows.append(_row(f"{condition.title.lower()}: {strengths} {unit}".strip(), outcomes))
        else:
            rows += [_row(outcome.step.label, [outcome]) for outcome in outcomes]
    return [f"robustness: {stands_on(found)}", "", *aligned(rows), "", *found.notes]


def stands_on(found: RobustnessResult) -> str:
    """Return whose windows were changed."""
    share = found.unchanged.ours.all
    windows, people = counted(share.windows, "window", "windows"), counted(share.people, "person", "people")
    return f"the same {windows} of {people}, changed"


def _row(title: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    return (
        title,
        _shares([outcome.ours.all for outcome in outcomes]),
        _shares([outcome.ours.still_merged for outcome in outcomes]),
        _shares([None if outcome.forest is None else outcome.forest.all for outcome in outcomes]),
    )


def _shares(shares: Sequence[Share | None]) -> str:
    return "  ".join("–" if share is None else f"{share.value:.3f}" for share in shares)
