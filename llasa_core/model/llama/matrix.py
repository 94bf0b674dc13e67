"""Products with an LM's weights, by whichever of torch's kernels is quick at equal numbers on this processor.

A CPU with bfloat16 in its hardware, a GPU, and float32 weights: torch's own product. A CPU without it reads weights of
16 bits in two ways. One row at a time, torch's own product is as quick as memory is. Many rows at once it crawls, and
the weights are widened to float32 for the moment, or were packed (`pack`) for FBGEMM, which keeps 16 bits in memory
and computes in float32: no rounding of what is computed, 2 to 6 times as quick from 8 rows on.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from llasa_core.machine import computes_half_precision


@cache
def _has_half_precision() -> bool:
    return computes_half_precision()  # reads a file, and a token asks for it many times


def is_emulated(weight: torch.Tensor) -> bool:
    """Return whether the processor computes in a weight's type only by widening each number first."""
    return weight.device.type == "cpu" and weight.dtype != torch.float32 and not _has_half_precision()


def can_pack(weight: torch.Tensor) -> bool:
    """Return whether packing makes products with a weight quicker: on x86 CPUs without half precision in hardware."""
    return is_emulated(weight) and "fbgemm" in torch.backends.quantized.supported_engines


class Matrix(nn.Module):
    """A linear layer without a bias: `[…, in]` to `[…, out]`, in the type of the input or of the weights."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self._packed: Any = None

    @property
    def is_packed(self) -> bool:
        """Whether the weights are laid out for products of many rows."""
        return self._packed is not None

    def pack(self) -> None:
        """Lay the weights out anew for products of many rows; the old ones are let go."""
        if self._packed is None:
            self._packed = torch.ops.quantized.linear_prepack_fp16(self.weight.float(), None)
            self.weight = nn.Parameter(self.weight.new_empty(0), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply."""
        if self._packed is not None:
            rows = x if x.dim() > 1 else x[None]  # which it wants
            product: torch.Tensor = torch.ops.quantized.linear_dynamic_fp16(rows, self._packed)
            return product if x.dim() > 1 else product[0]
        weight = self.weight
        if x.numel() == x.shape[-1] and x.device.type == "cpu":  # one row; with fewer steps on the way than `linear`
            return torch.mv(weight, x.reshape(-1).to(weight.dtype)).view(*x.shape[:-1], -1)
        if x.dtype == weight.dtype:
            return functional.linear(x, weight)
        return functional.linear(x, weight.to(x.dtype))
