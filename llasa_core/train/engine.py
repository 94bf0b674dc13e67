"""What does the steps: plain torch for one process, DeepSpeed for several or for a GPU. The loop sees no difference."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch
from torch import nn

if TYPE_CHECKING:
    from pathlib import Path

ADAM_BETAS = (0.9, 0.999)
STATE_FILE = "state.pt"


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that share a peak learning rate."""

    name: str
    parameters: list[nn.Parameter]
    learning_rate: float


@dataclass(frozen=True)
class OptimizerConfig:
    """What both engines need to know of a stage."""

    groups: tuple[ParameterGroup, ...]
    weight_decay: float
    max_grad_norm: float | None
    zero_stage: Literal["auto", 0, 1, 2, 3] = "auto"


class Engine(Protocol):
    """One optimizer over one model, on one rank."""

    rank: int
    world_size: int
    device: torch.device

    def backward(self, loss: torch.Tensor, *, is_last: bool) -> None:
        """Add the gradients of one micro-batch; `is_last` marks the last of a step."""

    def step(self, factor: float) -> float:
        """Update the weights at `factor` of the peak learning rates; return the gradient's norm before clipping."""

    def sum_over_ranks(self, value: torch.Tensor) -> torch.Tensor:
        """Return the sum of a tensor over all ranks."""

    def meet(self) -> None:
        """Wait until every rank is here."""

    def save(self, folder: Path) -> None:
        """Write trained weights and optimizer state into a new folder; called on every rank."""

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""


def make_optimizer(config: OptimizerConfig) -> torch.optim.Optimizer:
    """Return AdamW over the groups that have parameters; an empty group breaks schedulers in torch 2.13."""
    groups = [
        {"params": group.parameters, "lr": group.learning_rate, "peak": group.learning_rate}
        for group in config.groups
        if group.parameters
    ]
    return torch.optim.AdamW(groups, betas=ADAM_BETAS, weight_decay=config.weight_decay)


def set_learning_rates(optimizer: Any, factor: float) -> None:
    """Set each group to `factor` of its peak."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


class TorchEngine:
    """One process, no launcher."""

    rank = 0
    world_size = 1

    def __init__(self, model: nn.Module, config: OptimizerConfig) -> None:
        self.device = next(model.parameters()).device
        self._model = model
        self._optimizer = make_optimizer(config)
        self._trained = [parameter for group in config.groups for parameter in group.parameters]
        self._max_grad_norm = config.max_grad_norm or float("inf")

    def backward(self, loss: torch.Tensor, *, is_last: bool) -> None:  # noqa: ARG002 - DeepSpeed needs to know
        """See `Engine.backward`."""
        loss.backward()  # type: ignore[no-untyped-call]

    def step(self, factor: float) -> float:
        """See `Engine.step`."""
        set_learning_rates(self._optimizer, factor)
        norm = torch.nn.utils.clip_grad_norm_(self._trained, self._max_grad_norm)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return norm.item()

    def sum_over_ranks(self, value: torch.Tensor) -> torch.Tensor:
        """See `Engine.sum_over_ranks`."""
        return value

    def meet(self) -> None:
        """See `Engine.meet`."""

    def save(self, folder: Path) -> None:
        """See `Engine.save`."""
        folder.mkdir(parents=True)
        trained = {name: p.detach() for name, p in self._model.named_parameters() if p.requires_grad}
        torch.save({"weights": trained, "optimizer": self._optimizer.state_dict()}, folder / STATE_FILE)

    def load(self, folder: Path) -> None:
        """See `Engine.load`."""
        state = torch.load(folder / STATE_FILE, map_location=self.device, weights_only=True)
        parameters = dict(self._model.named_parameters())
        with torch.no_grad():
            for name, value in state["weights"].items():
                parameters[name].copy_(value)
        self._optimizer.load_state_dict(state["optimizer"])


class DeepSpeedEngine:
    """Any number of ranks, ZeRO 0 to 3.

    DeepSpeed's own mixed precision stays off: it would cast the encoder, which must run in float32. The LM is loaded in
    its type and frozen; what is trained is float32, as peft keeps it.
    """

    def __init__(self, model: nn.Module, config: OptimizerConfig) -> None:
        import deepspeed  # noqa: PLC0415 - two seconds, and a single CPU process needs none of it

        deepspeed.init_distributed()
        zero_stage = config.zero_stage
        if zero_stage == "auto":  # one rank has nothing to share out
            zero_stage = 2 if deepspeed.comm.get_world_size() > 1 else 0
        self._engine, *_ = deepspeed.initialize(
            model=model,
            optimizer=make_optimizer(config),
            config={
                "train_micro_batch_size_per_gpu": 1,  # the loop makes the batches; this only has to be there
                "gradient_accumulation_steps": 1,
                "gradient_clipping": 0.0 if zero_stage == 0 else config.max_grad_norm or 0.0,
                "zero_optimization": {"stage": zero_stage},
                "zero_allow_untested_optimizer": True,
                "steps_per_print": 10**9,
            },
        )
        self._clips_here = zero_stage == 0  # DeepSpeed clips there too, but keeps the norm to itself
        self._trained = [parameter for group in config.groups for parameter in group.parameters]
        self._max_grad_norm = config.max_grad_norm or float("inf")
        self.rank = deepspeed.comm.get_rank()
        self.world_size = deepspeed.comm.get_world_size()
        self.device = torch.device(self._engine.device)

    def backward(self, loss: torch.Tensor, *, is_last: bool) -> None:
        """See `Engine.backward`; DeepSpeed averages over ranks, the loop wants the sum."""
        self._engine.set_gradient_accumulation_boundary(is_last)
        self._engine.backward(loss * self.world_size, scale_wrt_gas=False)
        if not is_last:
            self._engine.step()  # counts the micro-batch; weights stay

    def step(self, factor: float) -> float:
        """See `Engine.step`."""
        set_learning_rates(self._engine.optimizer, factor)
        if self._clips_here:
            norm = torch.nn.utils.clip_grad_norm_(self._trained, self._max_grad_norm)
            self._engine.step()
            return norm.item()
        self._engine.step()
        return float(self._engine.get_global_grad_norm())

    def sum_over_ranks(self, value: torch.Tensor) -> torch.Tensor:
        """See `Engine.sum_over_ranks`."""
        torch.distributed.all_reduce(value)
        return value

    def meet(self) -> None:
        """See `Engine.meet`."""
        torch.distributed.barrier()

    def save(self, folder: Path) -> None:
        """See `Engine.save`."""
        self._engine.save_checkpoint(str(folder), tag="state", exclude_frozen_parameters=True)

    def load(self, folder: Path) -> None:
        """See `Engine.load`."""
        self._engine.load_checkpoint(str(folder), tag="state", load_module_strict=False)


def make_engine(model: nn.Module, config: OptimizerConfig) -> Engine:
    """Return the engine for this process: DeepSpeed where its launcher has started us."""
    return DeepSpeedEngine(model, config) if "LOCAL_RANK" in os.environ else TorchEngine(model, config)
