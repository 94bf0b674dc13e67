"""From the rows of a table to stretches of even samples: sorted, without repeats, split at gaps, joined on time.

Gaps are never filled: what is missing for longer than `BRIDGED_S` ends a stretch.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.bursts import with_bursts_as_one
from llasa_core.data.channels import ACC, GYR
from llasa_core.data.regrid import at_times, even_samples
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llasa_core.data.clock import Clock
    from llasa_core.errors import Place

BRIDGED_S = 0.1
"""So much may be missing between two samples: two samples of a window at 20 Hz."""
JUMP_BACK_S = 1.0
"""Rows out of order by less are sorted; a larger jump starts a new stretch."""
HOUR_S = 3600.0
SHORTEST_S = 1.0
"""Shorter stretches between gaps are left out and counted."""
PART_ROWS = 1 << 19
"""Rows worked on at once, which bounds the memory; longer stretches are cut into parts of at least half as many."""
TAIL_S = 2.0
"""Kept back at such a cut, since rows yet to come may belong before it; longer than `JUMP_BACK_S`."""
USUAL_STEPS = 0.9
"""So many of the steps between samples are usual ones: a sensor that samples unevenly misses nothing in between."""
MOST_REPEATS = 0.05
"""Share of stamps that repeat the one before from which on a clock counts as coarse."""


@dataclass(frozen=True)
class Samples:
    """Rows of a recording, as columns."""

    time: np.ndarray
    """float64 [row], seconds."""
    gyr_time: np.ndarray | None
    """The same for angular rate, where it has a clock of its own."""
    values: np.ndarray
    """float64 [row, channel], in our units; NaN where nothing was written."""
    codes: np.ndarray
    """int32 [row, 2]: number of the label and of the subject."""
    starts: np.ndarray
    """bool [row]: a new recording starts here."""

    def part(self, keep: slice | np.ndarray) -> Samples:
        """Return the rows of a slice, a mask or positions."""
        gyr_time = None if self.gyr_time is None else self.gyr_time[keep]
        return Samples(self.time[keep], gyr_time, self.values[keep], self.codes[keep], self.starts[keep])

    @classmethod
    def joined(cls, parts: Sequence[Samples]) -> Samples:
        """Return the rows of all parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        gyr_times = [part.gyr_time for part in parts if part.gyr_time is not None]
        return cls(
            np.concatenate([part.time for part in parts]),
            np.concatenate(gyr_times) if gyr_times else None,
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.codes for part in parts]),
            np.concatenate([part.starts for part in parts]),
        )


class Stretch(NamedTuple):
    """Even samples without a gap."""

    rate_hz: float
    values: np.ndarray
    """float64 [time, channel]."""
    labels: np.ndarray
    """int32 [time]: number of the label of each sample."""
    subject: int
    bridged: tuple[tuple[int, int], ...]
    """Samples `[start, end)` that were missing for a moment."""
    notes: tuple[str, ...]
    start_s: float
    """When the first sample was taken."""


class _Piece(NamedTuple):
    rows: Samples
    times: np.ndarray
    """Their times, equal ones spread."""
    notes: tuple[str, ...]


