"""The state that a run resumes from: trained weights, both moments and the count of updates, by parameter.

It says nothing of ranks, ZeRO stages or shares: any number of devices can go on from it.

state/step-000100/
  state.json                  updates, loss scale, and what the files hold
  state-00000.safetensors …   `weight/NAME`, `exp_avg/NAME`, `exp_avg_sq/NAME`; float32
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import torch

from llasa_core.errors import RunError
from llasa_core.model.tensors import misfits, read_tensors, save_tensors
from llasa_core.train.engine import MOMENTS, gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from torch import nn

    from llasa_core.train.engine import Engine

STATE_FILE = "state.json"
BYTES_A_FILE = 2 * 2**30
"""A state is gathered and written in parts of about this size."""
BYTES_A_PARAMETER = 12
"""A weight and two moments in float32."""


def trained_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return what is trained, by name."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def n_elements(parameter: nn.Parameter) -> int:
    """Return a parameter's size, also where ZeRO 3 has left only a share of it here."""
    return int(getattr(parameter, "ds_numel", parameter.numel()))


def state_bytes(model: nn.Module) -> int:
    """Return how large a state is, but for a few kilobytes."""
    return BYTES_A_PARAMETER * sum(map(n_elements, trained_parameters(model).values()))


def write_state(folder: Path, model: nn.Module, engine: Engine) -> None:
    """Write a state into a new folder; called on every rank, written by the first."""
    parts = 0
    if engine.rank == 0:
        folder.mkdir(parents=True)
    for tensors in _in_parts(model, engine):
        if engine.rank == 0:
            save_tensors(tensors, folder / f"state-{parts:05d}.safetensors")
        parts += 1
    if engine.rank == 0:
        scale = None if engine.scale is None else [engine.scale.factor, engine.scale.steps_without_overflow]
        said = {"updates": engine.updates, "loss_scale": scale, "files": parts}
        (folder / STATE_FILE).write_text(json.dumps(said) + "\n", encoding="utf-8")


def _in_parts(model: nn.Module, engine: Engine) -> Iterator[dict[str, torch.Tensor]]:
    tensors: dict[str, torch.Tensor] = {}
    size = 0
    for name, parameter in trained_parameters(model).items():
        values = {"weight": engine.whole(parameter), **engine.moments_of(parameter)}
        if engine.rank == 0:
            tensors |= {f"{kind}/{name}": value.detach().float().cpu() for kind, value in values.items()}
        size += BYTES_A_PARAMETER * n_elements(parameter)
        if size >= BYTES_A_FILE:
            yield tensors
            tensors, size = {}, 0
    if size:
        yield tensors


class State:
    """A state that was read."""

    def __init__(self, folder: Path, model: nn.Module) -> None:
        """Read a state for a model.

        Raises:
            ModelError: a file is missing or damaged.
            RunError: it is the state of another model.
        """
        self._said: dict[str, Any] = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
        files = [folder / f"state-{part:05d}.safetensors" for part in range(self._said["files"])]
        tensors = {name: tensor for file in files for name, tensor in read_tensors(file).items()}
        self._parameters = trained_parameters(model)
        wanted = {
            f"{kind}/{name}": list(getattr(parameter, "ds_shape", parameter.shape))
            for name, parameter in self._parameters.items()
            for kind in ("weight", *MOMENTS)
        }
        problems = misfits({name: list(tensor.shape) for name, tensor in tensors.items()}, wanted)
        if problems:
            raise RunError(
                f"the state is of another model: {'; '.join(problems)}",
                where=folder,
                fix="`--fresh` begins the run anew",
            )
        self._tensors: dict[str, dict[str, torch.Tensor]] = defaultdict(dict)
        for name, tensor in tensors.items():
            kind, parameter = name.split("/", 1)
            self._tensors[kind][parameter] = tensor

    def put_weights(self) -> None:
        """Give the model its weights; before the engine is made, which may copy them."""
        for name, parameter in self._parameters.items():
            with gathered(parameter, changed=True), torch.no_grad():
                parameter.copy_(self._tensors["weight"][name])

    def put_moments(self, engine: Engine, a_loss: Callable[[], torch.Tensor]) -> None:
        """Give the engine its moments, see `Engine.set_moments`."""
        moments = {
            parameter: {kind: self._tensors[kind][name] for kind in MOMENTS}
            for name, parameter in self._parameters.items()
        }
        engine.set_moments(moments, self._said["updates"], a_loss)
        if engine.scale is not None and self._said["loss_scale"]:
            engine.scale.factor, engine.scale.steps_without_overflow = self._said["loss_scale"]
