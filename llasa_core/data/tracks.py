"""Two sensors that sampled each on its own, put on one clock: joined by time and never by row number.

What a clock leaves out, or has lost, is dealt with here before: pauses, and stamps that a spreadsheet rounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.channels import ACC, CHANNELS, GYR
from llasa_core.data.clock import clock_of
from llasa_core.data.regrid import at_times
from llasa_core.data.timeline import BRIDGED_S, JUMP_BACK_S, MOST_REPEATS, Samples, repeats, spread
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.profile import Pause
    from llasa_core.errors import Place

MUCH_FASTER = 1.2
"""From this ratio of rates on, the faster sensor's times are taken: the slower one can be interpolated without loss."""

MOST_ROUNDED_DIGITS = 7
"""Significant digits that a spreadsheet may leave of a time stamp."""


class Track(NamedTuple):
    """What one sensor measured, as its own clock stamped it."""

    time_s: np.ndarray
    """float64 [time]."""
    values: np.ndarray
    """float64 [time, 3]; NaN where nothing was written."""
    codes: np.ndarray
    """int32 [time, 2]: number of the label and of the subject, 0 where there is none."""

    @classmethod
    def of(cls, time_s: np.ndarray, values: np.ndarray, labels: np.ndarray | None = None) -> Track:
        """Return a track of one person; `labels` [time] are numbers of labels."""
        codes = np.zeros((len(time_s), 2), np.int32)
        if labels is not None:
            codes[:, 0] = labels
        return cls(np.asarray(time_s, np.float64), np.asarray(values, np.float64), codes)

    def part(self, keep: slice | np.ndarray) -> Track:
        """Return the samples of a slice, a mask or positions."""
        return Track(self.time_s[keep], self.values[keep], self.codes[keep])


class Joined(NamedTuple):
    """Both sensors on one clock."""

    samples: Samples
    rate_hz: float
    resolution_s: float
    rates_hz: tuple[float, float]
    """Of acc and gyr, as measured."""
    notes: tuple[str, ...]
    n_missing: int
    """Samples without a number or a time, of both sensors."""
    n_repeated: int
    n_alone: int
    """Samples of the sensor whose clock is taken, from before or after the other one's."""


def on_one_clock(acc: Track, gyr: Track, where: Place) -> Joined:
    """Return both sensors at the times of one of them, in any units.

    Times are the accelerometer's, or the gyroscope's where that is faster: what is interpolated then is the slower
    sensor, by a cubic, and nothing folds over. Each sensor is sorted first; where time jumps back in both, the parts
    before and after are joined each with each. Holes of either are left open.

    Args:
        acc: acceleration.
        gyr: angular rate; its codes are not used.
        where: for messages.

    Raises:
        DataError: a sensor has no sample, the two were never on at one time, or time jumps back in one of them only.
    """
    n_all = len(acc.time_s) + len(gyr.time_s)
    acc, gyr = _complete(acc, "acceleration", where), _complete(gyr, "angular rate", where)
    n_missing = n_all - len(acc.time_s) - len(gyr.time_s)
    runs = list(zip(*(_runs(track) for track in _together(acc, gyr, where)), strict=True))
    notes: list[str] = []
    tidy = [tuple(_tidy(track, notes, where) for track in pair) for pair in runs]
    n_repeated = n_all - n_missing - sum(len(track.time_s) for pair in tidy for track in pair)
    rates_hz = _rate(tidy, 0), _rate(tidy, 1)
    leads = int(rates_hz[1] > MUCH_FASTER * rates_hz[0])
    parts = [_joined(pair, leads, rates_hz) for pair in tidy]
    samples = Samples.joined([part for part, _ in parts])
    if not len(samples.time):
        raise _never_together(tidy, where)
    longest = max((pair[leads].time_s for pair in tidy), key=len)
    other = ("acceleration", "angular rate")[1 - leads]
    if not all(np.array_equal(pair[0].time_s, pair[1].time_s) for pair in tidy):
        notes.append(
            f"acc at {rates_hz[0]:.4g} Hz and gyr at {rates_hz[1]:.4g} Hz joined on time: {other} interpolated"
        )
    return Joined(
        samples,
        rates_hz[leads],
        clock_of(longest).resolution_s,
        rates_hz,
        tuple(dict.fromkeys(notes)),
        n_missing,
        n_repeated,
        sum(n_alone for _, n_alone in parts),
    )


