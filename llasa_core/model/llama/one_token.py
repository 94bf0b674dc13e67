"""One token of one text on a CPU, in as few operations as it takes: most of what decoding costs beyond the products.

A small operation takes a few microseconds, most of it on the way to the kernel, and there are 30 layers of them. Here
every intermediate value has memory of its own, taken once with all the views of it that are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from llasa_core.model.llama.cache import KvCache
    from llasa_core.model.llama.lm import Block, LlamaLm, Norm
    from llasa_core.model.llama.matrix import Matrix


class OneToken:
    """The blocks on a single vector, with the memory for it; one for each cache, since two texts may take turns."""

    def __init__(self, lm: LlamaLm, cache: KvCache) -> None:
        shape = lm.config
        width, inner, head_dim = shape.hidden_size, shape.intermediate_size, shape.head_dim
        n_heads, n_shared = shape.num_attention_heads, shape.num_key_value_heads
        n_turned = n_heads + n_shared
        self._lm, self._cache = lm, cache
        self._width, self._inner = width, inner
        self._is_packed, self._type = lm.is_packed, lm.embed.weight.dtype
        product = torch.float32 if self._is_packed else self._type
        self._stream, self._zero = torch.empty(width), torch.zeros(width)
        self._normed = torch.empty(width, dtype=product)
        self._made = torch.empty((n_turned + n_shared) * head_dim)  # queries, keys, values
        made = self._made.view(-1, head_dim)
        self._pairs = torch.view_as_complex(made[:n_turned].view(n_turned, -1, 2))
        self._query = made[:n_heads].view(1, n_shared, -1, head_dim)  # heads that share keys stand in a row
        self._new = made[n_heads:].view(2, n_shared, head_dim)
        self._both = torch.empty(2 * inner, dtype=product)
        self._gate, self._up = self._both[:inner], self._both[inner:]

    def fits(self, lm: LlamaLm) -> bool:
        """Return whether it was made for an LM as it is now."""
        return self._lm is lm and self._is_packed == lm.is_packed and self._type == lm.embed.weight.dtype

    def __call__(self, vector: torch.Tensor) -> torch.Tensor:
        """Read one more vector `[D]`, for which the cache has made room, and return the last hidden one, `[D]`."""
        lm, stream = self._lm, self._stream
        stream.copy_(vector)
        place = self._cache.length - 1
        turn = lm.rotary.at(place, place + 1, stream.device)[0]
        for layer, block in enumerate(lm.blocks):
            self._attend(block, layer, place, turn)  # type: ignore[arg-type]
            self._think(block)  # type: ignore[arg-type]
        self._scale(lm.norm)
        return self._normed.to(lm.dtype, copy=True)

    def _attend(self, block: Block, layer: int, place: int, turn: torch.Tensor) -> None:
        self._scale(block.attention_norm)
        if self._is_packed:
            self._made.copy_(self._times(block.qkv, self._normed))
        else:
            self._made.copy_(torch.mv(block.qkv.weight, self._normed))
        self._pairs.mul_(turn)
        held = self._cache.whole(layer)  # [2, 1, heads, room, D]
        held.select(1, 0).select(2, place).copy_(self._new)
        keys, values = held.narrow(3, 0, place + 1).unbind(0)
        seen = functional.scaled_dot_product_attention(self._query, keys, values).view(-1)
        self._stream.add_(self._times(block.out, seen))

    def _think(self, block: Block) -> None:
        self._scale(block.inner_norm)
        if self._is_packed:
            self._both.copy_(self._times(block.gate_up, self._normed))
        else:
            torch.mv(block.gate_up.weight, self._normed, out=self._both)
        functional.silu(self._gate, inplace=True)
        self._gate.mul_(self._up)
        self._stream.add_(self._times(block.down, self._gate))

    def _scale(self, norm: Norm) -> None:
        """Write the normed stream."""
        square = float(torch.dot(self._stream, self._stream))
        scale = (square / self._width + norm.eps) ** -0.5
        torch.addcmul(self._zero, self._stream, norm.weight, value=scale, out=self._normed)

    def _times(self, matrix: Matrix, vector: torch.Tensor) -> torch.Tensor:
        if self._is_packed:
            return matrix(vector[None])[0]  # type: ignore[no-any-return]
        return torch.mv(matrix.weight, vector.to(matrix.weight.dtype))
