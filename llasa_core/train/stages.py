"""What the loop needs to know of a stage, and which stages there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from llasa_core.train.encoder_stage import EncoderStage
from llasa_core.train.language_stage import FinetuneStage, PretrainStage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import torch
    from torch import nn

    from llasa_core.model.loss import Loss
    from llasa_core.recipe import Recipe, StageName
    from llasa_core.train.engine import Engine, OptimizerConfig
    from llasa_core.train.placement import Placement


class Stage(Protocol):
    """What is trained, on what, and what it leaves behind."""

    @property
    def model(self) -> nn.Module:
        """What is trained, and what it needs to compute."""

    optimizer: OptimizerConfig
    n_steps: int
    save_every: int
    keep_states: int
    log_every: int
    unit: str
    """What a step's speed is counted in."""
    flops_per_token: float | None
    """Forward and backward, without anything computed twice; None where nobody asks."""

    def factor(self, step: int) -> float:
        """Return the share of the peak learning rate."""

    def parts(self, step: int, rank: int, world_size: int) -> list[Any]:
        """Return this rank's packs of a step; every rank has the same number, some may be empty."""

    def n_items(self, step: int) -> int:
        """Return what a step's loss is divided by, over all ranks."""

    def n_tokens(self, step: int) -> int:
        """Return how many positions a step computes, over all ranks."""

    def names_of(self, step: int) -> list[str]:
        """Return the names of a step's samples."""

    def loss(self, part: Any, engine: Engine) -> Loss:
        """Compute the summed loss of one pack."""

    def result_tensors(self, engine: Engine) -> dict[str, torch.Tensor]:
        """Bring what the result holds into the host's memory, by name; called on every rank, filled on the first."""

    def save_result(self, folder: Path, tensors: Mapping[str, torch.Tensor]) -> None:
        """Write what the stage has made; called on one rank."""


def make_stage(
    name: StageName,
    recipe: Recipe,
    source: Path,
    device: torch.device,
    placement: Placement,
    say: Callable[[str], None],
) -> Stage:
    """Build a stage on this rank's device.

    Args:
        name: which.
        recipe: of the experiment.
        source: what the stage starts from: the encoder's file for pretrain, the pretrain checkpoint for finetune.
        device: of this rank.
        placement: how the stage is laid out.
        say: told in a line what happens.
    """
    if name == "encoder":
        return EncoderStage(recipe, device)
    if name == "pretrain":
        return PretrainStage(recipe, source, device, placement, say)
    return FinetuneStage(recipe, source, device, placement, say)
