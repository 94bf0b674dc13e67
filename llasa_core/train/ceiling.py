"""The most that this machine's matrix products reach: measured once, and what training's speed is held against."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from llasa_core.files import write_json
from llasa_core.machine import cpu_name
from llasa_core.model.base_lm import cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import torch

SIZES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "cuda": ((8192, 4096, 14336), (8192, 8192, 8192), (16384, 4096, 4096), (16384, 5120, 13824)),
    "cpu": ((1024, 576, 1536), (1024, 1024, 1024), (2048, 2048, 2048), (2048, 2048, 5632)),
}
"""(rows, inner, columns) of products as LMs of 0.1 to 13 B parameters have them."""
SECONDS = 10.0
"""For all sizes of a type together."""
LEAST_RUNS = 3
RUNS_AT_ONCE = {"cuda": 10, "cpu": 1}


def machine_file() -> Path:
    """Return where measured ceilings are kept."""
    return cache_dir() / "machine.json"


def measured_ceiling(device: torch.device, dtype: torch.dtype) -> float | None:
    """Return this device's measured ceiling in FLOP/s; None before `llasa doctor --bench`.

    What was measured with another version of torch, or on a CPU with another number of threads, does not count.
    """
    try:
        found = json.loads(machine_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    value = found.get(_key(device), {}).get(_name(dtype)) if isinstance(found, dict) else None
    return float(value) if isinstance(value, int | float) else None


def measure(
    device: torch.device,
    dtype: torch.dtype,
    *,
    seconds: float | None = None,
    sizes: Sequence[tuple[int, int, int]] = (),
) -> float:
    """Measure the ceiling of matrix products, keep the best that was ever found, and return it in FLOP/s.

    Args:
        device: where.
        dtype: of the matrices.
        seconds: how long to try, about; `SECONDS` when left out.
        sizes: (rows, inner, columns) to try; such as LMs have when left out.

    Returns:
        The best of all sizes and runs, and of earlier measurements: other work on the machine only makes it lower.
    """
    import torch  # noqa: PLC0415 - a ceiling is read without it

    chosen = sizes or SIZES[device.type]
    each = (SECONDS if seconds is None else seconds) / len(chosen)
    with torch.inference_mode():
        best = max(_fastest(device, dtype, size, each) for size in chosen)
    best = max(best, measured_ceiling(device, dtype) or 0.0)
    _keep(device, dtype, best)
    return best


def _fastest(device: torch.device, dtype: torch.dtype, size: tuple[int, int, int], seconds: float) -> float:
    """Return the FLOP/s of the quickest of many products of one size."""
    import torch  # noqa: PLC0415

    rows, inner, columns = size
    generator = torch.Generator(device).manual_seed(0)
    left = torch.randn(rows, inner, generator=generator, device=device).to(dtype)  # zeros would be quicker on a GPU
    right = torch.randn(columns, inner, generator=generator, device=device).to(dtype)
    out = torch.empty(rows, columns, device=device, dtype=dtype)
    n_at_once = RUNS_AT_ONCE[device.type]

    def run() -> None:
        for _ in range(n_at_once):
            torch.mm(left, right.T, out=out)

    times = _times(run, device, seconds)
    return 2.0 * rows * inner * columns * n_at_once / min(times)


def _times(run: Callable[[], None], device: torch.device, seconds: float) -> list[float]:
    wait = _waiting(device)
    run()  # kernels are chosen and loaded
    wait()
    times: list[float] = []
    begun = time.perf_counter()
    while len(times) < LEAST_RUNS or time.perf_counter() - begun < seconds:
        started = time.perf_counter()
        run()
        wait()
        times.append(time.perf_counter() - started)
    return times


def _waiting(device: torch.device) -> Callable[[], None]:
    import torch  # noqa: PLC0415

    return (lambda: torch.cuda.synchronize(device)) if device.type == "cuda" else (lambda: None)


def _keep(device: torch.device, dtype: torch.dtype, flops: float) -> None:
    file = machine_file()
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    known = found if isinstance(found, dict) else {}
    write_json(file, {**known, _key(device): {**known.get(_key(device), {}), _name(dtype): flops}})


def _key(device: torch.device) -> str:
    """Name a device with what its speed depends on."""
    import torch  # noqa: PLC0415

    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}"
    return f"{cpu_name()}, {torch.get_num_threads()} threads, torch {torch.__version__}"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
