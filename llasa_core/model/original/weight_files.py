"""Named tensors out of the files that transformers and peft write: safetensors or pickles, whole or in shards."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = ("model.safetensors", "pytorch_model.bin")
INDEX = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
COPY_AGAIN = "copy the checkpoint again, with all its files; one that was cut off cannot be mended"
MOST_NAMES = 3
"""As many as a person reads in one line."""

Tensors = dict[str, torch.Tensor]


def has_weights(folder: Path) -> bool:
    """Say whether a folder holds a whole model's weights."""
    return any((folder / name).is_file() for name in (*WHOLE, *INDEX))


def read_weights(folder: Path) -> Tensors:
    """Read a whole model's weights; safetensors where a folder holds both forms, as transformers does.

    The tensors lie in the files until they are copied.

    Raises:
        ModelError: a file is missing or damaged, or the shards are not those of the index.
    """
    for whole, index in zip(WHOLE, INDEX, strict=True):
        if (folder / whole).is_file():
            return read_file(folder / whole)
        if (folder / index).is_file():
            return _read_shards(folder / index)
    raise ModelError(
        "the folder holds no weights", where=folder, fix=f"it needs {' or '.join(WHOLE)}, or their shards and index"
    )


def read_file(file: Path) -> Tensors:
    """Read one file of named tensors without running any code in it.

    Raises:
        ModelError: it is missing, damaged, or holds something else.
    """
    if not file.is_file():
        raise ModelError(f"{file.name} is missing", where=file, fix=COPY_AGAIN)
    try:
        found = load_file(file) if file.suffix == ".safetensors" else _unpickled(file)
    except (OSError, SafetensorError) as error:
        raise _damaged(file, error) from error
    if not isinstance(found, dict) or not all(isinstance(each, torch.Tensor) for each in found.values()):
        raise ModelError(f"{file.name} holds no named tensors", where=file, fix=COPY_AGAIN)
    return found


def shapes_of(tensors: Tensors) -> dict[str, list[int]]:
    """Return the shape of each tensor, by name and in the order of names, which files do not keep."""
    return {name: list(tensors[name].shape) for name in sorted(tensors)}


def first_there(folder: Path, names: tuple[str, ...]) -> Path:
    """Return the first of these files that is there; the first of all where none is."""
    return next((folder / name for name in names if (folder / name).is_file()), folder / names[0])


def _unpickled(file: Path) -> Any:
    try:
        try:
            return torch.load(file, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError as error:
            if "mmap" not in str(error):
                raise
            return torch.load(file, map_location="cpu", weights_only=True)  # a file of torch before 1.6
    except Exception as error:  # torch raises whatever its unpickler meets
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> ModelError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return ModelError(f"{file.name} cannot be read as weights: {reason}", where=file, fix=COPY_AGAIN)


def _read_shards(index: Path) -> Tensors:
    try:
        places: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        shards = sorted(set(places.values()))
        if not all(PurePath(shard).name == shard for shard in shards):
            raise ValueError(f"shards beside it are named by a file name alone, not {shards}")  # noqa: TRY301
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{index.name} is damaged: {error}", where=index, fix=COPY_AGAIN) from error
    tensors: Tensors = {}
    for shard in shards:
        tensors |= read_file(index.with_name(shard))
    missing = [name for name in places if name not in tensors]
    unnamed = [name for name in tensors if name not in places]
    problems = [f"`{name}` is missing" for name in missing] + [f"`{name}` is not in the index" for name in unnamed]
    if problems:
        raise ModelError(
            f"the shards are not those of {index.name}: {'; '.join(problems[:MOST_NAMES])}", where=index, fix=COPY_AGAIN
        )
    return tensors
