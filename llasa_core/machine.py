"""What this machine gives a process: cores and memory, as containers and schedulers limit them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
PROC = Path("/proc")
HALF_PRECISION = {"avx512_bf16", "amx_bf16", "bf16"}
"""Flags of processors that compute in bfloat16; others emulate it, many times slower than float32."""
UNLIMITED = 2**60
"""Version 1 of cgroups writes a number near 2^63 where there is no limit."""


@dataclass(frozen=True)
class HostMemory:
    """The host's memory in bytes, no more than a container's limit."""

    total: int
    available: int
    """What can be had without swapping; memory that caches files counts as available."""
    is_limited: bool
    """Whether a container's limit is below what the machine has."""


def host_memory(proc: Path = PROC, cgroup: Path = CGROUP) -> HostMemory | None:
    """Return how much memory there is; None where the system does not tell.

    Args:
        proc: Linux's folder of that name.
        cgroup: where control groups are mounted, version 1 or 2.
    """
    machine = _from_meminfo(proc / "meminfo") or _from_sysconf()
    if machine is None:
        return None
    limits = [limit for folder in _own_cgroups(proc, cgroup, "memory") if (limit := _memory_limit(folder))]
    total = min([machine.total, *(limit for limit, _ in limits)])
    available = min([machine.available, *(limit - used for limit, used in limits)])
    return HostMemory(total, max(0, available), is_limited=total < machine.total)


def usable_cores(proc: Path = PROC, cgroup: Path = CGROUP) -> float:
    """Return how many cores this process may use at once: its affinity, or a container's quota, whichever is less."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in _own_cgroups(proc, cgroup, "cpu") if (quota := _cpu_quota(folder))]
    return min([float(cores), *quotas])


def cpu_flags(proc: Path = PROC) -> frozenset[str]:
    """Return what the processor says of itself, such as `avx512f`; empty where the system does not tell."""
    return frozenset(_cpu_line(proc, "flags", "Features").split())


def computes_half_precision(proc: Path = PROC) -> bool:
    """Return whether the CPU has bfloat16 in its hardware; taken for granted where the system does not tell."""
    flags = cpu_flags(proc)
    return not flags or bool(flags & HALF_PRECISION)


def cpu_name(proc: Path = PROC) -> str:
    """Return the processor's name, as far as the system tells."""
    import platform  # noqa: PLC0415 - starts a process on some systems

    return _cpu_line(proc, "model name") or platform.processor() or platform.machine() or "unknown processor"


def _cpu_line(proc: Path, *names: str) -> str:
    for line in _text(proc / "cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() in names:
            return value.strip()
    return ""


def _from_meminfo(file: Path) -> HostMemory | None:
    values = {}
    for line in _text(file).splitlines():
        key, _, rest = line.partition(":")
        if rest.split():
            values[key] = int(rest.split()[0]) * 1024
    if "MemTotal" not in values:
        return None
    return HostMemory(values["MemTotal"], values.get("MemAvailable", values["MemTotal"]), is_limited=False)


def _from_sysconf() -> HostMemory | None:
    """Ask POSIX, as on macOS, which tells the total only; Windows tells nothing this way."""
    if sys.platform == "win32":
        return None
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None
    return HostMemory(total, total, is_limited=False) if total > 0 else None


def _own_cgroups(proc: Path, cgroup: Path, controller: str) -> list[Path]:
    """Return this process's control group and those around it: each may have a limit of its own."""
    folders = {cgroup, cgroup / controller}
    for line in _text(proc / "self" / "cgroup").splitlines():
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        if number != "0" and controller not in controllers.split(","):
            continue
        root = cgroup if number == "0" else cgroup / controller
        here = root / path.lstrip("/")
        folders |= {here, *(parent for parent in here.parents if parent.is_relative_to(root))}
    return sorted(folders)


def _memory_limit(folder: Path) -> tuple[int, int] | None:
    """Return a group's limit and what it uses of it; memory that caches files can be had back."""
    for limit_file, used_file in (
        ("memory.max", "memory.current"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        limit, used = _number(folder / limit_file), _number(folder / used_file)
        if limit is not None and limit < UNLIMITED:
            return limit, max(0, (used or 0) - _cached(folder / "memory.stat"))
    return None


def _cached(file: Path) -> int:
    for line in _text(file).splitlines():
        key, _, value = line.partition(" ")
        if key in {"inactive_file", "total_inactive_file"} and value.isdigit():
            return int(value)
    return 0


def _cpu_quota(folder: Path) -> float | None:
    both = _text(folder / "cpu.max").split()
    if not both:
        both = [_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    quota, period = [*both, "", ""][:2]
    if not (quota.isdigit() and period.isdigit() and int(period) > 0):
        return None
    return int(quota) / int(period)


def _number(file: Path) -> int | None:
    text = _text(file).strip()
    return int(text) if text.isdigit() else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
