"""The rows of `predictions.csv`: every window with its truth, what it was named, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.evaluate.baselines.predictions import Predictions
    from llasa_core.evaluate.closed_set.result import ClosedSetResult


def prediction_rows(found: ClosedSetResult) -> Iterator[list[object]]:
    """Yield the head and a row for each window; probabilities are calibrated, blank where a baseline named none."""
    exam, classes = found.work.exam, np.array(found.work.class_set.classes)
    chosen, store = exam.windows, exam.store
    baselines = {name: _spread(each.named, len(chosen), chosen.classes) for name, each in found.baselines.items()}
    yield [
        *("file", "row", "subject", "recording", "truth", "prediction"),
        *(f"p({name})" for name in classes),
        *baselines,
    ]
    probabilities = found.probabilities
    for i, ref in enumerate(store.refs(chosen.rows)):
        yield [
            ref.file,
            ref.row,
            store.subject_names[chosen.subject[i]],
            store.manifest["sources"][chosen.recording[i]]["name"],
            classes[chosen.truth[i]],
            classes[found.prediction[i]],
            *(f"{p:.6g}" for p in probabilities[i]),
            *(names[i] for names in baselines.values()),
        ]


def _spread(found: Predictions, n_windows: int, classes: Sequence[str]) -> list[str]:
    names = [""] * n_windows
    for position, number in zip(found.where, found.named, strict=True):
        names[position] = classes[number] if number < len(classes) else "unclear"
    return names
