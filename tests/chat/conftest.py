"""Recordings that are known, made from the examples and the shipped head; nothing is loaded but what a head needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.chat.known_recording import KnownRecording, know, known
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.recording import Segment as Labelled
from llasa_core.model.shipped import shipped
from llasa_core.timeline.classifier import load_classifier
from llasa_core.timeline.segments import Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.recording import Recording
    from llasa_core.timeline.classifier import WindowClassifier

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def head() -> WindowClassifier:
    """Return the shipped checkpoint's light head."""
    folder = shipped("smol")
    assert folder is not None
    return load_classifier(folder)


def example(name: str) -> Recording:
    """Return an example recording as it is read."""
    (recording,) = read_recordings(EXAMPLES / f"{name}.csv", ReadOptions())
    return recording


MIX = (
    (0.0, 6.0, "sitting", 0.81, None, 2.0),
    (6.0, 32.5, "standing", 0.98, None, 3.0),
    (32.5, 40.0, "unknown", 0.60, None, 52.0),
    (40.0, 63.5, "lying", 0.95, None, 3.0),
    (63.5, 88.0, "sitting", 0.72, None, 2.0),
    (88.0, 117.0, "lying", 0.88, None, 4.0),
    (117.0, 139.0, "climbing stairs", 0.83, 107.0, 122.0),
    (139.0, 186.5, "walking", 0.92, 109.0, 176.0),
    (186.5, 199.5, "climbing stairs", 0.97, 101.0, 111.0),
    (199.5, 205.0, "standing", 0.85, 88.0, 31.0),
    (205.0, 218.5, "descending stairs", 0.96, 98.0, 210.0),
    (218.5, 245.5, "climbing stairs", 0.96, 90.0, 132.0),
    (245.5, 258.5, "descending stairs", 0.95, 97.0, 169.0),
    (258.5, 285.5, "climbing stairs", 0.98, 88.0, 160.0),
    (285.5, 300.0, "descending stairs", 0.86, 97.0, 209.0),
)
"""A timeline of `mix.csv`: start, end, activity, confidence, cadence, intensity."""


@pytest.fixture(scope="session")
def mix(head: WindowClassifier) -> KnownRecording:
    """Return the five minutes of `examples/mix.csv` with a timeline that stays the same whatever head is shipped."""
    return with_segments(know(EXAMPLES / "mix.csv", ReadOptions(), head), [Segment(*row) for row in MIX])


def with_segments(recording: KnownRecording, segments: Sequence[Segment]) -> KnownRecording:
    """Return a recording whose timeline has these segments; all that was measured stays."""
    return replace(recording, timeline=replace(recording.timeline, segments=tuple(segments)))


@pytest.fixture(scope="session")
def walking(head: WindowClassifier) -> KnownRecording:
    """Return 18 s of walking."""
    return know(EXAMPLES / "walking.csv", ReadOptions(), head)


@pytest.fixture(scope="session")
def stairs(head: WindowClassifier) -> KnownRecording:
    """Return 15 s of climbing stairs."""
    return know(EXAMPLES / "stairs.csv", ReadOptions(), head)


@pytest.fixture(scope="session")
def spliced_by_head(head: WindowClassifier) -> KnownRecording:
    """Return five minutes put together of the examples (SPLICED), with the timeline that the shipped head gives."""
    parts = {name: example(name) for name, _, _ in SPLICED}
    samples = np.concatenate([np.tile(parts[name].samples, (times, 1)) for name, _, times in SPLICED])
    whole = (Labelled(0, len(samples), None),)
    return known([replace(parts["walking"], samples=samples, segments=whole, bridged=())], head)


@pytest.fixture(scope="session")
def spliced(spliced_by_head: KnownRecording) -> KnownRecording:
    """Return the same with the true timeline."""
    found = {one.activity: one for one in spliced_by_head.timeline.segments}
    segments, at = [], 0.0
    for name, activity, times in SPLICED:
        like = found[activity]  # whose cadence and intensity are measured
        end = at + times * SECONDS[name]
        segments.append(Segment(at, end, activity, 0.99, like.cadence_spm, like.intensity_mg))
        at = end
    return with_segments(spliced_by_head, segments)


@pytest.fixture(scope="session")
def still_in_parts(spliced: KnownRecording) -> KnownRecording:
    """Return a recording in which two stretches are still, and nobody can say in which posture."""
    return with_segments(spliced, STILL)


STILL = (
    Segment(0.0, 40.0, "still", 0.98, None, 3.0),
    Segment(40.0, 100.0, "walking", 0.97, 109.0, 176.0),
    Segment(100.0, 130.0, "lying", 0.92, None, 3.0),
    Segment(130.0, 150.0, "still", 0.98, None, 3.0),
)
SECONDS = {"walking": 18.0, "stairs": 15.0, "lying": 18.0}
SPLICED = (
    ("lying", "lying", 3),
    ("walking", "walking", 3),
    ("stairs", "climbing stairs", 4),
    ("walking", "walking", 2),
    ("lying", "lying", 3),
    ("stairs", "climbing stairs", 2),
    ("walking", "walking", 1),
)
"""Example, what is done in it, and how often it is repeated: 108 s of lying, 108 s of walking, 90 s of stairs."""
