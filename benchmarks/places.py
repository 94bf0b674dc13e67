"""Measure the choice of the place: `python benchmarks/places.py DATA --out places.json`.

DATA is HAPT (waist) and MotionSense (trouser pocket) prepared into one folder; one head learns both. Four folds part
the training and validation people; with `--test`, the head learns as that of a run does, and names the test people.

- `joint`: windows one at a time, by all that was learned together. `told`: by what was learned at the right place.
- `chosen`: the place is chosen by a whole recording; `recordings` says how, and how by its first so many windows. In
  `chosen, turned` each recording's device is turned another way, in `chosen, no gyroscope` it has none. A recording of
  MotionSense holds a single activity.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from carry_over import RATE_HZ, SEED, WINDOW_S, Windows, measured
from measured_on import measured_on

from llasa_core.data.store import WindowStore
from llasa_core.data.turning import random_orientations, turned
from llasa_core.evaluate.robustness.misreading import without_gyroscope
from llasa_core.model.head import Worn
from llasa_core.model.placing import likeliest_place
from llasa_core.train.head import Lessons, learn_head

if TYPE_CHECKING:
    from llasa_core.model.head import Look, WindowHead

FOLDS, CHECKED = 4, 5
DATASETS, PLACES = ("hapt", "motionsense"), ("waist", "front pocket")
FIRST = (1, 3, 10, 30)


class Seen:
    """Windows that were looked at, of one fold or more."""

    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []

    def add(self, head: WindowHead, test: Lessons, recording: np.ndarray, turn: int) -> None:
        """Look at windows as they are and changed."""
        way = random_orientations(np.arange(len(np.unique(recording))), SEED + turn)
        nth = np.unique(recording, return_inverse=True)[1]
        for name, windows in (
            ("chosen", test.windows),
            ("chosen, turned", turned(test.windows, way[nth])),
            ("chosen, no gyroscope", without_gyroscope(test.windows)),
        ):
            look = head.look(head.motion(windows))
            self.parts.append({"name": name, "head": head, "look": look, "test": test, "recording": recording})


def main() -> None:
    """Measure and print, or write, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    store = WindowStore(arguments.data)
    data = Windows(store)
    known = np.flatnonzero(store.activity >= 0)
    recording, placement = store.source[known], store.placement[known]
    names = tuple(store.manifest["placements"])
    activities = tuple(dict.fromkeys(data.activity.tolist()))
    seen = Seen()
    people = np.unique(data.subject[data.split != "test"])
    parting = [(people, np.unique(data.subject[data.split == "test"]))]
    if not arguments.test:
        folds = [np.random.default_rng(SEED).permutation(people)[nth::FOLDS] for nth in range(FOLDS)]
        parting = [(np.setdiff1d(people, fold), fold) for fold in folds]
    for nth, (others, fold) in enumerate(parting):
        check = np.unique(data.subject[data.split == "val"]) if arguments.test else others[::CHECKED]
        lessons = [of(data, one, activities, placement, names)[0] for one in (np.setdiff1d(others, check), check)]
        head, _ = learn_head(*lessons, activities, RATE_HZ, WINDOW_S, SEED)
        for dataset in DATASETS:
            own = fold[np.char.startswith(fold, dataset)]
            test, rows = of(data, own, activities, placement, names)
            seen.add(head, test, recording[rows], nth)
    found: dict[str, Any] = {
        "measured_on": measured_on(),
        "seed": SEED,
        "people": "test" if arguments.test else "folds",
    }
    for dataset, place in zip(DATASETS, PLACES, strict=True):
        parts = [one for one in seen.parts if one["test"].subject[0].startswith(dataset)]
        found[dataset] = of_dataset(parts, names.index(place), activities)
    text = json.dumps(found, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def of(
    data: Windows, people: np.ndarray, activities: tuple[str, ...], placement: np.ndarray, names: tuple[str, ...]
) -> tuple[Lessons, np.ndarray]:
    """Return the windows of some people, and their rows."""
    rows = np.flatnonzero(np.isin(data.subject, people))
    truth = np.array([activities.index(name) for name in data.activity[rows]])
    return Lessons(data.windows[rows], truth, data.subject[rows], placement[rows].astype(np.int64), names), rows


def of_dataset(parts: list[dict[str, Any]], place: int, activities: tuple[str, ...]) -> dict[str, Any]:
    """Return the figures of a dataset's people."""
    plain = [one for one in parts if one["name"] == "chosen"]
    whole = Lessons(
        *(np.concatenate([getattr(one["test"], name) for one in plain]) for name in ("windows", "truth", "subject"))
    )
    found: dict[str, Any] = {"windows": len(whole)}
    for name, worn in (("joint", Worn()), ("told", Worn(place=place))):
        named = [one["head"].told(one["look"], worn)[0].argmax(axis=1) for one in plain]
        found[name] = measured(np.concatenate(named), whole, activities)
    for name in dict.fromkeys(one["name"] for one in parts):
        every = [chosen(one["head"], one["look"], one["recording"], place) for one in parts if one["name"] == name]
        found[name] = measured(np.concatenate([named for named, _ in every]), whole, activities)
        found[name]["recordings"] = sum((shares for _, shares in every), start=Shares()).shown()
    return found


class Shares:
    """How many recordings, for each number of windows, were taken for worn rightly, wrongly, at no known place."""

    def __init__(self) -> None:
        self.counts: dict[str, list[int]] = {}

    def count(self, key: str, at: int) -> None:
        """Count one recording."""
        self.counts.setdefault(key, [0, 0, 0])[at] += 1

    def __add__(self, other: Shares) -> Shares:
        """Return both together."""
        found = Shares()
        for one in (self, other):
            for key, counts in one.counts.items():
                found.counts[key] = [a + b for a, b in zip(found.counts.get(key, [0, 0, 0]), counts, strict=True)]
        return found

    def shown(self) -> dict[str, Any]:
        """Return shares."""
        return {
            key: dict(zip(("rightly", "wrongly", "not"), (round(n / sum(counts), 4) for n in counts), strict=True))
            | {"recordings": sum(counts)}
            for key, counts in self.counts.items()
        }


def chosen(head: WindowHead, look: Look, recording: np.ndarray, place: int) -> tuple[np.ndarray, Shares]:
    """Return the class of each window, the place chosen by its whole recording; and how places were chosen."""
    assert look.placed is not None  # noqa: S101 - there are two
    of_place = {one: head.told(look, Worn(place=one))[0].argmax(axis=1) for one in (None, *range(len(head.places)))}
    named, shares = np.empty(len(look), np.int64), Shares()
    for one in np.unique(recording):
        own = np.flatnonzero(recording == one)
        for key, rows in ({"all": own} | {str(n): own[:n] for n in FIRST if n <= len(own)}).items():
            found = likeliest_place(look.placed[rows], look.strangeness[rows])
            shares.count(key, 2 if found is None else int(found != place))
            if key == "all":
                named[own] = of_place[found][own]
    return named, shares


if __name__ == "__main__":
    main()
