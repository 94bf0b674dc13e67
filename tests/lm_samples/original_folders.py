"""Folders as the original LLaSA writes them, with random weights, and what a model of them computes, plainly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from lm_samples.sentencepiece_model import model_bytes, pieces
from safetensors.torch import save_file
from torch.nn import functional
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from llasa_core.model.config import EncoderConfig
from llasa_core.model.limu_bert import LimuBert

if TYPE_CHECKING:
    from pathlib import Path

Tensors = dict[str, torch.Tensor]
TOWER = "model.vision_tower.vision_tower.0."
PROJECTOR = "model.mm_projector."
N_WORDS = len(pieces())
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": N_WORDS,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "rope_scaling": None,
    "tie_word_embeddings": False,
    "attention_bias": False,
    "hidden_act": "silu",
    "initializer_range": 0.15,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "use_cache": True,
}
LLAVA = {
    "_name_or_path": "bases/small",
    "architectures": ["LlavaLlamaForCausalLM"],
    "model_type": "llava_llama",
    "mm_hidden_size": 72,
    "mm_projector_type": "mlp2x_gelu",
    "mm_use_im_patch_token": False,
    "mm_use_im_start_end": False,
    "mm_vision_select_layer": -2,
    "mm_vision_tower": "../model_4.pt",
    "tokenizer_model_max_length": 2048,
    "torch_dtype": "float32",
    "transformers_version": "4.37.2",
    "use_mm_proj": True,
}
PLAIN_LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "float32"}
TOKENIZER = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<unk>",
    "legacy": False,
    "add_bos_token": True,
    "tokenizer_class": "LlamaTokenizer",
}


def random_lm(seed: int = 0, **changes: Any) -> LlamaForCausalLM:
    """Make a small Llama without scaled positions."""
    sizes = {**SIZES, **changes}
    rope = {"rope_parameters": {"rope_type": "default", "rope_theta": sizes.pop("rope_theta")}}
    sizes.pop("rope_scaling")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(LlamaConfig(**sizes, **rope)).eval().requires_grad_(requires_grad=False)


def random_encoder(seed: int = 1, **sizes: int) -> LimuBert:
    """Make an encoder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LimuBert(EncoderConfig(**sizes)).eval().requires_grad_(requires_grad=False)


def random_projector(kind: str, width_in: int, width_out: int, seed: int = 2) -> Tensors:
    """Return a projector's tensors, named as in its `nn.Sequential` or as a single layer."""
    generator = torch.Generator().manual_seed(seed)
    depth = 0 if kind == "linear" else int(kind[3])
    widths = [width_in] + [width_out] * max(1, depth)
    tensors = {}
    for i in range(len(widths) - 1):
        name = f"{2 * i}." if depth else ""
        tensors[f"{name}weight"] = 0.3 * torch.randn(widths[i + 1], widths[i], generator=generator)
        tensors[f"{name}bias"] = 0.3 * torch.randn(widths[i + 1], generator=generator)
    return tensors


def tower_of(encoder: LimuBert) -> Tensors:
    """Return an encoder's tensors as full checkpoints name them: without the head that reconstructs samples."""
    return {
        name.replace("transformer.", TOWER): tensor
        for name, tensor in encoder.state_dict().items()
        if name.startswith("transformer.")
    }


def under(prefix: str, tensors: Tensors) -> Tensors:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def lm_tensors(lm: LlamaForCausalLM) -> Tensors:
    """Return an LM's tensors as files hold them: shared ones once."""
    tensors = {name: tensor.clone() for name, tensor in lm.state_dict().items()}
    if lm.config.tie_word_embeddings:
        del tensors["lm_head.weight"]
    return tensors


def write_config(folder: Path, about: dict[str, Any] = LLAVA, **changes: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**SIZES, **about, **changes}), encoding="utf-8")


def write_tokenizer(folder: Path, **changes: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(model_bytes())
    (folder / "tokenizer_config.json").write_text(json.dumps({**TOKENIZER, **changes}), encoding="utf-8")


def write_weights(folder: Path, tensors: Tensors, form: str = "safetensors") -> None:
    """Write `safetensors` or `bin`, whole; with `-shards` behind, in two files with an index."""
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    suffix = form.removesuffix("-shards")
    stem = "model" if suffix == "safetensors" else "pytorch_model"
    if suffix == form:
        _write(tensors, folder / f"{stem}.{suffix}")
        return
    names = list(tensors)
    places = {name: f"{stem}-{1 + (i % 2):05d}-of-00002.{suffix}" for i, name in enumerate(names)}
    for file in set(places.values()):
        _write({name: tensors[name] for name in names if places[name] == file}, folder / file)
    index = {"metadata": {"total_size": 0}, "weight_map": places}
    (folder / f"{stem}.{suffix}.index.json").write_text(json.dumps(index), encoding="utf-8")


def _write(tensors: Tensors, file: Path) -> None:
    if file.suffix == ".safetensors":
        save_file(tensors, file, metadata={"format": "pt"})
    else:
        torch.save(tensors, file)


def full_tensors() -> Tensors:
    """Return all weights of a small full checkpoint."""
    return lm_tensors(random_lm()) | projector_tensors() | tower_of(random_encoder())


def projector_tensors() -> Tensors:
    """Return the projector of the small LM and encoder, under the original's names."""
    return under(PROJECTOR, random_projector("mlp2x_gelu", 72, 32))


def write_full(folder: Path) -> Path:
    """Write a small full checkpoint."""
    return _whole(folder, LLAVA, full_tensors())


def write_base(folder: Path) -> Path:
    """Write the small LM alone."""
    return _whole(folder, PLAIN_LLAMA, lm_tensors(random_lm()))


def _whole(folder: Path, about: dict[str, Any], tensors: Tensors) -> Path:
    write_config(folder, about)
    write_weights(folder, tensors)
    write_tokenizer(folder)
    return folder


def write_stage1(folder: Path) -> Path:
    """Write a stage-1 checkpoint: a projector and the settings beside it."""
    write_config(folder)
    torch.save(projector_tensors(), folder / "mm_projector.bin")
    return folder


def write_encoder(file: Path, **sizes: int) -> Path:
    """Write the encoder's weights as LIMU-BERT's own code does."""
    torch.save(random_encoder(**sizes).state_dict(), file)
    return file


def expected_logits(
    lm: LlamaForCausalLM,
    encoder: LimuBert,
    projector: Tensors,
    ids: list[int],
    window: torch.Tensor,
    *,
    slower: float = 1.0,
) -> torch.Tensor:
    """Return the logits `[L, V]` of a prompt with one window at -1, by nothing but the formulas.

    Args:
        lm: the LM, without scaled positions.
        encoder: for the window.
        projector: as `random_projector` names it.
        ids: the prompt.
        window: `[time, channel]`, as stored.
        slower: positions are divided by this (linear scaling).
    """
    h = encoder(window[None])[0]
    layers = sorted({name.rpartition(".")[0] for name in projector})
    for i, layer in enumerate(layers):
        dot = f"{layer}." if layer else ""
        h = functional.linear(functional.gelu(h) if i else h, projector[f"{dot}weight"], projector[f"{dot}bias"])
    words = lm.get_input_embeddings()(torch.tensor([max(0, token) for token in ids]))
    at = ids.index(-1)
    embeds = torch.cat([words[:at], h, words[at + 1 :]])[None]
    positions = torch.arange(embeds.shape[1])[None] / slower
    return lm(inputs_embeds=embeds, position_ids=positions).logits[0]
