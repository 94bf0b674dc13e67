"""Whether training survives `kill -9` at any moment: the same command again must end with the same bits.

    python benchmarks/kill_training.py [--times 50] [--seed 0] [--only rank]

Finetunes recipes/tiny.yaml with a state after every step, undisturbed on one process and on two ranks. Then again and
again, with two ranks two times out of three, it kills one process: a rank, DeepSpeed's launcher, or the command; at a
random moment of the run, or while a state is being saved. Nothing else is killed, so whatever is left has to end by
itself before the same command, run again at once, may write. At its end every tensor file must equal the undisturbed
run's, and no process may be left. Prints one JSON object; ends with 1 where something differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
KINDS = ("rank", "launcher", "command")
MOMENTS = ("any time", "while saving")
SETTINGS = ("finetune.save_every=1", "finetune.max_steps=12")
PATIENCE_S = 5.0
"""For what is left of a killed run to end; asked of every process that names the run's folder."""


@dataclass
class Bench:
    """A folder in which the pretrain run is done, and how long undisturbed runs take."""

    folder: Path
    expected: dict[int, dict[str, str]]
    seconds: dict[int, float]

    def command(self, stage: str, name: str, ranks: int) -> list[str]:
        """Return the command line of a run."""
        words = [stage, str(REPOSITORY / "recipes" / "tiny.yaml"), "--runs", str(self.folder / name)]
        settings = [word for setting in SETTINGS for word in ("--set", setting)]
        return [
            sys.executable,
            "-m",
            "llasa_cli.app",
            *words,
            *settings,
            *(["--gpus", str(ranks)] if ranks > 1 else []),
        ]

    def run_of(self, name: str) -> Path:
        """Return the folder of a finetune run."""
        return self.folder / name / "tiny" / "finetune"

    def begin(self, name: str, ranks: int) -> subprocess.Popen[bytes]:
        """Start a finetune run in a fresh copy of the pretrain run."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.folder / "pretrained", self.folder / name)
        command = self.command("finetune", name, ranks)
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def main() -> int:
    """Kill, run again, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=KINDS)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)  # noqa: S311 - no secret depends on it
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as temporary:
        bench = prepared(Path(temporary))
        found: list[dict[str, Any]] = []
        while sum(one["killed"] for one in found) < arguments.times:
            found.append(kill_once(bench, 2 if len(found) % 3 else 1, draw, arguments.only))
            print(json.dumps(found[-1]), file=sys.stderr)
    report = report_of(found, bench)
    print(json.dumps(report))
    return int(report["equal"] < report["runs"] or report["nothing_left"] < report["runs"])


def prepared(folder: Path) -> Bench:
    """Pretrain, and finetune undisturbed."""
    bench = Bench(folder, {}, {})
    subprocess.run(bench.command("pretrain", "pretrained", 1), check=True, capture_output=True)
    for ranks in (1, 2):
        begun = time.perf_counter()
        if bench.begin("whole", ranks).wait():
            sys.exit("the undisturbed run failed")
        bench.seconds[ranks] = time.perf_counter() - begun
        bench.expected[ranks] = tensors(bench.run_of("whole"))
    return bench


def kill_once(bench: Bench, ranks: int, draw: random.Random, only: str | None) -> dict[str, Any]:
    """Kill one process of a run, run the command again, and return how it went."""
    kind = only or draw.choice(KINDS)
    if ranks == 1:
        kind = "command"  # the only process there is
    moment = draw.choice(MOMENTS)
    run = bench.run_of("killed")
    command = bench.begin("killed", ranks)
    if moment == "while saving":
        is_there = wait_for_save(run, draw.randint(1, 10), command)
    else:
        time.sleep(draw.uniform(0.2, 0.95) * bench.seconds[ranks])
        is_there = command.poll() is None
    met = what_was_met(run)
    was_killed = is_there and kill(kind, command, run, draw)
    if kind == "command" or not was_killed:
        command.wait()
    ended_s = seconds_until_nothing_runs(run, command)
    again = subprocess.run(bench.command("finetune", "killed", ranks), check=False, capture_output=True, text=True)
    result = {
        "kind": kind,
        "moment": moment,
        "ranks": ranks,
        "met": met,
        "killed": was_killed,
        "ended_s": round(ended_s, 2),
        "equal": again.returncode == 0 and tensors(run) == bench.expected[ranks],
        "nothing_left": not processes_of(run),
    }
    if not (result["equal"] and result["nothing_left"]):
        print(f"{again.stderr}\n{processes_of(run)}", file=sys.stderr)
    return result


def wait_for_save(run: Path, number: int, command: subprocess.Popen[bytes]) -> bool:
    """Wait until the state after so many steps is being written; return whether it was seen."""
    while command.poll() is None:
        if any((run / "state").glob(f".step-{number:06d}.tmp")):
            return True
        if (run / "state" / f"step-{number + 1:06d}").exists():
            return command.poll() is None  # it was written too quickly to be seen
        time.sleep(0.0005)
    return False


def kill(kind: str, command: subprocess.Popen[bytes], run: Path, draw: random.Random) -> bool:
    """Kill one process; return whether there was one."""
    victims = {
        "command": [command.pid],
        "launcher": [pid for pid, words in processes_of(run).items() if "deepspeed.launcher.launch" in words],
        "rank": [pid for pid, words in processes_of(run).items() if "--local_rank" in words],
    }[kind]
    if not victims:
        return False
    os.kill(draw.choice(victims), signal.SIGKILL)
    return True


def seconds_until_nothing_runs(run: Path, command: subprocess.Popen[bytes]) -> float:
    """Return how long it took until no process of the run was left, the command itself included."""
    begun = time.perf_counter()
    while command.poll() is None or processes_of(run):
        if time.perf_counter() - begun > 6 * PATIENCE_S:
            break
        time.sleep(0.02)
    return time.perf_counter() - begun


def processes_of(run: Path) -> dict[int, str]:
    """Return the processes that name a run's folder, by their command lines."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # it has ended
                continue
            if str(run) in words:
                found[int(folder.name)] = words
    return found


def what_was_met(run: Path) -> str:
    """Return how far the run had come."""
    if (run / "checkpoint").exists():
        return "the result"
    if any((run / "state").glob(".step-*")):
        return "a state half written"
    states = len(list((run / "state").glob("step-*")))
    return "some states" if states else "no state yet"


def tensors(run: Path) -> dict[str, str]:
    """Return the digest of every tensor file of a checkpoint."""
    files = sorted((run / "checkpoint").rglob("*.safetensors"))
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def report_of(found: list[dict[str, Any]], bench: Bench) -> dict[str, Any]:
    """Return the object to print."""
    killed = [one for one in found if one["killed"]]
    return {
        "killed": len(killed),
        "runs": len(found),
        "equal": sum(one["equal"] for one in found),
        "nothing_left": sum(one["nothing_left"] for one in found),
        "kinds": Counter(f"{one['kind']}, {one['ranks']} ranks" for one in killed),
        "moments": Counter(one["moment"] for one in killed),
        "met": Counter(one["met"] for one in killed),
        "slowest_end_s": max((one["ended_s"] for one in killed), default=0.0),
        "undisturbed_s": {ranks: round(seconds, 1) for ranks, seconds in bench.seconds.items()},
        "machine": f"{os.cpu_count()} CPUs, {platform.platform()}",
        "command": " ".join(sys.argv),
    }


if __name__ == "__main__":
    sys.exit(main())
