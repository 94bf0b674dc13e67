"""What came out of the closed-set suite, window by window and in sum."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.closed_set.novelty import Novelty, measure_novelty
from llasa_core.evaluate.closed_set.outcomes import (
    NamesOutcome,
    ProtocolOutcome,
    Sensitivity,
    averaged,
    names_outcome,
    protocol_outcome,
    sensitivity_of,
)
from llasa_core.evaluate.closed_set.predictions import prediction_rows
from llasa_core.evaluate.closed_set.sureness import Sureness, measure_sureness
from llasa_core.evaluate.closed_set.titles import title_of
from llasa_core.evaluate.confusion_plot import draw_confusion
from llasa_core.evaluate.intervals import LEVEL, METHOD
from llasa_core.evaluate.measured import Measured, Share, measure, measure_share
from llasa_core.evaluate.metrics import ClassScore, class_scores, confusion_of
from llasa_core.files import written_whole
from llasa_core.model.calibration import Calibration, softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from llasa_core.evaluate.baselines.predictions import Predictions
    from llasa_core.evaluate.closed_set.work import ClosedSetWork
    from llasa_core.evaluate.job import Job
    from llasa_core.evaluate.page.blocks import Headline, Section

PREDICTIONS, CONFUSION = "predictions.csv", "confusion.png"


@dataclass(frozen=True)
class Baseline:
    """A baseline's names, and how well they do."""

    named: Predictions
    measured: Measured
    windows: int
    people: int


