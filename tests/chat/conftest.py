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
from llasa_core.data.recording import Segment
from llasa_core.model.shipped import shipped
from llasa_core.timeline.classifier import load_classifier

if TYPE_CHECKING:
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


@pytest.fixture(scope="session")
def mix(head: WindowClassifier) -> KnownRecording:
    """Return the five minutes of `examples/mix.csv`."""
    return know(EXAMPLES / "mix.csv", ReadOptions(), head)


@pytest.fixture(scope="session")
def walking(head: WindowClassifier) -> KnownRecording:
    """Return 18 s of walking."""
    return know(EXAMPLES / "walking.csv", ReadOptions(), head)


@pytest.fixture(scope="session")
def stairs(head: WindowClassifier) -> KnownRecording:
    """Return 15 s of climbing stairs."""
    return know(EXAMPLES / "stairs.csv", ReadOptions(), head)


@pytest.fixture(scope="session")
def spliced(head: WindowClassifier) -> KnownRecording:
    """Return five minutes whose truth is known to the second: SPLICED, one after the other."""
    parts = {name: example(name) for name in ("walking", "stairs", "lying")}
    samples = np.concatenate([np.tile(parts[name].samples, (times, 1)) for name, times in SPLICED])
    whole = (Segment(0, len(samples), None),)
    return known([replace(parts["walking"], samples=samples, segments=whole, bridged=())], head)


SPLICED = (("lying", 3), ("walking", 3), ("stairs", 4), ("walking", 2), ("lying", 3), ("stairs", 2), ("walking", 1))
"""Example and how often it is repeated: 108 s of lying, 108 s of walking, 90 s of climbing stairs."""