@dataclass
class Timeline:
    """Turns rows into stretches, and counts the rows it leaves out."""

    clock: Clock
    where: Place
    """For messages."""
    n_missing: int = 0
    """Rows without a value for every channel."""
    n_repeated: int = 0
    """Rows with the time and values of another."""
    n_short: int = 0
    """Rows in stretches too short to be of use."""
    _islands: list[tuple[float, float]] = field(default_factory=list, init=False)

    def stretches(self, blocks: Iterable[Samples]) -> Iterator[Stretch]:
        """Yield the stretches in the file's order.

        Raises:
            DataError: stamps are so coarse that the times of the samples cannot be told.
        """
        held: list[Samples] = []
        for block in blocks:
            held.append(block)
            while sum(len(part.time) for part in held) >= PART_ROWS:
                rows = Samples.joined(held)
                pieces, kept = self._pieces(rows.part(slice(PART_ROWS)), is_last=False)
                held = [kept, rows.part(slice(PART_ROWS, None))]
                yield from self._long_enough(pieces)
        if held:
            yield from self._long_enough(self._pieces(Samples.joined(held), is_last=True)[0])

    def _pieces(self, rows: Samples, *, is_last: bool) -> tuple[list[_Piece], Samples]:
        """Return the rows between gaps, and those at the end that later rows may belong to."""
        rows = self._complete(rows)
        pieces = [
            piece
            for run, jump_s in _runs(rows)
            for piece in self._between_gaps(
                run, (self._after(jump_s, "starts where time jumps back by"),) if jump_s else ()
            )
        ]
        nothing = rows.part(slice(0))
        if is_last or not pieces:
            return pieces, nothing
        last = pieces.pop()
        if len(last.times) < PART_ROWS // 2:
            return pieces, last.rows
        cut = int(np.searchsorted(last.rows.time, last.rows.time[-1] - TAIL_S))
        notes = (*last.notes, "cut here only to bound the memory: the next recording goes on without a gap")
        pieces.append(_Piece(last.rows.part(slice(cut)), last.times[:cut], notes))
        return pieces, last.rows.part(slice(cut, None))

    def _complete(self, rows: Samples) -> Samples:
        """Return the rows with a value for every channel; one clock for both sensors."""
        if rows.gyr_time is not None:
            rows = self._on_one_clock(rows, rows.gyr_time)
        if np.isfinite(rows.time).all() and np.isfinite(rows.values).all():
            return rows
        is_complete = np.isfinite(rows.time) & np.isfinite(rows.values).all(axis=1)
        self.n_missing += len(is_complete) - int(is_complete.sum())
        return rows.part(is_complete)

    def _on_one_clock(self, rows: Samples, gyr_time: np.ndarray) -> Samples:
        has_gyr = np.isfinite(gyr_time) & np.isfinite(rows.values[:, GYR]).all(axis=1)
        order = np.flatnonzero(has_gyr)[np.argsort(gyr_time[has_gyr], kind="stable")]
        values = rows.values.copy()
        longest_hole_s = 1 / self.clock.rate_hz + BRIDGED_S
        values[:, GYR] = at_times(rows.time, gyr_time[order], rows.values[order][:, GYR], longest_hole_s)
        is_of_gyr_alone = ~np.isfinite(rows.time) | ~np.isfinite(rows.values[:, ACC]).all(axis=1)
        rows = replace(rows, values=values, gyr_time=rows.time)
        return rows.part(~is_of_gyr_alone) if is_of_gyr_alone.any() else rows

    def _between_gaps(self, run: Samples, why: tuple[str, ...]) -> Iterator[_Piece]:
        run, notes = self._in_order(run)
        times, burst_note = with_bursts_as_one(run.time, self.clock.rate_hz)
        if (np.diff(times) == 0).any():
            times, note = spread(times, self.clock.rate_hz, self.where)
            notes = (*notes, burst_note or note)
        ends = np.flatnonzero(np.diff(times) > 1 / self.clock.rate_hz + BRIDGED_S) + 1
        for start, end in zip((0, *ends), (*ends, len(times)), strict=True):
            begun = (self._after(times[start] - times[start - 1], "starts after a gap of"),) if start else why
            yield _Piece(run.part(slice(start, end)), times[start:end], (*notes, *begun))

    def _after(self, jump_s: float, what: str) -> str:
        """Return the note for a jump of the clock; one of an hour says why that may be."""
        is_hour = abs(jump_s - HOUR_S) < 1.5 / self.clock.rate_hz
        shown = f"{jump_s:.4g}" if jump_s < 10_000 else f"{jump_s:,.0f}"  # noqa: PLR2004 - no 1.3e+05 s
        return f"{what} {shown} s" + (", as a clock does that is set to daylight saving time" if is_hour else "")

    def _in_order(self, run: Samples) -> tuple[Samples, tuple[str, ...]]:
        """Return rows by time, without those that repeat another."""
        notes = []
        if n_back := int((np.diff(run.time) < 0).sum()):
            run = run.part(np.argsort(run.time, kind="stable"))
            notes.append(f"sorted by time: {n_back} rows stood too late")
        is_repeat = repeats(run.time, run.values)
        if n_repeats := int(is_repeat.sum()):
            run = run.part(~is_repeat)
            self.n_repeated += n_repeats
        return run, tuple(notes)

    def _long_enough(self, pieces: Iterable[_Piece]) -> Iterator[Stretch]:
        for piece in pieces:
            if len(piece.times) > 1 and piece.times[-1] - piece.times[0] >= SHORTEST_S:
                yield self._stretch(piece)
            elif len(piece.times):
                self.n_short += len(piece.times)
                self._islands.append((float(piece.times[0]), float(piece.times[-1])))

    def take_islands(self) -> tuple[tuple[float, float], ...]:
        """Return from when to when the stretches lay that were too short, since this was last asked."""
        islands, self._islands = tuple(self._islands), []
        return islands

    def _stretch(self, piece: _Piece) -> Stretch:
        even = even_samples(piece.times, piece.rows.values, self.clock.resolution_s)
        codes = piece.rows.codes[even.source]
        steps = np.diff(piece.times)
        longest = 1.8 * max(1 / self.clock.rate_hz, float(np.quantile(steps, USUAL_STEPS)))
        missed = np.flatnonzero(steps > longest)  # one sample and more
        starts = np.floor((piece.times[missed] - piece.times[0]) * even.rate_hz + 1e-6).astype(int) + 1
        ends = np.ceil((piece.times[missed + 1] - piece.times[0]) * even.rate_hz - 1e-6).astype(int)
        bridged = tuple((int(start), int(end)) for start, end in zip(starts, ends, strict=True) if end > start)
        notes = (even.note, *piece.notes)
        start_s = float(piece.times[0])
        return Stretch(even.rate_hz, even.values, codes[:, 0], int(codes[0, 1]), bridged, notes, start_s)


