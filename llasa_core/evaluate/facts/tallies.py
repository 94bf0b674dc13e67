"""Shares over people: each person's answers counted, with an interval over people like them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.intervals import subject_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llasa_core.evaluate.intervals import Interval

Counted = tuple[str, int, int]
"""A person, how many of something were so, and how many there were."""


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    whole: int
    interval: Interval | None = None

    @property
    def value(self) -> float | None:
        """The share, or None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def ends(self) -> list[float] | None:
        """Both ends of the 95 % interval over people."""
        return None if self.interval is None else [self.interval.low, self.interval.high]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"share": self.value, "interval": self.ends, "part": self.part, "whole": self.whole}

    @property
    def shown(self) -> str:
        """The share and its interval, for people."""
        if self.value is None:
            return "–"
        ends = f" ({self.interval.low:.3f} – {self.interval.high:.3f})" if self.interval else ""
        return f"{self.value:.3f}{ends}"


@dataclass(frozen=True)
class Tally:
    """How shares are counted in one report."""

    resamples: int
    seed: int

    def share(self, counted: Iterable[Counted]) -> Share:
        """Return the share of all counts, with its interval over the people who have any."""
        of_person: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(2, np.int64))
        for person, part, whole in counted:
            of_person[person] += (part, whole)
        tables = np.array([of_person[person] for person in sorted(of_person) if of_person[person][1]]).reshape(-1, 2)
        part, whole = (int(total) for total in tables.sum(0))
        interval = subject_interval(tables, _divided, tables[:, 1], resamples=self.resamples, seed=self.seed)
        return Share(part, whole, interval)

    def share_of(self, ones: Sequence[Any], person: Callable[[Any], str], is_so: Callable[[Any], bool]) -> Share:
        """Return the share of things that are so."""
        return self.share((person(one), int(is_so(one)), 1) for one in ones)


def _divided(tables: np.ndarray) -> np.ndarray:
    part, whole = tables[..., 0], tables[..., 1]
    return np.asarray(np.divide(part, whole, out=np.zeros(np.shape(part)), where=whole > 0))
