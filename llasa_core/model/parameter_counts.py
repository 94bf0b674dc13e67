"""How many parameters each part has, from sizes alone: a plan needs neither weights nor torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llasa_core.data.channels import CHANNELS
from llasa_core.model.base_lm import TINY
from llasa_core.model.lm_folder import read_config
from llasa_core.model.tiny_lm import TINY_CONFIG

if TYPE_CHECKING:
    from llasa_core.model.config import AdapterConfig, EncoderConfig

KNOWN_LMS = Path(__file__).with_name("known_lms.json")
"""The keys of `config.json` that matter here, for base LMs that the recipes name."""
LLAMA_LIKE = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "smollm3")
"""Architectures whose blocks hold Llama's seven linear layers, and no other."""


class UnknownSizes(Exception):  # noqa: N818 - nothing is wrong, only not known yet
    """The base LM's sizes are not known before it is there; the text says why."""


def lm_sizes(base_lm: str) -> dict[str, Any]:
    """Return a base LM's sizes, under the names that `config.json` gives them.

    Raises:
        UnknownSizes: it is none of `known_lms.json`, and no local folder.
    """
    known: dict[str, dict[str, Any]] = json.loads(KNOWN_LMS.read_text(encoding="utf-8"))
    if base_lm == TINY:
        return TINY_CONFIG
    if base_lm in known:
        return known[base_lm]
    folder = Path(base_lm).expanduser()
    if not (folder / "config.json").is_file():
        raise UnknownSizes(f"the sizes of {base_lm} are not known before it is fetched")
    return read_config(folder)


def encoder_parameters(config: EncoderConfig, *, with_decoder: bool) -> int:
    """Count LIMU-BERT's parameters; the part that reconstructs samples is trained only in its own pre-training."""
    h, ff, channels = config.hidden, config.hidden_ff, len(CHANNELS)
    embedding = (channels + 1) * h + config.max_len * h + 2 * h
    block = 4 * (h + 1) * h + (h + 1) * ff + (ff + 1) * h + 4 * h  # q, k, v, proj; feed-forward; two norms
    decoder = (h + 1) * h + 2 * h + (h + 1) * channels
    return embedding + block + (decoder if with_decoder else 0)


def projector_parameters(kind: str, width_in: int, width_out: int) -> int:
    """Count the parameters of `linear` or `mlpNx_gelu`."""
    further = 0 if kind == "linear" else int(kind[len("mlp")]) - 1
    return (width_in + 1) * width_out + further * (width_out + 1) * width_out


def adapter_parameters(config: AdapterConfig, sizes: dict[str, Any]) -> int:
    """Count LoRA's parameters: r × (in + out) for each linear layer it is put on.

    Raises:
        UnknownSizes: the LM's blocks are not like Llama's.
    """
    layers = linear_layers(sizes)
    chosen = layers if config.targets == "all-linear" else layers[:4]
    return int(sizes["num_hidden_layers"]) * config.rank * sum(width_in + width_out for width_in, width_out in chosen)


def lm_parameters(sizes: dict[str, Any]) -> int:
    """Count the parameters of a whole Llama.

    Raises:
        UnknownSizes: it is another architecture; some of Llama's relatives have biases or more norms.
    """
    if sizes.get("model_type") != "llama" or sizes.get("attention_bias") or sizes.get("mlp_bias"):
        raise UnknownSizes(f"the parameters of a {sizes.get('model_type')} LM are not known before it is loaded")
    width = sizes["hidden_size"]
    embeddings = sizes["vocab_size"] * width * (1 if sizes.get("tie_word_embeddings") else 2)
    block = sum(width_in * width_out for width_in, width_out in linear_layers(sizes)) + 2 * width
    return int(embeddings + sizes["num_hidden_layers"] * block + width)


def linear_layers(sizes: dict[str, Any]) -> list[tuple[int, int]]:
    """Return (in, out) of a block's linear layers: q, k, v, o, gate, up, down."""
    if sizes.get("model_type") not in LLAMA_LIKE:
        raise UnknownSizes(f"the linear layers of a {sizes.get('model_type')} LM are not known before it is loaded")
    width, inner, heads = sizes["hidden_size"], sizes["intermediate_size"], sizes["num_attention_heads"]
    head = sizes.get("head_dim") or width // heads
    kv = (sizes.get("num_key_value_heads") or heads) * head
    attention = [(width, heads * head), (width, kv), (width, kv), (heads * head, width)]
    return [*attention, (width, inner), (width, inner), (inner, width)]
