"""Attention over packs: every document sees itself alone, causally.

One function stands in for the LM's own attention while a pack is computed, chosen by name:

flash     flash-attn's kernel for documents of different lengths; CUDA
varlen    torch's own such kernel; CUDA
each      one document after the other, through torch's SDPA in float32; quickest on a CPU
blocks    the documents side by side, padded to the longest, through torch's SDPA; anywhere
sdpa      the LM's own SDPA attention under a mask of the whole pack
eager     the LM's own plain attention under that mask: for LMs that cap or sink their scores, and to compare with
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn import functional

from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from llasa_core.model.config import AttentionName
    from llasa_core.model.packing import Pack

REGISTERED_NAME = "llasa_documents"
LONGEST_HEAD = 256
"""Both kernels' limit on the width of a head."""


class States(NamedTuple):
    """What a layer attends with: `[T, heads, width]` each; keys and values may have fewer heads."""

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor


@dataclass(frozen=True)
class Documents:
    """Where the documents of a pack are, as attention needs to know it."""

    starts: torch.Tensor
    """int32 `[D + 1]`."""
    positions: torch.Tensor
    """int64 `[T]`: places in their own documents."""
    lengths: tuple[int, ...]
    kernel: AttentionName

    @classmethod
    def of(cls, pack: Pack, kernel: AttentionName) -> Documents:
        """Return a pack's documents."""
        return cls(pack.starts, pack.positions, pack.lengths, kernel)

    @cached_property
    def longest(self) -> int:
        """Positions of the longest document."""
        return max(self.lengths)

    @cached_property
    def number(self) -> torch.Tensor:
        """int64 `[T]`: which document a position belongs to."""
        return (self.positions == 0).cumsum(0) - 1

    @cached_property
    def side_by_side(self) -> torch.Tensor:
        """int64 `[D, longest]`: positions of each document; its last one again where it is shorter."""
        place = torch.arange(self.longest, device=self.starts.device)
        return torch.minimum(self.starts[:-1, None] + place, self.starts[1:, None] - 1).long()

    @cached_property
    def in_a_row(self) -> torch.Tensor:
        """int64 `[T]`: where each position is among `side_by_side`, flattened."""
        return self.number * self.longest + self.positions

    def is_visible(self, sliding_window: int | None = None) -> torch.Tensor:
        """Return who may see whom, bool `[T, T]`."""
        place = self.positions
        visible = (self.number[:, None] == self.number) & (place[:, None] >= place)
        if sliding_window:
            visible &= place[:, None] - place < sliding_window
        return visible


def choose_attention(wanted: AttentionName, lm_config: Any, device: torch.device, dtype: torch.dtype) -> AttentionName:
    """Say which attention a run takes.

    Raises:
        ModelError: the one that is asked for cannot be had for this LM, on this device, in this type.
    """
    only_own = _needs_own_attention(lm_config)
    if wanted == "auto":
        if only_own:
            return "eager"
        if _obstacle("varlen", lm_config, device, dtype):
            return "each" if device.type == "cpu" else "blocks"
        return "flash" if find_spec("flash_attn") else "varlen"
    obstacle = _obstacle(wanted, lm_config, device, dtype)
    if obstacle is None and only_own and wanted != "eager":
        obstacle = f"the LM {only_own}, which only its own attention does"
    if obstacle:
        raise ModelError(
            f"attention `{wanted}` cannot be had: {obstacle}", fix="leave `attention` out, or set it to `auto`"
        )
    return wanted


def _obstacle(wanted: str, lm_config: Any, device: torch.device, dtype: torch.dtype) -> str | None:
    if wanted not in {"flash", "varlen"}:
        return None
    if device.type != "cuda":
        return "it needs a CUDA device"
    if dtype == torch.float32:
        return "it computes in bfloat16 or float16 only"
    if wanted == "flash" and not find_spec("flash_attn"):
        return "flash-attn is not installed"
    head = getattr(lm_config, "head_dim", None) or lm_config.hidden_size // lm_config.num_attention_heads
    return f"heads are {head} wide, more than {LONGEST_HEAD}" if head > LONGEST_HEAD else None


def _needs_own_attention(lm_config: Any) -> str | None:
    if getattr(lm_config, "attn_logit_softcapping", None):
        return "caps its attention scores"
    if getattr(lm_config, "model_type", "") == "gpt_oss":
        return "has attention sinks"
    return None


def use_attention(lm: Any, name: AttentionName) -> None:
    """Make an LM compute its attention as `name` says, from its next forward on."""
    if name in {"sdpa", "eager"}:
        lm.config._attn_implementation = name  # noqa: SLF001 - set_attn_implementation asks the hub for names it lacks
        return
    from transformers import AttentionInterface  # noqa: PLC0415 - heavy

    # A compiled `each` would be compiled anew for every pack's lengths.
    disable: Any = torch.compiler.disable  # has no types
    function = disable(attend) if name == "each" else attend
    AttentionInterface.register(REGISTERED_NAME, function)
    lm.config._attn_implementation = REGISTERED_NAME  # noqa: SLF001


def decoder_options(documents: Documents, lm_config: Any, dtype: torch.dtype) -> dict[str, Any]:
    """Return what the LM's blocks have to be called with so that documents stay apart."""
    options: dict[str, Any] = {"position_ids": documents.positions[None], "use_cache": False}
    if documents.kernel not in {"sdpa", "eager"}:
        return {**options, "attention_mask": None, "documents": documents}
    window = getattr(lm_config, "sliding_window", None)
    kinds = set(getattr(lm_config, "layer_types", None) or [])
    whole, sliding = (_mask(documents, each, dtype) for each in (None, window))
    if len(kinds) > 1:
        return {**options, "attention_mask": {"full_attention": whole, "sliding_attention": sliding}}
    is_sliding = kinds == {"sliding_attention"} or (not kinds and getattr(lm_config, "use_sliding_window", True))
    return {**options, "attention_mask": sliding if is_sliding else whole}


