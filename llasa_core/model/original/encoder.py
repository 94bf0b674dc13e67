"""The encoder of a checkpoint of the original: from the checkpoint itself, or from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from llasa_core.errors import ModelError
from llasa_core.model.limu_bert import LimuBert, config_of
from llasa_core.model.original.weight_files import shapes_of
from llasa_core.model.tensors import misfits, read_tensors

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.model.original.folder import OriginalFolder
    from llasa_core.model.original.weight_files import Tensors

TRANSFORMER = "transformer."


def encoder_from_file(file: Path) -> LimuBert:
    """Load LIMU-BERT from a published `.pt`, or from a `.safetensors` file of ours.

    Raises:
        ModelError: the file is missing, damaged, or holds something else.
    """
    if file.suffix != ".safetensors":
        return LimuBert.from_published(file)
    return _filled(read_tensors(file), file)


def encoder_of(tensors: Tensors, folder: OriginalFolder) -> LimuBert:
    """Make the encoder of a checkpoint's own tensors.

    The original ignores them and reads `../model_4.pt` of whatever folder it is started in; they are what was trained
    with. The head that reconstructs samples is not among them, and nothing but an encoder's training uses it.

    Args:
        tensors: named as `LimuBert`'s; none where the checkpoint holds no encoder.
        folder: where they come from.

    Raises:
        ModelError: there are none, or they are not an encoder's.
    """
    if not tensors:
        named = folder.config.get("mm_vision_tower")
        trained = f": it was trained with `{named}`" if named else ""
        raise ModelError(
            f"this {folder.kind} checkpoint holds no encoder{trained}",
            where=folder.path,
            fix="pass `--encoder FILE` with the LIMU-BERT weights that it was trained with",
        )
    return _filled(tensors, folder.path)


def _filled(tensors: Tensors, where: Path) -> LimuBert:
    encoder = LimuBert(config_of(tensors, where))
    wanted = encoder.state_dict()
    shapes = {
        name: list(tensor.shape) for name, tensor in wanted.items() if name in tensors or name.startswith(TRANSFORMER)
    }
    problems = misfits(shapes_of(tensors), shapes)
    if problems:
        raise ModelError(
            f"these are not LIMU-BERT's weights: {'; '.join(problems)}",
            where=where,
            fix="copy the checkpoint again, or pass `--encoder FILE` with published LIMU-BERT weights",
        )
    unknown = {name: torch.zeros_like(tensor) for name, tensor in wanted.items()}
    encoder.load_state_dict({**unknown, **{name: tensor.float() for name, tensor in tensors.items()}})
    return encoder.eval()
