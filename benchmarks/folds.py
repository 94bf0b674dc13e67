"""Measure the light head by folds: `python benchmarks/folds.py DATA --out folds.json`; beside it a random forest.

DATA is HAPT and MotionSense prepared into one folder. All people of a dataset are parted into five folds; each fold is
named by what was learned from the people of the other four. Of these, every fifth person is left to the head's
temperature and threshold; the forest, which has none, learns from them too. Figures are pooled, 95 % intervals are over
people. Windows are measured as they are, turned any way, and without a gyroscope.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from carry_over import RATE_HZ, SEED, WINDOW_S, Windows, measured, sureness
from measured_on import measured_on

from llasa_core.data.store import WindowStore
from llasa_core.data.turning import random_orientations, turned
from llasa_core.evaluate.features import window_features
from llasa_core.evaluate.robustness.misreading import without_gyroscope
from llasa_core.train.head import Lessons, learn_head

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDS, TREES = 5, 300
CHECKED = 5
"""Every so many of the people learned from is for temperatures."""


def main() -> None:
    """Measure and print, or write, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    data = Windows(WindowStore(arguments.data))
    found: dict[str, Any] = {"measured_on": measured_on(), "seed": SEED, "folds": FOLDS, "trees": TREES}
    for dataset in ("hapt", "motionsense"):
        found[dataset] = by_folds(data, dataset)
    text = json.dumps(found, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def by_folds(data: Windows, dataset: str) -> dict[str, Any]:
    """Return what was measured on a dataset's people, each named by what was learned from others."""
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - slow to import

    activities = data.activities(dataset)
    people = np.random.default_rng(SEED).permutation(np.unique(data.subject[np.char.startswith(data.subject, dataset)]))
    folds = [people[nth::FOLDS] for nth in range(FOLDS)]
    every: list[Lessons] = []
    named: dict[str, dict[str, list[np.ndarray]]] = {}
    for nth, fold in enumerate(folds):
        others = np.concatenate([one for at, one in enumerate(folds) if at != nth])
        check = others[::CHECKED]
        learned = np.setdiff1d(others, check)
        test = of_people(data, fold, activities)
        every.append(test)
        head, _ = learn_head(
            of_people(data, learned, activities),
            of_people(data, check, activities),
            activities,
            RATE_HZ,
            WINDOW_S,
            SEED,
        )
        lessons = of_people(data, others, activities)
        forest = RandomForestClassifier(TREES, random_state=SEED)
        forest.fit(window_features(lessons.windows, RATE_HZ), lessons.truth)
        for condition, windows in changed(test.windows, nth).items():
            here = named.setdefault(condition, {"head": [], "forest": []})
            here["head"].append(head.log_probabilities(windows))
            probability = forest.predict_proba(window_features(windows, RATE_HZ))
            here["forest"].append(np.log(probability + 1e-9))
    whole = Lessons(
        *(np.concatenate([getattr(one, name) for one in every]) for name in ("windows", "truth", "subject"))
    )
    found: dict[str, Any] = {"activities": activities, "people": len(people), "windows": len(whole)}
    for condition, models in named.items():
        found[condition] = {}
        for name, parts in models.items():
            log_p = np.concatenate(parts)
            of_all = measured(log_p.argmax(axis=1), whole, activities)
            sure = sureness(log_p, whole.truth, 0.0)
            of_all |= {key: sure[key] for key in ("ece", "precision_at_95_coverage")}
            of_all["by_fold"] = [
                round(float((part.argmax(axis=1) == one.truth).mean()), 4)
                for part, one in zip(parts, every, strict=True)
            ]
            found[condition][name] = of_all
    return found


def of_people(data: Windows, people: np.ndarray, activities: Sequence[str]) -> Lessons:
    """Return the windows of some people."""
    own = np.flatnonzero(np.isin(data.subject, people) & np.isin(data.activity, activities))
    truth = np.array([list(activities).index(name) for name in data.activity[own]])
    return Lessons(data.windows[own], truth, data.subject[own])


def changed(windows: np.ndarray, fold: int) -> dict[str, np.ndarray]:
    """Return windows as they are, and changed."""
    return {
        "unchanged": windows,
        "any orientation": turned(windows, random_orientations(np.arange(len(windows)), SEED + fold)),
        "no gyroscope": without_gyroscope(windows),
    }


if __name__ == "__main__":
    main()
