"""From what was seen in windows to segments: smoothed by the chain, and bounded where the evidence changes sides."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.activity_words import KINDS
from llasa_core.timeline.boundaries import boundaries
from llasa_core.timeline.smoothing import log_transitions, posteriors, viterbi

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.timeline.options import TimelineOptions
    from llasa_core.timeline.watched import Stretch, Watched, Windows

UNKNOWN = "unknown"
"""What a segment is called that shows no activity clearly, or one that was never trained on."""
UNKNOWN_IF_SURE, UNKNOWN_IF_UNSURE, UNKNOWN_IF_STRANGE = 0.01, 0.1, 0.7
"""How likely a window shows no known activity: where one reaches the threshold, where none does, and where the window
is unlike all training. A few such windows, as there are at a change of posture, are bridged; a minute is not."""
STILL = "still"
"""What a segment is called that surely shows a posture, and not which: where gravity says nothing."""
STILL_IF_MUTE, STILL_IF_TOLD = 0.9, 0.05
"""How well `still` explains a window that surely shows some posture: where gravity says nothing of it, and where it
does. So sway alone names a posture that it is sure of by nine to one, window for window."""
MISTAKEN = 0.005
"""How often a window is named wrongly for reasons that its probabilities know nothing of. These, and `SEGMENT_S`, were
chosen among 36 settings on three hours put together of the validation people (`benchmarks/timeline.py`)."""


@dataclass(frozen=True)
class Segment:
    """A stretch `[start_s, end_s)` in which one thing was done."""

    start_s: float
    end_s: float
    activity: str
    confidence: float
    """Mean probability of the activity over its windows, given the whole recording; 0 where no window fits in."""
    cadence_spm: float | None
    """Median over its windows with steps; None where there are none."""
    intensity_mg: float | None
    """Median of the mean amplitude deviation over its windows; None where no window fits in."""

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Smoothed:
    """The states of all windows of a recording: activities, then `still` where it may be told, unknown at last."""

    names: tuple[str, ...]
    """Of the states."""
    states: np.ndarray
    """int64 [window]."""
    posterior: np.ndarray
    """float64 [window, state]."""


def evidence_of(windows: Windows, threshold: float, postures: Sequence[int] = ()) -> np.ndarray:
    """Return how well each state explains each window: log-likelihoods up to a constant, float64 [window, state].

    States are equally frequent beforehand, so their probabilities, which sum to 1, are as good as likelihoods.

    Args:
        windows: of a recording.
        threshold: a probability below it is no answer.
        postures: numbers of the activities that `still` stands for; none where it is no state.
    """
    p = np.exp(windows.log_p)
    is_still = p[:, list(postures)].sum(axis=1)
    some = np.hstack([p, is_still[:, None]]) if len(postures) else p
    is_unsure = some.max(axis=1, initial=0.0) < max(threshold, 1e-6)
    unknown = np.where(is_unsure, UNKNOWN_IF_UNSURE, UNKNOWN_IF_SURE)
    unknown = np.where(windows.strangeness > 1, UNKNOWN_IF_STRANGE, unknown)[:, None]
    if len(postures):
        some[:, -1] *= np.where(windows.is_mute, STILL_IF_MUTE, STILL_IF_TOLD)
    mixed = (1 - MISTAKEN) * some + MISTAKEN / max(1, p.shape[1])
    return np.hstack([np.log(mixed) + np.log1p(-unknown), np.log(unknown)])


def smoothed(watched: Watched, activities: Sequence[str], threshold: float, options: TimelineOptions) -> Smoothed:
    """Return the likeliest states of the windows, and how likely each was; gaps break the chain."""
    windows = watched.windows
    postures = [nth for nth, name in enumerate(activities) if name in KINDS[STILL]]
    if len(postures) < 2 or not windows.is_mute.any():  # noqa: PLR2004 - nothing to merge, or no reason to
        postures = []
    names = (*activities, *([STILL] if postures else []), UNKNOWN)
    n_states = len(names)
    states = np.empty(len(windows), np.int64)
    posterior = np.empty((len(windows), n_states))
    evidence = evidence_of(windows, threshold, postures)
    for stretch in watched.stretches:
        here = _inside(windows, stretch)
        step_s = np.diff(windows.start_s[here])
        if not options.smooth:
            states[here] = evidence[here].argmax(axis=1)
            odds = np.exp(evidence[here])
            posterior[here] = odds / odds.sum(axis=1, keepdims=True)
            continue
        usual_s = float(np.median(step_s)) if len(step_s) else watched.window_s
        weighed = evidence[here] * min(1.0, usual_s / watched.window_s)  # each second of signal counts once
        transitions = log_transitions(step_s, n_states, options.segment_s)
        states[here] = viterbi(weighed, transitions)
        posterior[here] = posteriors(weighed, transitions)
    return Smoothed(names, states, posterior)


def segments_of(
    watched: Watched, activities: Sequence[str], threshold: float, options: TimelineOptions
) -> tuple[tuple[Segment, ...], Smoothed]:
    """Return the segments of a recording in order, which fill all of it but the gaps, and the states behind them."""
    found = smoothed(watched, activities, threshold, options)
    segments = [one for stretch in watched.stretches for one in _segments_in(stretch, watched, found)]
    return tuple(segments), found


def _segments_in(stretch: Stretch, watched: Watched, found: Smoothed) -> Iterator[Segment]:
    windows = np.flatnonzero(_inside(watched.windows, stretch))
    if not len(windows):
        yield Segment(stretch.start_s, stretch.end_s, UNKNOWN, 0.0, None, None)
        return
    states = found.states[windows]
    firsts = np.flatnonzero(np.diff(states, prepend=-1))
    runs = list(itertools.pairwise([*firsts, len(windows)]))
    middles = watched.windows.start_s[windows] + watched.window_s / 2
    spans = [(float(middles[first]), float(middles[end - 1])) for first, end in runs]
    bounds = [stretch.start_s, *boundaries(spans, watched.moments, watched.window_s), stretch.end_s]
    for (first, end), (start_s, end_s) in zip(runs, itertools.pairwise(bounds), strict=True):
        if end_s <= start_s:  # its neighbours have taken all of it
            continue
        own = windows[first:end]
        starts = watched.windows.start_s[own]
        within = own[(starts >= start_s) & (starts + watched.window_s <= end_s)]
        measured = within if len(within) else own  # facts of windows that reach beyond are of two activities
        yield Segment(
            start_s=float(start_s),
            end_s=float(end_s),
            activity=found.names[states[first]],
            confidence=float(found.posterior[own, states[first]].mean()),
            cadence_spm=_median(watched.cadence_spm[measured]),
            intensity_mg=_median(watched.intensity_mg[measured]),
        )


def _inside(windows: Windows, stretch: Stretch) -> np.ndarray:
    """Return which windows lie in a stretch, bool [window]."""
    is_inside = (windows.start_s >= stretch.start_s - 1e-6) & (windows.start_s < stretch.end_s)
    return np.asarray(is_inside)


def _median(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else None
