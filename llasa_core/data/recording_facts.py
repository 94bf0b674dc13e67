"""What can be said of a whole recording, from the facts of its windows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.grounded.measured import MeasuredRecording


@dataclass(frozen=True)
class RecordingFacts:
    """The facts of one recording; windows may overlap, so times come from where they start."""

    windows: int
    span_s: float
    """From the start of the first window to the end of the last."""
    moving_share: float
    """Windows with some movement (`facts.MOVING_MG`), over all."""
    intensity_mg: float
    """Median over the windows."""
    cadence_spm: float | None
    """Median over the windows with steps; None where there is none."""
    posture_changes: int
    """Runs of windows in which the posture changes: windows that overlap show one change together."""
    peak_g: float
    """Largest |a|."""
    peak_s: float
    """When, on the recording's clock."""
    activities: dict[str, int]
    """Windows of each label, in order of appearance."""
    changes: int
    """How often the label changes from one window to the next."""


def facts_of_recording(recording: MeasuredRecording) -> RecordingFacts:
    """Return the facts of a recording with at least one window."""
    windows = recording.windows
    cadences = [window.cadence_spm for window in windows if window.has_steps]
    strongest = max(windows, key=lambda window: window.peak_g)
    labels = [window.activity for window in windows]
    return RecordingFacts(
        windows=len(windows),
        span_s=windows[-1].start_s + recording.window_s - windows[0].start_s,
        moving_share=sum(window.is_moving for window in windows) / len(windows),
        intensity_mg=median(window.intensity_mg for window in windows),
        cadence_spm=median(cadences) if cadences else None,
        posture_changes=_runs([window.changes_posture for window in windows]),
        peak_g=strongest.peak_g,
        peak_s=strongest.start_s + strongest.peak_s,
        activities=dict(Counter(label for label in labels if label is not None)),
        changes=sum(one != other for one, other in pairwise(labels)),
    )


def _runs(flags: Sequence[bool]) -> int:
    """Return the number of runs of True."""
    return sum(flag and not before for flag, before in zip(flags, (False, *flags), strict=False))
