"""What does the steps: plain torch for one process, DeepSpeed for several or for a GPU. The loop sees no difference.

What is trained is float32, and so are its gradients and AdamW's moments; DeepSpeed's own mixed precision stays off,
because it would cast the encoder too. A model that computes in float16 has its loss scaled here.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import nn

from llasa_core.train.loss_scale import LossScale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from llasa_core.train.placement import Placement

ADAM_BETAS = (0.9, 0.999)
MOMENTS = ("exp_avg", "exp_avg_sq")
"""AdamW's two running means, as torch calls them."""


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
    is_scaled: bool = False
    """Whether the loss has to be scaled, as for float16."""


class Engine(Protocol):
    """One optimizer over one model, on one rank. Every method is called on all ranks together."""

    rank: int
    world_size: int
    device: torch.device
    scale: LossScale | None
    model: nn.Module
    """What to call to compute: ZeRO counts the forwards."""

    def backward(self, loss: torch.Tensor, *, is_last: bool) -> None:
        """Add the gradients of one pack; `is_last` marks the last of a step."""

    def step(self, factor: float) -> torch.Tensor:
        """Update the weights at `factor` of the peak learning rates; return the gradient's norm before clipping."""

    def sum_over_ranks(self, value: torch.Tensor) -> torch.Tensor:
        """Return the sum of a tensor over all ranks."""

    def meet(self) -> None:
        """Wait until every rank is here."""

    @property
    def updates(self) -> int:
        """How many times the weights were updated."""

    def moments_of(self, parameter: nn.Parameter) -> dict[str, torch.Tensor]:
        """Return a trained parameter's two moments, whole, in its shape."""

    def set_moments(
        self,
        moments: Mapping[nn.Parameter, Mapping[str, torch.Tensor]],
        updates: int,
        a_loss: Callable[[], torch.Tensor],
    ) -> None:
        """Go on with these moments after so many updates; `a_loss` is any loss that reaches every trained parameter."""

    def whole(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return a parameter's or buffer's values, also where ranks hold shares of it."""


def make_optimizer(config: OptimizerConfig) -> torch.optim.Optimizer:
    """Return AdamW over the groups that have parameters; an empty group breaks schedulers in torch 2.13."""
    groups = [
        {"params": group.parameters, "lr": group.learning_rate, "peak": group.learning_rate}
        for group in config.groups
        if group.parameters
    ]
    return torch.optim.AdamW(groups, betas=ADAM_BETAS, weight_decay=config.weight_decay, fused=True)


def set_learning_rates(optimizer: Any, factor: float) -> None:
    """Set each group to `factor` of its peak."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


class PlainSteps:
    """An optimizer whose parameters and moments are whole on this rank."""

    def __init__(self, optimizer: torch.optim.Optimizer, config: OptimizerConfig, scale: LossScale | None) -> None:
        self._optimizer = optimizer
        self._trained = [parameter for group in config.groups for parameter in group.parameters]
        self._max_grad_norm = config.max_grad_norm or float("inf")
        self._scale = scale

    def clip(self) -> torch.Tensor:
        """Undo the loss's scale and clip; return the norm before clipping."""
        if self._scale:
            gradients = [parameter.grad for parameter in self._trained if parameter.grad is not None]
            torch._foreach_mul_(gradients, 1 / self._scale.factor)
        return torch.nn.utils.clip_grad_norm_(self._trained, self._max_grad_norm)

    @property
    def updates(self) -> int:
        """See `Engine.updates`."""
        steps = [int(state["step"]) for state in self._optimizer.state.values() if "step" in state]
        return max(steps, default=0)

    def moments_of(self, parameter: nn.Parameter) -> dict[str, torch.Tensor]:
        """See `Engine.moments_of`."""
        state = self._optimizer.state.get(parameter, {})
        return {name: state.get(name, torch.zeros_like(parameter)) for name in MOMENTS}

    def set_moments(self, moments: Mapping[nn.Parameter, Mapping[str, torch.Tensor]], updates: int) -> None:
        """See `Engine.set_moments`."""
        state = self._optimizer.state_dict()
        order = [parameter for group in self._optimizer.param_groups for parameter in group["params"]]
        state["state"] = {
            i: {"step": torch.tensor(float(updates)), **moments[parameter]} for i, parameter in enumerate(order)
        }
        self._optimizer.load_state_dict(state)


class TorchEngine:
    """One process, no launcher."""

    rank = 0
    world_size = 1

    def __init__(self, model: nn.Module, config: OptimizerConfig) -> None:
        self.device = next(model.parameters()).device
        self.model = model
        self.scale = LossScale() if config.is_scaled else None
        self._optimizer = make_optimizer(config)
        self._steps = PlainSteps(self._optimizer, config, self.scale)

    def backward(self, loss: torch.Tensor, *, is_last: bool) -> None:  # noqa: ARG002 - DeepSpeed needs to know
        """See `Engine.backward`."""
        scaled = loss * self.scale.factor if self.scale else loss
        scaled.backward()  # type: ignore[no-untyped-call]

    def step(self, factor: float) -> torch.Tensor:
        """See `Engine.step`."""
        set_learning_rates(self._optimizer, factor)
        norm = self._steps.clip()
        if self.scale is None or self.scale.saw(norm):
            self._optimizer.step()
        self._optimizer.zero_grad()
        return norm

    def sum_over_ranks(self, value: torch.Tensor) -> torch.Tensor:
        """See `Engine.sum_over_ranks`."""
        return value

    def meet(self) -> None:
        """See `Engine.meet`."""

    @property
    def updates(self) -> int:
        """See `Engine.updates`."""
        return self._steps.updates

    def moments_of(self, parameter: nn.Parameter) -> dict[str, torch.Tensor]:
        """See `Engine.moments_of`."""
        return self._steps.moments_of(parameter)

    def set_moments(
        self,
        moments: Mapping[nn.Parameter, Mapping[str, torch.Tensor]],
        updates: int,
        a_loss: Callable[[], torch.Tensor],  # noqa: ARG002 - ZeRO needs it
    ) -> None:
        """See `Engine.set_moments`."""
        self._steps.set_moments(moments, updates)

    def whole(self, tensor: torch.Tensor) -> torch.Tensor:
        """See `Engine.whole`."""
        return tensor


class DeepSpeedEngine:
    """Any number of ranks, ZeRO 0 to 3, with or without offload."""

    def __init__(self, model: nn.Module, config: OptimizerConfig, placement: Placement) -> None:
        import deepspeed  # noqa: PLC0415 - two seconds, and a single CPU process needs none of it

        join_ranks()
        self._stage = placement.zero_stage
        self.scale = LossScale() if config.is_scaled else None
        self._engine, *_ = deepspeed.initialize(
            model=model, optimizer=make_optimizer(config), config=deepspeed_config(config, placement)
        )
        self.model = self._engine
        self._steps = PlainSteps(self._engine.optimizer, config, self.scale) if self._stage == 0 else None
        self.rank = deepspeed.comm.get_rank()
        self.world_size = deepspeed.comm.get_world_size()
        self.device = torch.device(self._engine.device)

    def backward(self, loss: torch.Tensor, *, is_last: bool) -> None:
        """See `Engine.backward`; DeepSpeed averages over ranks, the loop wants the sum."""
        if self.scale:
            if self._steps:
                loss = loss * self.scale.factor
            else:  # ZeRO multiplies by it itself, and divides when it clips
                self._engine.optimizer.custom_loss_scaler = True
                self._engine.optimizer.external_loss_scale = self.scale.factor
        self._engine.set_gradient_accumulation_boundary(is_last)
        self._engine.backward(loss * self.world_size, scale_wrt_gas=False)
        if not is_last:
            self._engine.step()  # counts the pack; weights stay

    def step(self, factor: float) -> torch.Tensor:
        """See `Engine.step`."""
        set_learning_rates(self._engine.optimizer, factor)
        if self._steps:
            norm = self._steps.clip()
            if self.scale and not self.scale.saw(norm):
                self._engine.optimizer.zero_grad()
                return norm
            self._engine.step()
            return norm
        self._engine.step()
        norm = torch.as_tensor(self._engine.get_global_grad_norm(), device=self.device)
        if self.scale:
            self.scale.saw(norm)
        return norm

    def sum_over_ranks(self, value: torch.Tensor) -> torch.Tensor:
        """See `Engine.sum_over_ranks`."""
        torch.distributed.all_reduce(value)
        return value

    def meet(self) -> None:
        """See `Engine.meet`."""
        torch.distributed.barrier()

    @property
    def updates(self) -> int:
        """See `Engine.updates`."""
        if self._steps:
            return self._steps.updates
        states = self._engine.optimizer.optimizer.state.values()
        return max((int(state["step"]) for state in states if "step" in state), default=0)

    def moments_of(self, parameter: nn.Parameter) -> dict[str, torch.Tensor]:
        """See `Engine.moments_of`."""
        if self._steps:
            return self._steps.moments_of(parameter)
        from deepspeed.utils import safe_get_full_optimizer_state  # noqa: PLC0415

        self._link_moments()
        found = {name: safe_get_full_optimizer_state(parameter, name) for name in MOMENTS}
        shape = getattr(parameter, "ds_shape", parameter.shape)  # no moments while float16 has skipped every step
        return {name: torch.zeros(shape) if value is None else value for name, value in found.items()}

    def set_moments(
        self,
        moments: Mapping[nn.Parameter, Mapping[str, torch.Tensor]],
        updates: int,
        a_loss: Callable[[], torch.Tensor],
    ) -> None:
        """See `Engine.set_moments`; ZeRO has no moments before its first step, so one is done that changes nothing."""
        if self._steps:
            self._steps.set_moments(moments, updates)
            return
        from deepspeed.utils import safe_set_full_optimizer_state  # noqa: PLC0415

        self.backward(a_loss() * 0.0, is_last=True)
        set_learning_rates(self._engine.optimizer, 0.0)
        self._engine.step()
        self._link_moments()
        for parameter, values in moments.items():
            for name in MOMENTS:
                safe_set_full_optimizer_state(parameter, values[name].to(self.device), name)
        for state in self._engine.optimizer.optimizer.state.values():
            if "step" in state:
                state["step"] = torch.full_like(torch.as_tensor(state["step"]), float(updates))

    def _link_moments(self) -> None:
        """Let ZeRO 1 and 2 find every moment: they look once, after the first group's first update (0.19.8)."""
        zero = self._engine.optimizer
        if hasattr(zero, "_hp_optimizer_states_linked"):
            zero._hp_optimizer_states_linked = False  # noqa: SLF001
            zero._lazy_init_hp_params_optimizer_state()  # noqa: SLF001

    def whole(self, tensor: torch.Tensor) -> torch.Tensor:
        """See `Engine.whole`."""
        with gathered(tensor):
            return tensor.detach().cpu().clone() if self._stage == ZERO_3 else tensor


BUCKET_ELEMENTS = 2**26
"""Gradients that ranks exchange at once; DeepSpeed's own 5e8 reserve 2 GB for adapters of a few megabytes."""


def join_ranks() -> None:
    """Let DeepSpeed find the other ranks, without an op for CPU inference that no training uses.

    It would be compiled, which takes 46 s and a compiler; a killed build leaves a lock that later ones wait for, a
    killed rank files in /dev/shm; and ranks on several hosts would wait for each other for ever.
    """
    import deepspeed  # noqa: PLC0415

    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    deepspeed.init_distributed()


ZERO_3 = 3
"""The stage that shares out the weights too."""


@contextmanager
def gathered(*tensors: torch.Tensor, changed: bool = False) -> Iterator[None]:
    """Make parameters whole that ZeRO 3 has shared out over the ranks; others are left alone.

    Args:
        tensors: parameters or buffers.
        changed: whether the body changes them, on every rank in the same way.
    """
    shared = [tensor for tensor in tensors if hasattr(tensor, "ds_id")]
    if not shared:
        yield
        return
    import deepspeed  # noqa: PLC0415

    with deepspeed.zero.GatheredParameters(shared, modifier_rank=0 if changed else None):
        yield


def deepspeed_config(config: OptimizerConfig, placement: Placement) -> dict[str, Any]:
    """Return what `deepspeed.initialize` is told; under ZeRO 0 we clip, since DeepSpeed keeps the norm to itself."""
    return {
        "train_micro_batch_size_per_gpu": 1,  # the loop makes the packs; this only has to be there
        "gradient_accumulation_steps": 1,
        "gradient_clipping": 0.0 if placement.zero_stage == 0 else config.max_grad_norm or 0.0,
        "zero_optimization": zero_config(placement),
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
        "steps_per_print": 10**9,
    }


def zero_config(placement: Placement) -> dict[str, Any]:
    """Return DeepSpeed's `zero_optimization`."""
    zero: dict[str, Any] = {"stage": placement.zero_stage, "reduce_bucket_size": BUCKET_ELEMENTS}
    if placement.offload != "none":
        zero["offload_optimizer"] = {"device": "cpu"}
    if placement.offload == "all":
        zero["offload_param"] = {"device": "cpu"}
    return zero


def make_engine(model: nn.Module, config: OptimizerConfig, placement: Placement) -> Engine:
    """Return the engine for this process: DeepSpeed where its launcher has started us."""
    return DeepSpeedEngine(model, config, placement) if "LOCAL_RANK" in os.environ else TorchEngine(model, config)
