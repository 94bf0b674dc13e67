"""What a question is answered from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.qa import SENSOR, Turn
from llasa_core.timeline.text import length_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.chat.known_recording import KnownRecording


@dataclass(frozen=True)
class Basis:
    """An answer that was put together from measurements, or what the model is asked."""

    answer: str | None
    windows: np.ndarray
    """float32 `[window, time, channel]`."""
    turns: tuple[Turn, ...]
    facts: list[dict[str, Any]]
    """Plain values for JSON: `text`, `kind`, `recording`, `start_s`, `end_s`."""
    scope: str
    grounded: Any = None


def basis_of(question: str, recordings: Sequence[KnownRecording], turns: tuple[Turn, ...]) -> Basis:
    """Return what a question is answered from."""
    recording = recordings[0]
    timeline = recording.timeline
    rows = timeline.windows.probability
    at = int(rows[:, rows.mean(axis=0).argmax()].argmax()) if timeline.activities else len(rows) // 2
    found = recording.window_at(float(timeline.windows.start_s[at]) + recording.window_s / 2)
    assert found is not None  # noqa: S101
    window, start_s = found
    every = (*turns, Turn("human", question))
    prompt = (Turn("human", f"{SENSOR}\n{every[0].text}"), *every[1:])
    facts = [
        {
            "text": f"{one.activity} for {length_text(one.duration_s)}",
            "kind": "segment",
            "recording": 0,
            "start_s": round(one.start_s, 3),
            "end_s": round(one.end_s, 3),
        }
        for one in timeline.segments
    ]
    return Basis(None, window[None], prompt, facts, f"the window at {start_s:g} s")


def unsupported_in(_text: str, _basis: Basis) -> list[str]:
    """Return what an answer says that the recording does not support."""
    return []
