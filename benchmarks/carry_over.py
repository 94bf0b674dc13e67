"""Measure what the light head keeps elsewhere: `python benchmarks/carry_over.py DATA --archive HAPT_RawData.zip`.

DATA is HAPT and MotionSense prepared into one folder. Everything learns from training people, temperatures are fitted
on validation people, and the split that is named is measured, with 95 % intervals over its people.

- `across`: learned from one dataset and tested on the other, on the five activities that both have.
- `within`: learned and tested on the same one: unchanged, turned any way, without a gyroscope, slower.
- beside it a random forest on the features of `llasa eval`: across without the direction of gravity, within with it.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from measured_on import measured_on

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.recording import Segment
from llasa_core.data.resample import resample
from llasa_core.data.slowing import slowed
from llasa_core.data.split import split_of
from llasa_core.data.store import WindowStore
from llasa_core.data.turning import random_orientations, turned
from llasa_core.data.windows import WindowConfig, windows_of
from llasa_core.evaluate.features import window_features
from llasa_core.evaluate.measured import measure_share
from llasa_core.evaluate.robustness.misreading import without_gyroscope
from llasa_core.train.head import Lessons, learn_head

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.data.recording import Recording

SEED, RESAMPLES, TREES = 7, 2000, 100
SHARED = ("walking", "climbing stairs", "descending stairs", "sitting", "standing")
POSTURES = ("sitting", "standing", "lying")
GRAVITY_COLUMNS = 3
"""The first of `window_features`."""
SLOW_HZ = 25.0
RATE_HZ, WINDOW_S = 20.0, 6.0
BINS = 15


def main() -> None:
    """Measure and print, or write, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--archive", type=Path, help="HAPT as it was downloaded, for what its 50 Hz give at 25")
    parser.add_argument("--split", default="val", choices=("val", "test"))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    data = Windows(WindowStore(arguments.data))
    split = arguments.split
    found: dict[str, Any] = {"measured_on": measured_on(), "seed": SEED, "split": split, "across": {}, "within": {}}
    for source, target in (("hapt", "motionsense"), ("motionsense", "hapt")):
        found["across"][f"{source} to {target}"] = across(data, source, target, split)
    for name in ("hapt", "motionsense"):
        archive = arguments.archive if name == "hapt" else None
        found["within"][name] = within(data, name, split, archive)
    text = json.dumps(found, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


class Windows:
    """All windows of known activity."""

    def __init__(self, store: WindowStore) -> None:
        rows = np.flatnonzero(store.activity >= 0)
        self.windows = store.take(rows)
        self.activity = np.array(store.activity_names)[store.activity[rows]]
        self.subject = np.array(store.subject_names)[store.subject[rows]]
        self.split = np.array([split_of(name) for name in self.subject])

    def lessons(self, dataset: str, split: str, activities: Sequence[str]) -> Lessons:
        """Return the windows of a dataset's people, or of all, that show one of the activities."""
        is_there = np.isin(self.activity, activities) & np.char.startswith(self.subject, dataset)
        own = np.flatnonzero(is_there & (self.split == split))
        truth = np.array([list(activities).index(name) for name in self.activity[own]])
        return Lessons(self.windows[own], truth, self.subject[own])

    def activities(self, dataset: str) -> tuple[str, ...]:
        """Return what the people of a dataset do."""
        return tuple(dict.fromkeys(self.activity[np.char.startswith(self.subject, dataset)].tolist()))


def across(data: Windows, source: str, target: str, split: str) -> dict[str, Any]:
    """Learn from one dataset and name the other's windows."""
    train, check = (data.lessons(source, name, SHARED) for name in ("train", "val"))
    test = data.lessons(target, split, SHARED)
    head, _ = learn_head(train, check, SHARED, RATE_HZ, WINDOW_S, SEED)
    without = replace(test, windows=without_gyroscope(test.windows))
    return {
        "head": measured(head.log_probabilities(test.windows).argmax(axis=1), test, SHARED),
        "head without gyroscope": measured(head.log_probabilities(without.windows).argmax(axis=1), test, SHARED),
        "forest": measured(forest(train, GRAVITY_COLUMNS)(test.windows), test, SHARED),
    }


def within(data: Windows, dataset: str, split: str, archive: Path | None) -> dict[str, Any]:
    """Learn from a dataset and name windows of its other people, as they are and changed."""
    activities = data.activities(dataset)
    train, check, test = (data.lessons(dataset, name, activities) for name in ("train", "val", split))
    head, report = learn_head(train, check, activities, RATE_HZ, WINDOW_S, SEED)
    turns = random_orientations(np.arange(len(test)), SEED)
    changed = {
        "unchanged": test,
        "any orientation": replace(test, windows=turned(test.windows, turns)),
        "no gyroscope": replace(test, windows=without_gyroscope(test.windows)),
        "10 Hz": replace(test, windows=slowed(test.windows, RATE_HZ, 10.0)),
        "5 Hz": replace(test, windows=slowed(test.windows, RATE_HZ, 5.0)),
    }
    if archive is not None:
        changed |= {f"recorded at {hz:g} Hz": recorded(archive, split, activities, hz) for hz in (50.0, SLOW_HZ)}
    namers: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "head": lambda windows: head.log_probabilities(windows).argmax(axis=1),
        "forest": forest(train, 0),
    }
    found: dict[str, Any] = {
        condition: {name: measured(names(one.windows), one, activities) for name, names in namers.items()}
        for condition, one in changed.items()
    }
    for condition in ("unchanged", "any orientation", "no gyroscope"):
        one = changed[condition]
        found[condition]["sureness"] = sureness(head.log_probabilities(one.windows), one.truth, head.threshold)
    return {"activities": activities, "windows": report.windows, "val_accuracy": report.val_accuracy, **found}


