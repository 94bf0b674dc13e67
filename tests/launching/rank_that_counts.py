"""A rank that counts: the processes are real, and start in a second.

Its argument is a folder. `rank1-fails` in it says what goes wrong, and after which step.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.errors import InterruptedRun, ModelError
from llasa_core.launching import ranks
from llasa_core.launching.folder import RankFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

N_STEPS, STEP_S = 1000, 0.05


def count(folder: RankFolder, arguments: Sequence[str], _launch: ranks.Launch) -> None:
    """Tell of steps until asked to stop."""
    wrongs, rank = Path(arguments[0]), os.environ["RANK"]
    for step in range(1, N_STEPS):
        for file in wrongs.glob(f"rank{rank}-*"):
            if step >= int(file.read_text()):
                go_wrong(file.name.rpartition("-")[2])
        if rank == "0":
            ranks.tell({"step": step})
        if folder.stop_trigger.exists():
            (folder.folder / f"state{rank}").write_text(str(step))
            raise InterruptedRun(
                f"stopped after step {step}; nothing is lost", fix="the same command goes on from there"
            )
        time.sleep(STEP_S)


def go_wrong(how: str) -> None:
    """End in one of many ways."""
    match how:
        case "fails":
            raise ValueError("no such luck")
        case "refuses":
            raise ModelError("it is damaged", where="projector.safetensors", fix="copy it again")
        case "loses":
            raise RuntimeError("[../third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer")


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    ranks.main(count, RankFolder)
