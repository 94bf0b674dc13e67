"""A sweep worked on by this process, one unit after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.errors import InterruptedRun
from llasa_core.sweep.left import Failed, blocked_by, shown, units_left
from llasa_core.sweep.work import as_llasa_error, run_unit

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from llasa_core.recipe import StageName
    from llasa_core.sweep.units import Sweep, Unit
    from llasa_core.train.loop import Progress


def run_here(
    sweep: Sweep,
    gpus: int | None,
    *,
    progress: Callable[[Unit], AbstractContextManager[Callable[[StageName, Progress], None]]],
    say: Callable[[str], None],
) -> Failed:
    """Work on one unit after the other in this process.

    Args:
        sweep: which.
        gpus: devices to use; None for all.
        progress: gives what is told of each step of a unit.
        say: told in a line what happens.

    Returns:
        Why some failed; the others went on.

    Raises:
        InterruptedRun: asked to stop; the unit at hand has saved its state.
    """
    failed: Failed = {}
    units = units_left(sweep)
    for number, unit in enumerate(units, start=1):
        if blocked := blocked_by(unit, failed):
            failed[unit.name] = blocked
            continue
        say(f"{shown(unit)}: {number} of {len(units)}")
        try:
            with progress(unit) as tell:
                run_unit(sweep, unit, gpus, tell=tell, say=say)
        except InterruptedRun:
            raise
        except Exception as error:  # noqa: BLE001 - whatever ends one trial, the others go on
            failed[unit.name] = as_llasa_error(error, unit)
            say(f"{shown(unit)} failed: {failed[unit.name].message}")
    return failed