def repeats(times_s: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return which rows, in order of time, have the time and the values of the row before: bool [row]."""
    is_repeat = np.zeros(len(times_s), bool)
    same_time = np.flatnonzero(np.diff(times_s) == 0)
    is_repeat[same_time + 1] = (values[same_time] == values[same_time + 1]).all(axis=1)
    return is_repeat


def spread(times_s: np.ndarray, rate_hz: float, where: Place) -> tuple[np.ndarray, str]:
    """Return times with equal ones spread evenly up to the next, and a note that says so.

    Args:
        times_s: float64 [time], never falling.
        rate_hz: roughly; used where all times are equal.
        where: for messages.

    Raises:
        DataError: many times are equal, and not at a steady rate.

    Source:
        GGIR does so with stamps of whole seconds.
    """
    first = np.flatnonzero(np.diff(times_s, prepend=-np.inf) > 0)
    sizes = np.diff(first, append=len(times_s))
    spans = np.diff(times_s[first], append=np.inf)
    step = float(np.median(spans[:-1] / sizes[:-1])) if len(first) > 1 else 1 / rate_hz
    n_repeats = len(times_s) - len(first)
    if n_repeats > MOST_REPEATS * len(times_s):
        is_steady = np.abs(spans[1:-1] / sizes[1:-1] / step - 1) < 0.2  # noqa: PLR2004 - 20 % from one second to the next
        if len(first) < 4 or is_steady.mean() < 0.9:  # noqa: PLR2004 - nearly all groups, and some of them
            raise DataError(
                f"time stamps are rounded: {n_repeats} of {len(times_s)} repeat the one before, "
                "and not at a steady rate, so that the times in between are lost",
                where=where,
                fix="export again, and do not save the file from a spreadsheet: it rounds long numbers",
            )
    steps = np.append(np.minimum(spans / sizes, 1.5 * step)[:-1], step)
    within = np.arange(len(times_s)) - np.repeat(first, sizes)
    even = np.repeat(times_s[first], sizes) + within * np.repeat(steps, sizes)
    if len(first) > 1:  # the first second may have begun before the recording
        even[: sizes[0]] = times_s[first[1]] - step * np.arange(sizes[0], 0, -1)
    return even, f"{n_repeats} equal time stamps spread evenly up to the next"


def _runs(rows: Samples) -> Iterator[tuple[Samples, float]]:
    """Yield the rows between breaks (another recording, subject, or time that jumps back), and the jump in seconds."""
    steps = np.diff(rows.time)
    is_break = rows.starts[1:] | (rows.codes[1:, 1] != rows.codes[:-1, 1]) | (steps < -JUMP_BACK_S)
    ends = np.flatnonzero(is_break) + 1
    for start, end in zip((0, *ends), (*ends, len(rows.time)), strict=True):
        is_jump = start and not rows.starts[start] and steps[start - 1] < -JUMP_BACK_S
        if end > start:
            yield rows.part(slice(start, end)), -float(steps[start - 1]) if is_jump else 0.0
