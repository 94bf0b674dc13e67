"""What lies on the disk beside runs: shipped checkpoints, cached base LMs, leftovers of killed processes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import llasa_core
from llasa_core.locks import is_held
from llasa_core.model.base_lm import cache_dir
from llasa_core.runs.size import size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SHIPPED = Path(llasa_core.__file__).parent / "checkpoints"
"""As in `model.checkpoint`, which takes torch along."""
CACHE_PREFIX = "cache:"
"""Before the name of a cache entry, so that no run has the same name."""
LOCK = "lock"
LEFT_BY = re.compile(r"\.(?P<meant>.+?)(\.(?P<pid>\d+))?\.(tmp|old)")
"""Names that a whole file or folder has before it is one, and that what it replaces has until it is gone."""


@dataclass(frozen=True)
class Kept:
    """A file or folder, its name in lists, and its size."""

    name: str
    path: Path
    bytes: int


@dataclass(frozen=True)
class Leftover(Kept):
    """What a killed process had not finished writing, or not finished replacing."""

    replaces: Path
    """What it was to become."""
    is_only_copy: bool
    """Whether there is nothing in its place."""


def shipped_checkpoints() -> list[Kept]:
    """Return the checkpoints that come with the package."""
    folders = sorted(file.parent for file in SHIPPED.glob("*/config.json"))
    return [Kept(folder.name, folder, size_of(folder)) for folder in folders]


def cache_entries() -> list[Kept]:
    """Return what is in the cache: base LMs, mostly."""
    folder = cache_dir()
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [Kept(CACHE_PREFIX + path.name, path, size_of(path)) for path in paths if not LEFT_BY.fullmatch(path.name)]


def leftovers(runs: Path) -> list[Leftover]:
    """Return what killed processes have left below the runs folder and in the cache; not what a live one writes."""
    found = []
    for path in _hidden(runs):
        if not any(is_held(lock) for lock in locks_above(path, runs)):
            found += _as_leftover(path, path.relative_to(runs).as_posix())
    cache = cache_dir()
    for path in sorted(cache.iterdir()) if cache.is_dir() else []:
        found += _as_leftover(path, CACHE_PREFIX + path.name)
    return found


def locks_above(path: Path, runs: Path) -> list[Path]:
    """Return the locks of the folders that a path is in, and its own, as far as the runs folder."""
    folders = (folder for folder in (path, *path.parents) if folder != runs and folder.is_relative_to(runs))
    return [lock for folder in folders if (lock := folder / LOCK).is_file()]


def _hidden(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in sorted([*folders, *files]) if LEFT_BY.fullmatch(name))
        folders[:] = sorted(name for name in folders if not LEFT_BY.fullmatch(name))


def _as_leftover(path: Path, name: str) -> list[Leftover]:
    said = LEFT_BY.fullmatch(path.name)
    if said is None or (said["pid"] and _is_alive(int(said["pid"]))):
        return []
    meant = path.with_name(said["meant"])
    return [Leftover(name, path, size_of(path), meant, not meant.exists())]


def _is_alive(pid: int) -> bool:
    """Return whether a process of this number runs here; another system's number may be taken by a stranger."""
    if os.name == "nt":
        return True  # asking would end it; nothing is offered for removal that may be in use
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
