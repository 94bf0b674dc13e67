"""What a rank sees of gradients that overflow on the second rank alone, and how it goes on from one process's state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from llasa_core.errors import RunError
from llasa_core.recipe_file import load_recipe
from llasa_core.train.engine import DeepSpeedEngine, join_ranks
from llasa_core.train.language_stage import FinetuneStage
from llasa_core.train.loop import train
from llasa_core.train.placement import Placement
from llasa_core.train.run import Run
from llasa_core.train.state import State, trained_parameters

if TYPE_CHECKING:
    from pathlib import Path

STAGES = (0, 2, 3)


class Rank:
    """A finetune run of tiny on this rank, a pack a step."""

    def __init__(
        self, recipe: Path, pretrained: Path, zero_stage: Any, *settings: str, state: Path | None = None
    ) -> None:
        """Begin a run, or go on from a state."""
        placement = Placement(zero_stage)
        loaded = load_recipe(recipe, ["finetune.save_every=1", *settings]).resolved
        self.stage = FinetuneStage(loaded, pretrained, torch.device("cpu"), placement, lambda _text: None)
        self.parameters = trained_parameters(self.stage.model)
        weights = list(self.stage.model.lm.parameters())
        held = sum(weight.ds_tensor.numel() if hasattr(weight, "ds_tensor") else weight.numel() for weight in weights)
        self.share = held / sum(getattr(weight, "ds_numel", weight.numel()) for weight in weights)
        read = State(state, self.stage.model) if state else None
        if read:
            read.put_weights()
        self.engine = DeepSpeedEngine(self.stage.model, self.stage.optimizer, placement)
        if read:
            pack = self.stage.parts(0, self.engine.rank, self.engine.world_size)[0]
            read.put_moments(self.engine, lambda: self.stage.loss(pack, self.engine).total)

    def overflow_at(self, backwards: int) -> None:
        """Let a gradient overflow in one backward pass, on the second rank."""
        seen = 0

        def spoil(gradient: torch.Tensor) -> torch.Tensor:
            nonlocal seen
            seen += 1
            return gradient * float("inf") if seen == backwards and self.engine.rank == 1 else gradient

        next(self.stage.model.projector.parameters()).register_hook(spoil)

    def step(self, step: int) -> dict[str, torch.Tensor]:
        """Do a step, and return the weights after it."""
        (pack,) = self.stage.parts(step, self.engine.rank, self.engine.world_size)
        self.engine.backward(self.stage.loss(pack, self.engine).total / self.stage.n_items(step), is_last=True)
        self.engine.step(self.stage.factor(step))
        return {name: self.engine.whole(one).detach().clone() for name, one in self.parameters.items()}


def error_of(recipe: Path, pretrained: Path, zero_stage: int, folder: Path) -> str:
    """Train with a gradient that is no number in the third step, and return what the loop says."""
    rank = Rank(recipe, pretrained, zero_stage)
    rank.overflow_at(3)
    try:
        train(rank.stage, rank.engine, Run(folder), 7, lambda _progress: None)
    except RunError as error:
        return str(error)
    return "nothing was said"


def scale_of(recipe: Path, pretrained: Path, zero_stage: int) -> dict[str, Any]:
    """Overflow in the second of three steps in float16; return how the scale and the weights have moved."""
    rank = Rank(recipe, pretrained, zero_stage, "model.dtype=float16")
    rank.overflow_at(2)
    before, after, later = (rank.step(step) for step in range(3))
    assert rank.engine.scale is not None
    return {
        "scale": rank.engine.scale.factor,
        "updates": rank.engine.updates,
        "overflow moved": not all(torch.equal(before[name], after[name]) for name in before),
        "next moved": not any(torch.equal(after[name], later[name]) for name in before),
    }


def write_what_is_seen(recipe: Path, pretrained: Path, state: Path, folder: Path) -> None:
    """Write what this rank saw."""
    folder.mkdir(exist_ok=True)
    join_ranks()
    rank = torch.distributed.get_rank()
    found: dict[str, Any] = {}
    for zero_stage in STAGES:
        error = error_of(recipe, pretrained, zero_stage, folder / f"zero {zero_stage}")
        found[f"zero {zero_stage}"] = {"error": error, **scale_of(recipe, pretrained, zero_stage)}
        again = Rank(recipe, pretrained, zero_stage, state=state)
        third, result = again.step(2), again.stage.result_tensors(again.engine)
        found[f"zero {zero_stage}"]["share"] = again.share
        if rank == 0:
            again.stage.save_result(folder / f"checkpoint {zero_stage}", result)
            save_file(
                {name: value.contiguous() for name, value in third.items()}, folder / f"third {zero_stage}.safetensors"
            )
    (folder / f"rank {rank}.json").write_text(json.dumps(found))
