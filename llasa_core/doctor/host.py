"""Memory, disks, limits and tools of the machine around the processors."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

from llasa_core.doctor.fact import GB, Fact, Section, gigabytes
from llasa_core.machine import host_memory
from llasa_core.model.base_lm import EMBEDDED, cache_dir, is_fetched

LEAST_MEMORY = 4 * GB
LEAST_DISK = 5 * GB
FULL_DISK = GB // 10
LEAST_SHM = GB
LEAST_FILES = 1024
TOOLS = {
    "ssh": "for `--hostfile`",
    "pdsh": "for `--hostfile`, where there are many hosts",
    "sbatch": "for `--slurm`",
}


def host(runs: Path) -> Section:
    """Return what the host gives: memory, disks, limits, the clock.

    Args:
        runs: where runs are kept.
    """
    facts = [_memory(), *_disks(runs), *_shared_memory(), *_open_files(), clock_fact(time.time(), _newest_file())]
    return Section("host", tuple(facts))


def tools() -> Section:
    """Return compilers and launchers that some commands need."""
    facts = [_compiler(), _ninja(), *(_tool(name, what) for name, what in TOOLS.items())]
    return Section("tools", tuple(facts))


def base_lms() -> Section:
    """Return the base LMs that are here, so that nothing has to be fetched."""
    facts = [_embedded(name) for name in EMBEDDED]
    facts += [Fact(name, f"in {folder}", details={"folder": str(folder)}) for name, folder in _from_the_hub()]
    return Section("base LMs", tuple(facts))


def _memory() -> Fact:
    found = host_memory()
    if found is None:
        return Fact("memory", "this system does not tell", "note")
    details = {"total_bytes": found.total, "available_bytes": found.available, "is_limited": found.is_limited}
    limited = " (a container's limit)" if found.is_limited else ""
    value = f"{gigabytes(found.total)}{limited}, {gigabytes(found.available)} available"
    if found.available < LEAST_MEMORY:
        return Fact("memory", value, "warning", "close other programs; the smallest LM wants about 4 GB", details)
    return Fact("memory", value, details=details)


def _disks(runs: Path) -> list[Fact]:
    return [disk_fact("disk of runs", runs), disk_fact("disk of the cache", cache_dir())]


def disk_fact(name: str, folder: Path) -> Fact:
    """Return how much of a folder's disk is free; the folder need not be there yet."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    details = {"folder": str(folder), "free_bytes": free}
    value = f"{gigabytes(free)} free in {folder}"
    if not os.access(there, os.W_OK):
        return Fact(name, f"{folder} cannot be written to", "broken", f"`chmod u+w {there}`, or name another", details)
    if free < FULL_DISK:
        return Fact(name, value, "broken", "free some space, or name a folder on another disk", details)
    if free < LEAST_DISK:
        return Fact(name, value, "warning", "states of a run take 12 bytes a trained parameter, three times", details)
    return Fact(name, value, details=details)


def _shared_memory(folder: Path = Path("/dev/shm")) -> list[Fact]:  # noqa: S108 - only looked at
    if not folder.is_dir():
        return []
    size = shutil.disk_usage(folder).total
    details = {"bytes": size}
    if size >= LEAST_SHM:
        return [Fact("shared memory", f"{gigabytes(size)} in {folder}", details=details)]
    fix = "in a container, pass `--shm-size 8g` to docker: ranks on one host talk through it"
    return [Fact("shared memory", f"{gigabytes(size)} in {folder}", "warning", fix, details)]


def _open_files() -> list[Fact]:
    if sys.platform == "win32":
        return []
    import resource  # noqa: PLC0415 - not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    details = {"soft": soft, "hard": hard}
    if soft == resource.RLIM_INFINITY or soft >= LEAST_FILES:
        return [Fact("open files", f"{soft} at most (`ulimit -n`)", details=details)]
    return [Fact("open files", f"{soft} at most", "warning", f"`ulimit -n {min(hard, 65536)}`", details)]


def clock_fact(now: float, newest: float) -> Fact:
    """Compare the clock with the date of a file that was written before.

    Args:
        now: seconds since 1970.
        newest: likewise, of the file.
    """
    shown = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now))
    if now >= newest - 60:
        return Fact("clock", shown)
    fix = "set the clock, such as with `timedatectl set-ntp true`; downloads fail and logs mislead until then"
    return Fact("clock", f"{shown}, before LLaSA itself was installed", "warning", fix)


def _newest_file() -> float:
    return Path(__file__).stat().st_mtime


def _compiler() -> Fact:
    found = shutil.which("g++") or shutil.which("clang++") or shutil.which("c++")
    if found or sys.platform != "linux":
        return Fact("C++ compiler", found or "not needed on this system", "good" if found else "note")
    fix = "`apt install g++`, or what your system has; one process, and GPUs without offload, do without"
    return Fact("C++ compiler", "none: DeepSpeed cannot build what several CPU processes need", "warning", fix)


def _ninja() -> Fact:
    beside = Path(sys.executable).with_name("ninja")
    found = shutil.which("ninja") or (str(beside) if beside.exists() else None)
    if found or sys.platform != "linux":
        return Fact("ninja", found or "not needed on this system", "good" if found else "note")
    return Fact("ninja", "none: DeepSpeed builds with it", "warning", "`pip install ninja`")


def _tool(name: str, what: str) -> Fact:
    found = shutil.which(name)
    return Fact(name, found or f"not here; only {what}", "good" if found else "note")


def _embedded(name: str) -> Fact:
    folder = cache_dir() / name
    if is_fetched(name):
        return Fact(name, f"in {folder}", details={"folder": str(folder)})
    return Fact(name, f"not fetched yet (`llasa fetch {name}`, {EMBEDDED[name].megabytes} MB)", "note")


def _from_the_hub() -> list[tuple[str, Path]]:
    """Return LMs in Hugging Face's own cache that have weights."""
    from huggingface_hub.constants import HF_HUB_CACHE  # noqa: PLC0415

    return [
        (folder.name.removeprefix("models--").replace("--", "/"), folder)
        for folder in sorted(Path(HF_HUB_CACHE).glob("models--*"))
        if any(folder.glob("snapshots/*/*.safetensors"))
    ]
