"""Who says how likely each activity is in a window: a checkpoint's light head, or its LM where it has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from llasa_core.data.grounded.activities import PLAIN_QUESTION, activity_answer
from llasa_core.data.qa import SENSOR, Turn
from llasa_core.errors import ModelError
from llasa_core.model.adapted import AdaptedHead, read_any_head
from llasa_core.timeline.options import STRIDE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.model.head import Look, WindowHead, Worn
    from llasa_core.model.multimodal import LlasaModel

LM_THRESHOLD = 0.5
"""Likeliest answers below it are none, where the LM is asked; nobody fitted it."""


class WindowClassifier(Protocol):
    """What a timeline needs of a model."""

    @property
    def activities(self) -> tuple[str, ...]:
        """Names of the classes."""

    @property
    def sampling_rate_hz(self) -> float:
        """Of the windows."""

    @property
    def window_s(self) -> float:
        """Their length."""

    @property
    def stride_s(self) -> float:
        """From one window to the next, where nobody says."""

    @property
    def threshold(self) -> float:
        """A probability below it is no answer."""

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return log-probabilities [window, activity], and how strange each window is [window]: above 1, unlike all."""


@dataclass(frozen=True)
class HeadClassifier:
    """A light head, adapted or not: a hundred thousand windows a minute."""

    head: WindowHead | AdaptedHead
    stride_s: float = STRIDE_S

    @property
    def activities(self) -> tuple[str, ...]:
        """See `WindowClassifier`."""
        return self.head.activities

    @property
    def sampling_rate_hz(self) -> float:
        """See `WindowClassifier`."""
        return self.head.sampling_rate_hz

    @property
    def window_s(self) -> float:
        """See `WindowClassifier`."""
        return self.head.window_s

    @property
    def threshold(self) -> float:
        """See `WindowClassifier`."""
        return self.head.threshold

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `WindowClassifier`."""
        return self.head.judge(windows)

    def look(self, windows: np.ndarray) -> Look:
        """Return what is seen in windows, of which can be told again how the device is worn."""
        return self.head.look(self.trained.motion(windows))

    def told(self, look: Look, worn: Worn) -> tuple[np.ndarray, np.ndarray]:
        """Return log-probabilities [window, activity], and whether gravity says nothing of its posture, [window]."""
        return self.head.told(look, worn)

    @property
    def trained(self) -> WindowHead:
        """The head itself, or the one that was adapted."""
        return self.head.head if isinstance(self.head, AdaptedHead) else self.head


@dataclass(frozen=True)
class LmClassifier:
    """The likelihood of each activity as the LM's answer: some twenty windows a second on two cores."""

    model: LlasaModel
    activities: tuple[str, ...]
    sampling_rate_hz: float
    window_s: float
    temperature: float = 1.0
    threshold: float = LM_THRESHOLD

    @property
    def stride_s(self) -> float:
        """See `WindowClassifier`: windows side by side."""
        return self.window_s

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `WindowClassifier`; nothing is strange to an LM."""
        from llasa_core.model.collate import Sample  # noqa: PLC0415 - a head needs no torch
        from llasa_core.model.score import score_choices  # noqa: PLC0415 - as above

        turns = (Turn("human", f"{SENSOR}\n{PLAIN_QUESTION}"),)
        samples = [Sample(windows[i : i + 1], turns) for i in range(len(windows))]
        scores = score_choices(self.model, samples, [activity_answer(name) for name in self.activities])
        scores = scores / self.temperature
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True), np.zeros(len(windows))


def load_classifier(
    folder: Path,
    *,
    base_lm: str | None = None,
    encoder: Path | None = None,
    device: str | None = None,
    say: Callable[[str], None] = lambda _text: None,
) -> WindowClassifier:
    """Load what a checkpoint, or a folder adapted from one, has to name windows with: its head, else the whole model.

    Args:
        folder: the checkpoint.
        base_lm: another place of the base LM, where that is needed.
        encoder: of an original checkpoint that holds none.
        device: of the LM.
        say: told where it will take long, and why.

    Raises:
        ModelError: there is no checkpoint, it is damaged, or it names no activities.
    """
    head = read_any_head(folder)
    if head is not None:
        return HeadClassifier(head)
    from llasa_core.model.any_checkpoint import load_any, read_any_config  # noqa: PLC0415 - a head needs no torch

    config = read_any_config(folder, base_lm=base_lm, encoder=encoder)
    _refuse_nameless(config.activities, folder)
    say(
        "this checkpoint has no light head, so its LM is asked about every window, which takes long; "
        "`llasa finetune` on its finished run adds one"
    )
    model = load_any(folder, base_lm=base_lm, encoder=encoder, device=device, say=say)
    return classifier_of(model, config.activities, config.sampling_rate_hz, config.window_s, config.temperature)


def classifier_of(
    model: LlasaModel,
    activities: Sequence[str],
    sampling_rate_hz: float,
    window_s: float,
    temperature: Callable[[str], float] = lambda _question: 1.0,
) -> LmClassifier:
    """Return a classifier that asks a loaded model; `temperature` is that of a checkpoint's config."""
    return LmClassifier(model, tuple(activities), sampling_rate_hz, window_s, temperature(PLAIN_QUESTION))


def _refuse_nameless(activities: tuple[str, ...], folder: Path) -> None:
    if not activities:
        raise ModelError(
            "this checkpoint names no activities, so there is nothing to tell apart",
            where=folder,
            fix="pass a checkpoint that `llasa finetune` made from labelled data",
        )
