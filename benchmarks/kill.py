"""Whether `prepare-data` survives `kill -9` at any moment: the same command again must give the same bytes.

    python benchmarks/kill.py [--moments 100] [--seed 0]

Prepares a folder of small recordings undisturbed, then again and again with a SIGKILL at a random moment between the
first file that it writes and its end, with one and with two workers, each time followed at once by the same command.
Only the first process is killed, so that its workers must end by themselves. Prints one JSON object; ends with 1 if any
folder differs or anything is left beside it.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

SECONDS, RATE_HZ = 90, 50


def main() -> int:
    """Kill, run again, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=100)
    parser.add_argument("--recordings", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)  # noqa: S311 - no secret depends on it
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_recordings(folder / "raw", arguments.recordings)
        takes_s = {workers: undisturbed(folder, workers) for workers in (1, 2)}
        found: list[dict[str, Any]] = []
        while sum(one["killed"] for one in found) < arguments.moments:
            workers = 1 + len(found) % 2
            found.append(kill_once(folder, workers, draw.uniform(0, takes_s[workers])))
    report = {
        "moments": sum(one["killed"] for one in found),
        "runs": len(found),
        "met": Counter(one["met"] for one in found if one["killed"]),
        "equal": sum(one["equal"] for one in found),
        "nothing_left": sum(one["nothing_left"] for one in found),
        "undisturbed_s": takes_s,
    }
    print(json.dumps(report))
    return int(report["equal"] < len(found) or report["nothing_left"] < len(found))


def write_recordings(folder: Path, n_recordings: int) -> None:
    """Write small CSVs of people who walk."""
    folder.mkdir()
    noise = np.random.default_rng(0)
    time_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    for number in range(n_recordings):
        swing = 2 * np.pi * (1.5 + number / 80) * time_s
        motion = np.stack([np.sin(swing), np.cos(swing), 9.8 + 2 * np.sin(2 * swing)], axis=1)
        rows = np.column_stack([time_s, motion, 0.3 * motion[:, [1, 0, 1]]])
        rows[:, 1:] += noise.normal(scale=0.05, size=(len(rows), 6))
        header = "time_s,acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2),gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s)"
        np.savetxt(folder / f"walk{number:02d}.csv", rows, "%.5f", ",", header=header, comments="")


def command(folder: Path, out: str, workers: int) -> list[str]:
    """Return the command line: shards so small that there are many."""
    program = [sys.executable, "-m", "llasa_cli.app", "prepare-data", str(folder / "raw")]
    return [*program, "--out", str(folder / out), "--shard-mb", "0.3", "--workers", str(workers)]


def begin(folder: Path, out: str, workers: int) -> subprocess.Popen[bytes]:
    """Start a run and return it once it has written something, its lock."""
    program = command(folder, out, workers)
    run = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while run.poll() is None and not (folder / f".{out}.lock").exists():
        time.sleep(0.001)
    return run


def undisturbed(folder: Path, workers: int) -> float:
    """Prepare the folder that the others must equal, and return the seconds it took after its start."""
    run = begin(folder, f"whole{workers}", workers)
    begun = time.perf_counter()
    if run.wait():
        sys.exit("the undisturbed run failed")
    if content(folder / f"whole{workers}") != content(folder / "whole1"):
        sys.exit("the number of workers changes the bytes")
    return time.perf_counter() - begun


def kill_once(folder: Path, workers: int, after_s: float) -> dict[str, Any]:
    """Kill a run after so many seconds, run the command again, and return how it went."""
    out = folder / "data"
    run = begin(folder, "data", workers)
    time.sleep(after_s)
    is_running = run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait()
    met = what_was_met(out)
    again = subprocess.run(command(folder, "data", workers), check=False, capture_output=True, text=True)
    left = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    result = {
        "killed": is_running,
        "met": met,
        "equal": again.returncode == 0 and content(out) == content(folder / "whole1"),
        "nothing_left": not left,
    }
    if not (result["equal"] and result["nothing_left"]):
        print(f"after {after_s:.3f} s with {workers} workers: {result}, {left}\n{again.stderr}", file=sys.stderr)
    for path in out.iterdir() if out.is_dir() else ():
        path.unlink()
    if out.is_dir():
        out.rmdir()
    return result


def what_was_met(out: Path) -> str:
    """Return how far the killed run had come."""
    draft, waiting = out.with_name(f".{out.name}.draft"), out.with_name(f".{out.name}.cuts")
    if out.exists():
        return "the whole folder"
    if any(draft.glob("qa-*.json")):
        return "questions"
    if any(draft.glob("*.h5")):
        return "some shards"
    if any(waiting.rglob("*.cuts")):
        return "cut recordings that wait"
    return "a draft without a shard" if draft.exists() else "nothing"


def content(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


if __name__ == "__main__":
    sys.exit(main())
