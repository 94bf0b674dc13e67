"""How many floating-point operations training takes, for the share of the device's ceiling that a run reaches (MFU)."""

from __future__ import annotations

from typing import Any

from llasa_core.model.parameter_counts import linear_layers

FROZEN_FLOPS = 4
"""A parameter and token: 2 forward, 2 for the gradient of the layer's input."""
TRAINED_FLOPS = 6
"""With 2 more for the gradient of the weight."""


def flops_per_token(sizes: dict[str, Any], *, is_lm_trained: bool, answer_share: float = 1.0) -> float:
    """Return the operations that one token of a pack takes.

    4 for each parameter of the LM's linear layers where they are frozen (with or without LoRA, whose own are few), 6
    where they are trained. Looking up embeddings takes none. The output head is computed for learned tokens only, so it
    counts with their share; published figures count it for every token, as `answer_share=1` does. Left out, as in most
    of those figures: attention between positions (little in packs of short documents), the encoder and projector, and
    whatever activation checkpointing computes again.

    Args:
        sizes: of the LM, as in its `config.json`.
        is_lm_trained: whether all of the LM is trained.
        answer_share: learned tokens, divided by all.

    Raises:
        UnknownSizes: the LM's blocks are not like Llama's.

    Source:
        Kaplan et al., Scaling Laws, 2020, section 2.1 (6 a parameter); Chowdhery et al., PaLM, 2022, appendix B (MFU).
    """
    blocks = int(sizes["num_hidden_layers"]) * sum(width_in * width_out for width_in, width_out in linear_layers(sizes))
    head = sizes["vocab_size"] * sizes["hidden_size"]
    return float((TRAINED_FLOPS if is_lm_trained else FROZEN_FLOPS) * (blocks + answer_share * head))
