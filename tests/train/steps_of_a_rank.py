"""What each placement computes in the first steps of a finetune run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from deepspeed.utils import safe_get_full_grad
from safetensors.torch import save_file

from llasa_core.recipe_file import load_recipe
from llasa_core.train.engine import DeepSpeedEngine, Engine, TorchEngine
from llasa_core.train.language_stage import FinetuneStage
from llasa_core.train.placement import Placement
from llasa_core.train.state import State, trained_parameters, write_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACEMENTS = {
    "zero 0": Placement(0),
    "zero 1": Placement(1),
    "zero 2": Placement(2),
    "zero 3": Placement(3),
    "zero 2, optimizer offloaded": Placement(2, offload="optimizer"),
    "zero 3, all offloaded": Placement(3, offload="all"),
    "activations computed again": Placement(0, activation_checkpointing=True),
}
ONE_PACK, SEVERAL_PACKS = 4096, 300
"""Budgets under which a rank has one pack in a step, or several to add up."""
CASES = [(name, SEVERAL_PACKS) for name in PLACEMENTS] + [(name, ONE_PACK) for name in ("zero 0", "zero 2")]
MAX_GRAD_NORM = 0.5
"""Less than the norm of the first steps, so that clipping shows."""

Numbers = dict[str, torch.Tensor]


class Steps:
    """A finetune run of tiny, taken step by step."""

    def __init__(
        self, recipe_file: Path, pretrained: Path, placement: Placement | None, budget: int, state: Path | None
    ) -> None:
        """Begin a run, or go on with one; without a placement, in plain torch."""
        recipe = load_recipe(recipe_file, [f"finetune.micro_batch_tokens={budget}"]).resolved
        plain = placement or Placement()
        self.stage = FinetuneStage(recipe, pretrained, torch.device("cpu"), plain, lambda _text: None)
        self.parameters = trained_parameters(self.stage.model)
        read = State(state, self.stage.model) if state else None
        if read:
            read.put_weights()
        config = replace(self.stage.optimizer, max_grad_norm=MAX_GRAD_NORM)
        self.engine: Engine = (
            DeepSpeedEngine(self.stage.model, config, placement) if placement else TorchEngine(self.stage.model, config)
        )
        if read:
            parts = self.stage.parts(0, self.engine.rank, self.engine.world_size)
            read.put_moments(self.engine, lambda: self.stage.loss(parts[0], self.engine).total)

    def backward(self, step: int) -> None:
        """Add up a step's gradients."""
        parts = self.stage.parts(step, self.engine.rank, self.engine.world_size)
        for i, part in enumerate(parts):
            loss = self.stage.loss(part, self.engine).total / self.stage.n_items(step)
            self.engine.backward(loss, is_last=i == len(parts) - 1)

    def first_two(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the first step's gradients and the norms and weights of two steps."""
        self.backward(0)
        for name, parameter in self.parameters.items():
            yield f"gradient/{name}", safe_get_full_grad(parameter).detach().clone()
        yield "norm/0", self.engine.step(1.0).reshape(1).float()
        self.backward(1)
        yield "norm/1", self.engine.step(1.0).reshape(1).float()
        yield from self.weights()

    def weights(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield what is trained, as it is now."""
        for name, parameter in self.parameters.items():
            yield f"weight/{name}", self.engine.whole(parameter).detach().clone()


def third(steps: Steps) -> Numbers:
    """Return the weights after one more step."""
    steps.backward(2)
    steps.engine.step(1.0)
    return dict(steps.weights())


def numbers_of(recipe: Path, pretrained: Path, placement: Placement | None, budget: int, state: Path) -> Numbers:
    """Return what a placement computes: two steps, a third, and the third of a run that went on from a state."""
    steps = Steps(recipe, pretrained, placement, budget, None)
    found = dict(steps.first_two())
    write_state(state, steps.stage.model, steps.engine)
    steps.engine.meet()
    found |= {f"third/{name}": value for name, value in third(steps).items()}
    resumed = third(Steps(recipe, pretrained, placement, budget, state))
    return found | {f"resumed/{name}": value for name, value in resumed.items()}


def write_numbers(recipe: Path, pretrained: Path, folder: Path) -> None:
    """Write the numbers of each case."""
    folder.mkdir(exist_ok=True)
    for name, budget in CASES:
        found = numbers_of(recipe, pretrained, PLACEMENTS[name], budget, folder / f"state {name} {budget}")
        if torch.distributed.get_rank() == 0:
            save_file(
                {key: value.contiguous() for key, value in found.items()}, folder / f"{name} {budget}.safetensors"
            )
