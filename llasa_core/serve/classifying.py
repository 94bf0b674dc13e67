"""Who names a recording's windows: a light head where its file is parsed, else the LM, between the answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.chat.classifiers import Nameless
from llasa_core.chat.known_recording import known
from llasa_core.data.recording import Recording, Segment
from llasa_core.model.adapted import read_any_head
from llasa_core.timeline.classifier import HeadClassifier, classifier_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.engine import Engine
    from llasa_core.model.checkpoint import CheckpointConfig
    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.timeline.classifier import WindowClassifier

AT_ONCE = 4
"""Windows that the LM names while answers wait: a fifth of a second on two cores."""
MOST_WINDOWS = 240
"""Windows of a recording that the LM is asked about."""


@dataclass(frozen=True)
class Classifying:
    """How recordings get their timelines."""

    in_parser: WindowClassifier
    """Sent along with a file."""
    activities: tuple[str, ...] = ()
    """For the LM to name; none where the parser has done it, or where the checkpoint names none."""
    temperature: Callable[[str], float] = lambda _question: 1.0

    def finished(self, recording: KnownRecording, engine: Engine) -> KnownRecording:
        """Return a recording with its activities, which may take the LM some seconds."""
        if not self.activities:
            return recording
        rate_hz, window_s = recording.sampling_rate_hz, recording.window_s

        def judge(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            def here(model: LlasaModel) -> tuple[np.ndarray, np.ndarray]:
                return classifier_of(model, self.activities, rate_hz, window_s, self.temperature).judge(windows)

            return engine.call(here)

        by_engine = _Between(self.activities, rate_hz, window_s, judge)
        named = known(_parts(recording), by_engine, most_windows=MOST_WINDOWS)
        return replace(named, source_hz=recording.source_hz)


@dataclass(frozen=True)
class _Between:
    """Has a few windows named at a time; a `WindowClassifier`."""

    activities: tuple[str, ...]
    sampling_rate_hz: float
    window_s: float
    few: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    threshold: float = 0.5

    @property
    def stride_s(self) -> float:
        return self.window_s

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not len(windows):
            return np.empty((0, len(self.activities))), np.empty(0)
        parts = [self.few(windows[at : at + AT_ONCE]) for at in range(0, len(windows), AT_ONCE)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def classifying_of(folder: Path, config: CheckpointConfig) -> Classifying:
    """Return how a checkpoint's recordings get their timelines."""
    head = read_any_head(folder)
    if head is not None:
        return Classifying(HeadClassifier(head))
    nameless = Nameless(config.sampling_rate_hz, config.window_s)
    return Classifying(nameless, tuple(config.activities), config.temperature)


def _parts(recording: KnownRecording) -> list[Recording]:
    """Return the signal as it was kept, at the windows' rate."""
    timeline = recording.timeline
    return [
        Recording(
            file=timeline.file,
            dataset="",
            subject=timeline.subject,
            session=timeline.name,
            sampling_rate_hz=recording.sampling_rate_hz,
            samples=stretch.samples.astype(np.float64),
            segments=(Segment(0, len(stretch.samples), None),),
            notes=timeline.notes,
            start_s=stretch.start_s,
            since_1970_s=None if timeline.since_1970_s is None else timeline.since_1970_s + stretch.start_s,
        )
        for stretch in recording.stretches
    ]
