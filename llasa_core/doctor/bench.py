"""The measured ceiling of matrix products, as facts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from llasa_core.doctor.fact import Fact, Section
from llasa_core.machine import usable_cores
from llasa_core.train import ceiling
from llasa_core.train.ceiling import machine_file, measure, measured_ceiling

if TYPE_CHECKING:
    from collections.abc import Callable

TERA, GIGA = 1e12, 1e9
BUSY = 0.5


def ceilings(say: Callable[[str], None] = lambda _text: None, *, measures: bool) -> Section:
    """Return how quick matrix products are on the device that trains.

    Args:
        say: told what is being measured.
        measures: measure now and keep the results; else return what was measured before.
    """
    import torch  # noqa: PLC0415 - a second

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    facts: list[Fact | None] = [_busy(device)] if measures else []
    for dtype in _types(torch, device):
        name = str(dtype).removeprefix("torch.")
        if measures:
            say(f"measuring products in {name} for about {ceiling.SECONDS:g} s")
            flops: float | None = measure(device, dtype)
        else:
            flops = measured_ceiling(device, dtype)
        facts.append(_fact(name, flops, device))
    return Section("matrix products", tuple(fact for fact in facts if fact is not None))


def _busy(device: Any) -> Fact | None:
    """Warn of other work on the CPU, which makes its products slower."""
    if device.type != "cpu" or not hasattr(os, "getloadavg"):
        return None
    load, cores = os.getloadavg()[0], usable_cores()
    return busy_fact(load, cores)


def busy_fact(load: float, cores: float) -> Fact | None:
    """Return a warning where more than half of the cores had other work in the last minute."""
    if load <= BUSY * cores:
        return None
    return Fact(
        "other work",
        f"a load of {load:.1f} on {cores:g} cores: what is measured now is too low",
        "warning",
        "run `llasa doctor --bench` again on an idle machine; the best of all measurements is kept",
    )


def _speed(flops: float) -> str:
    return f"{flops / TERA:,.4g} TFLOP/s" if flops >= TERA else f"{flops / GIGA:,.4g} GFLOP/s"


def _types(torch: Any, device: Any) -> list[Any]:
    """Return the types that recipes compute in and this device is not slow at."""
    if device.type == "cuda":
        return [torch.float32, torch.float16, *([torch.bfloat16] if torch.cuda.is_bf16_supported() else [])]
    return [torch.float32, torch.bfloat16]


def _fact(name: str, flops: float | None, device: Any) -> Fact:
    if flops is None:
        return Fact(name, "not measured yet (`llasa doctor --bench`)", "note")
    details = {"flops_per_s": flops, "device": device.type, "file": str(machine_file())}
    return Fact(name, f"{_speed(flops)} at best", details=details)
