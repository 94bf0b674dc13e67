"""Decoding: an answer, token by token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from llasa_core.model.collate import collate, encode
from llasa_core.model.multimodal import tokens_per_window
from llasa_core.model.text import REPLACEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from llasa_core.data.qa import Turn
    from llasa_core.model.multimodal import LlasaModel


def generate_tokens(
    model: LlasaModel,
    windows: np.ndarray,
    turns: Sequence[Turn],
    *,
    max_new_tokens: int = 128,
    temperature: float = 0.0,
    seed: int = 0,
) -> Iterator[int]:
    """Yield the answer's tokens as they are decoded, without the end of turn.

    Args:
        model: from `load_checkpoint`.
        windows: float32 `[window, time, channel]`, one for each `<sensor>` in `turns`.
        turns: the conversation; its last turn is the question.
        max_new_tokens: the answer ends here at the latest.
        temperature: 0 takes the likeliest token; above, tokens are drawn.
        seed: makes the drawing repeatable.

    Raises:
        ModelError: the placeholders do not match the windows.
    """
    from transformers.cache_utils import DynamicCache  # noqa: PLC0415 - training never decodes

    encoded = encode(model.template, turns, len(windows))
    batch = collate([encoded], [windows], tokens_per_window(model.config, windows.shape[1])).to(model.device)
    generator = torch.Generator(model.device).manual_seed(seed)
    cache = DynamicCache()
    with torch.inference_mode():
        embeds = model.embed(batch)
        for _ in range(max_new_tokens):
            hidden = model.decode(embeds, use_cache=True, past_key_values=cache)
            token = _choose(model.logits(hidden[0, -1]).float(), temperature, generator)
            if token == model.template.end_of_turn:
                return
            yield token
            embeds = model.lm.get_input_embeddings()(torch.tensor([[token]], device=model.device))


def _choose(logits: torch.Tensor, temperature: float, generator: torch.Generator) -> int:
    if temperature == 0:
        return int(logits.argmax())
    return int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator))


def stream_answer(
    model: LlasaModel,
    windows: np.ndarray,
    turns: Sequence[Turn],
    *,
    max_new_tokens: int = 128,
    temperature: float = 0.0,
    seed: int = 0,
) -> Iterator[str]:
    """Yield the answer's text in pieces; arguments as `generate_tokens` takes them."""
    tokens: list[int] = []
    told = ""
    for token in generate_tokens(
        model, windows, turns, max_new_tokens=max_new_tokens, temperature=temperature, seed=seed
    ):
        tokens.append(token)
        text = model.codec.decode(tokens)
        if not text.endswith(REPLACEMENT) and len(text) > len(told):
            yield text[len(told) :]
            told = text
