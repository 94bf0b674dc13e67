"""A checkpoint folder: everything that `eval` and `chat` need but the base LM. Loading is strict.

config.json              settings, the base LM's identity, activities
encoder.safetensors      LIMU-BERT
projector.safetensors
adapter/                 LoRA in peft's format; absent after pretrain
lm.safetensors           the whole LM, where the recipe trained it instead of an adapter
tokenizer.json …         the base LM's tokenizer, as it was
recipe.yaml  README.md   how it was made; the model card
head.safetensors         the light head that names a timeline's windows, once `finetune` has ended
calibration.json         the temperature of its probabilities, once `eval` has fitted one

`llasa export --merge` writes another kind, which brings its LM along: there `config.json` and `model.safetensors` are
the merged LM's, as Hugging Face's loaders want them, and our settings are in `llasa.json`.
"""

from __future__ import annotations

import filecmp
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from pydantic import ValidationError

from llasa_core import __version__
from llasa_core.errors import ModelError
from llasa_core.files import written_whole
from llasa_core.model.adapter import merge_adapter, put_beside, save_adapter
from llasa_core.model.base_lm import ARCHITECTURE_KEYS, BaseLm, identity_of, load_lm, locate
from llasa_core.model.calibration import Calibration, read_calibration
from llasa_core.model.config import AdapterConfig, EncoderConfig, ModelConfig
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.llama import can_load, llama_of, load_llama
from llasa_core.model.multimodal import LlasaModel
from llasa_core.model.prompt import make_template
from llasa_core.model.quantization import check_can_pack, pack, unpack
from llasa_core.model.shipped import CONFIG_FILE
from llasa_core.model.tensors import below, load_module, on_host, save_tensors
from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from llasa_core.model.config import QuantizationName

MERGED_FILE = "llasa.json"
"""Holds our settings where `config.json` is the LM's own."""
LM_FILE = "lm.safetensors"
SCHEMA = 1


@dataclass(frozen=True)
class CheckpointConfig:
    """What `config.json` holds."""

    encoder: EncoderConfig
    model: ModelConfig
    adapter: AdapterConfig | None
    base_lm: dict[str, Any]
    """From `identity_of`: name, architecture, tokenizer, fingerprint of the weights."""
    activities: tuple[str, ...]
    """Class names that the training data held."""
    sampling_rate_hz: float
    window_s: float
    calibration: Calibration | None = None
    """From `calibration.json`, which is a file of its own."""

    def temperature(self, question: str) -> float:
        """Return what log-likelihoods are divided by under a question: 1 where nothing was fitted for it."""
        fitted = self.calibration
        return 1.0 if fitted is None or fitted.question != question else fitted.temperature

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "schema": SCHEMA,
            "llasa": __version__,
            "encoder": self.encoder.model_dump(mode="json", exclude={"checkpoint", "pretraining"}),
            "model": self.model.model_dump(mode="json"),
            "adapter": None if self.adapter is None else self.adapter.model_dump(mode="json"),
            "base_lm": self.base_lm,
            "activities": list(self.activities),
            "sampling_rate_hz": self.sampling_rate_hz,
            "window_s": self.window_s,
        }


def brings_its_lm(folder: Path) -> bool:
    """Return whether a checkpoint holds the LM itself, with the adapter merged into it."""
    return (folder / MERGED_FILE).is_file()


def save_checkpoint(
    model: LlasaModel,
    config: CheckpointConfig,
    folder: Path,
    *,
    recipe: str,
    card: str,
    tensors: Mapping[str, torch.Tensor] | None = None,
    whole_lm: bool = False,
) -> None:
    """Write a checkpoint folder, whole or not at all.

    Args:
        model: in training, with its adapter in place.
        config: see there.
        folder: where it appears; replaced if it is there.
        recipe: the resolved recipe as YAML.
        card: the model card as Markdown.
        tensors: the model's parameters and buffers by name, in the host's memory, where the model itself holds shares.
        whole_lm: True where the LM itself was trained; it is written in the type that it computes in.
    """
    tensors = on_host(model) if tensors is None else tensors
    with written_whole(folder) as beside:
        beside.mkdir()
        save_tensors(below(tensors, "encoder"), beside / "encoder.safetensors")
        save_tensors(below(tensors, "projector"), beside / "projector.safetensors")
        lm = below(tensors, "lm")
        if config.adapter is not None:
            save_adapter(lm, config.adapter, config.model.base_lm, beside / "adapter")
        if whole_lm:
            halved = {name: tensor.to(model.compute_dtype) for name, tensor in lm.items()}
            save_tensors(halved, beside / LM_FILE)
        model.codec.save(beside)
        (beside / CONFIG_FILE).write_text(json.dumps(config.as_dict(), indent=2) + "\n", encoding="utf-8")
        (beside / "recipe.yaml").write_text(recipe, encoding="utf-8")
        (beside / "README.md").write_text(card, encoding="utf-8")