def recorded(archive: Path, split: str, activities: Sequence[str], hz: float) -> Lessons:
    """Return HAPT's windows as a phone of a lower rate would have recorded them."""
    windows, truth, subject = [], [], []
    for recording in read_recordings(archive, ReadOptions()):
        if split_of(recording.subject) != split:
            continue
        cut = windows_of(slower(recording, hz), WindowConfig())
        for window, activity in zip(cut.windows, cut.activities, strict=True):
            if activity in activities:
                windows.append(window)
                truth.append(activities.index(activity))
                subject.append(recording.subject)
    return Lessons(np.stack(windows), np.array(truth), np.array(subject))


def slower(recording: Recording, hz: float) -> Recording:
    """Return a recording at a lower rate."""
    by = hz / recording.sampling_rate_hz
    segments = tuple(Segment(round(one.start * by), round(one.end * by), one.activity) for one in recording.segments)
    samples = resample(recording.samples, recording.sampling_rate_hz, hz)
    return replace(recording, samples=samples, sampling_rate_hz=hz, segments=segments, bridged=(), origin=None)


def forest(train: Lessons, first: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return a random forest that names windows by their features from this one on."""
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - slow to import

    found = RandomForestClassifier(TREES, random_state=SEED)
    found.fit(window_features(train.windows, RATE_HZ)[:, first:], train.truth)
    return lambda windows: found.predict(window_features(windows, RATE_HZ)[:, first:])


def measured(named: np.ndarray, test: Lessons, activities: Sequence[str]) -> dict[str, Any]:
    """Return accuracies with intervals over people: of all, in motion, still, and with postures taken as one."""
    is_posture = np.isin(np.array(activities), POSTURES)
    is_right, is_still = named == test.truth, is_posture[test.truth]
    merged = is_right | (is_still & is_posture[named])
    every = np.ones(len(test), bool)
    parts = {"accuracy": (is_right, every), "moving": (is_right, ~is_still), "still": (is_right, is_still)}
    parts["postures as one"] = (merged, every)
    shares = {
        name: measure_share(right[own], test.subject[own], RESAMPLES, SEED) for name, (right, own) in parts.items()
    }
    of_each = {
        name: round(float(is_right[test.truth == nth].mean()), 4)
        for nth, name in enumerate(activities)
        if (test.truth == nth).any()
    }
    return {
        **{
            name: {"value": round(share.value, 4), "ci": share.ci and [round(share.ci.low, 4), round(share.ci.high, 4)]}
            for name, share in shares.items()
        },
        "windows": len(test),
        "people": shares["accuracy"].people,
        "by_activity": of_each,
    }


def sureness(log_p: np.ndarray, truth: np.ndarray, threshold: float) -> dict[str, float]:
    """Return the calibration error, and how precise answers are above the threshold and at 95 % coverage."""
    confidence, is_right = np.exp(log_p.max(axis=1)), log_p.argmax(axis=1) == truth
    part = np.minimum((confidence * BINS).astype(int), BINS - 1)
    error = sum(
        abs(is_right[part == one].mean() - confidence[part == one].mean()) * (part == one).mean()
        for one in np.unique(part)
    )
    order = np.argsort(-confidence, kind="stable")[: int(np.ceil(0.95 * len(truth)))]
    is_answered = confidence >= threshold
    return {
        "ece": round(float(error), 4),
        "precision_at_95_coverage": round(float(is_right[order].mean()), 4),
        "below_threshold": round(float(1 - is_answered.mean()), 4),
        "precision_above_threshold": round(float(is_right[is_answered].mean()), 4),
    }


if __name__ == "__main__":
    main()
