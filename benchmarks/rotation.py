"""Draw what a turned device costs: `python benchmarks/rotation.py DATA --out rotation.json --png carry-over.png`.

DATA is HAPT and MotionSense prepared into one folder. Head and forest learn from training people and name the windows
of the split's people, whose device is turned by an angle, each about an axis of their own. `upright`: the head is told
gravity in the first two windows in which each person stands; these are not counted.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from carry_over import GRAVITY_COLUMNS, RATE_HZ, RESAMPLES, SEED, SHARED, WINDOW_S, Windows
from measured_on import measured_on

from llasa_core.data.store import WindowStore
from llasa_core.data.turning import rotations_about, turned
from llasa_core.evaluate.features import window_features
from llasa_core.evaluate.measured import measure_share
from llasa_core.inspect.canvas import FAINT, INK, figure_of, save
from llasa_core.model.head import Worn
from llasa_core.model.tilt import common_direction
from llasa_core.train.head import Lessons, learn_head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from llasa_core.model.head import Look, WindowHead

ANGLES_DEG = (0, 15, 30, 45, 60, 90, 135, 180)
TREES = 100
SPARED = 2
"""Windows of standing that tell upright."""
PAIRS = (("hapt", "hapt"), ("motionsense", "motionsense"), ("hapt", "motionsense"), ("motionsense", "hapt"))
NAMES = {"hapt": "HAPT (waist)", "motionsense": "MotionSense (pocket)"}
LINES = {
    "head": ("light head", "#0072b2", "-"),
    "upright": ("light head, told upright", "#009e73", "-"),
    "forest": ("random forest", "#d55e00", "--"),
}


def main() -> None:
    """Measure, draw, and print or write one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--split", default="val", choices=("val", "test"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--png", type=Path)
    arguments = parser.parse_args()
    data = Windows(WindowStore(arguments.data))
    found: dict[str, Any] = {
        "measured_on": measured_on(),
        "seed": SEED,
        "split": arguments.split,
        "trees": TREES,
        "angles_deg": ANGLES_DEG,
        "pairs": [measure(data, source, target, arguments.split) for source, target in PAIRS],
    }
    text = json.dumps(found, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    if arguments.png:
        draw(found, arguments.png)


def measure(data: Windows, source: str, target: str, split: str) -> dict[str, Any]:
    """Return the accuracies of a pair of datasets at each angle."""
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - slow to import

    activities = data.activities(source) if source == target else SHARED
    train, check = (data.lessons(source, name, activities) for name in ("train", "val"))
    test = data.lessons(target, split, activities)
    head, _ = learn_head(train, check, activities, RATE_HZ, WINDOW_S, SEED)
    first = 0 if source == target else GRAVITY_COLUMNS  # across, the forest is better without gravity's direction
    forest = RandomForestClassifier(TREES, random_state=SEED)
    forest.fit(window_features(train.windows, RATE_HZ)[:, first:], train.truth)
    spared = spared_of(test, activities.index("standing"))
    counted = np.setdiff1d(np.arange(len(test)), np.concatenate(list(spared.values())))
    as_recorded = head.look(head.motion(test.windows))
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in LINES}
    for degrees in ANGLES_DEG:
        turns = turns_of(test.subject, degrees)
        windows = turned(test.windows, turns)
        look = replace(as_recorded, up=np.einsum("nij,nj->ni", turns, as_recorded.up))  # nothing else of it changes
        named = {
            "head": head.told(look)[0].argmax(axis=1),
            "upright": told_upright(head, look, test.subject, spared),
            "forest": forest.predict(window_features(windows, RATE_HZ)[:, first:]),
        }
        for name, one in named.items():
            right = (one == test.truth)[counted]
            share = measure_share(right, test.subject[counted], RESAMPLES, SEED)
            ends = share.ci and [round(share.ci.low, 4), round(share.ci.high, 4)]
            found[name].append({"degrees": degrees, "accuracy": round(share.value, 4), "ci": ends})
    return {"learned_from": source, "tested_on": target, "windows": len(counted), "people": len(spared), **found}


def spared_of(test: Lessons, standing: int) -> dict[str, np.ndarray]:
    """Return the numbers of the windows that tell how each person's device is worn."""
    people = np.unique(test.subject)
    return {who: np.flatnonzero((test.subject == who) & (test.truth == standing))[:SPARED] for who in people}


def turns_of(subject: np.ndarray, degrees: float) -> np.ndarray:
    """Return rotation matrices [window, 3, 3]: for each person an axis of their own."""
    people, who = np.unique(subject, return_inverse=True)
    axes = np.random.default_rng(SEED).normal(size=(len(people), 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    return rotations_about(axes, degrees)[who]


def told_upright(head: WindowHead, look: Look, subject: np.ndarray, spared: dict[str, np.ndarray]) -> np.ndarray:
    """Return the likeliest activity where gravity is known that comes while each person stands."""
    named = np.empty(len(look), np.int64)
    for who, rows in spared.items():
        own = subject == who
        worn = Worn(upright=common_direction(look.up[rows]))
        named[own] = head.told(look, worn)[0][own].argmax(axis=1)
    return named


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw a panel for each pair of datasets."""
    figure = figure_of(5.6)
    panels: Sequence[Axes] = figure.subplots(2, 2, sharex=True, sharey=True).reshape(-1)
    for axes, pair in zip(panels, found["pairs"], strict=True):
        for name, (_, colour, style) in LINES.items():
            points = pair[name]
            degrees, accuracy = ([point[key] for point in points] for key in ("degrees", "accuracy"))
            axes.plot(degrees, accuracy, style, color=colour, linewidth=1.6, marker="o", markersize=3)
            ends = np.array([point["ci"] for point in points])
            axes.fill_between(degrees, ends[:, 0], ends[:, 1], color=colour, alpha=0.08, linewidth=0)
        source, target = pair["learned_from"], pair["tested_on"]
        title = NAMES[source] if source == target else f"{NAMES[source]}, then {NAMES[target]}"
        axes.set_title(title, color=INK, fontsize="small", loc="left")
        axes.grid(color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
    for axes in panels[2:]:
        axes.set_xlabel("device turned by (degrees)", color=INK, fontsize="small")
    for axes in panels[::2]:
        axes.set_ylabel("accuracy", color=INK, fontsize="small")
    panels[0].set_ylim(0.3, 1.0)
    panels[0].set_xticks([0, 45, 90, 135, 180])
    lines = [panels[0].get_lines()[nth] for nth in range(len(LINES))]
    labels = [label for label, _, _ in LINES.values()]
    panels[0].legend(lines, labels, loc="lower left", frameon=False, labelcolor=INK, fontsize="small")
    save(figure, path)


if __name__ == "__main__":
    main()