def read_checkpoint_config(folder: Path) -> CheckpointConfig:
    """Read `config.json` of a checkpoint, or `llasa.json` of one that brings its LM along, and its calibration.

    Raises:
        ModelError: there is no checkpoint, or its config or calibration is damaged.
    """
    file = folder / (MERGED_FILE if brings_its_lm(folder) else CONFIG_FILE)
    if not file.is_file():
        raise ModelError(
            f"there is no checkpoint in {folder}: config.json is missing",
            where=file,
            fix="name a folder that `llasa finetune` wrote, such as `runs/smol/finetune/checkpoint`",
        )
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        return CheckpointConfig(
            encoder=EncoderConfig(**values["encoder"]),
            model=ModelConfig(**values["model"]),
            adapter=None if values["adapter"] is None else AdapterConfig(**values["adapter"]),
            base_lm=dict(values["base_lm"]),
            activities=tuple(values["activities"]),
            sampling_rate_hz=values["sampling_rate_hz"],
            window_s=values["window_s"],
            calibration=read_calibration(folder),
        )
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise ModelError(
            f"the checkpoint's {file.name} cannot be read: {str(error).splitlines()[0]}",
            where=file,
            fix=f"copy the checkpoint again; a {file.name} of another tool is not a LLaSA checkpoint",
        ) from error


def load_checkpoint(
    folder: Path,
    *,
    base_lm: str | None = None,
    device: str | None = None,
    say: Callable[[str], None] = lambda _text: None,
    in_transformers: bool = False,
    quantization: QuantizationName = "none",
) -> LlasaModel:
    """Load a checkpoint, ready for inference: adapter merged, nothing trainable.

    A plain Llama becomes our own `LlamaLm`, in a fraction of the time; any other LM is transformers'.

    Args:
        folder: the checkpoint.
        base_lm: another place of the same base LM.
        device: `cuda` or `cpu`; the first GPU if there is one when left out.
        say: told of a fetch, and of a base LM with other weights than the checkpoint was trained on.
        in_transformers: True where transformers' model is wanted in any case, to write it for other tools.
        quantization: `nf4` holds the LM's linear layers in 4 bits, with the adapter beside them.

    Raises:
        ModelError: a missing or damaged file, a missing or extra tensor, another base LM, or bitsandbytes is missing.
    """
    config = read_checkpoint_config(folder)
    base = _base_of(folder, config, base_lm, say)
    known = config.base_lm["tokenizer_sha256"] if _has_same_tokenizer(base, folder) else None
    _check_base_lm(config.base_lm, identity_of(base, known), folder, say)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if quantization == "none":
        lm = _load_lm(folder, base, config, device, in_transformers=in_transformers)
    else:
        lm = _load_packed(folder, base, config, device)
    codec = TextCodec.from_folder(folder)
    encoder = LimuBert(config.encoder)
    model = LlasaModel(config.model, encoder, lm, codec, make_template(config.model, codec))
    load_module(encoder, folder / "encoder.safetensors")
    load_module(model.projector, folder / "projector.safetensors")
    model.sampling_rate_hz = config.sampling_rate_hz
    return model.to(device).eval().requires_grad_(requires_grad=False)


def load_encoder(folder: Path) -> LimuBert:
    """Load a checkpoint's encoder alone, on the CPU, frozen.

    Raises:
        ModelError: there is no checkpoint, or its encoder is damaged.
    """
    encoder = LimuBert(read_checkpoint_config(folder).encoder)
    load_module(encoder, folder / "encoder.safetensors")
    return encoder.eval().requires_grad_(requires_grad=False)


