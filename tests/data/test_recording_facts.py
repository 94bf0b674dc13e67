from __future__ import annotations

import numpy as np
import pytest

from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.measured import MeasuredRecording, measured
from llasa_core.data.qa import WindowRef
from llasa_core.data.recording_facts import facts_of_recording

GRAVITY = 9.80665


def recording(samples: np.ndarray, activities: list[str | None]) -> MeasuredRecording:
    """Return a recording at 20 Hz, cut into windows of 6 s every 3 s."""
    starts = range(0, len(samples) - 119, 60)
    windows = np.stack([samples[start : start + 120] for start in starts])
    known = measured(facts_of(windows, 20), activities, [start / 20 for start in starts])
    return MeasuredRecording("own/a", "own/a", [WindowRef("w.h5", n) for n in range(len(windows))], known, 6.0)


def test_a_recording_that_rests_tips_over_and_walks():
    times = np.arange(1200) / 20
    samples = np.zeros((1200, 6))
    samples[:500, 2] = GRAVITY
    samples[500:, 1] = GRAVITY  # set upright after 25 s
    samples[600:, 1] += 3 * np.sin(2 * np.pi * 2 * times[600:])
    samples[900, :3] = (0, 4 * GRAVITY, 0)
    labels: list[str | None] = ["lying"] * 8 + [None] * 2 + ["walking"] * 9

    facts = facts_of_recording(recording(samples, labels))

    assert (facts.windows, facts.span_s) == (19, 60.0)
    assert facts.posture_changes == 1
    assert facts.moving_share == pytest.approx(0.55, abs=0.12)
    assert facts.cadence_spm == pytest.approx(120, rel=0.02)
    assert (facts.peak_g, facts.peak_s) == (pytest.approx(4), 45.0)
    assert facts.activities == {"lying": 8, "walking": 9}
    assert facts.changes == 2


def test_a_recording_without_steps_has_no_cadence():
    samples = np.zeros((240, 6))
    samples[:, 2] = GRAVITY

    facts = facts_of_recording(recording(samples, [None] * 3))

    assert facts.cadence_spm is None
    assert (facts.moving_share, facts.posture_changes, facts.activities) == (0, 0, {})
