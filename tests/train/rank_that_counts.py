"""A rank that counts instead of training: the processes are real, and start in a second.

Its source is a folder. `rank1-fails` in it says what goes wrong, and after which step.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from llasa_core.errors import InterruptedRun
from llasa_core.train import ranks

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.train.run import Run

N_STEPS, STEP_S = 1000, 0.05


def count(_stage: str, run: Run, source: Path, _launch: ranks.Launch) -> None:
    """Tell of steps until asked to stop."""
    rank = os.environ["RANK"]
    for step in range(1, N_STEPS):
        for file in source.glob(f"rank{rank}-*"):
            if step >= int(file.read_text()):
                go_wrong(file.name.rpartition("-")[2])
        if rank == "0":
            ranks._tell(ranks.STEP_MARK, STEP | {"step": step})
        if run.stop_trigger.exists():
            (run.folder / f"state{rank}").write_text(str(step))
            raise InterruptedRun(
                f"stopped after step {step}; nothing is lost", fix="the same command goes on from there"
            )
        time.sleep(STEP_S)


def go_wrong(how: str) -> None:
    """End in one of many ways."""
    match how:
        case "fails":
            raise ValueError("no such luck")
        case "loses":
            raise RuntimeError("[../third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer")


STEP = {
    "loss": 1.0, "learning_rate": 0.1, "grad_norm": 1.0, "items_per_s": 1.0, "tokens_per_s": 1.0, "seconds": 0.1,
    "n_steps": N_STEPS, "unit": "samples", "seconds_left": 0.0, "memory_gb": 0.0, "mfu": None,
}  # fmt: skip

if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    ranks.main(count)
