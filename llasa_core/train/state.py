"""The state that a run resumes from: trained weights, both moments and the count of updates, by parameter.

It says nothing of ranks, ZeRO stages or shares: any number of devices can go on from it.

state/step-000100/
  state.json                  updates, loss scale, and what the files hold
  state-00000.safetensors …   `weight/NAME`, `exp_avg/NAME`, `exp_avg_sq/NAME`; float32
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open

from llasa_core.errors import RunError
from llasa_core.model.tensors import misfits, save_tensors
from llasa_core.train.engine import MOMENTS, gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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


class DamagedStateError(RunError):
    """A state's files are missing or cut off."""


class State:
    """A state that was opened; a tensor is read when it is needed, so that no rank ever holds all of them."""

    def __init__(self, folder: Path, model: nn.Module) -> None:
        """Open a state for a model.

        Raises:
            DamagedStateError: a file is missing or damaged.
            RunError: it is the state of another model.
        """
        self._parameters = trained_parameters(model)
        with _damage_named(folder / STATE_FILE):
            said = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
            self._updates: int = said["updates"]
            self._loss_scale: list[Any] | None = said["loss_scale"]
            files = [folder / f"state-{part:05d}.safetensors" for part in range(said["files"])]
        self._file_of: dict[str, Any] = {}
        for file in files:
            with _damage_named(file):
                opened = safe_open(file, framework="pt")
            self._file_of |= dict.fromkeys(opened.keys(), opened)  # type: ignore[no-untyped-call]
        self._check_shapes(folder)

    def _check_shapes(self, folder: Path) -> None:
        wanted = {
            f"{kind}/{name}": list(getattr(parameter, "ds_shape", parameter.shape))
            for name, parameter in self._parameters.items()
            for kind in ("weight", *MOMENTS)
        }
        found = {name: list(file.get_slice(name).get_shape()) for name, file in self._file_of.items()}
        if problems := misfits(found, wanted):
            raise RunError(
                f"the state is of another model: {'; '.join(problems)}",
                where=folder,
                fix="`--fresh` begins the run anew",
            )

    def _tensor(self, kind: str, name: str) -> torch.Tensor:
        tensor: torch.Tensor = self._file_of[f"{kind}/{name}"].get_tensor(f"{kind}/{name}")
        return tensor

    def put_weights(self) -> None:
        """Give the model its weights; before the engine is made, which may copy them."""
        for name, parameter in self._parameters.items():
            with gathered(parameter, changed=True), torch.no_grad():
                parameter.copy_(self._tensor("weight", name))

    def put_moments(self, engine: Engine, a_loss: Callable[[], torch.Tensor]) -> None:
        """Give the engine its moments, see `Engine.set_moments`."""
        engine.set_moments(_Moments(self._parameters, self._tensor), self._updates, a_loss)
        if engine.scale is not None and self._loss_scale:
            engine.scale.factor, engine.scale.steps_without_overflow = self._loss_scale


class _Moments(Mapping["nn.Parameter", dict[str, torch.Tensor]]):
    """Reads a parameter's moments when asked for them."""

    def __init__(self, parameters: dict[str, nn.Parameter], read: Callable[[str, str], torch.Tensor]) -> None:
        self._name_of = {parameter: name for name, parameter in parameters.items()}
        self._read = read

    def __getitem__(self, parameter: nn.Parameter) -> dict[str, torch.Tensor]:
        return {kind: self._read(kind, self._name_of[parameter]) for kind in MOMENTS}

    def __iter__(self) -> Iterator[nn.Parameter]:
        return iter(self._name_of)

    def __len__(self) -> int:
        return len(self._name_of)


@contextmanager
def _damage_named(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        what = "is missing" if not file.is_file() else f"is damaged: {str(error).splitlines()[0]}"
        raise DamagedStateError(f"{file.name} {what}", where=file, fix="`--fresh` begins the run anew") from error


def newest_state(
    states: Sequence[tuple[int, Path]], model: nn.Module, say: Callable[[str], None]
) -> tuple[int, State | None]:
    """Open the last whole state. A damaged one is passed over, and said: from an earlier one the result is the same.

    Args:
        states: from `Run.states`.
        model: of the stage.
        say: told of each damaged one.

    Returns:
        How many steps are done, and the state; none where the run has saved none.

    Raises:
        RunError: all of them are damaged, or the state is of another model.
    """
    damage: DamagedStateError | None = None
    for step, folder in reversed(states):
        try:
            return step, State(folder, model)
        except DamagedStateError as error:
            damage = error
            say(f"warning: the state after step {step} cannot be read, {error.message}; an earlier one is taken")
    if damage:
        raise RunError(f"no state of this run can be read: {damage.message}", where=damage.where, fix=damage.fix)
    return 0, None
