"""Which kind of folder of the original this is, and what its `config.json` says."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from llasa_core.errors import ModelError
from llasa_core.model.original.weight_files import COPY_AGAIN, has_weights

if TYPE_CHECKING:
    from pathlib import Path

CONFIG_FILE = "config.json"
PROJECTOR_FILE = "mm_projector.bin"
OTHERS_FILE = "non_lora_trainables.bin"
ADAPTER_CONFIG = "adapter_config.json"
MODEL_TYPE = "llava_llama"
PROJECTOR_KINDS = re.compile(r"linear|mlp[1-9]x_gelu")


@dataclass(frozen=True)
class OriginalFolder:
    """A folder of the original, before its weights are read."""

    path: Path
    kind: Literal["full", "stage-1", "LoRA"]
    config: dict[str, Any]

    @property
    def projector(self) -> str:
        """The projector's kind; `linear` where none is named, as in LLaVA's first version.

        Raises:
            ModelError: it is a kind that we do not have.
        """
        kind = str(self.config.get("mm_projector_type", "linear"))
        if not PROJECTOR_KINDS.fullmatch(kind):
            raise ModelError(
                f"the projector `{kind}` is not known",
                where=self.path / CONFIG_FILE,
                fix="`mm_projector_type` can be `linear` or `mlp2x_gelu`, with 1 to 9 for the 2",
            )
        return kind

    @property
    def base_name(self) -> str:
        """What the folder says of its base LM: a name or path on the machine that it was trained on."""
        adapter = self.path / ADAPTER_CONFIG
        named = read_json(adapter).get("base_model_name_or_path") if adapter.is_file() else None
        return str(named or self.config.get("_name_or_path") or "a name that is not stored")


def is_original(folder: Path) -> bool:
    """Say whether a folder is a checkpoint of the original, or was meant to be one."""
    if any((folder / name).is_file() for name in (PROJECTOR_FILE, OTHERS_FILE)):
        return True
    try:
        config = read_json(folder / CONFIG_FILE)
    except ModelError:
        return False
    return config.get("model_type") == MODEL_TYPE or "mm_projector_type" in config or "mm_vision_tower" in config


def open_folder(path: Path) -> OriginalFolder:
    """Read a folder's `config.json` and find out its kind.

    Raises:
        ModelError: the folder is not one of the original's, or of a model that we do not have.
    """
    config = read_json(path / CONFIG_FILE)
    named = config.get("model_type")
    if named != MODEL_TYPE:
        raise ModelError(
            f"model_type is `{named}`: only `{MODEL_TYPE}` checkpoints of the original can be loaded",
            where=path / CONFIG_FILE,
            fix="name a folder that the original LLaSA, or LLaVA 1.5 on a Llama, has written",
        )
    if config.get("mm_use_im_start_end"):
        raise ModelError(
            "`mm_use_im_start_end` is true: this checkpoint has learned marks around each window that we do not write",
            where=path / CONFIG_FILE,
            fix="name a checkpoint that was trained without them, as LLaSA's are",
        )
    return OriginalFolder(path, _kind(path), config)


def _kind(path: Path) -> Literal["full", "stage-1", "LoRA"]:
    if has_weights(path):
        return "full"
    if (path / ADAPTER_CONFIG).is_file() or (path / OTHERS_FILE).is_file():
        return "LoRA"
    if (path / PROJECTOR_FILE).is_file():
        return "stage-1"
    raise ModelError(
        "the folder holds no weights",
        where=path,
        fix=f"it needs model.safetensors or pytorch_model.bin, {PROJECTOR_FILE}, or {ADAPTER_CONFIG} with an adapter",
    )


def read_json(file: Path) -> dict[str, Any]:
    """Read a JSON file that holds named values.

    Raises:
        ModelError: it is missing or damaged.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        what = "is missing" if not file.is_file() else f"is damaged: {error}"
        raise ModelError(f"{file.name} {what}", where=file, fix=COPY_AGAIN) from error
    if not isinstance(values, dict):
        raise ModelError(f"{file.name} holds no named values", where=file, fix=COPY_AGAIN)
    return values
