"""One evaluation from beginning to end: choose windows, score them, learn the baselines, count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.errors import DataError
from llasa_core.evaluate.baselines import predict_forest, predict_majority
from llasa_core.evaluate.closed_set import class_probabilities
from llasa_core.evaluate.eval_set import EvalSet, choose_windows, labelled
from llasa_core.evaluate.features import window_features
from llasa_core.evaluate.intervals import METHOD, Interval, subject_interval
from llasa_core.evaluate.metrics import (
    ClassScore,
    accuracy,
    class_scores,
    confusion_by_subject,
    expected_calibration_error,
    macro_f1,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llasa_core.data.store import WindowStore
    from llasa_core.eval_settings import EvalConfig
    from llasa_core.evaluate.closed_set import Score
    from llasa_core.model.checkpoint import CheckpointConfig

WINDOWS_AT_ONCE = 4096
"""Windows that features are computed of at once."""


@dataclass(frozen=True)
class Measured:
    """How well one way of naming windows does."""

    accuracy: float
    accuracy_ci: Interval | None
    macro_f1: float
    macro_f1_ci: Interval | None


@dataclass(frozen=True)
class ClosedSet:
    """What came out, window by window and in sum."""

    eval_set: EvalSet
    probabilities: np.ndarray
    """[window, class]."""
    baseline_predictions: dict[str, np.ndarray]
    """[window] class numbers by baseline; empty where there is nothing to learn from."""
    ours: Measured
    baselines: dict[str, Measured]
    ece: float
    per_class: tuple[ClassScore, ...]
    confusion: np.ndarray
    """[true class, predicted class]."""
    train_windows: int
    """What the baselines learned from."""
    train_subjects: int
    notes: tuple[str, ...]
    """What a reader of the numbers must know."""

    @property
    def prediction(self) -> np.ndarray:
        """The likeliest class of each window; of equals, the first."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def n_subjects(self) -> int:
        """People behind the numbers."""
        return len(np.unique(self.eval_set.subject))

    @property
    def n_recordings(self) -> int:
        """Recordings behind the numbers."""
        return len(np.unique(self.eval_set.recording))


def evaluate_closed_set(
    store: WindowStore,
    checkpoint: CheckpointConfig,
    score: Score,
    config: EvalConfig,
    *,
    seed: int,
    progress: Callable[[float], None] = lambda _done: None,
) -> ClosedSet:
    """Measure a checkpoint and the baselines on the same windows of the same people.

    Args:
        store: the data folder.
        checkpoint: its config; says which windows and activities it knows.
        score: gives the log-likelihoods of answers.
        config: split, question, and how much is computed.
        seed: of the choice of windows, the forest and the resampling; the same seed gives the same report.
        progress: told how many windows are scored.

    Raises:
        DataError: the split has no labelled window, or the data does not fit the checkpoint.
        RunError: the checkpoint gives no numbers.
    """
    check_fits(store, checkpoint)
    eval_set = choose_windows(store, config, seed)
    probabilities = class_probabilities(eval_set, store, config.question, score, progress)
    train = labelled(store, "train")
    baselines = _baseline_predictions(store, train, eval_set, config, seed) if len(train) else {}
    prediction = probabilities.argmax(axis=1)
    confusion = confusion_by_subject(eval_set.truth, prediction, eval_set.subject, len(eval_set.classes)).sum(0)
    return ClosedSet(
        eval_set=eval_set,
        probabilities=probabilities,
        baseline_predictions=baselines,
        ours=measure(eval_set, prediction, config.bootstrap, seed),
        baselines={name: measure(eval_set, named, config.bootstrap, seed) for name, named in baselines.items()},
        ece=expected_calibration_error(probabilities, eval_set.truth),
        per_class=class_scores(confusion, eval_set.classes),
        confusion=confusion,
        train_windows=len(train),
        train_subjects=len(np.unique(train.subject)),
        notes=tuple(_notes(eval_set, train, checkpoint, config)),
    )


def check_fits(store: WindowStore, checkpoint: CheckpointConfig) -> None:
    """Raise a DataError where the checkpoint cannot have learned from windows like these."""
    held = {store.activity_names[number] for number in np.unique(store.activity[store.activity >= 0])}
    if held and not held & set(checkpoint.activities):
        raise DataError(
            f"the checkpoint has seen none of this data's activities: the data holds {_listed(held)}; "
            f"the checkpoint knows {_listed(checkpoint.activities)}",
            where=store.folder,
            fix="finetune on data with these activities, or name them alike with `llasa prepare-data --label-map`",
        )
    windows = store.manifest["settings"]["windows"]
    made = windows["window_s"], windows["sampling_rate_hz"]
    wanted = checkpoint.window_s, checkpoint.sampling_rate_hz
    if not np.allclose(made, wanted):
        raise DataError(
            f"the data holds windows of {made[0]:g} s at {made[1]:g} Hz, "
            f"the checkpoint was trained on {wanted[0]:g} s at {wanted[1]:g} Hz",
            where=store.folder,
            fix=f"run `llasa prepare-data` again with `--window {wanted[0]:g}s --rate {wanted[1]:g}`",
        )


def measure(eval_set: EvalSet, prediction: np.ndarray, resamples: int, seed: int) -> Measured:
    """Return accuracy and macro-F1 with their intervals over people."""
    tables = confusion_by_subject(eval_set.truth, prediction, eval_set.subject, len(eval_set.classes))
    windows, total = tables.sum((1, 2)), tables.sum(0)
    return Measured(
        accuracy=float(accuracy(total)),
        accuracy_ci=subject_interval(tables, accuracy, windows, resamples=resamples, seed=seed),
        macro_f1=float(macro_f1(total)),
        macro_f1_ci=subject_interval(tables, macro_f1, windows, resamples=resamples, seed=seed),
    )


def _baseline_predictions(
    store: WindowStore, train: EvalSet, eval_set: EvalSet, config: EvalConfig, seed: int
) -> dict[str, np.ndarray]:
    forest = predict_forest(
        _features(store, train), train.truth, _features(store, eval_set), trees=config.trees, seed=seed
    )
    return {"random_forest": forest, "majority": predict_majority(train.truth, len(eval_set))}


def _features(store: WindowStore, eval_set: EvalSet) -> np.ndarray:
    starts = range(0, len(eval_set), WINDOWS_AT_ONCE)
    parts = (store.take(eval_set.rows[start : start + WINDOWS_AT_ONCE]) for start in starts)
    return np.concatenate([window_features(part, store.sampling_rate_hz) for part in parts])


def _notes(eval_set: EvalSet, train: EvalSet, checkpoint: CheckpointConfig, config: EvalConfig) -> list[str]:
    notes = []
    unseen = [name for name in eval_set.classes if name not in checkpoint.activities]
    if unseen:
        notes.append(f"the checkpoint was never trained on {_listed(unseen)}")
    if config.split == "train":
        notes.append("these are the people that were learned from: nothing here says how well unseen people fare")
    if len(np.unique(eval_set.subject)) == 1:
        notes.append("no intervals: all windows are of one person, which says nothing about how people differ")
    elif config.bootstrap == 0:
        notes.append("no intervals: eval.bootstrap is 0")
    else:
        notes.append(f"95 % intervals over people: {METHOD}, {config.bootstrap:,} resamples")
    if len(train):
        people = len(np.unique(train.subject))
        notes.append(f"baselines learned from the train split alone: {len(train):,} windows of {people} people")
    else:
        notes.append("no baselines: the train split holds no window with a known activity")
    return notes


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
