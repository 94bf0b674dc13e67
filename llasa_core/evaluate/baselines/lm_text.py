"""The base LM, as it was before training, reads a window as numbers: what the sensor tokens are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.qa import Turn
from llasa_core.evaluate.baselines.window_text import fitting_rate, text_prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.models import Models
    from llasa_core.model.multimodal import LlasaModel

SALT = 3
"""Of the draw of windows, so that it is another than those of the other suites."""
ENOUGH_ROOM = 1 << 20
"""Tokens, for an LM whose settings name no limit."""


def chosen_windows(exam: Exam) -> np.ndarray:
    """Return positions of a fixed random choice of the exam's windows, in order; more of them hold the fewer."""
    order = np.random.default_rng([exam.seed, SALT]).permutation(len(exam.windows))
    return np.sort(order[: exam.config.text_windows])


def score_text(exam: Exam, models: Models, items: Sequence[int]) -> list[dict[str, Any]]:
    """Return for each of the chosen windows the log-likelihood of every class's name behind the prompt, and its rate.

    A name's log-likelihood is the sum over its tokens and the end of turn; the prompt lists the names. The rate is the
    same for all chosen windows: the highest at which the longest prompt fits into what the LM reads.

    Args:
        exam: says which windows and classes.
        models: have the base LM.
        items: numbers of chosen windows.

    Raises:
        ModelError: the base LM cannot be loaded, or no window fits into what it reads.
    """
    from llasa_core.model.collate import Sample  # noqa: PLC0415 - torch
    from llasa_core.model.score import score_choices  # noqa: PLC0415

    lm = models.untrained
    windows = exam.store.take(exam.windows.rows[chosen_windows(exam)])
    rate_hz = _rate(exam, lm, windows)
    no_window = np.empty((0, *windows.shape[1:]), np.float32)
    samples = [Sample(no_window, _turns(exam, windows[item], rate_hz)) for item in items]
    scores = score_choices(lm, samples, exam.windows.classes)
    return [{"rate_hz": rate_hz, "log_likelihood": row} for row in scores.round(6).tolist()]


def _turns(exam: Exam, window: np.ndarray, rate_hz: float) -> tuple[Turn]:
    return (Turn("human", text_prompt(window, exam.store.sampling_rate_hz, rate_hz, exam.windows.classes)),)


def _rate(exam: Exam, lm: LlasaModel, windows: np.ndarray) -> float:
    room = getattr(lm.lm.config, "max_position_embeddings", None) or ENOUGH_ROOM
    answer = max(len(lm.template.encode_answer(name)) for name in exam.windows.classes)

    def longest(rate_hz: float) -> int:
        return answer + max(len(lm.template.encode(_turns(exam, window, rate_hz)).ids) for window in windows)

    return fitting_rate(longest, room)
