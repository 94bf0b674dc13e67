"""The LM of a checkpoint of the original: a Llama, put together from `config.json` and named tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from llasa_core.errors import ModelError
from llasa_core.model.base_lm import ARCHITECTURE_KEYS
from llasa_core.model.original.folder import CONFIG_FILE, MODEL_TYPE, read_json
from llasa_core.model.original.parts import Parts
from llasa_core.model.original.weight_files import COPY_AGAIN, read_weights, shapes_of
from llasa_core.model.tensors import misfits

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.model.original.folder import OriginalFolder
    from llasa_core.model.original.weight_files import Tensors

NOT_THE_LMS = {
    "_name_or_path",
    "architectures",
    "auto_map",
    "dtype",
    "model_type",
    "torch_dtype",
    "transformers_version",
}
"""Keys of `config.json` that say where a model comes from, not what it is."""
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def llama_config(folder: OriginalFolder) -> Any:
    """Return the LM's settings.

    Raises:
        ModelError: transformers refuses them.
    """
    from transformers.models.llama.configuration_llama import LlamaConfig  # noqa: PLC0415 - seconds

    values = {key: value for key, value in folder.config.items() if key not in NOT_THE_LMS}
    try:
        return LlamaConfig(**{key: value for key, value in values.items() if not key.startswith("mm_")})
    except Exception as error:  # transformers checks settings in many ways
        raise ModelError(
            f"config.json does not describe a Llama: {(str(error).splitlines() or ['?'])[0]}",
            where=folder.path / CONFIG_FILE,
            fix=COPY_AGAIN,
        ) from error


def read_base(path: Path, folder: OriginalFolder) -> Parts:
    """Read the base LM that a stage-1 or LoRA folder was trained on.

    Args:
        path: a Llama's folder, or a full one of the original, whose projector is then not used.
        folder: what was trained on it; its `config.json` describes the whole.

    Raises:
        ModelError: it is another architecture, or its weights are missing or damaged.
    """
    config = read_json(path / CONFIG_FILE)
    kind = config.get("model_type")
    differing = [f"model_type {kind}"] if kind not in {"llama", MODEL_TYPE} else []
    differing += [
        f"{key} {config.get(key)}, trained on {folder.config.get(key)}"
        for key in ARCHITECTURE_KEYS
        if key != "model_type" and key in config and key in folder.config and config[key] != folder.config[key]
    ]
    if differing:
        raise ModelError(
            f"{path} is not the base LM of this {folder.kind} checkpoint: {'; '.join(differing)}",
            where=path / CONFIG_FILE,
            fix=f"pass `--base-lm` with a copy of {folder.base_name}",
        )
    return Parts.of(read_weights(path))


def make_llama(config: Any, tensors: Tensors, dtype: torch.dtype, where: Path) -> Any:
    """Build the LM around tensors that are named as its own.

    Args:
        config: from `llama_config`.
        tensors: all of the LM's, none else; the output head may be absent where it shares the embedding's weights.
        dtype: type of the weights in memory.
        where: the folder that they come from, for errors.

    Returns:
        A `LlamaForCausalLM` in evaluation mode, all parameters frozen.

    Raises:
        ModelError: a tensor is missing, extra or of another shape.
    """
    from transformers.models.llama.modeling_llama import LlamaForCausalLM  # noqa: PLC0415 - seconds

    is_tied = config.tie_word_embeddings
    with torch.device("meta"):
        lm = LlamaForCausalLM(config)
    wanted = shapes_of(lm.state_dict())
    if is_tied:
        wanted.pop(HEAD)
        tensors = {name: tensor for name, tensor in tensors.items() if name != HEAD}
    problems = misfits(shapes_of(tensors), wanted)
    if problems:
        raise ModelError(
            f"the weights are not those of the LM that config.json describes: {'; '.join(problems)}",
            where=where,
            fix="copy the checkpoint again; its files belong together",
        )
    # copied: tensors that lie in a file would change with it
    held = {name: tensor.to(dtype, copy=True) for name, tensor in tensors.items()}
    lm.load_state_dict(held | ({HEAD: held[EMBEDDING]} if is_tied else {}), assign=True)
    if is_tied:
        lm.lm_head.weight = lm.model.embed_tokens.weight
    lm.model.rotary_emb = type(lm.model.rotary_emb)(config=config)  # its frequencies are in no file
    return lm.eval().requires_grad_(requires_grad=False)