def _mask(documents: Documents, sliding_window: int | None, dtype: torch.dtype) -> torch.Tensor:
    visible = documents.is_visible(sliding_window)
    mask = torch.zeros(visible.shape, dtype=dtype, device=visible.device)
    return mask.masked_fill_(~visible, torch.finfo(dtype).min)[None, None]


def attend(  # noqa: PLR0913 - transformers' own signature
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,  # noqa: ARG001
    *,
    documents: Documents,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **_options: Any,
) -> tuple[torch.Tensor, None]:
    """Attend within documents; transformers calls this in place of the LM's attention.

    Args:
        module: the LM's attention layer.
        query: `[1, heads, T, width]`.
        key: `[1, key heads, T, width]`.
        value: like `key`.
        attention_mask: unused, the documents say all.
        documents: of the pack.
        scaling: of the scores; one over the root of the width when left out.
        dropout: of the weights; none of these kernels is asked for it.
        sliding_window: how many positions a position sees back, itself counted; all when left out.

    Returns:
        `[1, T, heads, width]`, and no weights.
    """
    if dropout and module.training:
        raise ModelError("the LM drops attention weights, which packed training does not", fix="set `attention: eager`")
    reach = sliding_window if sliding_window and sliding_window < documents.longest else None
    states = States(*(one[0].transpose(0, 1) for one in (query, key, value)))
    if documents.kernel == "each":
        out = _each(states, documents, scaling, reach)
    elif documents.kernel == "blocks":
        out = _blocks(states, documents, scaling, reach)
    elif documents.kernel == "varlen":
        out = _varlen(states, documents, scaling, reach)
    else:
        out = _flash(states, documents, scaling, reach)
    return out[None], None


def _each(states: States, documents: Documents, scaling: float | None, reach: int | None) -> torch.Tensor:
    """Attend document by document; nothing is padded or copied together.

    In float32, because the CPU's kernel takes three times as long in bfloat16, nearly all of it in the backward pass.
    """
    whole = (one.float().transpose(0, 1)[None] for one in states)
    rows = (torch.split(one, list(documents.lengths), 2) for one in whole)  # [1, heads, L, width] each
    with torch.autocast(states.query.device.type, enabled=False):
        parts = [_causal(States(*one), scaling, reach)[0].transpose(0, 1) for one in zip(*rows, strict=True)]
    return torch.cat(parts).to(states.query.dtype)


def _blocks(states: States, documents: Documents, scaling: float | None, reach: int | None) -> torch.Tensor:
    """Attend by SDPA over the documents side by side; what pads a short one stands behind all that is read."""
    is_one = len(documents.starts) <= 2  # noqa: PLR2004 - its start and its end
    blocks = (one[None] if is_one else one[documents.side_by_side] for one in states)
    out = _causal(States(*(block.transpose(1, 2) for block in blocks)), scaling, reach)  # [D, heads, longest, width]
    flat = out.transpose(1, 2).flatten(0, 1)  # [D × longest, heads, width]
    return flat if is_one else flat[documents.in_a_row]


def _causal(states: States, scaling: float | None, reach: int | None) -> torch.Tensor:
    """Attend by SDPA over `[D, heads, L, width]`, each position to itself and those before it."""
    query, key, value = states
    mask = None
    if reach and reach < query.shape[2]:
        place = torch.arange(query.shape[2], device=query.device)
        back = place[:, None] - place
        mask = (back >= 0) & (back < reach)
    return functional.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=mask,
        is_causal=mask is None,
        scale=scaling,
        enable_gqa=key.shape[1] != query.shape[1],
    )


def _varlen(states: States, documents: Documents, scaling: float | None, reach: int | None) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415 - torch 2.10 and later

    query, key, value = states
    known = inspect.signature(varlen_attn).parameters
    options: dict[str, Any] = {}
    if "window_size" in known:
        options["window_size"] = (reach - 1 if reach else -1, 0)
    elif reach:
        raise ModelError(
            "this torch's varlen attention knows no sliding window", fix="update torch, or set `attention: blocks`"
        )
    else:
        options["is_causal"] = True
    if "enable_gqa" in known:
        options["enable_gqa"] = key.shape[1] != query.shape[1]
    else:
        groups = query.shape[1] // key.shape[1]
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    if "scale" in known:
        options["scale"] = scaling
    elif scaling is not None:
        query = query * (scaling * query.shape[-1] ** 0.5)
    ends, longest = documents.starts, documents.longest
    attention: Any = varlen_attn  # its types differ between versions
    rows = (one.contiguous() for one in (query, key, value))
    out: torch.Tensor = attention(*rows, ends, ends, longest, longest, **options)
    return out


def _flash(states: States, documents: Documents, scaling: float | None, reach: int | None) -> torch.Tensor:
    from flash_attn import flash_attn_varlen_func  # noqa: PLC0415 - the extra [flash]

    ends, longest = documents.starts, documents.longest
    window = (reach - 1 if reach else -1, 0 if reach else -1)
    out: torch.Tensor = flash_attn_varlen_func(
        *states, ends, ends, longest, longest, softmax_scale=scaling, causal=True, window_size=window
    )
    return out