def without_gyroscope(acc: Track, where: Place) -> Joined:
    """Return the accelerometer alone, with an angular rate of zero.

    Raises:
        DataError: it has no sample.
    """
    n_all = len(acc.time_s)
    acc = _complete(acc, "acceleration", where)
    notes: list[str] = []
    tidy = [_tidy(run, notes, where) for run in _runs(acc)]
    clock = clock_of(max((run.time_s for run in tidy), key=len))
    n_kept = sum(len(run.time_s) for run in tidy)
    return Joined(
        Samples.joined([_samples(run, run.values, np.zeros_like(run.values)) for run in tidy]),
        clock.rate_hz,
        clock.resolution_s,
        (clock.rate_hz, 0.0),
        tuple(dict.fromkeys(notes)),
        n_all - len(acc.time_s),
        len(acc.time_s) - n_kept,
        0,
    )


def after_pauses(times_s: np.ndarray, pauses: Sequence[Pause]) -> np.ndarray:
    """Return times with the pauses before them, in which their clock stood still.

    Args:
        times_s: float64 [time], as the clock tells them.
        pauses: in order.
    """
    if not pauses:
        return times_s
    lengths_s = np.cumsum([0.0, *(pause.length_s for pause in pauses)])
    before_s = lengths_s[np.searchsorted([pause.at_s for pause in pauses], times_s, side="right")]
    return np.asarray(times_s + before_s)


def refuse_rounded(ticks: np.ndarray, name: str, where: Place) -> None:
    """Refuse stamps that were rounded to a few significant digits, so that many of them repeat.

    Stamps of whole seconds are as coarse at the start as at the end; these are fine first, while they are short.

    Args:
        ticks: float64 [time], in the file's order.
        name: how messages name the clock.
        where: for messages.

    Raises:
        DataError: the times between the stamps are lost.
    """
    largest = float(np.abs(ticks).max())
    n_repeats, n_back = int((np.diff(ticks) == 0).sum()), int((np.diff(ticks) < 0).sum())
    if n_repeats <= MOST_REPEATS * len(ticks) or not largest:
        return
    longest = 10.0 ** np.floor(np.log10(largest))  # stamps of one digit more than those below
    if len(np.unique(ticks[np.abs(ticks) >= longest])) < 3:  # noqa: PLR2004 - 100.0 may be a round number by chance
        return
    for n_digits in range(1, MOST_ROUNDED_DIGITS + 1):
        coarsest = longest / 10.0 ** (n_digits - 1)
        is_even = (np.abs(ticks / coarsest - np.round(ticks / coarsest)) < 1e-6).all()  # noqa: PLR2004 - float64's own
        if is_even:
            return
        if _has_digits(ticks, n_digits):
            back = f", and {n_back} go{'es'[: 2 * (n_back == 1)]} back" if n_back else ""
            raise DataError(
                f"the time stamps {name} were rounded to {n_digits} digits: {n_repeats} of {len(ticks)} repeat the one "
                f"before{back}",
                where=where,
                fix="export again, and do not save the file from a spreadsheet: it rounds long numbers",
            )


def _has_digits(ticks: np.ndarray, n_digits: int) -> bool:
    """Return whether no stamp has more significant digits."""
    sizes = np.abs(ticks[ticks != 0])
    steps = 10.0 ** (np.floor(np.log10(sizes) + 1e-12) - n_digits + 1)
    return bool((np.abs(sizes / steps - np.round(sizes / steps)) < 1e-6).all())  # noqa: PLR2004 - float64's own


