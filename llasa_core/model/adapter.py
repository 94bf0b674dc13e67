"""LoRA on the LM: put on by peft for training, merged by hand for inference.

peft takes four seconds to import, which a person waits for at every `llasa chat`; merging needs one line of algebra.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from torch import nn

from llasa_core.errors import ModelError
from llasa_core.model.quantization import Beside, hush_bitsandbytes
from llasa_core.model.tensors import misfits, read_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llasa_core.model.config import AdapterConfig

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
ADAPTER_NAME = "default"
"""peft's own name for an adapter that nobody named."""
PREFIX = "base_model.model."
"""What peft puts before each module's name in an adapter file."""


def add_adapter(lm: Any, config: AdapterConfig) -> None:
    """Put a fresh LoRA adapter on the LM's linear layers, in place; only the adapter is trainable after that."""
    hush_bitsandbytes()  # peft imports it where it is installed
    from peft import inject_adapter_in_model  # noqa: PLC0415 - four seconds, and only training pays them

    inject_adapter_in_model(_lora_config(config), lm)
    for module in lm.modules():
        if hasattr(module, "lora_A"):
            module.forward = MethodType(_adapted, module)
    for name, parameter in lm.named_parameters():
        parameter.requires_grad_("lora_" in name)
        if "lora_" in name:
            parameter.data = parameter.data.float()


def _adapted(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """Compute what peft's layer computes: scaled where the product is `rank` wide, not where it is as wide as the LM.

    Nothing is cast here. Under autocast the small matrices are, where peft would cast the activations.
    """
    name = ADAPTER_NAME
    narrow = layer.lora_A[name](layer.lora_dropout[name](x)) * layer.scaling[name]
    return layer.base_layer(x) + layer.lora_B[name](narrow)  # type: ignore[no-any-return]


def save_adapter(tensors: Mapping[str, torch.Tensor], config: AdapterConfig, base_lm: str, folder: Path) -> None:
    """Write the adapter in peft's own format.

    Args:
        tensors: of the LM, by name; those of other layers are left out.
        config: its settings.
        base_lm: name of the LM it belongs to.
        folder: where it goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    adapter = {
        PREFIX + name.replace(f".{ADAPTER_NAME}.", "."): tensor.float().contiguous()
        for name, tensor in tensors.items()
        if "lora_" in name
    }
    save_file(adapter, folder / WEIGHTS_FILE, metadata={"format": "pt"})
    settings = _lora_config(config).to_dict() | {"base_model_name_or_path": base_lm, "inference_mode": True}
    settings = {key: sorted(value) if isinstance(value, set) else value for key, value in settings.items()}
    (folder / CONFIG_FILE).write_text(json.dumps(settings, indent=2, sort_keys=True, default=str) + "\n")


def _lora_config(config: AdapterConfig) -> Any:
    from peft import LoraConfig  # noqa: PLC0415

    return LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules="all-linear" if config.targets == "all-linear" else list(ATTENTION),
        task_type="CAUSAL_LM",
    )


@dataclass(frozen=True)
class Adapter:
    """A stored adapter: what it adds to which layer."""

    scale: float
    tensors: Mapping[str, torch.Tensor]

    def change(self, name: str) -> torch.Tensor | None:
        """Return alpha / r · B A of a layer, float32 `[out, in]`; None for a layer that it leaves alone."""
        halves = self.halves(name)
        return None if halves is None else halves[1] @ halves[0]

    def halves(self, name: str) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Return the two matrices of that, A `[rank, in]` and alpha / r · B `[out, rank]`, float32."""
        a, b = (self.tensors.get(f"{PREFIX}{name}.lora_{part}.weight") for part in "AB")
        return None if a is None or b is None else (a.float(), b.float() * self.scale)


def read_adapter(folder: Path, config: AdapterConfig, sizes: Mapping[str, tuple[int, int]]) -> Adapter:
    """Read a stored adapter.

    Args:
        folder: in peft's format.
        config: which of the LM's layers it was made for.
        sizes: (out, in) of all linear layers of the LM's blocks, by name.

    Raises:
        ModelError: the adapter is damaged, or was made for other layers than `config` names.
    """
    settings, tensors = _read(folder)
    wanted = {}
    for name, (n_out, n_in) in sizes.items():
        if config.targets == "all-linear" or name.rsplit(".", 1)[-1] in ATTENTION:
            wanted[f"{PREFIX}{name}.lora_A.weight"] = [config.rank, n_in]
            wanted[f"{PREFIX}{name}.lora_B.weight"] = [n_out, config.rank]
    problems = misfits({name: list(tensor.shape) for name, tensor in tensors.items()}, wanted)
    if problems:
        raise ModelError(
            f"the adapter does not fit the base LM: {'; '.join(problems)}",
            where=folder / WEIGHTS_FILE,
            fix="copy the whole checkpoint again, and name the base LM that it was trained on",
        )
    return Adapter(settings["lora_alpha"] / settings["r"], tensors)


def merge_adapter(lm: Any, config: AdapterConfig, folder: Path) -> None:
    """Add a stored adapter to the LM's weights: W + alpha / r · B A (Hu et al., LoRA, 2021, section 4.1).

    Raises:
        ModelError: the adapter is damaged, or was made for other layers than `config` names.
    """
    modules = _linear_modules(lm)
    sizes = {name: (module.out_features, module.in_features) for name, module in modules.items()}
    adapter = read_adapter(folder, config, sizes)
    with torch.no_grad():
        for name, module in modules.items():
            change = adapter.change(name)
            if change is not None:
                module.weight += change.to(module.weight)


def put_beside(lm: Any, config: AdapterConfig, folder: Path, dtype: torch.dtype) -> None:
    """Let a stored adapter compute beside layers whose weights are held in 4 bits, in place.

    Args:
        lm: its linear layers in 4 bits.
        config: the adapter's settings.
        folder: in peft's format.
        dtype: type in which the adapter computes.

    Raises:
        ModelError: the adapter is damaged, or was made for other layers than `config` names.
    """
    modules = _linear_modules(lm)
    sizes = {name: (module.out_features, module.in_features) for name, module in modules.items()}
    adapter = read_adapter(folder, config, sizes)
    for name, module in modules.items():
        halves = adapter.halves(name)
        if halves is not None:
            lm.set_submodule(name, Beside(module, *(half.to(module.weight.device, dtype) for half in halves)))


def _linear_modules(lm: Any) -> dict[str, nn.Linear]:
    """Return the linear layers by name, but for the output head, which no adapter of ours is put on."""
    head = lm.get_output_embeddings()
    return {name: module for name, module in lm.named_modules() if isinstance(module, nn.Linear) and module is not head}


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    try:
        settings = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the adapter's settings cannot be read: {str(error).splitlines()[0]}",
            where=folder / CONFIG_FILE,
            fix="copy the checkpoint again, or train it again with `llasa finetune`",
        ) from error
    return settings, read_tensors(folder / WEIGHTS_FILE)
