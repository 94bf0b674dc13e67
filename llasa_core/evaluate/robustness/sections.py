"""The robustness result as a part of the page."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import TYPE_CHECKING

from llasa_core.evaluate.measured import shown
from llasa_core.evaluate.page.blocks import Bar, Bars, Chart, Line, Paragraph, Section, Table
from llasa_core.evaluate.robustness.text import name_of, stands_on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.evaluate.measured import Share
    from llasa_core.evaluate.page.blocks import Block
    from llasa_core.evaluate.robustness.conditions import Condition
    from llasa_core.evaluate.robustness.result import Outcome, RobustnessResult

    ShareOf = Callable[[Outcome], Share | None]

AXES = {
    "turned": "angle (degrees)",
    "lower_rate": "recorded at (Hz)",
    "noise": "standard deviation (m/s²)",
    "offset": "offset (m/s²)",
}
"""What the x axis of a condition with strengths says."""
FOREST = "random forest"


def section_of(found: RobustnessResult) -> Section:
    """Return a chart for each condition with strengths, bars for all others, and a table of everything."""
    graded = [each for each in found.outcomes if each[0].key in AXES and each[1]]
    others = [each for each in found.outcomes if each[0].key not in AXES]
    blocks: list[Block] = [_against_strength(found, *each) for each in graded]
    blocks[1:1] = [_apart(found, *each) for each in graded if each[0].key == "turned"]
    blocks.append(_bars(found, others))
    blocks.append(_table(found))
    if found.notes:
        blocks.append(Paragraph("\n".join(found.notes)))
    lead = (
        f"How much is left when devices and recordings differ from those that were learned from: {stands_on(found)}. "
        f"The forest learned from unchanged windows of the training people. Intervals are 95 %, over people."
    )
    return Section("Robustness", lead, blocks)


def _against_strength(found: RobustnessResult, condition: Condition, outcomes: Sequence[Outcome]) -> Chart:
    points = _points(found, condition, outcomes)
    lines = [_line(found.work.exam.name, points, _all_of_ours)]
    if found.unchanged.forest is not None:
        lines.append(_line(FOREST, points, _all_of_forest))
    return _chart(condition, condition.title, lines, points, condition.caption)


def _apart(found: RobustnessResult, condition: Condition, outcomes: Sequence[Outcome]) -> Chart:
    """Show what turning spares: only gravity's direction tells postures apart."""
    points = _points(found, condition, outcomes)
    lines = [
        _line(name, points, attrgetter(field))
        for name, field in (
            ("moving", "ours.moving"),
            ("still", "ours.still"),
            ("postures as one", "ours.still_merged"),
        )
        if attrgetter(field)(found.unchanged) is not None
    ]
    caption = (
        "Accuracy on moving and on still windows, and on all where sitting, standing and lying count as one: "
        "only the direction of gravity tells them apart."
    )
    return _chart(condition, f"{condition.title}, apart", lines, points, caption)


def _chart(
    condition: Condition,
    title: str,
    lines: Sequence[Line],
    points: Sequence[tuple[float, Outcome]],
    caption: str,
) -> Chart:
    ticks = [(x, f"{x:g}") for x, _ in points]
    return Chart(title, AXES[condition.key], "accuracy", lines, y_range=(0, 1), caption=caption, x_ticks=ticks)


def _points(found: RobustnessResult, condition: Condition, outcomes: Sequence[Outcome]) -> list[tuple[float, Outcome]]:
    """Return where the outcomes of a condition lie on its axis, from left to right, with the unchanged windows."""
    assert condition.unchanged_at is not None  # noqa: S101 - conditions with an axis have it
    points = [(condition.unchanged_at, found.unchanged)]
    points += [(outcome.step.strength, outcome) for outcome in outcomes if outcome.step.strength is not None]
    return sorted(points, key=lambda point: point[0])


def _line(name: str, points: Sequence[tuple[float, Outcome]], share_of: ShareOf) -> Line:
    shares = [share_of(outcome) for _, outcome in points]
    ends = [None if share is None else share.ci for share in shares]
    return Line(
        name,
        [x for x, _ in points],
        [math.nan if share is None else share.value for share in shares],
        low=[math.nan if ci is None else ci.low for ci in ends],
        high=[math.nan if ci is None else ci.high for ci in ends],
    )


def _bars(found: RobustnessResult, others: Sequence[tuple[Condition, Sequence[Outcome]]]) -> Bars:
    name = found.work.exam.name
    bars = []
    for outcome in (outcome for _, outcomes in others for outcome in outcomes):
        bars.append(_bar(f"{outcome.step.label}: {name}", outcome.ours.all, is_strong=True))
        if outcome.forest is not None:
            bars.append(_bar(FOREST, outcome.forest.all))
    return Bars("Other changes", bars, x_label="accuracy", caption=_said_of(others))


def _said_of(others: Sequence[tuple[Condition, Sequence[Outcome]]]) -> str:
    return " ".join(condition.caption for condition, _ in others if condition.caption)


def _bar(name: str, share: Share, *, is_strong: bool = False) -> Bar:
    low, high = (None, None) if share.ci is None else (share.ci.low, share.ci.high)
    return Bar(name, share.value, low, high, is_strong=is_strong)


def _table(found: RobustnessResult) -> Table:
    head = ("change", "accuracy", "95 % interval", "moving", "still", "postures as one", "confidence", FOREST)
    rows = [(name_of(condition, outcome), *_cells(outcome)) for condition, outcome in found.one_by_one]
    return Table(head, rows, caption="Every change in numbers", strong_row=0)


def _cells(outcome: Outcome) -> tuple[str, ...]:
    ours = outcome.ours
    return (
        f"{ours.all.value:.3f}",
        shown(ours.all.ci),
        *("–" if share is None else f"{share.value:.3f}" for share in (ours.moving, ours.still, ours.still_merged)),
        f"{outcome.confidence:.3f}",
        "–" if outcome.forest is None else f"{outcome.forest.all.value:.3f}",
    )


def _all_of_ours(outcome: Outcome) -> Share:
    return outcome.ours.all


def _all_of_forest(outcome: Outcome) -> Share | None:
    return None if outcome.forest is None else outcome.forest.all
