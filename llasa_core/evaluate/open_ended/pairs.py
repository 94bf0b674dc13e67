"""Two systems' answers to the same questions: who wins how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.open_ended.length import length_controlled_win_rate
from llasa_core.evaluate.open_ended.summaries import Mean, mean_over_people

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.open_ended.items import OpenItem

TIE_WITHIN = 1.0
"""Points of the rubric's overall score by which answers must differ for one to win."""
RUBRIC = "rubric"
WIN, TIE = 1.0, 0.5


@dataclass(frozen=True)
class WinRate:
    """How often the first system's answer is better, as one judge sees it."""

    judge: str
    rate: Mean
    """0 to 1; a tie is half a win."""
    wins: int
    ties: int
    losses: int
    length_controlled: float | None
    """The rate at equal length, 0 to 1."""
    unread: dict[str, int]
    """Judgements that count for nothing, by reason."""
    n_changed: int = 0
    """Ties because the judge preferred another answer in the other order."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for a report."""
        rate = self.rate.as_dict()
        return {
            "win_rate": rate["mean"],
            "win_rate_ci": rate["ci"],
            "wins": self.wins,
            "ties": self.ties,
            "losses": self.losses,
            "questions": rate["answers"],
            "subjects": rate["subjects"],
            "length_controlled_win_rate": self.length_controlled,
            "unread": self.unread,
            "changed_with_order": self.n_changed,
        }


def rubric_points(first: Sequence[float], second: Sequence[float]) -> list[float | None]:
    """Return 1 where the first overall score is better, 0 where the second is, and 0.5 where they hardly differ."""
    return [
        TIE if abs(ours - theirs) < TIE_WITHIN else WIN if ours > theirs else 0.0
        for ours, theirs in zip(first, second, strict=True)
    ]


def win_rate(
    judge: str,
    items: Sequence[OpenItem],
    points: Sequence[float | None],
    texts: Sequence[tuple[str, str]],
    *,
    resamples: int,
    seed: int,
    unread: dict[str, int] | None = None,
    n_changed: int = 0,
) -> WinRate:
    """Return how often the first answers win, with the interval over people.

    Args:
        judge: who says so.
        items: the questions.
        points: of the first answer, one for each question; None where there is no verdict.
        texts: both answers to each question.
        resamples: of the people, behind the interval.
        seed: of these.
        unread: judgements without a verdict, by reason.
        n_changed: verdicts that changed with the order.
    """
    table = np.array([np.nan if point is None else point for point in points], np.float64)
    known = ~np.isnan(table)
    words = np.array([[len(first.split()), len(second.split())] for first, second in texts]).reshape(-1, 2)
    rate = mean_over_people(table, np.array([item.subject for item in items]), resamples=resamples, seed=seed)
    return WinRate(
        judge,
        rate,
        wins=int((table == WIN).sum()),
        ties=int((table == TIE).sum()),
        losses=int((table == 0).sum()),
        length_controlled=length_controlled_win_rate(table[known], words[known, 0], words[known, 1]),
        unread=unread or {},
        n_changed=n_changed,
    )
