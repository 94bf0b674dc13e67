"""Measure a checkpoint as the shipped one was: `python benchmarks/reproduce.py CHECKPOINT HAPT MOTIONSENSE`.

HAPT and MOTIONSENSE are data folders. On all test windows of each: the LM's closed-set accuracy by label likelihood,
that of the checkpoint's light head, calibration errors, and a random forest's beside them. `--out` writes what was
found, as `benchmarks/results/shipped.json` was written; without it the two are compared, and an accuracy that is more
than a point away is exit code 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from measured_on import ROOT, measured_on

from llasa_core.data.store import WindowStore
from llasa_core.evaluate.closed_set.temperature import Reliability
from llasa_core.model.head import read_head

SHIPPED = ROOT / "benchmarks" / "results" / "shipped.json"
BASELINES = "[light_head, random_forest]"
A_POINT = 0.01
COVERAGE = 0.95


def main() -> int:
    """Measure, then write or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("hapt", type=Path)
    parser.add_argument("motionsense", type=Path)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    folders = {"hapt": arguments.hapt, "motionsense": arguments.motionsense}
    found = {name: measure(arguments.checkpoint, data) for name, data in folders.items()}
    if arguments.out:
        arguments.out.write_text(json.dumps({"measured_on": measured_on(), **found}, indent=2) + "\n", encoding="utf-8")
        return 0
    shipped = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return compare(found, shipped)


def measure(checkpoint: Path, data: Path) -> dict[str, Any]:
    """Return the figures of one data folder's test people."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "llasa_cli.app", "eval", str(checkpoint), "--data", str(data)]
        flags = ["--suite", "closed_set", "--set", f"eval.baselines={BASELINES}", "--out", folder, "--json"]
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
    rows = np.array([row for row in store.rows("test") if store.activity[row] >= 0])
    truth = np.array([head.activities.index(names[number]) for number in store.activity[rows]])
    log_p = head.log_probabilities(store.take(rows))
    sure, is_right = np.exp(log_p.max(axis=1)), log_p.argmax(axis=1) == truth
    kept = np.argsort(-sure, kind="stable")[: round(COVERAGE * len(rows))]
    return {
        "light_head_ece": Reliability.of(log_p, truth, temperature=1.0).ece,
        "light_head_precision_at_95_coverage": float(is_right[kept].mean()),
    }


def compare(found: dict[str, Any], shipped: dict[str, Any]) -> int:
    """Print both beside each other; return 1 where an accuracy differs by more than a point."""
    is_near = True
    for name, figures in found.items():
        for who in ("lm", "light_head", "random_forest"):
            again, before = (values[name][who]["accuracy"] for values in (found, shipped))
            near = abs(again - before) <= A_POINT
            is_near &= near
            words = "" if near else "  more than a point"
            sys.stdout.write(f"{name:<12} {who:<14} again {again:.4f}, shipped {before:.4f}{words}\n")
        sys.stdout.write(f"{name:<12} of {figures['windows']:,} windows of {figures['people']} people\n")
    return 0 if is_near else 1


if __name__ == "__main__":
    raise SystemExit(main())
