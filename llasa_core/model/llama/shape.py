"""A Llama's sizes, from its `config.json`, and whether ours computes all that it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ROPE_TYPES = {"default", "linear", "llama3"}
PLAIN: dict[str, tuple[Any, ...]] = {
    "hidden_act": ("silu", None),
    "attention_bias": (False, None),
    "mlp_bias": (False, None),
    "pretraining_tp": (1, None),
    "quantization_config": (None,),
    "partial_rotary_factor": (1, 1.0, None),
}
"""Settings, and the values under which a Llama is the plain one."""


@dataclass(frozen=True)
class Rope:
    """How positions turn queries and keys."""

    theta: float = 10000.0
    kind: str = "default"
    factor: float = 1.0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_positions: int = 8192
    """Context of the LM before `llama3` stretched it."""


@dataclass(frozen=True)
class Shape:
    """What a Llama's `config.json` says; `hidden_size` and the like are its own names."""

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    vocab_size: int
    max_position_embeddings: int
    rms_norm_eps: float
    tie_word_embeddings: bool
    rope: Rope

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """Read a `config.json`, or the same values from transformers' config; its defaults where it is silent."""
        n_heads = int(config["num_attention_heads"])
        return cls(
            hidden_size=int(config["hidden_size"]),
            intermediate_size=int(config["intermediate_size"]),
            num_hidden_layers=int(config["num_hidden_layers"]),
            num_attention_heads=n_heads,
            num_key_value_heads=int(config.get("num_key_value_heads") or n_heads),
            head_dim=int(config.get("head_dim") or int(config["hidden_size"]) // n_heads),
            vocab_size=int(config["vocab_size"]),
            max_position_embeddings=int(config.get("max_position_embeddings", 2048)),
            rms_norm_eps=float(config.get("rms_norm_eps", 1e-6)),
            tie_word_embeddings=bool(config.get("tie_word_embeddings", False)),
            rope=_rope(config),
        )

    @cached_property
    def linear(self) -> dict[str, tuple[int, int]]:
        """Sizes (out, in) of every linear layer of the blocks, by its name in the files."""
        width, inner = self.hidden_size, self.intermediate_size
        queries, keys = (n * self.head_dim for n in (self.num_attention_heads, self.num_key_value_heads))
        of_block = {
            "self_attn.q_proj": (queries, width),
            "self_attn.k_proj": (keys, width),
            "self_attn.v_proj": (keys, width),
            "self_attn.o_proj": (width, queries),
            "mlp.gate_proj": (inner, width),
            "mlp.up_proj": (inner, width),
            "mlp.down_proj": (width, inner),
        }
        layers = range(self.num_hidden_layers)
        return {f"model.layers.{layer}.{name}": size for layer in layers for name, size in of_block.items()}

    @cached_property
    def tensors(self) -> dict[str, list[int]]:
        """Shapes of all weights, by their names in the files; the head only where it has weights of its own."""
        table = [self.vocab_size, self.hidden_size]
        norms = [f"model.layers.{layer}.{name}" for layer in range(self.num_hidden_layers) for name in NORMS]
        return {
            "model.embed_tokens.weight": table,
            **{f"{name}.weight": list(size) for name, size in self.linear.items()},
            **{f"{name}.weight": [self.hidden_size] for name in [*norms, "model.norm"]},
            **({} if self.tie_word_embeddings else {"lm_head.weight": table}),
        }


NORMS = ("input_layernorm", "post_attention_layernorm")


def is_plain_llama(config: Mapping[str, Any]) -> bool:
    """Return whether ours computes what a `config.json` asks for."""
    if config.get("model_type") != "llama" or config.get("architectures", ["LlamaForCausalLM"]) != ["LlamaForCausalLM"]:
        return False
    if any(config.get(name) not in values for name, values in PLAIN.items()):
        return False
    scaling = _scaling(config)
    return scaling.get("partial_rotary_factor", 1.0) == 1.0 and _kind(scaling) in ROPE_TYPES


def _scaling(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings of the positions, which transformers 5 calls `rope_parameters`, others `rope_scaling`."""
    return config.get("rope_parameters") or config.get("rope_scaling") or {}


def _kind(scaling: Mapping[str, Any]) -> str:
    return str(scaling.get("rope_type") or scaling.get("type") or "default")


def _rope(config: Mapping[str, Any]) -> Rope:
    scaling = _scaling(config)
    return Rope(
        theta=float(scaling.get("rope_theta") or config.get("rope_theta") or 10000.0),
        kind=_kind(scaling),
        factor=float(scaling.get("factor", 1.0)),
        low_freq_factor=float(scaling.get("low_freq_factor", 1.0)),
        high_freq_factor=float(scaling.get("high_freq_factor", 4.0)),
        original_positions=int(
            scaling.get("original_max_position_embeddings") or config.get("max_position_embeddings", 2048)
        ),
    )
