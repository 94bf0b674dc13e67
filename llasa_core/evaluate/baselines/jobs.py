"""The baselines of an evaluation: which there are, the work they take, and what they named."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.baselines.lessons import Lessons, named
from llasa_core.evaluate.baselines.light_head import named_by
from llasa_core.evaluate.baselines.lm_text import chosen_windows, score_text
from llasa_core.evaluate.baselines.predictions import Predictions
from llasa_core.evaluate.baselines.window_text import DIGITS, RATES_HZ
from llasa_core.evaluate.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llasa_core.eval_settings import BaselineName
    from llasa_core.evaluate.baselines.lessons import NameWindows
    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.models import Models

VERSION = 1
"""Of how baselines learn: another one makes kept results void."""
TITLES: Mapping[BaselineName, str] = {
    "light_head": "its light head",
    "random_forest": "random forest",
    "logistic_regression": "logistic regression",
    "cnn": "1-D CNN",
    "limu_bert_gru": "LIMU-BERT + GRU",
    "lm_text": "base LM reading numbers",
    "majority": "majority class",
}
"""As people read them."""
_WORDS: Mapping[BaselineName, str] = {
    "light_head": "asking the light head",
    "random_forest": "growing a random forest",
    "logistic_regression": "fitting a logistic regression",
    "cnn": "training a small CNN",
    "limu_bert_gru": "training LIMU-BERT's classifier",
    "lm_text": "reading windows as numbers",
    "majority": "counting activities",
}


def baseline_jobs(exam: Exam) -> dict[BaselineName, Job]:
    """Return the work of the baselines that the recipe names and that can be had, in the recipe's order.

    What learns needs training windows with known activities; `lm_text` needs the checkpoint's base LM, which those of
    the original do not name. A model behind an endpoint is asked in no job, but by `rival_predictions`.
    """
    return {name: _job(exam, name) for name in exam.config.baselines if not why_missing(exam, name)}


def why_missing(exam: Exam, name: BaselineName) -> str:
    """Return why a baseline cannot be had, or nothing where it can."""
    if name == "light_head":
        return "" if _has_head(exam) else "the checkpoint has no light head for these windows and activities"
    if name != "lm_text":
        return "" if len(exam.train) else "the train split holds no window with a known activity"
    if not exam.config.text_windows:
        return "`eval.text_windows` is 0"
    return "" if "weights_fingerprint" in exam.checkpoint.base_lm else "the checkpoint does not name its base LM"


def baseline_predictions(exam: Exam, take: Callable[[Job], Sequence[Any]]) -> dict[BaselineName, Predictions]:
    """Return what the baselines of `baseline_jobs` named, once their jobs are done.

    Args:
        exam: says which.
        take: returns the values of a job.
    """
    found: dict[BaselineName, Predictions] = {}
    for name, job in baseline_jobs(exam).items():
        values = take(job)
        found[name] = _of_text(exam, values) if name == "lm_text" else _of_all(exam, values)
    return found


def learn(name: BaselineName, exam: Exam, models: Models, seed: int) -> NameWindows:
    """Return what a baseline has learned from the training people; windows of any length of theirs can be named by it.

    Args:
        name: one that learns, so not `lm_text`.
        exam: has the training people; the validation people stay out of it.
        models: have the checkpoint's encoder.
        seed: of all that is random in it.
    """
    lessons = Lessons.of(exam.store, exam.train)
    only = lessons.only_class
    if name == "majority" or only is not None:
        from llasa_core.evaluate.baselines.majority import learn_majority  # noqa: PLC0415 - each its own libraries

        return learn_majority(lessons)
    if name == "random_forest":
        from llasa_core.evaluate.baselines.random_forest import learn_forest  # noqa: PLC0415

        return learn_forest(lessons, trees=exam.config.trees, seed=seed)
    if name == "logistic_regression":
        from llasa_core.evaluate.baselines.logistic_regression import learn_logistic_regression  # noqa: PLC0415

        return learn_logistic_regression(lessons)
    if name == "cnn":
        from llasa_core.evaluate.baselines.cnn import learn_cnn  # noqa: PLC0415

        return learn_cnn(lessons, seed=seed)
    assert name == "limu_bert_gru", name  # noqa: S101 - the last that learns
    from llasa_core.evaluate.baselines.limu_bert_gru import learn_limu_bert_gru  # noqa: PLC0415

    return learn_limu_bert_gru(models.imu_encoder, lessons, seed=seed)


def _job(exam: Exam, name: BaselineName) -> Job:
    inputs: dict[str, Any] = {
        "version": VERSION,
        "seed": exam.seed,
        "classes": list(exam.windows.classes),
        "windows": _digest(exam.windows.rows),
    }
    if name == "lm_text":
        chosen = chosen_windows(exam)
        inputs |= {"chosen": chosen.tolist(), "digits": DIGITS, "rates_hz": list(RATES_HZ)}
        return Job("lm-text", inputs, len(chosen), partial(score_text, exam), chunk=4, words=_WORDS[name])
    if name == "light_head":
        assert exam.head is not None  # noqa: S101 - `why_missing` has looked
        inputs |= {"head": exam.head.fingerprint, "by": "recording"}
        return Job("light-head", inputs, 1, partial(_name_by_head, exam), chunk=1, words=_WORDS[name])
    inputs |= {"train": _digest(exam.train.rows)}
    if name == "random_forest":
        inputs["trees"] = exam.config.trees
    return Job(name.replace("_", "-"), inputs, 1, partial(_name_all, name, exam), chunk=1, words=_WORDS[name])


def _has_head(exam: Exam) -> bool:
    head = exam.head
    if head is None or not set(head.activities) & set(exam.windows.classes):
        return False
    return (head.sampling_rate_hz, head.window_s) == (exam.store.sampling_rate_hz, exam.store.window_s)


def _name_by_head(exam: Exam, _models: Models, _items: Sequence[int]) -> list[list[int]]:
    assert exam.head is not None  # noqa: S101 - `why_missing` has looked
    classes: list[int] = named_by(exam.head, exam.store, exam.windows, exam.windows.classes).tolist()
    return [classes]


def _name_by(exam: Exam, name_windows: NameWindows, _models: Models, _items: Sequence[int]) -> list[list[int]]:
    classes: list[int] = named(exam.store, exam.windows.rows, name_windows).tolist()
    return [classes]


def _name_all(name: BaselineName, exam: Exam, models: Models, _items: Sequence[int]) -> list[list[int]]:
    return _name_by(exam, learn(name, exam, models, exam.seed), models, _items)


def _of_all(exam: Exam, values: Sequence[Any]) -> Predictions:
    return Predictions(np.arange(len(exam.windows)), np.asarray(values[0], np.int64))


def _of_text(exam: Exam, values: Sequence[Any]) -> Predictions:
    scores = np.array([value["log_likelihood"] for value in values])
    note = f"{exam.checkpoint.base_lm['name']} reads {values[0]['rate_hz']:g} lines of readings a second"
    return Predictions(chosen_windows(exam), scores.argmax(1), note)


def _digest(rows: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(rows, np.int64).tobytes()).hexdigest()[:16]
