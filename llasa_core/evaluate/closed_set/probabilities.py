"""Closed-set classification: every class's answer is scored under one shared prompt; no text is parsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.grounded.activities import activity_answer
from llasa_core.data.qa import SENSOR, Turn
from llasa_core.errors import RunError
from llasa_core.model.calibration import softmax
from llasa_core.model.collate import Sample

if TYPE_CHECKING:
    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.eval_set import EvalSet

Score = Callable[[Sequence[Sample], Sequence[str], Callable[[int], None]], np.ndarray]
"""Log-likelihood of each choice as the next answer: (samples, choices, progress) -> float64 [sample, choice].

`score_choices` of a loaded model; `progress` is told how many more samples are done.
"""

WINDOWS_AT_ONCE = 1024
"""Windows held in memory at once, 3 MB; what fits into one forward is the model's to know."""


def class_probabilities(
    eval_set: EvalSet, store: WindowStore, question: str, score: Score, progress: Callable[[float], None]
) -> np.ndarray:
    """Return how probable each class is for each window, if it must be one of them.

    The probability is the softmax of the log-likelihoods of the answers (`Walking.`), the same answers that
    `prepare-data` writes, end of turn included.

    Args:
        eval_set: the windows and the classes.
        store: where the windows are.
        question: asked about every window.
        score: gives the log-likelihoods.
        progress: told how many windows are done.

    Returns:
        float64 [window, class], each row sums to 1.

    Raises:
        RunError: a log-likelihood is no number.
    """
    turns = (Turn("human", prompt_of(question)),)
    answers = [activity_answer(name) for name in eval_set.classes]
    n_done = 0

    def count(n_more: int) -> None:
        nonlocal n_done
        n_done += n_more
        progress(n_done)

    parts = []
    for start in range(0, len(eval_set), WINDOWS_AT_ONCE):
        windows = store.take(eval_set.rows[start : start + WINDOWS_AT_ONCE])
        parts.append(score([Sample(window[None], turns) for window in windows], answers, count))
    return softmax(checked(np.concatenate(parts), eval_set, store))


def prompt_of(question: str) -> str:
    """Return a question about one window, with its placeholder first unless it says itself where that goes."""
    return question if SENSOR in question else f"{SENSOR}\n{question}"


def checked(log_likelihood: np.ndarray, eval_set: EvalSet, store: WindowStore) -> np.ndarray:
    """Return log-likelihoods [window, ...] as they are, or raise a RunError where some are no numbers."""
    log_likelihood = log_likelihood.reshape(len(eval_set), -1)
    bad = np.flatnonzero(~np.isfinite(log_likelihood).all(axis=1))
    if len(bad):
        ref = store.refs(eval_set.rows[bad[:1]])[0]
        raise RunError(
            f"the checkpoint's log-likelihoods are no numbers for {len(bad)} of {len(eval_set)} windows",
            where=f"{store.folder / ref.file}:/samples[{ref.row}]",
            fix="if this window is sound, the checkpoint is not: train it again, or with `model.dtype: float32`",
        )
    return log_likelihood
