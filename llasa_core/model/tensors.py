"""Named tensors to a safetensors file and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import nn


def save_module(module: nn.Module, file: Path) -> None:
    """Write a module's parameters and buffers."""
    tensors = {name: value.detach().cpu().clone().contiguous() for name, value in module.state_dict().items()}
    save_file(tensors, file, metadata={"format": "pt"})


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
