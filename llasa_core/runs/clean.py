"""Remove exactly what is named, and nothing that is in use."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llasa_core.errors import RunError, UsageError
from llasa_core.files import remove
from llasa_core.locks import is_held, only_one
from llasa_core.runs.found import run_folders
from llasa_core.runs.kept import CACHE_PREFIX, LEFT_BY, LOCK, Leftover, cache_entries, leftovers, locks_above
from llasa_core.runs.listing import aligned, remark
from llasa_core.runs.places import advice, place_of
from llasa_core.runs.size import megabytes, size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

STATE = "state"


@dataclass(frozen=True)
class Removal:
    """One thing to remove."""

    name: str
    path: Path
    bytes: int
    remark: str
    """What a person should know; empty for nothing."""


@dataclass(frozen=True)
class Cleaning:
    """What is to be removed, or was."""

    removals: tuple[Removal, ...]
    is_done: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        total = sum(each.bytes for each in self.removals)
        return {"removed": self.is_done, "bytes": total, "what": [asdict(each) for each in self.removals]}

    def __str__(self) -> str:
        if not self.removals:
            return "there is nothing to remove"
        total = megabytes(sum(each.bytes for each in self.removals))
        verb = "removed" if self.is_done else "would remove"
        rows = [(f"{verb} {each.name}", megabytes(each.bytes), each.remark) for each in self.removals]
        return "\n".join([*aligned(rows, right=(1,)), f"{total} {'freed' if self.is_done else 'in all'}"])


def plan_cleaning(names: Sequence[str], runs: Path, *, states_only: bool = False) -> Cleaning:
    """Find what names mean, and refuse all of them if one cannot be removed.

    Args:
        names: runs and folders of runs as `llasa runs` lists them or as paths, `cache:NAME`, leftovers.
        runs: where runs are kept.
        states_only: remove only the states that runs resume from.

    Raises:
        UsageError: a name means nothing or something outside, or a process is working there.
    """
    removals: dict[Path, Removal] = {}
    for name in names:
        found = _states(name, runs) if states_only else [_removal(name, runs)]
        removals |= {each.path: each for each in found}
    inner = {path for path in removals for other in removals if other in path.parents}
    return Cleaning(tuple(each for path, each in removals.items() if path not in inner), is_done=False)


def clean(planned: Cleaning, runs: Path) -> Cleaning:
    """Remove what was planned.

    Raises:
        RunError: a process began to work there, or a file cannot be removed; what came before it in the plan is gone.
    """
    for removal in planned.removals:
        with ExitStack() as held:
            for lock in _locks_to_hold(removal.path, runs):
                held.enter_context(only_one(lock, doing=f"working on {lock.parent}"))
            remove(removal.path)
        if removal.path.exists() and any(path.is_file() for path in removal.path.rglob("*")):
            raise RunError(f"`{removal.name}` could not be removed", where=removal.path, fix="check its permissions")
        remove(removal.path)  # Windows keeps a folder while a lock in it is open
    return Cleaning(planned.removals, is_done=True)


def _removal(name: str, runs: Path) -> Removal:
    if name.startswith(CACHE_PREFIX):
        return _cached(name, runs)
    path = _below(name, runs)
    if LEFT_BY.fullmatch(path.name):
        return _leftover(name, path, runs)
    is_known = path.is_dir() and (path.name == "eval" or any(run_folders(path)))
    if not is_known:
        raise UsageError(
            f"`{name}` is no run and no folder of runs",
            where=path,
            fix="`llasa runs` lists what can be removed; `--states` removes a run's states alone",
        )
    _check_free(name, path, runs)
    n_runs = len(list(run_folders(path)))
    words = f"{n_runs} runs" if n_runs > 1 else ""
    return Removal(path.relative_to(runs).as_posix(), path, size_of(path), words)


def _states(name: str, runs: Path) -> list[Removal]:
    path = _below(name, runs)
    folders = list(run_folders(path)) if path.is_dir() else []
    if not folders:
        raise UsageError(f"`{name}` is no run and no folder of runs", where=path, fix=advice(name, runs))
    found = [folder / STATE for folder in folders if (folder / STATE).is_dir()]
    for state in found:
        _check_free(name, state, runs)
    again = "the run begins anew after that"
    return [Removal(state.relative_to(runs).as_posix(), state, size_of(state), again) for state in found]


def _below(name: str, runs: Path) -> Path:
    path = place_of(name, runs)
    if path is None:
        raise UsageError(f"there is no `{name}` here", where=runs, fix=advice(name, runs))
    return path


def _cached(name: str, runs: Path) -> Removal:
    for entry in [*cache_entries(), *leftovers(runs)]:
        if entry.name == name:
            again = "" if isinstance(entry, Leftover) else "fetched or made again when it is needed"
            return Removal(name, entry.path, entry.bytes, remark(entry) or again)
    raise UsageError(f"the cache has no `{name}`", where="llasa runs clean", fix="`llasa runs` lists what there is")


def _leftover(name: str, path: Path, runs: Path) -> Removal:
    for each in leftovers(runs):
        if each.path == path:
            _check_free(name, path, runs)
            return Removal(each.name, path, each.bytes, remark(each))
    raise UsageError(f"a process is still writing `{name}`", where=path, fix="wait until it is done, or stop it first")


def _check_free(name: str, path: Path, runs: Path) -> None:
    for lock in _locks_of(path, runs):
        if is_held(lock):
            raise UsageError(
                f"`{name}` is in use: a process is working on {lock.parent}",
                where=lock,
                fix="wait until it is done, or stop it first",
            )


def _locks_of(path: Path, runs: Path) -> list[Path]:
    """Return the locks on, above and below a path, as far as the runs folder."""
    below = [Path(place, LOCK) for place, _, files in os.walk(path) if LOCK in files]
    return sorted({*locks_above(path, runs), *below})


def _locks_to_hold(path: Path, runs: Path) -> list[Path]:
    """Return those, and the locks that a run there would take: none can begin while it is removed."""
    own = [folder / LOCK for folder in run_folders(path)]
    around = [path.parent / LOCK] if path.name == STATE else []
    return sorted({*_locks_of(path, runs), *own, *around})
