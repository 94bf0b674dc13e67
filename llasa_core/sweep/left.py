"""What of a sweep is left to do, and what cannot be done any more."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from llasa_core.errors import LlasaError, RunError
from llasa_core.sweep.work import is_done

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.sweep.units import Sweep, Unit

Failed = dict[str, LlasaError]
"""Why units are not done, by their names."""


def units_left(sweep: Sweep) -> list[Unit]:
    """Return the units that are not done, without what no such trial begins with."""
    trials = [trial for trial in sweep.trials if not is_done(sweep, trial)]
    needed = {unit.name for trial in trials for unit in (trial, *sweep.before(trial))}
    return [unit for unit in sweep.units if unit.name in needed and (unit in trials or not is_done(sweep, unit))]


def blocked_by(unit: Unit, failed: Failed) -> LlasaError | None:
    """Return why a unit cannot be begun, if what it goes on from failed."""
    if unit.after not in failed:
        return None
    earlier = failed[unit.after]
    return RunError(f"what it goes on from failed: {earlier.message}", where=earlier.where, fix=earlier.fix)


def shown(unit: Unit) -> str:
    """Return a unit's name in words for people."""
    return unit.name if unit.stage == "finetune" else f"{unit.name} for all trials that begin with it"


def worker_command(sweep: Sweep, unit: Unit, gpus: int | None, hostfile: Path | None = None) -> list[str]:
    """Return the command line that works on a unit."""
    flags = {"--gpus": gpus, "--hostfile": hostfile}
    given = [word for flag, value in flags.items() if value is not None for word in (flag, str(value))]
    return [sys.executable, "-m", "llasa_core.sweep.work", str(sweep.folder), unit.name, *given]
