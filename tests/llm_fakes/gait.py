"""Windows of a made-up gait and of rest, with the facts that were measured in them."""

from __future__ import annotations

import numpy as np

from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.measured import MeasuredRecording, measured
from llasa_core.data.qa import WindowRef

RATE_HZ, WINDOW_S = 20.0, 6.0
ACTIVITIES = ("walking", "climbing stairs", "sitting", "standing", "lying")


def walking(n_windows: int, *, step_hz: float = 1.9, seed: int = 0) -> np.ndarray:
    """Return windows [window, time, channel] of steps with the y axis up, none the same as another."""
    random = np.random.default_rng(seed)
    t = np.arange(round(RATE_HZ * WINDOW_S)) / RATE_HZ
    step, stride = 2 * np.pi * step_hz * t, np.pi * step_hz * t
    still = 0 * t
    channels = [
        0.8 * np.sin(stride),
        9.81 + 2.5 * np.sin(step),
        0.5 * np.cos(step),
        0.4 * np.sin(stride),
        0.1 + 0.9 * np.sin(stride + 1),
        still,
    ]
    window = np.stack(channels, axis=1)
    return (window + 0.05 * random.normal(size=(n_windows, *window.shape))).astype(np.float32)


def recording_of(samples: np.ndarray, name: str = "own/a", activity: str | None = "walking") -> MeasuredRecording:
    """Return windows as one recording, with what was measured in them."""
    starts = [3.0 * nth for nth in range(len(samples))]
    windows = measured(facts_of(samples, RATE_HZ), [activity] * len(samples), starts)
    refs = [WindowRef("windows-00000.h5", row) for row in range(len(samples))]
    return MeasuredRecording(name, "own/1", refs, windows, WINDOW_S)
