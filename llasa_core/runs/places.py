"""Which folder a name on the command line means."""

from __future__ import annotations

from pathlib import Path

from llasa_core.errors import UsageError
from llasa_core.runs.found import is_run, run_folders
from llasa_core.spelling import closest


def run_named(name: str, runs: Path) -> Path:
    """Return the folder of the run with this name, as listed or as a path.

    Raises:
        UsageError: there is no such run.
    """
    folder = place_of(name, runs)
    if folder is not None and folder.is_dir() and is_run([file.name for file in folder.iterdir()]):
        return folder
    raise UsageError(f"there is no run `{name}`", where=runs, fix=advice(name, runs))


def place_of(name: str, runs: Path) -> Path | None:
    """Return the path of what is named below the runs folder; None where it is not there.

    Args:
        name: `smol/finetune`, or a path such as `runs/smol/finetune`, which a shell completes.
        runs: where runs are kept.

    Raises:
        UsageError: it lies outside the runs folder, or is that folder itself.
    """
    beginning = runs.resolve()
    given = [runs / name, Path(name)]
    there = next((path for path in given if path.exists() or path.is_symlink()), None)
    if there is None:
        return None
    real = there.resolve()
    if real == beginning or not real.is_relative_to(beginning) or there.is_symlink():
        raise UsageError(
            f"`{name}` is not below the runs folder",
            where=real,
            fix="name a run as `llasa runs` lists it, or pass `--runs` with the folder that it is in",
        )
    return runs / real.relative_to(beginning)


def advice(name: str, runs: Path) -> str:
    """Return what to do about a name that means nothing."""
    names = [folder.relative_to(runs).as_posix() for folder in run_folders(runs)]
    meant = closest(name, names)
    return f"did you mean `{meant}`?" if meant else "`llasa runs` lists what there is"
