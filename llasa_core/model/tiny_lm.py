"""The LM that tests and `recipes/tiny.yaml` run on: two Llama layers with random weights, one token for each byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer
    from transformers import LlamaForCausalLM

SPECIAL = ("<|pad|>", "<|im_start|>", "<|im_end|>")
TINY_CONFIG: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 256 + len(SPECIAL),
    "max_position_embeddings": 2048,
    "tie_word_embeddings": True,
    "pad_token_id": 256,
    "bos_token_id": 257,
    "eos_token_id": 258,
}
TINY_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_lm(seed: int) -> LlamaForCausalLM:
    """Make the model; the same seed gives the same weights, whatever else was drawn before."""
    import torch  # noqa: PLC0415 - the sizes above are read without it
    from transformers.models.llama.configuration_llama import LlamaConfig  # noqa: PLC0415
    from transformers.models.llama.modeling_llama import LlamaForCausalLM  # noqa: PLC0415

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(LlamaConfig(**{k: v for k, v in TINY_CONFIG.items() if k != "model_type"}))


def write_tiny_lm(seed: int, folder: Path) -> None:
    """Write the model as Hugging Face's loaders read it; transformers' own way writes on rank 0 only."""
    from safetensors.torch import save_file  # noqa: PLC0415 - torch

    settings = {**TINY_CONFIG, "architectures": ["LlamaForCausalLM"]}
    (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    tensors = tiny_lm(seed).state_dict()
    del tensors["lm_head.weight"]  # tied to the embeddings
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def tiny_tokenizer() -> Tokenizer:
    """Make the byte-level tokenizer: ids 0 to 255 are the bytes, then `SPECIAL`."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(word, special=True, normalized=False) for word in SPECIAL])
    return tokenizer
