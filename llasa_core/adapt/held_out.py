"""How well a handful of windows would have named others: each person, recording or stretch left out in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from llasa_core.evaluate.intervals import Interval, subject_interval
from llasa_core.model.adapted import AdaptedHead, Measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llasa_core.adapt.labelled import Labelled
    from llasa_core.model.motion_features import Motion

Unit = Literal["person", "recording", "stretch", "part of a stretch"]
PARTS = 5
"""Of a stretch, where an activity has only one."""
RESAMPLES, SEED = 2000, 7


@dataclass(frozen=True)
class HeldOut:
    """What was said of windows that were left out of the learning."""

    unit: Unit
    """What was left out at a time: the widest of which each activity has two."""
    rows: np.ndarray
    """int64: which windows were tested; where the rest held none of their activity, or they overlap it, none can be."""
    measured: Measured
    """By prototypes that had not seen them."""
    cluster: np.ndarray
    """int64 [tested]: what counts as one observation for the interval."""


@dataclass(frozen=True)
class Estimate:
    """How many of the windows that were left out were named rightly."""

    unit: Unit
    windows: int
    accuracy: float
    interval: Interval | None
    """95 %; None where there is a single observation."""
    observations: int
    """People, recordings or stretches that the interval rests on."""


def hold_out(labelled: Labelled, motion: Motion, window_s: float, fit: Callable[[np.ndarray], AdaptedHead]) -> HeldOut:
    """Learn from all but some windows and measure those, in turns.

    Args:
        labelled: the windows.
        motion: as the head sees them.
        window_s: their length: windows that overlap one that is left out are left out of the learning, too.
        fit: learns from the windows with these numbers; they hold every activity.
    """
    unit, group = _units(labelled)
    rows, measured = [], []
    for one in np.unique(group):
        out = np.flatnonzero(group == one)
        rest = _apart(labelled, out, np.flatnonzero(group != one), window_s)
        testable = out[np.isin(labelled.activity[out], labelled.activity[rest])]
        if len(testable) and set(labelled.activity[rest]) == set(labelled.names):
            rows.append(testable)
            measured.append(fit(rest).measure(motion.part(testable)))
    every = np.concatenate(rows) if rows else np.empty(0, np.int64)
    cluster = group if unit != "part of a stretch" else labelled.stretch
    if not rows:
        nothing = fit(np.arange(len(labelled))).measure(motion.part(every))
        return HeldOut(unit, every, nothing, cluster[every])
    return HeldOut(unit, every, Measured.joined(measured), cluster[every])


def estimate(held_out: HeldOut, labelled: Labelled, adapted: AdaptedHead) -> Estimate | None:
    """Return how well the windows that were left out were named; None where none could be tested."""
    if not len(held_out.rows):
        return None
    log_p, _ = adapted.weigh(held_out.measured)
    named = np.array(adapted.activities)[log_p.argmax(axis=1)]
    is_right = named == labelled.activity[held_out.rows]
    clusters, which = np.unique(held_out.cluster, return_inverse=True)
    windows = np.bincount(which)
    tables = np.stack([np.bincount(which, is_right), windows], axis=1)
    interval = subject_interval(
        tables, lambda table: np.asarray(table[..., 0] / table[..., 1]), windows, resamples=RESAMPLES, seed=SEED
    )
    return Estimate(held_out.unit, len(is_right), float(is_right.mean()), interval, len(clusters))


def _units(labelled: Labelled) -> tuple[Unit, np.ndarray]:
    """Return the widest unit of which each activity has at least two, and its number for each window."""
    for unit, group in _groups(labelled):
        if all(len(np.unique(group[labelled.activity == name])) > 1 for name in labelled.names):
            return unit, group
    return "part of a stretch", _parts(labelled)


def _groups(labelled: Labelled) -> Iterator[tuple[Unit, np.ndarray]]:
    if (labelled.person != "").all():
        yield "person", np.unique(labelled.person, return_inverse=True)[1]
    yield "recording", labelled.recording
    yield "stretch", labelled.stretch


def _parts(labelled: Labelled) -> np.ndarray:
    """Return which part of its stretch each window is in; the first parts of all stretches are one unit, and so on."""
    part = np.zeros(len(labelled), np.int64)
    for stretch in np.unique(labelled.stretch):
        own = np.flatnonzero(labelled.stretch == stretch)
        part[own] = np.arange(len(own)) * min(PARTS, len(own)) // len(own)
    return part


def _apart(labelled: Labelled, out: np.ndarray, rest: np.ndarray, window_s: float) -> np.ndarray:
    """Return those of the rest that share no time with what is left out."""
    recording, start_s = labelled.recording, labelled.start_s
    is_same = recording[rest][:, None] == recording[out]
    overlaps = is_same & (np.abs(start_s[rest][:, None] - start_s[out]) < window_s - 1e-6)
    return np.asarray(rest[~overlaps.any(axis=1)])
