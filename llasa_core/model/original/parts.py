"""The tensors of a checkpoint of the original, sorted into LM, projector and encoder, under the names that we use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llasa_core.errors import ModelError
from llasa_core.model.original.folder import OTHERS_FILE, PROJECTOR_FILE
from llasa_core.model.original.weight_files import MOST_NAMES, read_file, read_weights

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.model.original.folder import OriginalFolder
    from llasa_core.model.original.weight_files import Tensors

WRAPPED = re.compile(r"^base_model\.(model\.)?")
"""What peft puts before a name of its base model."""
PROJECTOR = re.compile(r"^(?:model\.)+mm_projector\.")
TOWER = re.compile(r"^(?:model\.)+vision_tower\.(?:vision_tower\.)?(?:\d+\.)?")
TOWER_PARTS = ("embed.", "attn.", "proj.", "norm1.", "pwff.", "norm2.")
"""Of LIMU-BERT's transformer, which the original keeps without the word before them."""
RENAMED_NORM = re.compile(r"^(.*\bnorm[12]?\.)(weight|bias)$")
"""transformers 4 wrote `weight` and `bias` where LIMU-BERT says `gamma` and `beta`."""
RECOMPUTED = re.compile(r"\.rotary_emb\.inv_freq$")
"""Frequencies that older versions of transformers stored; they follow from the config."""


@dataclass
class Parts:
    """Named tensors of each part; empty where a folder does not hold it."""

    lm: Tensors = field(default_factory=dict)
    """As a `LlamaForCausalLM` names them."""
    projector: Tensors = field(default_factory=dict)
    encoder: Tensors = field(default_factory=dict)
    """As `LimuBert` names them."""

    @classmethod
    def of(cls, tensors: Tensors) -> Parts:
        """Sort tensors by their names."""
        parts = cls()
        for wrapped, tensor in tensors.items():
            name = WRAPPED.sub("", wrapped)
            if PROJECTOR.match(name):
                parts.projector[PROJECTOR.sub("", name)] = tensor
            elif TOWER.match(name):
                parts.encoder[_encoder_name(TOWER.sub("", name))] = tensor
            elif not RECOMPUTED.search(name):
                parts.lm[name] = tensor
        parts.encoder = {name: each for name, each in parts.encoder.items() if not name.startswith("fc.")}
        return parts


def read_parts(folder: OriginalFolder) -> Parts:
    """Read a folder's own weights, without an adapter's.

    Raises:
        ModelError: a file is missing or damaged; a stage-1 folder holds more than a projector; or there is none.
    """
    if folder.kind == "full":
        parts, file = Parts.of(read_weights(folder.path)), folder.path
    else:
        file = folder.path / (OTHERS_FILE if folder.kind == "LoRA" else PROJECTOR_FILE)
        parts = Parts.of(read_file(file))
        if folder.kind == "stage-1":
            _refuse_more(parts, file)
    if not parts.projector:
        raise ModelError(
            "there is no projector among the weights: no name begins with `model.mm_projector.`",
            where=file,
            fix="name a folder that the original has trained; a plain LM goes to `--base-lm`",
        )
    return parts


def _refuse_more(parts: Parts, file: Path) -> None:
    extra = [f"`{name}`" for name in (*parts.lm, *parts.encoder)]
    if extra:
        raise ModelError(
            f"{file.name} holds more than a projector: {', '.join(extra[:MOST_NAMES])}",
            where=file,
            fix="name the folder that the original's first stage has written",
        )


def _encoder_name(name: str) -> str:
    norm = RENAMED_NORM.match(name)
    if norm:
        name = norm[1] + ("gamma" if norm[2] == "weight" else "beta")
    return f"transformer.{name}" if name.startswith(TOWER_PARTS) else name
