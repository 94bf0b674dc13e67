"""Clocks that start over when their counter is full, or at midnight, read on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.clock import usual_step

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTERS = (2.0**16, 2.0**31, 2.0**32)
"""Where counters of 16 and 32 bits are full, with a sign or without."""
DAYS = (86400.0, 86400e3, 86400e6, 86400e9)
"""A day in each unit of time."""
LONGEST_STEPS = 10
"""Samples that may be lost while a counter starts over; a longer jump is another recording that begins at 0."""


class Unwrapped:
    """A clock, block by block: what was full is counted on."""

    def __init__(self, period: float | None, tell: Callable[[str], None]) -> None:
        """Begin at a file's first row.

        Args:
            period: where it starts over; None finds out whether it is a full counter.
            tell: takes a note about it, once.
        """
        self._period, self._tell = period, tell
        self._step: float | None = None
        self._last: float | None = None
        self._added = 0.0

    def __call__(self, ticks: np.ndarray) -> np.ndarray:
        """Return the next ticks [time], of one block after the other; NaN stays."""
        is_known = np.isfinite(ticks)
        known = ticks if is_known.all() else ticks[is_known]
        if not len(known):
            return ticks
        before = known[0] if self._last is None else self._last
        steps = np.diff(known, prepend=before)
        self._last = float(known[-1])
        at = np.flatnonzero(steps < 0)
        if self._step is None:
            self._step = usual_step(known) or None
        if not len(at) and not self._added:
            return ticks
        added = np.zeros(len(known))
        for position in at[-steps[at] > self._smallest_jump]:
            added[position] = self._wrap(float(steps[position]), float(known[position] - steps[position]))
        shift = self._added + np.cumsum(added)
        self._added = float(shift[-1])
        result = ticks.copy()
        result[is_known] = known + shift
        return result

    @property
    def _smallest_jump(self) -> float:
        return self._period / 2 if self._period else COUNTERS[0] / 2

    def _wrap(self, jump: float, last: float) -> float:
        """Return what is added from a jump back on: the size of the counter if it was full, else 0."""
        if self._period:
            self._tell("starts over at midnight, and is counted on")
            return self._period
        most = LONGEST_STEPS * (self._step or 0)
        for period in (*COUNTERS, *DAYS):
            if 0 < jump + period <= most and abs(last) < period and (last.is_integer() or period in DAYS):
                when = "at midnight" if period in DAYS else f"after {period:.0f} ticks"
                self._tell(f"starts over {when}, and is counted on")
                return period
        return 0.0
