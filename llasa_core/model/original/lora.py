"""A LoRA adapter of peft, added to an LM's named tensors: whatever layers and ranks it was made with."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from llasa_core.errors import ModelError
from llasa_core.model.original.folder import ADAPTER_CONFIG, read_json
from llasa_core.model.original.weight_files import COPY_AGAIN, first_there, read_file, shapes_of
from llasa_core.model.tensors import misfits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

    from llasa_core.model.original.weight_files import Tensors

ADAPTER_FILES = ("adapter_model.safetensors", "adapter_model.bin")
PREFIX = "base_model.model."
ADAPTER_NAME = re.compile(r"(\.lora_[AB])\.default(\.weight)$")
"""Older versions of peft wrote an adapter's name among those of its tensors."""
MATRIX = 2
"""Axes of a linear layer's weight."""
NOT_ADAPTED = ("embed_tokens", "lm_head")
"""Left out by `all-linear`."""


def merge_lora(lm: Tensors, folder: Path, dtype: torch.dtype) -> Tensors:
    """Return an LM's tensors with a folder's adapter added: W + scale · B A, computed in float32.

    Args:
        lm: named as a `LlamaForCausalLM`'s.
        folder: holds `adapter_config.json` and `adapter_model.*`.
        dtype: type that the sums are kept in.

    Raises:
        ModelError: the adapter is missing or damaged, of a kind that cannot be merged, or made for another LM.

    Source:
        Hu et al., "LoRA", 2021, section 4.1; scale is alpha / r, or alpha / √r with `use_rslora` (Kalajdzievski, 2023).
        Which layers are adapted follows peft's `target_modules`, `layers_to_transform` and patterns.
    """
    settings = _settings(folder)
    file = first_there(folder, ADAPTER_FILES)
    found = {ADAPTER_NAME.sub(r"\1\2", name): tensor for name, tensor in read_file(file).items()}
    adapted = _adapted(lm, settings)
    wanted = {}
    for module in adapted:
        rows, columns = lm[f"{module}.weight"].shape
        rank = _of_pattern(settings.get("rank_pattern"), module, settings["r"])
        wanted[f"{PREFIX}{module}.lora_A.weight"] = [rank, columns]
        wanted[f"{PREFIX}{module}.lora_B.weight"] = [rows, rank]
    replaced = {name: tensor for name, tensor in found.items() if name.removeprefix(PREFIX) in lm}
    wanted |= {name: list(lm[name.removeprefix(PREFIX)].shape) for name in replaced}  # biases, whole modules
    problems = misfits(shapes_of(found), wanted)
    if problems or not adapted:
        raise ModelError(
            f"the adapter does not fit the base LM: {'; '.join(problems) or 'it names none of its layers'}",
            where=file,
            fix="copy the whole checkpoint again, and name the base LM that it was trained on",
        )
    merged = {**lm, **{name.removeprefix(PREFIX): tensor for name, tensor in replaced.items()}}
    for module in adapted:
        a, b = (found[f"{PREFIX}{module}.lora_{part}.weight"].float() for part in "AB")
        weight = merged[f"{module}.weight"].float()
        merged[f"{module}.weight"] = (weight + _scale(settings, module, len(a)) * (b @ a)).to(dtype)
    return merged


def _settings(folder: Path) -> dict[str, Any]:
    settings = read_json(folder / ADAPTER_CONFIG)
    kind = settings.get("peft_type")
    if kind != "LORA" or settings.get("use_dora"):
        raise ModelError(
            f"the adapter is of kind {'DoRA' if settings.get('use_dora') else kind}: only LoRA can be merged",
            where=folder / ADAPTER_CONFIG,
            fix="merge it with peft, and load the merged folder",
        )
    missing = [key for key in ("r", "lora_alpha", "target_modules") if settings.get(key) is None]
    if missing:
        raise ModelError(f"{ADAPTER_CONFIG} does not say `{missing[0]}`", where=folder / ADAPTER_CONFIG, fix=COPY_AGAIN)
    return settings


def _adapted(lm: Tensors, settings: Mapping[str, Any]) -> list[str]:
    """Return the names of the layers that peft would adapt."""
    layers = [name.removesuffix(".weight") for name, tensor in lm.items() if tensor.ndim == MATRIX]
    layers = [name for name in layers if _is_named(name, settings["target_modules"])]
    if excluded := settings.get("exclude_modules"):
        layers = [name for name in layers if not _is_named(name, excluded)]
    chosen = settings.get("layers_to_transform")
    if chosen is None:
        return layers
    numbers = {chosen} if isinstance(chosen, int) else set(chosen)
    return [name for name in layers if (number := re.search(r"\.(\d+)\.", name)) and int(number[1]) in numbers]


def _is_named(layer: str, targets: str | list[str]) -> bool:
    if targets == "all-linear":
        return not layer.endswith(NOT_ADAPTED)
    if isinstance(targets, str):
        return re.fullmatch(targets, layer) is not None
    return any(layer == target or layer.endswith(f".{target}") for target in targets)


def _of_pattern(pattern: Mapping[str, Any] | None, layer: str, otherwise: Any) -> Any:
    for name, value in (pattern or {}).items():
        if re.match(rf"(.*\.)?({name})$", layer):
            return value
    return otherwise


def _scale(settings: Mapping[str, Any], layer: str, rank: int) -> float:
    alpha = float(_of_pattern(settings.get("alpha_pattern"), layer, settings["lora_alpha"]))
    return alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)