def _complete(track: Track, what: str, where: Place) -> Track:
    is_whole = np.isfinite(track.time_s) & np.isfinite(track.values).all(axis=1)
    if is_whole.sum() < 2:  # noqa: PLR2004 - no rate can be told from one
        raise DataError(f"{what} has {int(is_whole.sum())} samples", where=where, fix="record again, with both sensors")
    track = track if is_whole.all() else track.part(is_whole)
    if not np.ptp(track.time_s):
        raise DataError(
            f"the clock of the {what} stands still at {track.time_s[0]:.10g} s", where=where, fix="export it again"
        )
    return track


def _runs(track: Track) -> list[Track]:
    """Return the parts between jumps back, each sorted by time."""
    ends = np.flatnonzero(np.diff(track.time_s) < -JUMP_BACK_S) + 1
    runs = [track.part(slice(start, end)) for start, end in zip((0, *ends), (*ends, len(track.time_s)), strict=True)]
    return [run.part(np.argsort(run.time_s, kind="stable")) if (np.diff(run.time_s) < 0).any() else run for run in runs]


def _together(acc: Track, gyr: Track, where: Place) -> tuple[Track, Track]:
    n_jumps = [int((np.diff(track.time_s) < -JUMP_BACK_S).sum()) for track in (acc, gyr)]
    if n_jumps[0] != n_jumps[1]:
        raise DataError(
            f"time jumps back {n_jumps[0]} times in the acceleration, but {n_jumps[1]} times in the angular rate",
            where=where,
            fix="export the recordings one by one, or sort both files by time if they are one recording",
        )
    return acc, gyr


def _tidy(run: Track, notes: list[str], where: Place) -> Track:
    run = run.part(~repeats(run.time_s, run.values))
    if not (np.diff(run.time_s) == 0).any():
        return run
    times_s, note = spread(run.time_s, 1.0, where)
    notes.append(note)
    return run._replace(time_s=times_s)


def _rate(pairs: list[tuple[Track, ...]], sensor: int) -> float:
    return clock_of(max((pair[sensor].time_s for pair in pairs), key=len)).rate_hz


def _joined(pair: tuple[Track, ...], leads: int, rates_hz: tuple[float, float]) -> tuple[Samples, int]:
    """Return one run at the leading sensor's times, and how many of these lie outside the other sensor's."""
    lead, other = pair[leads], pair[1 - leads]
    is_shared = (lead.time_s >= other.time_s[0]) & (lead.time_s <= other.time_s[-1])
    lead = lead.part(is_shared)
    if np.array_equal(lead.time_s, other.time_s):
        values = other.values
    else:
        values = at_times(lead.time_s, other.time_s, other.values, 1 / rates_hz[1 - leads] + BRIDGED_S)
    if leads:  # labels stand in the acceleration's rows
        nearest = np.searchsorted((other.time_s[1:] + other.time_s[:-1]) / 2, lead.time_s)
        lead = lead._replace(codes=other.codes[nearest])
    both = (values, lead.values) if leads else (lead.values, values)
    return _samples(lead, *both), int((~is_shared).sum())


def _samples(lead: Track, acc: np.ndarray, gyr: np.ndarray) -> Samples:
    values = np.empty((len(lead.time_s), len(CHANNELS)))
    values[:, ACC], values[:, GYR] = acc, gyr
    starts = np.zeros(len(lead.time_s), bool)
    starts[:1] = True
    return Samples(lead.time_s, None, values, lead.codes, starts)


def _never_together(pairs: list[tuple[Track, ...]], where: Place) -> DataError:
    acc, gyr = pairs[0]
    return DataError(
        f"acceleration ({_span(acc)}) and angular rate ({_span(gyr)}) were never on at the same time",
        where=where,
        fix="export both with the same clock: one may count since 1970, the other since the device started",
    )


def _span(track: Track) -> str:
    return f"{track.time_s[0]:.10g} to {track.time_s[-1]:.10g} s"
