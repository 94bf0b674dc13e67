"""Weights held in the type that the processor is quick in: without bfloat16 in its hardware a CPU crawls in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from llasa_core.machine import computes_half_precision, host_memory
from llasa_core.model.llama import LlamaLm

if TYPE_CHECKING:
    from llasa_core.model.multimodal import LlasaModel

SPARE = 1.2
"""Memory that must be free, in sizes of the widened weights: what is computed needs some too."""


def widened(model: LlasaModel) -> LlasaModel:
    """Return the model with its LM in float32 where that is quicker, the very same weights: nothing is rounded.

    Scoring SmolLM2-135M took a seventh of the time on a CPU with AVX2 alone, decoding half. Weights that would not fit
    into memory stay as they are, and so does everything on a GPU.
    """
    if isinstance(model.lm, LlamaLm):  # widens what it computes with as it goes
        return model
    half = [p.numel() for p in model.lm.parameters() if p.dtype in {torch.bfloat16, torch.float16}]
    if model.device.type != "cpu" or not half or computes_half_precision():
        return model
    memory = host_memory()
    if memory is None or memory.available > 4 * SPARE * sum(half):
        model.lm.float()
    return model