@dataclass(frozen=True)
class ClosedSetResult:
    """See `as_dict`; what was not asked for, or has no windows, is None."""

    work: ClosedSetWork
    log_likelihood: np.ndarray
    """float64 [window, class], as scored."""
    ours: Measured
    group: Share
    """Windows given a name that means the same as the true one."""
    kind: Share
    """Windows given an activity of the true one's kind: on foot, still, on a bike."""
    confusion: np.ndarray
    """int64 [true class, predicted class]."""
    per_class: tuple[ClassScore, ...]
    sureness: Sureness
    novelty: Novelty | None
    sensitivity: Sensitivity | None
    names: NamesOutcome | None
    protocol: ProtocolOutcome | None
    baselines: Mapping[str, Baseline]
    notes: tuple[str, ...]
    """What a reader of the numbers must know."""

    @property
    def prediction(self) -> np.ndarray:
        """The likeliest class of each window; of equals, the first. No temperature changes it."""
        return np.asarray(self.log_likelihood.argmax(axis=1))

    @property
    def probabilities(self) -> np.ndarray:
        """Calibrated: float64 [window, class]."""
        return softmax(self.log_likelihood, self.sureness.temperature)

    @property
    def calibration(self) -> Calibration | None:
        """What belongs into the checkpoint's folder; nothing where several prompts were averaged."""
        return self.sureness.calibration if self.work.exam.config.prompts == "fixed" else None

    @property
    def n_people(self) -> int:
        """People behind the numbers."""
        return len(np.unique(self.work.exam.windows.subject))

    @property
    def n_recordings(self) -> int:
        """Recordings behind the numbers."""
        return len(np.unique(self.work.exam.windows.recording))

    def as_dict(self) -> dict[str, Any]:
        """Return what `report.json` holds under `closed_set`."""
        exam, classes = self.work.exam, self.work.class_set.classes
        return {
            "question": exam.config.question,
            "prompts": exam.config.prompts,
            "classes": list(classes),
            **self.ours.as_dict(),
            "group_accuracy": self.group.as_dict(),
            "kind_accuracy": self.kind.as_dict(),
            "ece": self.sureness.before.ece,
            "windows": len(exam.windows),
            "subjects": self.n_people,
            "recordings": self.n_recordings,
            "baselines": {
                name: {**each.measured.as_dict(), "windows": each.windows, "subjects": each.people}
                for name, each in self.baselines.items()
            },
            "per_class": {
                score.name: {
                    "precision": score.precision,
                    "recall": score.recall,
                    "f1": score.f1,
                    "windows": score.windows,
                    "predicted": score.predicted,
                }
                for score in self.per_class
            },
            "confusion": {"classes": list(classes), "windows": self.confusion.tolist()},
            **self.sureness.as_dict(),
            "unknown_activities": None if self.novelty is None else self.novelty.as_dict(),
            "sensitivity": None if self.sensitivity is None else self.sensitivity.as_dict(),
            "names": None if self.names is None else self.names.as_dict(),
            "protocol": None if self.protocol is None else self.protocol.as_dict(),
            "interval": {"level": LEVEL, "method": METHOD, "resamples": exam.config.bootstrap},
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """Return its part of the table in the terminal."""
        from llasa_core.evaluate.closed_set.text import lines_of  # noqa: PLC0415 - it reads results

        return lines_of(self)

    def headlines(self) -> Sequence[Headline]:
        """Return the numbers that the page begins with."""
        from llasa_core.evaluate.closed_set.sections import headlines_of  # noqa: PLC0415 - it reads results

        return headlines_of(self)

    def write(self, folder: Path) -> Sequence[Path]:
        """Write every window's names and probabilities, and the confusion matrix as a picture; return the files.

        Raises:
            RunError: the disk is full.
        """
        predictions, confusion = folder / PREDICTIONS, folder / CONFUSION
        with written_whole(predictions) as predictions_file, written_whole(confusion) as confusion_file:
            with predictions_file.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(prediction_rows(self))
            draw_confusion(self.confusion, self.work.class_set.classes, confusion_file)
        return predictions, confusion

    def sections(self) -> Sequence[Section]:
        """Return its parts of the page."""
        from llasa_core.evaluate.closed_set.sections import sections_of  # noqa: PLC0415 - it reads results

        return sections_of(self)


def result_of(
    work: ClosedSetWork, take: Callable[[Job], list[Any]], baselines: Mapping[str, Predictions]
) -> ClosedSetResult:
    """Make a result of the values of the jobs, and of what baselines name the same windows."""
    exam, class_set = work.exam, work.class_set
    windows, n_classes = exam.windows, len(class_set)
    resampling = {"resamples": exam.config.bootstrap, "seed": exam.seed}
    log_likelihood = averaged(np.array(take(work.scores)))
    val_scores = averaged(np.array(take(work.val_scores))) if len(work.val) else np.zeros((0, n_classes))
    prediction = log_likelihood.argmax(1)
    confusion = confusion_of(windows.truth, prediction, n_classes)
    sureness = measure_sureness(log_likelihood, val_scores, work.val, exam, class_set)
    novelty = measure_novelty(
        log_likelihood,
        windows.truth,
        windows.subject,
        class_set,
        temperature=sureness.temperature,
        threshold=None if sureness.threshold is None else sureness.threshold.confidence,
    )
    return ClosedSetResult(
        work=work,
        log_likelihood=log_likelihood,
        ours=measure(windows, prediction, **resampling),
        group=measure_share(_is_same(class_set.groups, windows.truth, prediction), windows.subject, **resampling),
        kind=measure_share(_is_same(class_set.kinds, windows.truth, prediction), windows.subject, **resampling),
        confusion=confusion,
        per_class=class_scores(confusion, class_set.classes),
        sureness=sureness,
        novelty=novelty,
        sensitivity=_sensitivity(work, take),
        names=_names(work, take),
        protocol=_protocol(work, take, prediction),
        baselines={name: _measured(work, named) for name, named in baselines.items()},
        notes=(
            *_notes(work, sureness, novelty),
            *(f"{title_of(name)}: {each.note}" for name, each in baselines.items() if each.note),
        ),
    )


def _is_same(groups: np.ndarray, truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return np.asarray(groups[truth] == groups[prediction])


def _measured(work: ClosedSetWork, found: Predictions) -> Baseline:
    exam = work.exam
    chosen = found.windows_of(exam.windows)
    measured = measure(chosen, found.named, exam.config.bootstrap, exam.seed)
    return Baseline(found, measured, len(chosen), len(np.unique(chosen.subject)))


def _sensitivity(work: ClosedSetWork, take: Callable[[Job], list[Any]]) -> Sensitivity | None:
    if not len(work.sensitivity_windows):
        return None
    chosen, exam = work.exam.windows.part(work.sensitivity_windows), work.exam
    scores = np.array(take(work.prompt_scores))
    return sensitivity_of(scores, work.prompts, chosen, resamples=exam.config.bootstrap, seed=exam.seed)


def _names(work: ClosedSetWork, take: Callable[[Job], list[Any]]) -> NamesOutcome | None:
    if not len(work.sensitivity_windows):
        return None
    chosen, exam = work.exam.windows.part(work.sensitivity_windows), work.exam
    scores = np.array(take(work.name_scores))[:, 0]
    return names_outcome(scores, work.names, chosen, resamples=exam.config.bootstrap, seed=exam.seed)


def _protocol(work: ClosedSetWork, take: Callable[[Job], list[Any]], prediction: np.ndarray) -> ProtocolOutcome | None:
    which, exam = work.protocol_windows, work.exam
    if not len(which):
        return None
    return protocol_outcome(
        take(work.answers),
        prediction[which],
        work.class_set,
        exam.windows.part(which),
        resamples=exam.config.bootstrap,
        seed=exam.seed,
    )


def _notes(work: ClosedSetWork, sureness: Sureness, novelty: Novelty | None) -> list[str]:
    exam, class_set = work.exam, work.class_set
    notes = []
    unseen = [name for name, known in zip(class_set.classes, class_set.is_known, strict=True) if not known]
    if unseen:
        notes.append(f"the checkpoint was never trained on {', '.join(sorted(unseen))}")
    if exam.config.split == "train":
        notes.append("these are the people that were learned from: nothing here says how well unseen people fare")
    if exam.config.split == "val":
        notes.append("no temperature and no threshold: they are fitted on the validation people, who are measured here")
    else:
        notes += sureness.notes()
    if len(np.unique(exam.windows.subject)) == 1:
        notes.append("no intervals: all windows are of one person, which says nothing about how people differ")
    elif exam.config.bootstrap == 0:
        notes.append("no intervals: eval.bootstrap is 0")
    else:
        notes.append(f"95 % intervals over people: {METHOD}, {exam.config.bootstrap:,} resamples")
    if novelty is None:
        notes.append("no test of unknown activities: the checkpoint was trained on all that the windows hold")
    return notes
