from __future__ import annotations

import os
from typing import TYPE_CHECKING

from llasa_core.machine import HostMemory, computes_half_precision, cpu_flags, cpu_name, host_memory, usable_cores

if TYPE_CHECKING:
    from pathlib import Path

GIB = 2**30
KIB_OF_GIB = 2**20


def make_proc(folder: Path, cgroup_line: str = "") -> Path:
    """Write what Linux tells of a machine with 8 GiB, 5 of them available."""
    proc = folder / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(f"MemTotal: {8 * KIB_OF_GIB} kB\nMemFree: 1 kB\nMemAvailable: {5 * KIB_OF_GIB} kB\n")
    (proc / "self" / "cgroup").write_text(cgroup_line)
    (proc / "cpuinfo").write_text("processor : 0\nmodel name : Test CPU\nflags : fpu avx2 avx512f\n")
    return proc


def write(folder: Path, **files: object) -> None:
    """Write a control group's files; underscores stand for dots."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("_", ".", 1)).write_text(f"{value}\n")


def test_without_a_container_the_machine_counts(tmp_path: Path):
    assert host_memory(make_proc(tmp_path), tmp_path) == HostMemory(8 * GIB, 5 * GIB, is_limited=False)


def test_a_container_limits_memory_and_what_it_caches_can_be_had_back(tmp_path: Path):
    proc = make_proc(tmp_path, "0::/job/step\n")
    write(tmp_path / "job", memory_max=4 * GIB, memory_current=3 * GIB, memory_stat=f"inactive_file {GIB}")
    write(tmp_path / "job" / "step", memory_max="max", memory_current=GIB)

    assert host_memory(proc, tmp_path) == HostMemory(4 * GIB, 2 * GIB, is_limited=True)


def test_the_first_version_of_cgroups_limits_memory_too(tmp_path: Path):
    proc = make_proc(tmp_path, "3:memory:/slurm\n")
    group = tmp_path / "memory" / "slurm"
    group.mkdir(parents=True)
    (group / "memory.limit_in_bytes").write_text(f"{2 * GIB}\n")
    (group / "memory.usage_in_bytes").write_text(f"{GIB}\n")
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")  # its way to say: none

    assert host_memory(proc, tmp_path) == HostMemory(2 * GIB, GIB, is_limited=True)


def test_a_quota_limits_cores(tmp_path: Path):
    write(tmp_path, cpu_max="50000 100000")

    assert usable_cores(make_proc(tmp_path), tmp_path) == 0.5


def test_without_a_quota_the_affinity_counts(tmp_path: Path):
    write(tmp_path, cpu_max="max 100000")
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()

    assert usable_cores(make_proc(tmp_path), tmp_path) == mine


def test_what_the_processor_says_of_itself(tmp_path: Path):
    proc = make_proc(tmp_path)

    assert cpu_name(proc) == "Test CPU"
    assert cpu_flags(proc) == {"fpu", "avx2", "avx512f"}
    assert cpu_flags(tmp_path / "nothing") == frozenset()


def test_a_processor_without_bfloat16_is_known_by_its_flags(tmp_path: Path):
    proc = make_proc(tmp_path)

    assert not computes_half_precision(proc)
    (proc / "cpuinfo").write_text("flags : fpu avx512f avx512_bf16\n")
    assert computes_half_precision(proc)
    assert computes_half_precision(tmp_path / "nothing")  # a system that does not tell is left alone


def test_this_machine_has_memory():
    found = host_memory()

    assert found is not None
    assert 0 < found.available <= found.total
