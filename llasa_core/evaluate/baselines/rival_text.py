"""A language model behind an endpoint reads windows as numbers and names them in its own words."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.activity_words import names_of
from llasa_core.data.llm_written.endpoint import Request
from llasa_core.evaluate.baselines.lm_text import chosen_windows
from llasa_core.evaluate.baselines.predictions import Predictions
from llasa_core.evaluate.baselines.window_text import RATES_HZ, text_prompt
from llasa_core.evaluate.open_ended.judge.asking import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.open_ended.judge.asking import Judges

MAX_TOKENS = 200
"""Longest reply; it is asked for a name alone, and some reason before."""


def rival_predictions(
    exam: Exam, model: str, judges: Judges, tell: Callable[[int], None] = lambda _n: None
) -> Predictions:
    """Return what a model names the chosen windows; a reply that names no class, or several, or never comes, is wrong.

    Args:
        exam: says which windows and classes.
        model: as the endpoint names it.
        judges: ask it, and keep what it answers.
        tell: told of each answer.

    Raises:
        LlasaError: the endpoint answers nothing any more; what was answered is kept.
    """
    classes, chosen = exam.windows.classes, chosen_windows(exam)
    read = partial(class_of_reply, classes=classes)
    windows = exam.store.take(exam.windows.rows[chosen])
    prompts = [text_prompt(window, exam.store.sampling_rate_hz, RATES_HZ[0], classes) for window in windows]
    told = judges.ask([Asked(_request(prompt, model), read) for prompt in prompts], tell)
    named = np.array([len(classes) if one.value is None else one.value for one in told], np.int64)
    unclear = int((named == len(classes)).sum())
    note = f"{model} reads {RATES_HZ[0]:g} lines of readings a second; {unclear} of {len(named)} replies name no class"
    return Predictions(chosen, named, note)


def class_of_reply(text: str, classes: Sequence[str]) -> int:
    """Return the one class that a reply names, by its own name or another; the number of classes if none or several."""
    meaning = {name.casefold(): number for number, own in enumerate(classes) for name in names_of(own)}
    meaning |= {own.casefold(): number for number, own in enumerate(classes)}
    longest_first = sorted(meaning, key=len, reverse=True)  # "walking up the stairs" is no walking
    found = re.findall(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", text.casefold())
    meant = {meaning[name] for name in found}
    return meant.pop() if len(meant) == 1 else len(classes)


def _request(prompt: str, model: str) -> Request:
    return Request(model, (("user", prompt),), schema={}, max_tokens=MAX_TOKENS, temperature=0.0)
