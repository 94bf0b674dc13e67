"""One unit of a sweep, worked on: by this process, or as `python -m llasa_core.sweep.work FOLDER UNIT`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llasa_core.errors import LlasaError, RunError, UsageError
from llasa_core.files import remove, written_whole
from llasa_core.launching.place import RunPlace, find_place
from llasa_core.recipe_file import load_recipe
from llasa_core.sweep.measure import known_result, measure_trial
from llasa_core.sweep.units import Sweep, Unit, read_sweep
from llasa_core.train.launch import run_stage
from llasa_core.train.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.recipe import StageName
    from llasa_core.recipe_file import LoadedRecipe
    from llasa_core.train.loop import Progress


def is_done(sweep: Sweep, unit: Unit) -> bool:
    """Return whether nothing is left to do for a unit."""
    if unit.stage != "finetune":
        return sweep.run(unit).is_done
    return known_result(sweep, unit, load_recipe(sweep.recipe_file(unit)).resolved) is not None


def run_unit(
    sweep: Sweep,
    unit: Unit,
    gpus: int | None = None,
    hostfile: Path | None = None,
    *,
    tell: Callable[[StageName, Progress], None] = lambda _stage, _progress: None,
    say: Callable[[str], None] = lambda _text: None,
) -> dict[str, Any]:
    """Train a unit to its end, and measure it if it is a trial; go on where an earlier attempt stopped.

    Args:
        sweep: whose folder is written.
        unit: which; what it goes on from is done.
        gpus: devices to use, on each host; None for all.
        hostfile: names the hosts, where this machine is not all.
        tell: told of each step.
        say: told in a line what happens.

    Returns:
        What `run_stage` returns; of a trial what was measured.

    Raises:
        LlasaError: as `run_stage` and `measure_trial`.
    """
    loaded = load_recipe(sweep.recipe_file(unit))
    place = find_place(sweep.folder, gpus, hostfile)
    if unit.stage == "encoder":
        place = RunPlace(place.runs, 1, place.has_cuda)
    _bring(sweep, unit)
    result = _own_result(sweep, unit, loaded, place) or run_stage(loaded, unit.stage, place, tell=tell, say=say)
    return measure_trial(sweep, unit, loaded.resolved, result, say) if unit.stage == "finetune" else result


def _bring(sweep: Sweep, unit: Unit) -> None:
    """Put what a unit goes on from beside its run."""
    earlier: StageName = "encoder" if unit.stage == "pretrain" else "pretrain"
    here = sweep.unit_folder(unit) / earlier
    if unit.stage == "encoder" or (unit.stage == "pretrain" and unit.after is None) or here.is_dir():
        return
    there = sweep.own_runs / earlier if unit.after is None else sweep.run(sweep.unit(unit.after)).folder
    if unit.stage == "pretrain":
        _copy(there, here)  # small, and a run of its own: two pretrains may begin at once
    else:
        _link(there, here)


def _copy(there: Path, here: Path) -> None:
    with written_whole(here) as beside:
        shutil.copytree(there, beside, ignore=shutil.ignore_patterns(Run(there).lock_file.name))


def _link(there: Path, here: Path) -> None:
    remove(here)  # a link whose target is gone
    here.parent.mkdir(parents=True, exist_ok=True)
    try:
        here.symlink_to(os.path.relpath(there.resolve(), here.parent.resolve()), target_is_directory=True)
    except OSError:  # Windows asks for a privilege
        _copy(there, here)


def _own_result(sweep: Sweep, unit: Unit, loaded: LoadedRecipe, place: RunPlace) -> dict[str, Any] | None:
    """Take the recipe's own run for a unit that the grid does not touch, if it is done and was begun alike."""
    own, here = Run(sweep.own_runs / unit.stage), sweep.run(unit).folder
    if unit.stage == "finetune" or unit.settings or here.is_dir() or not own.is_done:
        return None
    _link(own.folder, here)
    try:
        return run_stage(loaded, unit.stage, place)  # which finds that it is done
    except UsageError:  # it was begun with other settings
        remove(here)
        return None


def as_llasa_error(error: Exception, unit: Unit) -> LlasaError:
    """Return an error of a unit as one that can be shown beside others."""
    if isinstance(error, LlasaError):
        return error
    return RunError(f"{type(error).__name__}: {error}", where=unit.name, fix="run this trial alone to see more")


def main() -> None:
    """Work on one unit: its result goes to stdout and an error to stderr, each as JSON on a line."""
    flags = _flags()
    sweep = read_sweep(flags.folder)
    unit = sweep.unit(flags.unit)

    def tell(stage: StageName, progress: Progress) -> None:
        say(f"{stage}: step {progress.step} of {progress.n_steps}, loss {progress.loss:.4f}")

    def say(text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    try:
        result = run_unit(sweep, unit, flags.gpus, flags.hostfile, tell=tell, say=say)
    except Exception as error:  # noqa: BLE001 - whoever waits for this process reads it
        if not isinstance(error, LlasaError):
            say("".join(traceback.format_exception(error)))
        known = as_llasa_error(error, unit)
        say(json.dumps(known.as_dict(), ensure_ascii=False))
        sys.exit(known.exit_code)
    sys.stdout.write(json.dumps(result) + "\n")


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("unit")
    parser.add_argument("--gpus", type=int)
    parser.add_argument("--hostfile", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
