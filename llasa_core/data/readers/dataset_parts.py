"""Parts of a public dataset's files: put in order, read one by one, and nothing left out without being counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.channels import ACC, GYR
from llasa_core.data.readers.csv_rows import LARGEST_VALUE
from llasa_core.data.readers.dataset_tables import BAD_ROW, read_rows
from llasa_core.data.timeline import JUMP_BACK_S
from llasa_core.data.tracks import Track
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from llasa_core.data.recording import Recording
    from llasa_core.data.table import Table

MISSING = "value missing or beyond all sensors"
"""As `assemble` counts it."""
TOO_SHORT = "no second without a gap"


class Cells(NamedTuple):
    """The rows of a table that could be read, in memory."""

    line: np.ndarray
    """int64 [row]: where each stands in the file, from 1."""
    numbers: np.ndarray
    """float64 [row, column]; NaN where nothing was written."""
    words: np.ndarray
    """object [row, column]."""
    notes: tuple[str, ...]
    left_out: tuple[tuple[str, int], ...]


def are_numbers(cells: Sequence[str]) -> bool:
    """Return whether there are cells, and all are numbers; NaN is one."""
    try:
        return bool([float(cell) for cell in cells])
    except ValueError:
        return False


def cells_of(table: Table, numbers: Sequence[int], words: Sequence[int] = ()) -> Cells:
    """Return the wanted columns of a whole table.

    Args:
        table: of a file that fits into memory.
        numbers: columns to read as numbers, from 0.
        words: columns to read as text.

    Raises:
        DataError: a row cannot be read, or there is none.
    """
    rows = read_rows(table, numbers, words)
    is_read = rows.line > 0
    return Cells(
        rows.line[is_read],
        rows.numbers[is_read],
        rows.words[is_read],
        tuple(f"{table.file.name}: {note}" for note in rows.notes),
        ((BAD_ROW, rows.n_dropped),) if rows.n_dropped else (),
    )


def measured(values: np.ndarray) -> np.ndarray:
    """Return values with NaN in place of what no sensor gives, in any unit."""
    return np.where(np.abs(values) <= LARGEST_VALUE, values, np.nan)


def tracks_of(
    times_s: np.ndarray, values: np.ndarray, codes: np.ndarray | None = None
) -> tuple[Track, Track, tuple[tuple[str, int], ...]]:
    """Return the tracks of two sensors that share a clock, and (reason, samples) of the rows that lack a value.

    A row that lacks one is left out of both, so that nothing is made up where only the other sensor was on.

    Args:
        times_s: float64 [row].
        values: float64 [row, 6] in our units, acc before gyr.
        codes: int [row], numbers of the labels.
    """
    values = measured(values)
    is_whole = np.isfinite(values).all(axis=1) & np.isfinite(times_s)
    n_missing = len(is_whole) - int(is_whole.sum())
    times_s, values = times_s[is_whole], values[is_whole]
    acc = Track.of(times_s, values[:, ACC], None if codes is None else codes[is_whole])
    return acc, Track.of(times_s, values[:, GYR]), ((MISSING, n_missing),) if n_missing else ()


def in_order(track: Track, what: str, where: Place) -> tuple[Track, tuple[str, ...]]:
    """Return a track sorted by time, each sample once, and a note where time had jumped back.

    Some datasets hold the parts of a recording in another order, or a part twice.

    Args:
        track: of one sensor.
        what: how messages call it.
        where: for messages.

    Raises:
        DataError: parts of it were recorded at the same time, so that their clocks are not one.
    """
    jumps = np.flatnonzero(np.diff(track.time_s) < -JUMP_BACK_S)
    if not len(jumps):
        return track, ()
    part_of = np.searchsorted(jumps, np.arange(len(track.time_s)))  # the row before a jump still belongs before it
    order = np.lexsort((*track.values.T, track.time_s))
    times_s, values = track.time_s[order], track.values[order]
    is_new = np.append(True, (np.diff(times_s) > 0) | (np.diff(values, axis=0) != 0).any(axis=1))
    parts = part_of[order][is_new]
    if np.count_nonzero(np.diff(parts)) >= len(np.unique(parts)):
        raise DataError(
            f"time jumps back {_times(len(jumps))} in the {what}, to times that were recorded before",
            where=where,
            fix="leave this recording out, or repair its times",
        )
    repeated = f"{int((~is_new).sum())} repeated rows left out"
    note = f"time jumped back {_times(len(jumps))} in the {what}: sorted, {repeated}"
    return track.part(order[is_new]), (note,)


def both_in_order(acc: Track, gyr: Track | None, where: Place) -> tuple[Track, Track | None, tuple[str, ...]]:
    """Return acceleration and angular rate sorted by time, as `in_order` does, and the notes; None stays None."""
    acc, notes = in_order(acc, "acceleration", where)
    if gyr is None:
        return acc, None, notes
    gyr, more = in_order(gyr, "angular rate", where)
    return acc, gyr, (*notes, *more)


def at_least_one(recordings: Iterable[Recording], n_samples: int, where: Place) -> Iterator[Recording]:
    """Yield the recordings.

    Raises:
        DataError: there is none, because gaps leave no second.
    """
    found = False
    for recording in recordings:
        found = True
        yield recording
    if not found:
        raise DataError(f"{TOO_SHORT} in {n_samples} samples", where=where, fix="leave this recording out")


class Group(NamedTuple):
    """A part of a file that is read on its own, such as all that one person did."""

    name: str
    n_samples: int
    read: Callable[[], Iterator[Recording]]


def recordings_of_groups(groups: Iterable[Group], lost: Counter[str], where: Place) -> Iterator[Recording]:
    """Yield the recordings in all groups; a group without any is left out, and counted with the last recording.

    Args:
        groups: read one after the other.
        lost: samples by reason that were left out before; what groups lose is added to it.
        where: for messages.

    Raises:
        DataError: no group holds a recording.
    """
    held: Recording | None = None
    for group in groups:
        found = False
        try:
            for recording in group.read():
                if held is not None:
                    yield held
                held, found = recording, True
        except DataError as error:
            lost[f"{group.name}: {error.message}"] += group.n_samples
        else:
            if not found:
                lost[f"{group.name}: {TOO_SHORT}"] += group.n_samples
    if held is None:
        reasons = "; ".join(f"{reason} ({n_samples} samples)" for reason, n_samples in lost.items())
        raise DataError(f"nothing to read: {reasons}", where=where, fix="leave this file out, or download it again")
    yield replace(held, left_out=(*held.left_out, *lost.items()))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
