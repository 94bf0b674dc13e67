"""What the figures of a benchmark depend on: machine, commit, command, versions."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from llasa_core.machine import cpu_name, usable_cores

ROOT = Path(__file__).parents[1]
PACKAGES = ("torch", "numpy")


def measured_on() -> dict[str, Any]:
    """Return it, as JSON takes it."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()

    return {
        "machine": cpu_name(),
        "cores": usable_cores(),
        "threads": torch.get_num_threads(),
        "load_average": round(os.getloadavg()[0], 1),
        "commit": git("rev-parse", "HEAD"),
        "is_changed": bool(git("status", "--porcelain", "--untracked-files=no")),
        "command": " ".join([Path(sys.executable).name, *sys.argv]),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }
