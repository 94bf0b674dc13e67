"""The bridge: an encoder's features to vectors of the LM's width."""

from __future__ import annotations

import torch
from torch import nn

from llasa_core.errors import ModelError

LEAST_SPREAD = 1e-3
"""Of a number over the training windows: one that never changes is not blown up."""


class ScaledProjector(nn.Sequential):
    """A projector whose inputs, of very different spread, are brought to mean 0 and deviation 1 first.

    The layers are named as without it; `mean` and `spread` are saved with them.
    """

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, width_in: int, *layers: nn.Module) -> None:
        super().__init__(*layers)
        self.register_buffer("mean", torch.zeros(width_in))
        self.register_buffer("spread", torch.ones(width_in))

    def scale_by(self, inputs: torch.Tensor) -> None:
        """Set the scale from inputs `[N, width]`."""
        self.mean.copy_(inputs.mean(0))
        self.spread.copy_(inputs.std(0, correction=0).clamp_min(LEAST_SPREAD))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Project `[…, width_in]` to `[…, width_out]`."""
        projected: torch.Tensor = super().forward((inputs - self.mean) / self.spread)  # type: ignore[no-untyped-call]
        return projected


def make_projector(kind: str, width_in: int, width_out: int, *, is_scaled: bool = False) -> nn.Module:
    """Return `linear`, or `mlpNx_gelu`: N linear layers with GELU between, named and ordered as LLaVA's are.

    Args:
        kind: which.
        width_in: numbers for each sensor token.
        width_out: the LM's width.
        is_scaled: bring the inputs to a common scale first.

    Raises:
        ModelError: another kind.
    """
    if kind == "linear":
        layer = nn.Linear(width_in, width_out)
        return ScaledProjector(width_in, layer) if is_scaled else layer
    depth = kind.removeprefix("mlp").removesuffix("x_gelu")
    if not depth.isdigit() or int(depth) < 1:
        raise ModelError(f"`{kind}` is not a projector", fix="use `linear` or `mlp2x_gelu`")
    layers: list[nn.Module] = [nn.Linear(width_in, width_out)]
    for _ in range(1, int(depth)):
        layers += [nn.GELU(), nn.Linear(width_out, width_out)]
    return ScaledProjector(width_in, *layers) if is_scaled else nn.Sequential(*layers)
