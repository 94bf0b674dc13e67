"""Measure what `llasa adapt` gains: `python benchmarks/adapt.py DATA llasa_core/checkpoints/smol --split val`.

DATA is HAPT and MotionSense prepared into one folder; the head of the checkpoint learned from HAPT, at the waist.

- `own`: each MotionSense person of the split labels a few windows of each activity in the first recording of it, phone
  in the trouser pocket; the windows of their other recordings are named, with `--replace`, and before.
- `new`: a head that has never seen one of HAPT's activities learns it from a few windows of one person of the training
  split (three in turn), and names the windows of all people of the split.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from carry_over import RATE_HZ, RESAMPLES, SEED, WINDOW_S, Windows
from measured_on import measured_on

from llasa_core.adapt.learning import learn
from llasa_core.data.store import WindowStore
from llasa_core.evaluate.measured import measure_share
from llasa_core.model.head import read_head
from llasa_core.train.head import learn_head

if TYPE_CHECKING:
    from llasa_core.model.head import WindowHead

FEW = (4, 10)
"""Windows of each activity."""
DONORS = 3


def main() -> None:
    """Measure and print, or write, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--split", default="val", choices=("val", "test"))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    store = WindowStore(arguments.data)
    head = read_head(arguments.checkpoint)
    assert head is not None, "the checkpoint has a light head"  # noqa: S101
    data = Windows(store)
    found = {
        "measured_on": measured_on(),
        "seed": SEED,
        "split": arguments.split,
        "own": own(data, store.source[np.flatnonzero(store.activity >= 0)], head, arguments.split),
        "new": new(data, head.activities, arguments.split),
    }
    text = json.dumps(found, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def own(data: Windows, recording: np.ndarray, head: WindowHead, split: str) -> dict[str, Any]:
    """Return how many windows are named rightly after a few were labelled, over the people of a split."""
    people = np.unique(data.subject[(data.split == split) & np.char.startswith(data.subject, "motionsense")])
    right: dict[str, list[np.ndarray]] = {f"{few} windows": [] for few in FEW} | {"before": []}
    who: list[np.ndarray] = []
    for person in people:
        lessons, rest = first_recordings(data, recording, person)
        truth = data.activity[rest]
        motion = head.motion(data.windows[rest])
        right["before"].append(np.array(head.activities)[head.judge_motion(motion)[0].argmax(axis=1)] == truth)
        for few in FEW:
            rows = np.concatenate([rows[:few] for rows in lessons])
            names = tuple(dict.fromkeys(data.activity[rows].tolist()))
            seen = head.motion(data.windows[rows])
            adapted = learn(seen, data.activity[rows], names, head, keeps_old=False, threshold=0.5)
            log_p, _ = adapted.judge_motion(motion)
            right[f"{few} windows"].append(np.array(adapted.activities)[log_p.argmax(axis=1)] == truth)
        who.append(np.full(len(rest), person))
    subject = np.concatenate(who)
    return {name: shown(np.concatenate(one), subject) for name, one in right.items()}


def first_recordings(data: Windows, recording: np.ndarray, person: str) -> tuple[list[np.ndarray], np.ndarray]:
    """Return a person's windows of the first recording of each activity, and those of all others."""
    lessons, rest = [], []
    for name in np.unique(data.activity[data.subject == person]):
        rows = np.flatnonzero((data.subject == person) & (data.activity == name))
        is_first = recording[rows] == recording[rows].min()
        lessons.append(rows[is_first])
        rest.append(rows[~is_first])
    return lessons, np.concatenate(rest)


def new(data: Windows, activities: tuple[str, ...], split: str) -> dict[str, Any]:
    """Return how well each activity is named that a head learned last, and what that costs the others."""
    found = {}
    for name in activities:
        others = tuple(one for one in activities if one != name)
        train, check = (data.lessons("hapt", one, others) for one in ("train", "val"))
        head, _ = learn_head(train, check, others, RATE_HZ, WINDOW_S, SEED)
        test, lessons = data.lessons("hapt", split, activities), data.lessons("hapt", "train", (name,))
        motion, truth = head.motion(test.windows), np.array(activities)[test.truth]
        is_new = truth == name
        before = np.array(others)[head.judge_motion(motion)[0].argmax(axis=1)] == truth
        found[name] = {"others before": shown(before[~is_new], test.subject[~is_new])}
        for few in FEW:
            each = []
            for donor in np.unique(lessons.subject)[:DONORS]:
                rows = np.flatnonzero(lessons.subject == donor)[:few]
                seen, names = head.motion(lessons.windows[rows]), np.full(len(rows), name)
                adapted = learn(seen, names, (name,), head, keeps_old=True, threshold=0.5)
                each.append(np.array(adapted.activities)[adapted.judge_motion(motion)[0].argmax(axis=1)] == truth)
            right = np.mean(each, axis=0)
            found[name][f"{few} windows"] = {
                "new": shown(right[is_new], test.subject[is_new]),
                "others": shown(right[~is_new], test.subject[~is_new]),
            }
    return found


def shown(right: np.ndarray, subject: np.ndarray) -> dict[str, Any]:
    """Return a share with its interval over people."""
    share = measure_share(right, subject, RESAMPLES, SEED)
    ci = share.ci and [round(share.ci.low, 4), round(share.ci.high, 4)]
    return {"value": round(share.value, 4), "ci": ci, "windows": share.windows, "people": share.people}


if __name__ == "__main__":
    main()
