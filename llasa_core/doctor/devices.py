"""Processors that train: GPUs and CPUs, and which attention they can compute."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from typing import Any

from llasa_core.doctor.fact import Fact, Section, gigabytes
from llasa_core.machine import computes_half_precision, cpu_flags, cpu_name, usable_cores

VECTORS = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "AVX-512 bf16", "amx_bf16": "AMX bf16", "asimd": "NEON"}
AMPERE = 8
NVIDIA_SMI_SECONDS = 10


def devices() -> Section:
    """Return what there is to compute on."""
    import torch  # noqa: PLC0415 - a second

    names = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    gpus = [fact for index in names for fact in _gpu(torch, index)]
    return Section("devices", (*(gpus or [_no_gpu(torch)]), *_cuda(torch), *cpu_facts(torch), *_attention(torch)))


def _gpu(torch: Any, index: int) -> list[Fact]:
    free, total = torch.cuda.mem_get_info(index)
    major, minor = torch.cuda.get_device_capability(index)
    name = torch.cuda.get_device_name(index)
    details = {"name": name, "memory_bytes": total, "free_bytes": free, "compute_capability": f"{major}.{minor}"}
    value = f"{name}, {gigabytes(total)}, {gigabytes(free)} free, compute capability {major}.{minor}"
    facts = [Fact(f"GPU {index}", value, details=details)]
    if free < total / 2:
        other = "its memory is taken by another process"
        facts.append(Fact(f"GPU {index} memory", other, "warning", "`nvidia-smi` shows which; end it or wait for it"))
    if major < AMPERE:
        fix = "set `model.dtype: float16` in recipes"
        facts.append(Fact(f"GPU {index} bfloat16", "not in its hardware", "warning", fix))
    return facts


def _no_gpu(torch: Any) -> Fact:
    driver = _driver()
    if driver and torch.version.cuda is None:
        fix = "install torch for CUDA: https://pytorch.org/get-started/locally/"
        return Fact("GPU", f"one is here (driver {driver}), but this torch is built for CPUs", "warning", fix)
    if driver:
        wanted = f"this torch wants CUDA {torch.version.cuda}"
        fix = "update the driver, or install torch for an older CUDA; in a container, pass `--gpus all`"
        return Fact("GPU", f"driver {driver} is here, but torch cannot use it; {wanted}", "warning", fix)
    return Fact("GPU", "none that CUDA can use; training runs on the CPU", "note")


def _driver() -> str | None:
    """Return the version of NVIDIA's driver, as its own tool tells it."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    command = [tool, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=NVIDIA_SMI_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.split()
    return lines[0] if done.returncode == 0 and lines else None


def _cuda(torch: Any) -> list[Fact]:
    if not torch.cuda.is_available():
        return []
    facts = [Fact("driver", _driver() or "unknown"), Fact("CUDA", str(torch.version.cuda))]
    if torch.distributed.is_available() and torch.distributed.is_nccl_available():
        return [*facts, Fact("NCCL", ".".join(map(str, torch.cuda.nccl.version())))]
    missing = "not in this torch: several GPUs cannot work together"
    state: Any = "warning" if torch.cuda.device_count() > 1 else "note"
    return [*facts, Fact("NCCL", missing, state, "install torch for Linux with CUDA")]


def cpu_facts(torch: Any) -> list[Fact]:
    """Return what the CPU can do, and whether torch uses what it may use of it."""
    cores, flags = usable_cores(), cpu_flags()
    known = [name for flag, name in VECTORS.items() if flag in flags]
    details = {"name": cpu_name(), "usable_cores": cores, "cores": os.cpu_count(), "vectors": known}
    value = f"{cpu_name()}, {cores:g} of {os.cpu_count()} cores usable{''.join(f', {name}' for name in known)}"
    facts = [Fact("CPU", value, details=details)]
    if not computes_half_precision():
        slower = "not in its hardware; float32 is quicker"
        facts.append(Fact("CPU bfloat16", slower, "note", "set `model.dtype: float32` to train on this CPU"))
    threads = torch.get_num_threads()
    if threads > max(1, cores):
        fix = f"`export OMP_NUM_THREADS={max(1, int(cores))}`"
        facts.append(Fact("threads", f"torch starts {threads} for {cores:g} usable cores", "warning", fix))
    else:
        facts.append(Fact("threads", f"{threads} of torch", details={"threads": threads}))
    return facts


def _attention(torch: Any) -> list[Fact]:
    """Return which kernels keep packed samples apart here."""
    on_cuda = torch.cuda.is_available()
    can = {
        "flash": on_cuda and importlib.util.find_spec("flash_attn") is not None,
        "varlen": on_cuda and importlib.util.find_spec("torch.nn.attention.varlen") is not None,
        "each": not on_cuda,
        "blocks": True,
        "sdpa": True,
        "eager": True,
    }
    usable = [name for name, is_usable in can.items() if is_usable]
    return [Fact("attention", f"{', '.join(usable)}; `auto` takes {usable[0]}", details={"usable": usable})]
