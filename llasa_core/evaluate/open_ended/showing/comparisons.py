"""Two systems compared, in the terminal and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.open_ended.showing.cells import aligned, counted, interval, share
from llasa_core.evaluate.page.blocks import Bar, Bars, Section, Table

if TYPE_CHECKING:
    from llasa_core.evaluate.open_ended.comparison import Comparison
    from llasa_core.evaluate.page.blocks import Block


def comparison_lines(comparison: Comparison) -> list[str]:
    """Return how often the first of two systems wins, for a terminal."""
    rows: list[tuple[str, ...]] = [("", "wins", "95 % interval", "won", "tied", "lost", "at equal length")]
    rows += [
        (
            one.judge,
            share(one.rate.value),
            interval(one.rate),
            *(f"{number:,}" for number in (one.wins, one.ties, one.losses)),
            share(one.length_controlled),
        )
        for one in comparison.win_rates
    ]
    title = f"{comparison.first} against {comparison.second}, {len(comparison.cases):,} questions"
    unread = [f"{one.judge}: {text}" for one in comparison.win_rates for text in counted(one.unread)]
    return [title, *aligned(rows), *unread]


def comparison_sections(comparison: Comparison) -> list[Section]:
    """Return how often the first of two systems wins, for the page."""
    bars = [
        Bar(
            one.judge,
            one.rate.value or 0.0,
            None if one.rate.ci is None else one.rate.ci.low,
            None if one.rate.ci is None else one.rate.ci.high,
            f"{one.wins:,} won, {one.ties:,} tied, {one.losses:,} lost",
        )
        for one in comparison.win_rates
    ]
    rows = [
        (
            one.judge,
            share(one.rate.value),
            share(one.length_controlled),
            f"{one.n_changed:,}",
            "; ".join(counted(one.unread)) or "none",
        )
        for one in comparison.win_rates
    ]
    head = ("judge", "win rate", "at equal length", "changed with the order", "unread judgements")
    lead = (
        f"How often the answer of {comparison.first} is better than that of {comparison.second}, over "
        f"{len(comparison.cases):,} questions that both answered; a tie is half a win, and intervals are over people."
    )
    blocks: list[Block] = [Bars("Win rate", bars, x_label="share of questions"), Table(head, rows)]
    return [Section(f"{comparison.first} against {comparison.second}", lead, blocks)]
