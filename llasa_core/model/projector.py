"""The bridge: an encoder's features to vectors of the LM's width."""

from __future__ import annotations

from torch import nn

from llasa_core.errors import ModelError


def make_projector(kind: str, width_in: int, width_out: int) -> nn.Module:
    """Return `linear`, or `mlpNx_gelu`: N linear layers with GELU between, named and ordered as LLaVA's are.

    Raises:
        ModelError: another kind.
    """
    if kind == "linear":
        return nn.Linear(width_in, width_out)
    depth = kind.removeprefix("mlp").removesuffix("x_gelu")
    if not depth.isdigit() or int(depth) < 1:
        raise ModelError(f"`{kind}` is not a projector", fix="use `linear` or `mlp2x_gelu`")
    layers: list[nn.Module] = [nn.Linear(width_in, width_out)]
    for _ in range(1, int(depth)):
        layers += [nn.GELU(), nn.Linear(width_out, width_out)]
    return nn.Sequential(*layers)
