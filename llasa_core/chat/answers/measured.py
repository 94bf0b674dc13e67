"""What was measured in the part of a recording that a question is about: its samples, and its windows in one."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.facts import Facts, facts_of
from llasa_core.data.grounded.measured import measured

if TYPE_CHECKING:
    from llasa_core.chat.answers.answer import Case
    from llasa_core.data.grounded.measured import Measured
    from llasa_core.timeline.segments import Segment


def rows_of(case: Case) -> np.ndarray:
    """Return which windows of the timeline lie in the scope, int64 [window]."""
    if case.scope.is_moment:
        at = case.scope.spans[0].start_s
        starts = case.recording.timeline.windows.start_s
        is_there = (starts <= at) & (at < starts + case.recording.window_s)
        return np.flatnonzero(is_there) if is_there.any() else case.recording.rows_in(case.scope.spans)
    return case.recording.rows_in(case.scope.spans)


def samples_of(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return when the scope's samples were taken, [time], and they themselves, float64 [time, channel].

    Of a moment, and of a scope without a sample, these are the window around it.
    """
    recording = case.recording
    if not case.scope.is_moment:
        times, samples = recording.samples_in(case.scope.spans)
        if len(times):
            return times, samples.astype(np.float64)
    found = recording.window_at(case.scope.spans[0].middle_s)
    assert found is not None  # noqa: S101 - a known recording has a window
    window, start_s = found
    return start_s + np.arange(len(window)) / recording.sampling_rate_hz, window.astype(np.float64)


def typical(case: Case, activity: str | None = None) -> Measured | None:
    """Return the medians over the scope's windows as one window, to be put into words; None where there is none.

    Args:
        case: the question.
        activity: what is done there; decides whether a rhythm is one of steps.
    """
    rows = rows_of(case)
    if not len(rows):
        return None
    facts = case.recording.facts.rows(rows)
    if case.scope.is_moment:
        found = case.recording.window_at(case.scope.spans[0].start_s)
        facts = facts if found is None else facts_of(found[0][None], case.recording.sampling_rate_hz)
    columns = {field.name: _median(getattr(facts, field.name)) for field in fields(Facts)}
    up = columns["up"] / max(float(np.linalg.norm(columns["up"])), 1e-9)
    (window,) = measured(Facts(**{**columns, "up": up}), [activity], [0.0])
    return window


def spread_of(rows: np.ndarray) -> str:
    """Return `, the median of 12 windows`; nothing where there is one."""
    return f", the median of {len(rows)} windows" if len(rows) > 1 else ""


def activity_at(segment: Segment | None, case: Case) -> str | None:
    """Return the activity of a segment; None where it is unknown, or none are named."""
    known = case.recording.timeline.activities
    return segment.activity if segment is not None and segment.activity in known else None


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median over windows, [1, ...]; of what some windows lack, over the others."""
    lacks = np.isnan(values)
    if not lacks.any():
        return np.asarray(np.median(values, axis=0, keepdims=True))
    return np.full(1, np.nan if lacks.all() else np.median(values[~lacks]))
