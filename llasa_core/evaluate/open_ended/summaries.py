"""Scores in sum: by criterion and by kind of question, with intervals over people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.intervals import Interval, subject_interval
from llasa_core.evaluate.open_ended.agreement import columns
from llasa_core.evaluate.open_ended.scores import CRITERIA, HIGHEST, OVERALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.open_ended.items import OpenItem
    from llasa_core.evaluate.open_ended.scores import Scores


@dataclass(frozen=True)
class Mean:
    """A mean over answers."""

    value: float | None
    """None without an answer."""
    ci: Interval | None
    """95 %, over people; None with fewer than two of them."""
    n: int
    """Answers."""
    n_people: int

    def as_dict(self) -> dict[str, Any]:
        """Return it for a report."""
        ci = None if self.ci is None else [self.ci.low, self.ci.high]
        return {"mean": self.value, "ci": ci, "answers": self.n, "subjects": self.n_people}


@dataclass(frozen=True)
class Summary:
    """What one judge, or the rubric, thinks on average; 0 to 100."""

    overall: Mean
    criteria: dict[str, Mean]
    by_kind: dict[str, dict[str, Mean]]
    """By kind of question: the overall mean and every criterion."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for a report."""
        return {
            OVERALL: self.overall.as_dict(),
            **{name: mean.as_dict() for name, mean in self.criteria.items()},
            "by_kind": {
                kind: {name: mean.as_dict() for name, mean in means.items()} for kind, means in self.by_kind.items()
            },
        }


def summarise(items: Sequence[OpenItem], scores: Sequence[Scores | None], *, resamples: int, seed: int) -> Summary:
    """Return the means of scores over the answers that have some.

    Args:
        items: the questions.
        scores: one for each; None where there is none.
        resamples: of the people, behind the intervals.
        seed: of these.
    """
    people = np.array([item.subject for item in items])
    kinds = np.array([item.kind for item in items])
    tables = {name: columns(scores, name) / HIGHEST for name in (OVERALL, *CRITERIA)}

    def means(chosen: np.ndarray) -> dict[str, Mean]:
        return {
            name: mean_over_people(table[chosen], people[chosen], HIGHEST, resamples=resamples, seed=seed)
            for name, table in tables.items()
        }

    whole = means(np.ones(len(items), bool))
    by_kind = {str(kind): means(kinds == kind) for kind in dict.fromkeys(kinds.tolist())}
    return Summary(whole[OVERALL], {name: whole[name] for name in CRITERIA}, by_kind)


def mean_over_people(shares: np.ndarray, people: np.ndarray, scale: float = 1.0, *, resamples: int, seed: int) -> Mean:
    """Return the mean of shares between 0 and 1, with its interval over people.

    Args:
        shares: [answer], NaN where there is none.
        people: [answer], whose.
        scale: what a share of 1 is called, such as 100.
        resamples: of the people.
        seed: of these.
    """
    known = ~np.isnan(shares)
    shares, people = shares[known], people[known]
    if not len(shares):
        return Mean(None, None, 0, 0)
    names, whose = np.unique(people, return_inverse=True)
    n_each = np.bincount(whose)
    tables = np.stack([np.bincount(whose, shares), n_each], axis=1)  # [person, (sum, answers)]
    ci = subject_interval(tables, _share, n_each, resamples=resamples, seed=seed)
    scaled = None if ci is None else Interval(scale * ci.low, scale * ci.high)
    return Mean(scale * float(shares.mean()), scaled, len(shares), len(names))


def _share(table: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(table[..., 0], table[..., 1], out=np.zeros(table.shape[:-1]), where=table[..., 1] > 0))
