"""One token of one text on a GPU, with nothing that changes from token to token but numbers in memory.

Decoding starts a thousand small kernels for each token, and starting them takes a GPU's host longer than computing them
takes the GPU. Where shapes and places in memory stay, they are recorded once and started all together.

Source:
    PyTorch's `torch.compile(mode="reduce-overhead")`, which records CUDA graphs; caches of a fixed size for it are
    transformers' `StaticCache`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from llasa_core.model.llama.lm import attend

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.model.llama.cache import KvCache
    from llasa_core.model.llama.lm import LlamaLm

ROOM = 1024
"""Positions of a cache from the first compiled token on; it doubles when they are full, which compiles once more."""


class StaticToken:
    """The blocks on a single vector, compiled at the first one: that takes half a minute or so for 30 layers."""

    def __init__(self, lm: LlamaLm, backend: str = "inductor") -> None:
        """Take an LM.

        Args:
            lm: it is read as it is at the first token.
            backend: of `torch.compile`; `inductor` makes kernels, `aot_eager` only traces.
        """
        self._lm = lm
        options: dict[str, Any] = {"backend": backend, "fullgraph": True, "dynamic": False}
        if backend == "inductor" and lm.device.type == "cuda":
            options["mode"] = "reduce-overhead"
        self._step: Callable[..., torch.Tensor] = torch.compile(self._plain_step, **options)

    def __call__(self, vector: torch.Tensor, cache: KvCache) -> torch.Tensor:
        """Read one more vector `[D]`, for which the cache has made room, and return the last hidden one, `[D]`."""
        lm, place = self._lm, cache.length - 1
        cache.reserve(min(ROOM, max(lm.config.max_position_embeddings, cache.length)))
        held = [cache.whole(layer) for layer in range(lm.config.num_hidden_layers)]
        for one in held:
            torch._dynamo.mark_static_address(one)  # noqa: SLF001 - as transformers does
        turns = torch.view_as_real(lm.rotary.at(place, place + 1, vector.device))[None]
        at = torch.tensor([place], device=vector.device)
        return self._step(vector[None, None], at, turns, held)[0, 0].clone()  # the next token is written there

    def _plain_step(
        self, x: torch.Tensor, place: torch.Tensor, turns: torch.Tensor, held: list[torch.Tensor]
    ) -> torch.Tensor:
        """Run the blocks; every query sees the whole room, what lies behind its place masked."""
        is_seen = (torch.arange(held[0].shape[3], device=x.device) <= place)[None, None, None]

        def attention(layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
            keys, values = held[layer].unbind(0)
            keys.index_copy_(2, place, key.transpose(1, 2).to(keys.dtype))
            values.index_copy_(2, place, value.transpose(1, 2).to(values.dtype))
            return attend(query, keys, values, is_seen)

        return self._lm.run(x, turns, attention)
