"""How often `eval`'s 95 % intervals hold the true value, over simulated evaluations of few people.

Run: python benchmarks/coverage.py [--evaluations 500] [--out benchmarks/results/coverage.json]

Accuracy and macro-F1 of one checkpoint, and the difference in accuracy of two on the same windows. A person's accuracy
is drawn from a beta distribution, so that people differ; windows a person from a log-normal one.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from measured_on import measured_on
from scipy.special import ndtr
from scipy.stats import beta

from llasa_core.evaluate.comparing.paired_interval import difference_interval
from llasa_core.evaluate.intervals import Interval, subject_interval
from llasa_core.evaluate.metrics import accuracy, macro_f1

PEOPLE = (8, 20, 30)


class Place(NamedTuple):
    """What is simulated."""

    accuracy: float
    spread: float
    """Standard deviation of people's accuracies."""
    windows: int
    """Median of a person's."""


PLACES = (
    Place(0.60, 0.15, 70),
    Place(0.80, 0.10, 70),
    Place(0.90, 0.05, 250),
    Place(0.93, 0.10, 250),
    Place(0.95, 0.04, 250),
    Place(0.95, 0.06, 70),
    Place(0.97, 0.03, 70),
    Place(0.97, 0.05, 70),
    Place(0.99, 0.01, 70),
)
SECOND_IS_BETTER = 0.005
"""By so much the second of two is more accurate."""
ALIKE = 0.7
"""How far who is hard for the first is hard for the second: correlation of people's normal scores."""
SHARED = 0.5
"""Share of windows that both find equally hard."""
CLASSES = 6
RESAMPLES = 1000
LEAST_COVERAGE = 0.93
COLUMNS = ("percentile", "accuracy", "macro_f1", "difference")


def person(rng: np.random.Generator, place: Place) -> tuple[np.ndarray, np.ndarray]:
    """Return one simulated person's confusions by two checkpoints: classes are mistaken in pairs."""
    scores = rng.multivariate_normal([0, 0], [[1, ALIKE], [ALIKE, 1]])
    means = place.accuracy, min(place.accuracy + SECOND_IS_BETTER, 0.995)
    rights = []
    for mean, score in zip(means, scores, strict=True):
        strength = mean * (1 - mean) / place.spread**2 - 1
        rights.append(beta.ppf(ndtr(score), mean * strength, (1 - mean) * strength))
    n_windows = max(CLASSES, int(rng.lognormal(np.log(place.windows), 0.5)))
    truth = rng.integers(0, CLASSES, n_windows)
    draws = rng.random((2, n_windows))
    draws[1] = np.where(rng.random(n_windows) < SHARED, draws[0], draws[1])
    named = [np.where(draw < right, truth, truth ^ 1) for draw, right in zip(draws, rights, strict=True)]
    one, two = (np.bincount(truth * CLASSES + each, minlength=CLASSES**2).reshape(CLASSES, -1) for each in named)
    return np.stack([one, two]), np.array(((named[0] == truth) != (named[1] == truth)).sum())


def percentile_interval(right: np.ndarray, windows: np.ndarray, rng: np.random.Generator) -> Interval:
    """Return the usual bootstrap's interval, for comparison."""
    drawn = rng.integers(0, len(windows), (RESAMPLES, len(windows)))
    low, high = np.quantile(right[drawn].sum(1) / windows[drawn].sum(1), [0.025, 0.975])
    return Interval(float(low), float(high))


def covered(people: int, place: Place, evaluations: int, seed: int) -> dict[str, Any]:
    """Return the share of intervals that hold the truth, and the mean width of that of the accuracy."""
    rng = np.random.default_rng([seed, people])
    mean = place.accuracy  # also the macro-F1 over endless people: its classes are equally frequent and hard
    better = min(mean + SECOND_IS_BETTER, 0.995) - mean
    hits, width = np.zeros(len(COLUMNS)), 0.0
    for number in range(evaluations):
        drawn = [person(rng, place) for _ in range(people)]
        both, apart = np.stack([tables for tables, _ in drawn]), np.array([n for _, n in drawn])
        tables = both[:, 0]
        windows = tables.sum((1, 2))
        settings = {"resamples": RESAMPLES, "seed": number}
        usual = percentile_interval(np.trace(tables, axis1=1, axis2=2), windows, rng)
        ours = subject_interval(tables, accuracy, windows, **settings)
        f1 = subject_interval(tables, macro_f1, windows, **settings)
        between = difference_interval(tables, both[:, 1], accuracy, apart, **settings)
        truths = (mean, mean, mean, better)
        held = [
            one is not None and one.low <= t <= one.high
            for one, t in zip((usual, ours, f1, between), truths, strict=True)
        ]
        hits += held
        width += ours.high - ours.low if ours else np.nan
    shares = dict(zip(COLUMNS, (hits / evaluations).tolist(), strict=True))
    return {"people": people, **place._asdict(), "coverage": shares, "mean_width": width / evaluations}


def main() -> None:
    """Print one line for each number of people and kind of test, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluations", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    print(f"share of {arguments.evaluations} simulated evaluations whose 95 % interval holds the true value")
    print("people  accuracy  spread  windows  percentile  eval  macro-F1  difference  mean width")
    rows = []
    for people in PEOPLE:
        for place in PLACES:
            row = covered(people, place, arguments.evaluations, arguments.seed)
            rows.append(row)
            usual, ours, f1, between = row["coverage"].values()
            measured = f"{usual:10.3f}  {ours:.3f}  {f1:8.3f}  {between:10.3f}  {row['mean_width']:.3f}"
            print(
                f"{people:6d}  {place.accuracy:8.3f}  {place.spread:6.2f}  {place.windows:7d}  {measured}", flush=True
            )
    lowest = {name: min(row["coverage"][name] for row in rows) for name in COLUMNS}
    print("lowest:", ", ".join(f"{name} {share:.3f}" for name, share in lowest.items()))
    if arguments.out:
        settings = {"evaluations": arguments.evaluations, "seed": arguments.seed, "resamples": RESAMPLES}
        kept = {**measured_on(), **settings, "lowest": lowest, "rows": rows}
        arguments.out.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
