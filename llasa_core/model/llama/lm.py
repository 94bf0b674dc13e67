"""The LM: blocks of attention and SwiGLU around a residual stream."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import nn
from torch.nn import functional

from llasa_core.model.llama.cache import KvCache
from llasa_core.model.llama.matrix import Matrix, can_pack, is_emulated
from llasa_core.model.llama.one_token import OneToken
from llasa_core.model.llama.rotary import Rotary, turn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llasa_core.model.llama.shape import Shape


class Attention(Protocol):
    """What a layer's new queries attend to: the new positions, and what came before."""

    def __call__(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Return `[B, L, heads, D]`, given those of the new positions; keys and values may have fewer heads."""


@dataclass(frozen=True)
class Output:
    """What the blocks make of their input; named as in transformers."""

    last_hidden_state: torch.Tensor
    """`[B, L, D]`."""


class LlamaLm(nn.Module):
    """A Llama for inference, called as transformers' are.

    Half-precision weights compute in float32 on a CPU that has no such hardware: `dtype` says what goes in.
    """

    def __init__(self, shape: Shape, weights: Mapping[str, torch.Tensor]) -> None:
        """Take tensors as they are, not copied; `load.py` names them."""
        super().__init__()
        self.config = shape
        self.embed = Embedding(weights["embed"])
        self.blocks = nn.ModuleList(Block(shape, weights, layer) for layer in range(shape.num_hidden_layers))
        self.norm = Norm(weights["norm"], shape.rms_norm_eps)
        self.head = Matrix(weights.get("head", weights["embed"]))
        if shape.tie_word_embeddings:
            self.head.weight = self.embed.weight
        self.rotary = Rotary(shape.rope, shape.head_dim)
        self._read_one: Callable[[torch.Tensor, KvCache], torch.Tensor] | None = None

    @property
    def dtype(self) -> torch.dtype:
        """Type of the vectors between the layers."""
        weight = self.embed.weight
        return torch.float32 if is_emulated(weight) else weight.dtype

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.embed.weight.device

    def get_input_embeddings(self) -> Embedding:
        """Return what turns token ids into vectors."""
        return self.embed

    def get_output_embeddings(self) -> Matrix:
        """Return what turns vectors into logits."""
        return self.head

    def get_decoder(self) -> LlamaLm:
        """Return the blocks: this is called like transformers' decoder."""
        return self

    def new_cache(self) -> KvCache:
        """Return an empty cache; on a CPU keys and values are float32, in which its attention is quickest."""
        dtype = torch.float32 if self.device.type == "cpu" else self.embed.weight.dtype
        return KvCache(self.config, dtype, self.device)

    @property
    def is_packed(self) -> bool:
        """Whether the weights are laid out for products of many rows."""
        return self.head.is_packed

    def pack(self) -> bool:
        """Lay the weights out for products of many rows, where that pays, and say whether it did.

        It takes some seconds and no more memory than before; what is computed from then on is as exact.
        """
        if not can_pack(self.embed.weight):
            return False
        matrices = [module for module in self.modules() if isinstance(module, Matrix)]
        with ThreadPoolExecutor(torch.get_num_threads()) as threads:  # each is packed on one core
            list(threads.map(Matrix.pack, matrices))
        return True

    def read_one_with(self, reader: Callable[[torch.Tensor, KvCache], torch.Tensor]) -> None:
        """Have single tokens read by another way than the LM's own, such as a `StaticToken`."""
        self._read_one = reader

    @torch.inference_mode()
    def forward(
        self,
        inputs_embeds: torch.Tensor,
        *,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: KvCache | None = None,
        use_cache: bool = False,
    ) -> Output:
        """Run the blocks.

        Args:
            inputs_embeds: `[B, L, D]`.
            attention_mask: who sees whom: bool `[B or 1, 1, L, P + L]`, or what is no padding, `[B, P + L]`.
            position_ids: int64 `[B, L]`; the next ones where left out.
            past_key_values: the cache, which holds P positions and then L more; from `new_cache`.
            use_cache: unused, a cache says it; transformers asks for it.
        """
        _ = use_cache
        n_rows, n_new, _ = inputs_embeds.shape
        cache, before, on_cpu = past_key_values, 0, inputs_embeds.device.type == "cpu"
        if cache is not None:
            before = cache.length
            cache.extend(n_new, n_rows)
        mask = _mask(attention_mask, n_new, before, inputs_embeds.device)
        if position_ids is None:
            turns = self.rotary.at(before, before + n_new, inputs_embeds.device)
        else:
            turns = self.rotary.of(position_ids)
        try:
            if cache is not None and n_rows == n_new == 1 and mask is position_ids is None:
                if self._read_one is not None:
                    return Output(self._read_one(inputs_embeds[0, 0], cache)[None, None])
                if on_cpu:
                    return Output(self._one_token(cache)(inputs_embeds[0, 0])[None, None])
            return Output(self.run(inputs_embeds, turns, Attending(cache, mask, is_first=before == 0)))
        except BaseException:
            if cache is not None:
                cache.truncate(before)  # an interrupt leaves it as it was
            raise

    def _one_token(self, cache: KvCache) -> OneToken:
        if cache.one_token is None or not cache.one_token.fits(self):
            cache.one_token = OneToken(self, cache)
        return cache.one_token

    def run(self, x: torch.Tensor, turns: torch.Tensor, attention: Attention) -> torch.Tensor:
        """Run the blocks on `[B, L, D]` under any attention, with `turns` for the positions, from `rotary`."""
        x = x.to(self.dtype, copy=True)  # blocks add to it in place
        for layer, block in enumerate(self.blocks):
            block(x, layer, turns, attention)
        return self.norm(x)  # type: ignore[no-any-return]


def _mask(mask: torch.Tensor | None, n_new: int, before: int, device: torch.device) -> torch.Tensor | None:
    """Return who sees whom, bool `[B or 1, 1, L, P + L]`; None where each sees itself and all before it."""
    if mask is not None and mask.dim() != 2:  # noqa: PLR2004 - [B, P + L] marks padding
        return mask
    if n_new == 1:
        return None if mask is None else mask.bool()[:, None, None]
    if mask is None and before == 0:
        return None
    causal = torch.ones(n_new, before + n_new, dtype=torch.bool, device=device).tril(before)[None, None]
    if mask is None:
        return causal
    visible = causal & mask.bool()[:, None, None]
    itself = torch.eye(n_new, dtype=torch.bool, device=device)  # padding sees itself: nothing at all gives NaN
    visible[..., before:] |= itself
    return visible


@dataclass(frozen=True)
class Attending:
    """Attention over texts of one length, with or without a cache."""

    cache: KvCache | None
    mask: torch.Tensor | None
    is_first: bool

    def __call__(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """See `Attention`."""
        key, value = key.transpose(1, 2), value.transpose(1, 2)
        if self.cache is not None:
            key, value = self.cache.put(layer, key, value)
        return attend(query, key, value, self.mask, is_causal=self.is_first)


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, *, is_causal: bool = False
) -> torch.Tensor:
    """Attend: queries `[B, L, heads, D]` to keys and values `[B, fewer heads, T, D]`; returns `[B, L, heads, D]`.

    Args:
        query: of the new positions.
        key: of all positions.
        value: of all positions.
        mask: who sees whom, bool, broadcast over heads; with a single query, `[B, 1, 1, T]`.
        is_causal: whether the queries are all that there is, each seeing itself and those before it, without a mask.
    """
    n_rows, n_new, n_heads, width = query.shape
    if n_new == 1:  # heads that share keys stand in a row as if they were positions: nothing is repeated
        groups = query.view(n_rows, key.shape[1], -1, width)
        seen = functional.scaled_dot_product_attention(groups, key, value, attn_mask=mask)
        return seen.reshape(n_rows, 1, n_heads, width)
    seen = functional.scaled_dot_product_attention(
        query.transpose(1, 2),
        key,
        value,
        attn_mask=mask,
        is_causal=is_causal and mask is None,
        enable_gqa=key.shape[1] != n_heads,
    )
    return seen.transpose(1, 2)


class Embedding(nn.Module):
    """Token ids to vectors, in the type that the LM computes in."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Look up."""
        vectors = functional.embedding(ids, self.weight)
        return vectors.float() if is_emulated(self.weight) else vectors


class Norm(nn.Module):
    """Root-mean-square norm (Zhang and Sennrich, 2019), computed in float32."""

    def __init__(self, weight: torch.Tensor, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scale `[…, D]`."""
        return functional.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype), self.eps)


class Block(nn.Module):
    """Attention and SwiGLU, each added to the stream; queries, keys and values are one product, gate and up another."""

    def __init__(self, shape: Shape, weights: Mapping[str, torch.Tensor], layer: int) -> None:
        super().__init__()
        at = f"{layer}."
        self.attention_norm = Norm(weights[f"{at}attention_norm"], shape.rms_norm_eps)
        self.qkv = Matrix(weights[f"{at}qkv"])
        self.out = Matrix(weights[f"{at}out"])
        self.inner_norm = Norm(weights[f"{at}inner_norm"], shape.rms_norm_eps)
        self.gate_up = Matrix(weights[f"{at}gate_up"])
        self.down = Matrix(weights[f"{at}down"])
        self._heads = shape.num_attention_heads, shape.num_key_value_heads, shape.head_dim
        self._inner = shape.intermediate_size

    def forward(self, x: torch.Tensor, layer: int, turns: torch.Tensor, attention: Attention) -> None:
        """Add to the stream `[B, L, D]`, in place."""
        n_heads, n_shared, width = self._heads
        made = self.qkv(self.attention_norm(x))
        made = (made.float() if x.device.type == "cpu" else made).unflatten(-1, (-1, width))  # [B, L, heads, D]
        turned = turn(made[:, :, : n_heads + n_shared].float(), turns).to(made.dtype)
        seen = attention(layer, turned[:, :, :n_heads], turned[:, :, n_heads:], made[:, :, n_heads + n_shared :])
        x += self.out(seen.flatten(2).to(x.dtype))
        both = self.gate_up(self.inner_norm(x))
        x += self.down(functional.silu(both[..., : self._inner]) * both[..., self._inner :])
