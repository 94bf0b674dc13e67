"""The measured ceiling of matrix products, as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llasa_core.doctor.fact import Fact, Section
from llasa_core.train import ceiling
from llasa_core.train.ceiling import machine_file, measure, measured_ceiling

if TYPE_CHECKING:
    from collections.abc import Callable

TERA = 1e12


def ceilings(say: Callable[[str], None] = lambda _text: None, *, measures: bool) -> Section:
    """Return how quick matrix products are on the device that trains.

    Args:
        say: told what is being measured.
        measures: measure now and keep the results; else return what was measured before.
    """
    import torch  # noqa: PLC0415 - a second

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    facts = []
    for dtype in _types(torch, device):
        name = str(dtype).removeprefix("torch.")
        if measures:
            say(f"measuring products in {name} for about {ceiling.SECONDS:g} s")
            flops: float | None = measure(device, dtype)
        else:
            flops = measured_ceiling(device, dtype)
        facts.append(_fact(name, flops, device))
    return Section("matrix products", tuple(facts))


def _types(torch: Any, device: Any) -> list[Any]:
    """Return the types that recipes compute in and this device is not slow at."""
    if device.type == "cuda":
        return [torch.float32, torch.float16, *([torch.bfloat16] if torch.cuda.is_bf16_supported() else [])]
    return [torch.float32, torch.bfloat16]


def _fact(name: str, flops: float | None, device: Any) -> Fact:
    if flops is None:
        return Fact(name, "not measured yet (`llasa doctor --bench`)", "note")
    details = {"flops_per_s": flops, "device": device.type, "file": str(machine_file())}
    return Fact(name, f"{flops / TERA:,.3g} TFLOP/s at best", details=details)