def load_untrained(
    folder: Path,
    *,
    base_lm: str | None = None,
    device: str | None = None,
    say: Callable[[str], None] = lambda _text: None,
) -> LlasaModel:
    """Load the base LM that a checkpoint was trained from, under its own chat template and without a system message.

    Returns:
        A model that can be asked about text alone: encoder and projector hold no weights that were learned.

    Raises:
        ModelError: the base LM is not there.
    """
    config = read_checkpoint_config(folder)
    base = locate(base_lm or config.model.base_lm, say)
    model = config.model.model_copy(update={"system": ""})
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    lm = load_lm(base, model.dtype, device, seed=config.base_lm.get("seed", 0), quantization=model.quantization)
    codec = TextCodec.of(base)
    built = LlasaModel(model, LimuBert(config.encoder), lm, codec, make_template(model, codec))
    return built.to(device).eval().requires_grad_(requires_grad=False)


def _load_lm(folder: Path, base: BaseLm, config: CheckpointConfig, device: str, *, in_transformers: bool) -> Any:
    """Load the weights that the checkpoint was trained on, and what training has made of them."""
    model, seed = config.model, config.base_lm.get("seed", 0)
    whole = folder / LM_FILE if (folder / LM_FILE).is_file() else None
    adapter = None if config.adapter is None else (config.adapter, folder / "adapter")
    if model.quantization == "none" and not in_transformers:
        dtype: torch.dtype = getattr(torch, model.dtype)
        if base.folder is None and whole is None:
            return llama_of(load_lm(base, model.dtype, seed=seed), dtype, adapter=adapter)
        if base.folder is not None and can_load(base.folder):
            return load_llama(base.folder, dtype, whole=whole, adapter=adapter)
    lm = load_lm(base, model.dtype, device, seed=seed, quantization=model.quantization)
    if model.quantization != "none":
        unpack(lm, getattr(torch, model.dtype))
    if adapter is not None:
        merge_adapter(lm, *adapter)
    if whole is not None:
        load_module(lm, whole)
    return lm


def _load_packed(folder: Path, base: BaseLm, config: CheckpointConfig, device: str) -> Any:
    """Load the LM in 4 bits."""
    check_can_pack()
    model, seed = config.model, config.base_lm.get("seed", 0)
    dtype: torch.dtype = getattr(torch, model.dtype)
    if (folder / LM_FILE).is_file():
        lm = load_lm(base, model.dtype, seed=seed)
        load_module(lm, folder / LM_FILE)
        pack(lm, dtype)
        return lm
    lm = load_lm(base, model.dtype, device, seed=seed, quantization="nf4")
    if config.adapter is not None:
        put_beside(lm, config.adapter, folder / "adapter", dtype)
    return lm


def _base_of(folder: Path, config: CheckpointConfig, base_lm: str | None, say: Callable[[str], None]) -> BaseLm:
    if not brings_its_lm(folder):
        return locate(base_lm or config.model.base_lm, say)
    if base_lm is not None:
        raise ModelError(
            "this checkpoint brings its LM along, with the adapter merged into it",
            where=folder,
            fix="leave out `--base-lm`",
        )
    return BaseLm(config.model.base_lm, folder)


def _has_same_tokenizer(base: BaseLm, folder: Path) -> bool:
    """Return whether the base LM's tokenizer is byte for byte the one that the checkpoint holds."""
    name = "tokenizer.json"
    if base.folder is None:
        return False
    own, given = folder / name, base.folder / name
    return own.is_file() and given.is_file() and filecmp.cmp(own, given, shallow=False)


def _check_base_lm(trained_on: dict[str, Any], given: dict[str, Any], folder: Path, say: Callable[[str], None]) -> None:
    differing = [
        f"{key} {given.get(key)}, trained on {trained_on.get(key)}"
        for key in ARCHITECTURE_KEYS
        if given.get(key) != trained_on.get(key)
    ]
    if given["tokenizer_sha256"] != trained_on["tokenizer_sha256"] and not differing:
        differing = ["another tokenizer"]
    if differing:
        raise ModelError(
            f"`{given['name']}` is not the base LM of this checkpoint: {'; '.join(differing)}",
            where=folder / CONFIG_FILE,
            fix=f"pass `--base-lm` with a copy of {trained_on['name']}, or leave it out",
        )
    if given["weights_fingerprint"] != trained_on["weights_fingerprint"]:
        say(
            f"warning: {given['name']} has other weights than {trained_on['name']}, "
            "which this checkpoint was trained on; its answers may suffer"
        )
