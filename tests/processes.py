"""What tests ask about processes, and processes of their own that can be killed."""

from __future__ import annotations

import multiprocessing
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from multiprocessing.process import BaseProcess

    from llasa_core.launching.folder import RankFolder


def rank_pids(run: RankFolder) -> dict[int, int]:
    """Return the processes of the ranks that work on a folder, as the lock that they hold together names them."""
    said = run.ranks_file.read_text() if run.ranks_file.exists() else ""
    return {int(rank): int(pid) for rank, pid in re.findall(r"rank (\d+) \(process (\d+)", said)}


def parent_of(pid: int) -> int:
    """Return a process's parent."""
    return int(_after_name(pid)[1])


def is_alive(pid: int) -> bool:
    """Return whether a process still runs; one that only waits to be asked how it ended does not."""
    try:
        return _after_name(pid)[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _after_name(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def are_gone(pids: Iterable[int], within_s: float) -> bool:
    """Return whether processes end within a time."""
    deadline = time.monotonic() + within_s
    left = list(pids)
    while any(map(is_alive, left)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def start_both_stages(recipe: Path, runs: Path) -> BaseProcess:
    """Pretrain and finetune in a process of its own; all are forked from one that has imported what takes seconds."""
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if sys.platform != "win32":
        context.set_forkserver_preload(["llasa_core.train.worker", "peft"])
    process = context.Process(target=_train_both_stages, args=(recipe, runs))
    process.start()
    return process


def _train_both_stages(recipe: Path, runs: Path) -> None:
    from llasa_core.launching.place import RunPlace  # noqa: PLC0415 - torch, which most tests do without
    from llasa_core.recipe_file import load_recipe  # noqa: PLC0415
    from llasa_core.train.launch import run_stage  # noqa: PLC0415

    for stage in ("pretrain", "finetune"):
        run_stage(load_recipe(recipe), stage, RunPlace(runs, 1, has_cuda=False))
