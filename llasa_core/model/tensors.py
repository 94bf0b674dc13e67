"""Named tensors to a safetensors file and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch
    from torch import nn

MOST_PROBLEMS = 3
"""As many as a person reads in one line."""


def save_module(module: nn.Module, file: Path) -> None:
    """Write a module's parameters and buffers."""
    save_tensors(on_host(module), file)


def on_host(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return copies of a module's parameters and buffers in the host's memory, by name."""
    return {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}


def save_tensors(tensors: Mapping[str, torch.Tensor], file: Path) -> None:
    """Write named tensors, none of which share memory."""
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file, metadata={"format": "pt"})


def below(tensors: Mapping[str, torch.Tensor], part: str) -> dict[str, torch.Tensor]:
    """Return the tensors of one part of a model, by their names inside it."""
    prefix = f"{part}."
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def load_module(module: nn.Module, file: Path) -> None:
    """Load a module's tensors strictly: none missing, none extra, each of the right shape.

    Raises:
        ModelError: the file is missing or damaged, or its tensors are others than the module's.
    """
    found = read_tensors(file)
    wanted = {name: list(tensor.shape) for name, tensor in module.state_dict().items()}
    problems = misfits({name: list(tensor.shape) for name, tensor in found.items()}, wanted)
    if problems:
        raise ModelError(
            f"{file.name} does not fit this checkpoint's config.json: {'; '.join(problems)}",
            where=file,
            fix="copy the whole checkpoint again; its files belong together",
        )
    module.load_state_dict(found)


def misfits(found: Mapping[str, list[int]], wanted: Mapping[str, list[int]]) -> list[str]:
    """Return the first differences between the shapes of named tensors, in words; none if they agree."""
    problems = [f"`{name}` is missing" for name in wanted if name not in found]
    problems += [f"`{name}` is not expected" for name in found if name not in wanted]
    problems += [
        f"`{name}` is {found[name]}, expected {wanted[name]}"
        for name in wanted
        if name in found and found[name] != wanted[name]
    ]
    return problems[:MOST_PROBLEMS]


def read_tensors(file: Path) -> dict[str, torch.Tensor]:
    """Read a safetensors file.

    Raises:
        ModelError: it is missing or damaged.
    """
    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        what = "is missing" if not file.is_file() else f"is damaged: {str(error).splitlines()[0]}"
        raise ModelError(
            f"{file.name} {what}",
            where=file,
            fix="copy the checkpoint again, or train it again; a file that was cut off cannot be mended",
        ) from error
