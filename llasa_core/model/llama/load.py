"""From files to a `LlamaLm`: weights mapped from the disk, an adapter merged on the way, products put side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open

from llasa_core.errors import ModelError
from llasa_core.model.adapter import Adapter, read_adapter
from llasa_core.model.llama.lm import LlamaLm
from llasa_core.model.llama.rotary import paired
from llasa_core.model.llama.shape import Shape, is_plain_llama
from llasa_core.model.lm_folder import read_config
from llasa_core.model.tensors import misfits, read_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from llasa_core.model.config import AdapterConfig

FUSED = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "out": ("self_attn.o_proj",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}
"""Layers of the files whose products are one product here."""
TURNED = ("q_proj", "k_proj")


def can_load(folder: Path) -> bool:
    """Return whether a base LM's folder holds a plain Llama as safetensors, which is what ours reads."""
    return is_plain_llama(read_config(folder)) and bool(_weight_files(folder))


def load_llama(
    folder: Path,
    dtype: torch.dtype,
    *,
    whole: Path | None = None,
    adapter: tuple[AdapterConfig, Path] | None = None,
) -> LlamaLm:
    """Load a Llama, without transformers.

    Args:
        folder: holds `config.json` and safetensors; see `can_load`.
        dtype: type of the weights in memory.
        whole: a file with all weights of the LM, which stand for the folder's.
        adapter: settings and folder of a LoRA adapter, merged into the weights.

    Raises:
        ModelError: a file is damaged, a tensor is missing, extra or of another shape, or the adapter does not fit.
    """
    shape = Shape.of(read_config(folder))
    if whole is not None:
        tensors = read_tensors(whole)
        fix = "copy the whole checkpoint again; its files belong together"
        return _assemble(
            shape, tensors, dtype, adapter, _Blame("does not fit this checkpoint's config.json", whole, fix)
        )
    fix = "check that the folder holds the whole model as safetensors; `llasa fetch` makes the embedded one anew"
    try:
        tensors = _mapped(_weight_files(folder))
    except (OSError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"the base LM cannot be loaded: {reason}", where=folder, fix=fix) from error
    return _assemble(shape, tensors, dtype, adapter, _Blame("does not fit its config.json", folder, fix))


def llama_of(lm: Any, dtype: torch.dtype, *, adapter: tuple[AdapterConfig, Path] | None = None) -> LlamaLm:
    """Return ours with the weights of transformers' `LlamaForCausalLM`."""
    blame = _Blame("does not fit its config.json", None, "name an LM that transformers loads")
    return _assemble(Shape.of(lm.config.to_dict()), lm.state_dict(), dtype, adapter, blame)


class _Blame:
    """What to say when tensors do not fit."""

    def __init__(self, what: str, where: Path | None, fix: str) -> None:
        self._what, self._where, self._fix = what, where, fix

    def raise_for(self, problems: Iterable[str]) -> None:
        name = self._where.name if self._where is not None and self._where.is_file() else "the base LM"
        raise ModelError(f"{name} {self._what}: {'; '.join(problems)}", where=self._where, fix=self._fix)


def _weight_files(folder: Path) -> list[Path]:
    """Return the files that transformers would load: one, or those that an index names."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return [folder / name for name in sorted(set(named.values()))]
    file = folder / "model.safetensors"
    return [file] if file.is_file() else []


def _mapped(files: Iterable[Path]) -> dict[str, torch.Tensor]:
    """Return the tensors of files as views of what the system maps into memory."""
    tensors = {}
    for file in files:
        with safe_open(file, framework="pt") as opened:
            tensors.update({name: opened.get_tensor(name) for name in opened.keys()})  # noqa: SIM118 - no mapping
    return tensors


def _assemble(
    shape: Shape,
    found: Mapping[str, torch.Tensor],
    dtype: torch.dtype,
    adapter: tuple[AdapterConfig, Path] | None,
    blame: _Blame,
) -> LlamaLm:
    tensors = {name: tensor for name, tensor in found.items() if not name.endswith("rotary_emb.inv_freq")}
    if shape.tie_word_embeddings:
        tensors.pop("lm_head.weight", None)
    problems = misfits({name: list(tensor.shape) for name, tensor in tensors.items()}, shape.tensors)
    if problems:
        blame.raise_for(problems)
    change = _changes(shape, adapter)
    with torch.no_grad():
        weights = {
            "embed": tensors["model.embed_tokens.weight"].to(dtype, copy=True),
            "norm": tensors["model.norm.weight"].to(torch.float32, copy=True),
        }
        if not shape.tie_word_embeddings:
            weights["head"] = tensors["lm_head.weight"].to(dtype, copy=True)
        for layer in range(shape.num_hidden_layers):
            at = f"model.layers.{layer}."
            for fused, names in FUSED.items():
                layers = {f"{at}{name}": tensors[f"{at}{name}.weight"] for name in names}
                weights[f"{layer}.{fused}"] = _side_by_side(layers, dtype, change, shape.head_dim)
            for norm, name in (("attention_norm", "input_layernorm"), ("inner_norm", "post_attention_layernorm")):
                weights[f"{layer}.{norm}"] = tensors[f"{at}{name}.weight"].to(torch.float32, copy=True)
    return LlamaLm(shape, weights).eval()


def _changes(shape: Shape, adapter: tuple[AdapterConfig, Path] | None) -> Callable[[str], torch.Tensor | None]:
    if adapter is None:
        return lambda _name: None
    config, folder = adapter
    read: Adapter = read_adapter(folder, config, shape.linear)
    return read.change


def _side_by_side(
    layers: Mapping[str, torch.Tensor], dtype: torch.dtype, change: Callable[[str], torch.Tensor | None], head_dim: int
) -> torch.Tensor:
    """Copy layers that read the same input into one matrix, each with what an adapter changes in it."""
    parts = list(layers.values())
    fused = torch.empty(sum(map(len, parts)), parts[0].shape[1], dtype=dtype)
    places = torch.split(fused, [len(part) for part in parts])
    for (name, part), place in zip(layers.items(), places, strict=True):
        changed = change(name)
        rows = part.to(dtype)
        if changed is not None:
            rows = rows + changed.to(dtype)
        place.copy_(paired(rows, head_dim) if name.endswith(TURNED) else rows)
    return fused
