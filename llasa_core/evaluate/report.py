"""An evaluation as a table for people, an object for programs, and files for later."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.confusion_plot import draw_confusion
from llasa_core.evaluate.intervals import LEVEL, METHOD
from llasa_core.evaluate.past_report import REPORT
from llasa_core.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.store import WindowStore
    from llasa_core.eval_settings import EvalConfig
    from llasa_core.evaluate.evaluation import ClosedSet, Measured
    from llasa_core.evaluate.intervals import Interval

PREDICTIONS, CONFUSION = "predictions.csv", "confusion.png"

_TITLES = {"random_forest": "random forest", "majority": "majority class"}


@dataclass(frozen=True)
class EvalReport:
    """What was measured, on what, and where it is kept."""

    name: str
    """Of the recipe or checkpoint."""
    checkpoint: Path
    data: Path
    folder: Path
    """Where the files are."""
    config: EvalConfig
    seed: int
    closed_set: ClosedSet

    def as_dict(self) -> dict[str, Any]:
        """Return what `report.json` holds and `--json` prints."""
        return {
            "name": self.name,
            "checkpoint": str(self.checkpoint),
            "data": str(self.data),
            "split": self.config.split,
            "seed": self.seed,
            "closed_set": {
                "question": self.config.question,
                **_closed_set_values(self.closed_set),
                "interval": {"level": LEVEL, "method": METHOD, "resamples": self.config.bootstrap},
            },
            "files": {
                "report": str(self.folder / REPORT),
                "predictions": str(self.folder / PREDICTIONS),
                "confusion": str(self.folder / CONFUSION),
            },
        }

    def __str__(self) -> str:
        found = self.closed_set
        people = _counted(found.n_subjects, "person", "people")
        recordings = _counted(found.n_recordings, "recording", "recordings")
        windows = _counted(len(found.eval_set), "window", "windows")
        lines = [
            f"{self.name} on the {self.config.split} split of {self.data}",
            f"{windows} of {people} in {recordings}; seed {self.seed}",
            "",
            *_summary(self.name, found),
            "",
            *_per_class(found),
            "",
            f"calibration error (ECE, 15 bins): {found.ece:.3f}",
            *found.notes,
            f"files: {self.folder}: {REPORT}, {PREDICTIONS}, {CONFUSION}",
        ]
        return "\n".join(lines)


def write_report(report: EvalReport, store: WindowStore) -> None:
    """Write the report's files: all of them whole, or none where one cannot be written.

    Raises:
        RunError: the disk is full.
    """
    folder = report.folder
    with (
        written_whole(folder / REPORT) as report_file,  # the outermost takes its place last
        written_whole(folder / PREDICTIONS) as predictions_file,
        written_whole(folder / CONFUSION) as confusion_file,
    ):
        report_file.write_text(json.dumps(report.as_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        with predictions_file.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(_prediction_rows(report.closed_set, store))
        draw_confusion(report.closed_set.confusion, report.closed_set.eval_set.classes, confusion_file)


def _closed_set_values(found: ClosedSet) -> dict[str, Any]:
    return {
        **_measured_values(found.ours),
        "ece": found.ece,
        "windows": len(found.eval_set),
        "subjects": found.n_subjects,
        "recordings": found.n_recordings,
        "baselines": {name: _measured_values(found.baselines[name]) for name in found.baselines}
        or dict.fromkeys(_TITLES),
        "train_windows": found.train_windows,
        "train_subjects": found.train_subjects,
        "per_class": {
            score.name: {
                "precision": score.precision,
                "recall": score.recall,
                "f1": score.f1,
                "windows": score.windows,
                "predicted": score.predicted,
            }
            for score in found.per_class
        },
        "confusion": {"classes": list(found.eval_set.classes), "windows": found.confusion.tolist()},
        "notes": list(found.notes),
    }


def _measured_values(measured: Measured) -> dict[str, Any]:
    return {
        "accuracy": measured.accuracy,
        "accuracy_ci": _ends(measured.accuracy_ci),
        "macro_f1": measured.macro_f1,
        "macro_f1_ci": _ends(measured.macro_f1_ci),
    }


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _prediction_rows(found: ClosedSet, store: WindowStore) -> Iterator[list[object]]:
    classes, chosen = np.array(found.eval_set.classes), found.eval_set
    baselines = {name: classes[found.baseline_predictions[name]] for name in found.baseline_predictions}
    probabilities = [f"p({name})" for name in chosen.classes]
    yield ["file", "row", "subject", "recording", "truth", "prediction", *probabilities, *baselines]
    for i, ref in enumerate(store.refs(chosen.rows)):
        yield [
            ref.file,
            ref.row,
            store.subject_names[chosen.subject[i]],
            store.manifest["sources"][chosen.recording[i]]["name"],
            classes[chosen.truth[i]],
            classes[found.prediction[i]],
            *(f"{p:.6g}" for p in found.probabilities[i]),
            *(named[i] for named in baselines.values()),
        ]


def _summary(name: str, found: ClosedSet) -> list[str]:
    rows = [("", "accuracy", "95 % interval", "macro-F1", "95 % interval")]
    rows.append((name, *_measured_cells(found.ours)))
    rows += [(_TITLES[key], *_measured_cells(found.baselines[key])) for key in _TITLES if key in found.baselines]
    return _aligned(rows)


def _measured_cells(measured: Measured) -> tuple[str, str, str, str]:
    return (
        f"{measured.accuracy:.3f}",
        _shown(measured.accuracy_ci),
        f"{measured.macro_f1:.3f}",
        _shown(measured.macro_f1_ci),
    )


def _shown(interval: Interval | None) -> str:
    return "not available" if interval is None else f"{interval.low:.3f} – {interval.high:.3f}"


def _per_class(found: ClosedSet) -> list[str]:
    rows: list[tuple[str, ...]] = [("activity", "windows", "precision", "recall", "F1")]
    for score in found.per_class:
        shares = ("–" if share is None else f"{share:.3f}" for share in (score.precision, score.recall, score.f1))
        rows.append((score.name, f"{score.windows:,}", *shares))
    return _aligned(rows)


def _counted(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
