"""How often `eval`'s 95 % intervals hold the true value, over simulated evaluations of few people.

Run: python benchmarks/coverage.py [EVALUATIONS]      (500 by default: about three minutes on one core)
"""

from __future__ import annotations

import sys

import numpy as np

from llasa_core.evaluate.intervals import Interval, subject_interval
from llasa_core.evaluate.metrics import accuracy, macro_f1

PEOPLE = (5, 8, 20, 30)
PLACES = (  # mean accuracy, how much people differ (standard deviation), windows a person
    (0.60, 0.15, 70),
    (0.80, 0.10, 70),
    (0.90, 0.05, 250),
    (0.93, 0.10, 250),
    (0.95, 0.04, 250),
    (0.95, 0.06, 70),
    (0.97, 0.03, 70),
    (0.97, 0.05, 70),
    (0.99, 0.01, 70),
)
CLASSES = 6
RESAMPLES = 1000


def person(rng: np.random.Generator, mean: float, spread: float, windows: int) -> np.ndarray:
    """Return one simulated person's confusion: accuracy from a beta distribution, classes of unequal difficulty."""
    strength = mean * (1 - mean) / spread**2 - 1
    right = rng.beta(mean * strength, (1 - mean) * strength)
    n_windows = max(CLASSES, int(rng.lognormal(np.log(windows), 0.5)))
    table = np.zeros((CLASSES, CLASSES), int)
    for truth, n in enumerate(rng.multinomial(n_windows, np.full(CLASSES, 1 / CLASSES))):
        hit = rng.binomial(n, right)
        table[truth, truth] = hit
        table[truth, truth ^ 1] = n - hit  # classes are mistaken in pairs, as sitting and standing are
    return table


def percentile_interval(right: np.ndarray, windows: np.ndarray, rng: np.random.Generator) -> Interval:
    """Return the usual bootstrap's interval, for comparison."""
    drawn = rng.integers(0, len(windows), (RESAMPLES, len(windows)))
    low, high = np.quantile(right[drawn].sum(1) / windows[drawn].sum(1), [0.025, 0.975])
    return Interval(float(low), float(high))


def covered(people: int, place: tuple[float, float, int], evaluations: int) -> np.ndarray:
    """Return the share of intervals that hold the truth: percentile, ours of accuracy, ours of macro-F1, mean width."""
    rng = np.random.default_rng(people)
    mean = place[0]  # also the macro-F1 over endless people: its classes are equally frequent and hard
    sums = np.zeros(4)
    for _ in range(evaluations):
        tables = np.stack([person(rng, *place) for _ in range(people)])
        right, windows = np.trace(tables, axis1=1, axis2=2), tables.sum((1, 2))
        usual = percentile_interval(right, windows, rng)
        ours = subject_interval(tables, accuracy, windows, resamples=RESAMPLES, seed=7)
        f1 = subject_interval(tables, macro_f1, windows, resamples=RESAMPLES, seed=7)
        hits = [interval is not None and interval.low <= mean <= interval.high for interval in (usual, ours, f1)]
        sums += [*hits, ours.high - ours.low if ours else np.nan]
    return sums / evaluations


def main() -> None:
    """Print one line for each number of people and kind of test."""
    evaluations = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    print(f"share of {evaluations} simulated evaluations whose 95 % interval holds the true value")
    print("people  accuracy  spread  windows  percentile  eval  macro-F1  mean width")
    for people in PEOPLE:
        for place in PLACES:
            usual, ours, f1, width = covered(people, place, evaluations)
            mean, spread, windows = place
            measured = f"{usual:10.3f}  {ours:.3f}  {f1:8.3f}  {width:.3f}"
            print(f"{people:6d}  {mean:8.2f}  {spread:6.2f}  {windows:7d}  {measured}", flush=True)


if __name__ == "__main__":
    main()
