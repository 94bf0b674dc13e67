"""A checkpoint of the original as a `LlasaModel`, ready for inference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from llasa_core.errors import ModelError
from llasa_core.model.base_lm import ARCHITECTURE_KEYS, locate
from llasa_core.model.checkpoint import CheckpointConfig
from llasa_core.model.config import ModelConfig
from llasa_core.model.multimodal import LlasaModel
from llasa_core.model.original.encoder import encoder_from_file, encoder_of
from llasa_core.model.original.folder import CONFIG_FILE, open_folder
from llasa_core.model.original.lm import llama_config, make_llama, read_base
from llasa_core.model.original.lora import merge_lora
from llasa_core.model.original.parts import Parts, read_parts
from llasa_core.model.original.weight_files import shapes_of
from llasa_core.model.prompt import make_template
from llasa_core.model.quantization import check_can_pack, pack
from llasa_core.model.sentencepiece_file import MODEL_FILE
from llasa_core.model.tensors import misfits
from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.model.config import WEIGHT_TYPES, QuantizationName, TemplateName
    from llasa_core.model.limu_bert import LimuBert
    from llasa_core.model.original.folder import OriginalFolder
    from llasa_core.model.original.weight_files import Tensors

SAMPLING_RATE_HZ = 20.0
"""LIMU-BERT's, and so the original's."""
WEIGHT_NAMES = ("bfloat16", "float16", "float32")


def load_original(  # noqa: PLR0913 - what the original does not keep has to be said
    folder: Path | str,
    base_lm: Path | str | None = None,
    encoder: Path | str | None = None,
    *,
    template: TemplateName = "vicuna_v1",
    system: str = "",
    dtype: WEIGHT_TYPES | None = None,
    device: str | None = None,
    say: Callable[[str], None] = lambda _text: None,
    quantization: QuantizationName = "none",
) -> LlasaModel:
    """Load a checkpoint of the original LLaSA: adapter merged, nothing trainable.

    Args:
        folder: a full checkpoint, one of stage 1 (`mm_projector.bin`), or a LoRA one (`non_lora_trainables.bin`).
        base_lm: what a stage-1 or LoRA checkpoint was trained on: a folder, a Hugging Face id, or an alias.
        encoder: LIMU-BERT's weights, a published `.pt` or a `.safetensors` of ours; by default the checkpoint's own.
        template: `vicuna_v1` is what full and LoRA checkpoints were trained with, `plain` what stage 1 was;
            `llava_v1` is how the original evaluates.
        system: another system message than the template's.
        dtype: type in which the LM computes; by default float32 on a CPU, and what `config.json` names on a GPU.
        device: `cuda` or `cpu`; the first GPU if there is one when left out.
        say: told of a fetch of the base LM.
        quantization: `nf4` holds the LM's linear layers in 4 bits.

    Returns:
        The model, with one sensor token for each sample of a window. Windows are stored ones, in m/s² and rad/s.

    Raises:
        ModelError: a missing or damaged file, a missing or extra tensor, no base LM or no encoder where one is needed,
            or bitsandbytes is missing.

    Source:
        LLaVA 1.2's `model/builder.py` says which files hold what. The original differs on purpose in these: it reads
        the encoder from `../model_4.pt` and never from the checkpoint, and builds none where the folder's name lacks
        `llava`.
    """
    if quantization == "nf4":
        check_can_pack()
    checkpoint = _Checkpoint.open(Path(folder), base_lm, encoder, say)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = dtype or _dtype(checkpoint.folder, device)
    weight_type: torch.dtype = getattr(torch, dtype)
    lm = make_llama(llama_config(checkpoint.folder), checkpoint.lm(weight_type), weight_type, checkpoint.folder.path)
    if quantization == "nf4":
        pack(lm, weight_type)
    config = checkpoint.model_config(template, system, dtype)
    codec = checkpoint.codec(lm.config.vocab_size)
    model = LlasaModel(config, checkpoint.encoder, lm, codec, make_template(config, codec))
    _fill_projector(model, checkpoint.own.projector, checkpoint.folder)
    return model.to(device).eval().requires_grad_(requires_grad=False)


def config_of_original(
    folder: Path | str,
    base_lm: Path | str | None = None,
    encoder: Path | str | None = None,
    *,
    say: Callable[[str], None] = lambda _text: None,
) -> CheckpointConfig:
    """Return what `eval` and `chat` ask of a checkpoint, without building the model; arguments as above.

    `activities` is empty: the original keeps no list of what it has seen.
    """
    checkpoint = _Checkpoint.open(Path(folder), base_lm, encoder, say)
    config = checkpoint.model_config("vicuna_v1", "", "float32")
    sizes = {key: checkpoint.folder.config.get(key) for key in ARCHITECTURE_KEYS}
    return CheckpointConfig(
        encoder=checkpoint.encoder.config,
        model=config,
        adapter=None,
        base_lm={"name": config.base_lm, **sizes},
        activities=(),
        sampling_rate_hz=SAMPLING_RATE_HZ,
        window_s=checkpoint.encoder.config.max_len / SAMPLING_RATE_HZ,
    )


class _Checkpoint:
    """A folder of the original with what belongs to it: its base LM's folder, and its encoder."""

    def __init__(self, folder: OriginalFolder, own: Parts, base: Path | None, base_parts: Parts) -> None:
        self.folder = folder
        self.own = own
        self._base = base
        self._base_parts = base_parts
        self.encoder: LimuBert

    @classmethod
    def open(
        cls, path: Path, base_lm: Path | str | None, encoder: Path | str | None, say: Callable[[str], None]
    ) -> _Checkpoint:
        folder = open_folder(path)
        own = read_parts(folder)
        base = None if base_lm is None else _locate(str(base_lm), folder, say)
        if base is None and folder.kind != "full":
            raise ModelError(
                f"a {folder.kind} checkpoint needs its base LM; it was trained on `{folder.base_name}`",
                where=path,
                fix="pass `--base-lm` with that LM's folder or Hugging Face id",
            )
        needed = base is not None and folder.kind != "full"
        opened = cls(folder, own, base, read_base(base, folder) if base is not None and needed else Parts())
        given = own.encoder or opened._base_parts.encoder
        opened.encoder = encoder_from_file(Path(encoder)) if encoder is not None else encoder_of(given, folder)
        return opened

    def lm(self, dtype: torch.dtype) -> Tensors:
        """Return the LM's tensors, with those that were trained in the place of the base LM's."""
        if self.folder.kind == "full":
            return self.own.lm
        tensors = self._base_parts.lm
        if self.folder.kind == "LoRA":
            tensors = merge_lora(tensors, self.folder.path, dtype)
        return {**tensors, **self.own.lm}  # an extra name is found where the LM is built

    def model_config(self, template: TemplateName, system: str, dtype: WEIGHT_TYPES) -> ModelConfig:
        """Return the settings that our own checkpoints store."""
        hidden = self.encoder.config.hidden
        said = self.folder.config.get("mm_hidden_size", hidden)
        if said != hidden:
            raise ModelError(
                f"the encoder gives {hidden} numbers for each sample; this checkpoint was trained on {said}",
                where=self.folder.path / CONFIG_FILE,
                fix="pass `--encoder FILE` with the LIMU-BERT weights that it was trained with",
            )
        return ModelConfig(
            base_lm=str(self._base or self.folder.path),
            projector=self.folder.projector,
            sensor_tokens=self.encoder.config.max_len,
            template=template,
            system=system,
            dtype=dtype,
        )

    def codec(self, n_words: int) -> TextCodec:
        """Load the checkpoint's tokenizer, else the base LM's; from `tokenizer.model` first, as the original does."""
        for path in (self.folder.path, self._base):
            if path is None or not any((path / name).is_file() for name in (MODEL_FILE, "tokenizer.json")):
                continue
            is_slow = (path / MODEL_FILE).is_file()
            codec = TextCodec.from_sentencepiece(path) if is_slow else TextCodec.from_folder(path)
            if codec.n_words > n_words:
                raise ModelError(
                    f"the tokenizer has {codec.n_words} words, the LM {n_words}",
                    where=path,
                    fix="copy the tokenizer's files again from where the checkpoint came from",
                )
            return codec
        raise ModelError(
            "there is no tokenizer: neither tokenizer.model nor tokenizer.json",
            where=self.folder.path,
            fix="copy the tokenizer's files into the folder, or pass `--base-lm` with an LM that has them",
        )


def _locate(base_lm: str, folder: OriginalFolder, say: Callable[[str], None]) -> Path:
    found = locate(base_lm, say).folder
    if found is None:
        raise ModelError(
            f"`{base_lm}` is not the base LM of this {folder.kind} checkpoint: it has no files",
            where=folder.path,
            fix=f"pass `--base-lm` with a copy of {folder.base_name}",
        )
    return found


def _dtype(folder: OriginalFolder, device: str) -> WEIGHT_TYPES:
    stored: Any = folder.config.get("torch_dtype", folder.config.get("dtype"))
    if device == "cpu" or stored not in WEIGHT_NAMES:  # a CPU is slow or wrong in half precision
        return "float32"
    return cast("WEIGHT_TYPES", stored)


def _fill_projector(model: LlasaModel, tensors: Tensors, folder: OriginalFolder) -> None:
    wanted = shapes_of(model.projector.state_dict())
    problems = misfits(shapes_of(tensors), wanted)
    if problems:
        raise ModelError(
            f"the projector is not the `{folder.projector}` that config.json names: {'; '.join(problems)}",
            where=folder.path,
            fix="copy the checkpoint again; its files belong together",
        )
    model.projector.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
