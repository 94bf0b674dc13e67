"""Measure a checkpoint as the shipped one was: `python benchmarks/reproduce.py CHECKPOINT DATA [HEAD_DATA]`.

DATA is HAPT, prepared. On all windows of its test people: the LM's closed-set accuracy by label likelihood, that of the
checkpoint's light head, calibration errors, and a random forest's beside them. HEAD_DATA is what the head learned, HAPT
and MotionSense in one folder: on the test people of each the head alone is measured. `--out` writes what was found, as
`benchmarks/results/shipped.json` was written; without it the two are compared, and an accuracy that is more than a
point away is exit code 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from measured_on import ROOT, measured_on

from llasa_core.data.store import WindowStore
from llasa_core.evaluate.baselines.light_head import judged_by, named_by
from llasa_core.evaluate.closed_set.temperature import Reliability
from llasa_core.evaluate.eval_set import labelled
from llasa_core.evaluate.measured import ends, measure_share
from llasa_core.model.head import read_head

SHIPPED = ROOT / "benchmarks" / "results" / "shipped.json"
KEPT = Path("runs") / "reproduce"
"""What is computed stays there: stopped, the same command goes on."""
BASELINES = "[light_head, random_forest]"
A_POINT = 0.01
COVERAGE = 0.95
RESAMPLES, SEED = 2000, 7


def main() -> int:
    """Measure, then write or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("head_data", type=Path, nargs="?")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    found = measure(arguments.checkpoint, arguments.data)
    if arguments.head_data:
        found["light_head_elsewhere"] = elsewhere(arguments.checkpoint, arguments.head_data)
    if arguments.out:
        arguments.out.write_text(json.dumps({"measured_on": measured_on(), **found}, indent=2) + "\n", encoding="utf-8")
        return 0
    return compare(found, json.loads(SHIPPED.read_text(encoding="utf-8")))


def measure(checkpoint: Path, data: Path) -> dict[str, Any]:
    """Return the figures of a data folder's test people."""
    command = [sys.executable, "-m", "llasa_cli.app", "eval", str(checkpoint), "--data", str(data)]
    flags = ["--suite", "closed_set", "--set", f"eval.baselines={BASELINES}", "--out", str(KEPT / data.name), "--json"]
    text = subprocess.run([*command, *flags], check=True, stdout=subprocess.PIPE, text=True).stdout
    report = json.loads(text)["closed_set"]
    rows = {"lm": report, **{name: report["baselines"][name] for name in ("light_head", "random_forest")}}
    return {
        "windows": report["windows"],
        "people": report["subjects"],
        **{name: {key: row[key] for key in ("accuracy", "accuracy_ci", "macro_f1")} for name, row in rows.items()},
        "lm_ece": report["ece"],
        **sureness_of_head(checkpoint, data),
    }


def sureness_of_head(checkpoint: Path, data: Path) -> dict[str, float]:
    """Return the head's calibration error, and its precision where the least sure twentieth is left out."""
    store, head = WindowStore(data), read_head(checkpoint)
    assert head is not None, "the checkpoint has a light head"  # noqa: S101
    names = store.activity_names
    known = np.array([name in head.activities for name in names])
    windows = labelled(store, "test")
    windows = windows.part(np.flatnonzero(known[store.activity[windows.rows]]))
    truth = np.array([head.activities.index(names[number]) for number in store.activity[windows.rows]])
    log_p = judged_by(head, store, windows)
    sure, is_right = np.exp(log_p.max(axis=1)), log_p.argmax(axis=1) == truth
    kept = np.argsort(-sure, kind="stable")[: round(COVERAGE * len(truth))]
    return {
        "light_head_ece": Reliability.of(log_p, truth, temperature=1.0).ece,
        "light_head_precision_at_95_coverage": float(is_right[kept].mean()),
    }


def elsewhere(checkpoint: Path, data: Path) -> dict[str, Any]:
    """Return how right the head is on the test people of each dataset of a folder, by their names before the slash."""
    store, head = WindowStore(data), read_head(checkpoint)
    assert head is not None, "the checkpoint has a light head"  # noqa: S101
    windows = labelled(store, "test")
    is_right = named_by(head, store, windows, windows.classes) == windows.truth
    dataset = np.array([store.subject_names[number].split("/")[0] for number in windows.subject])
    found: dict[str, Any] = {}
    for name in np.unique(dataset):
        own = dataset == name
        share = measure_share(is_right[own], windows.subject[own], RESAMPLES, SEED)
        found[str(name)] = {"windows": share.windows, "accuracy": share.value, "accuracy_ci": ends(share.ci)}
    return found


def compare(found: dict[str, Any], shipped: dict[str, Any]) -> int:
    """Print both beside each other; return 1 where an accuracy differs by more than a point."""
    is_near = True
    for who in ("lm", "light_head", "random_forest"):
        again, before = (values[who]["accuracy"] for values in (found, shipped))
        near = abs(again - before) <= A_POINT
        is_near &= near
        sys.stdout.write(f"{who:<14} again {again:.4f}, shipped {before:.4f}{'' if near else '  more than a point'}\n")
    for name, again in found.get("light_head_elsewhere", {}).items():
        before = shipped["light_head_elsewhere"][name]
        near = abs(again["accuracy"] - before["accuracy"]) <= A_POINT
        is_near &= near
        sys.stdout.write(f"light_head     {name} again {again['accuracy']:.4f}, shipped {before['accuracy']:.4f}\n")
    sys.stdout.write(f"{found['windows']:,} windows of {found['people']} people\n")
    return 0 if is_near else 1


if __name__ == "__main__":
    raise SystemExit(main())
