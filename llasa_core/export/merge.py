"""A checkpoint with its adapter merged into its LM, as one folder that Hugging Face's loaders read, and ours too."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from llasa_core.errors import ModelError, UsageError
from llasa_core.export.quiet import quiet
from llasa_core.files import check_room, written_whole
from llasa_core.model.base_lm import BaseLm, identity_of
from llasa_core.model.checkpoint import MERGED_FILE, brings_its_lm, load_checkpoint
from llasa_core.model.head import HEAD_FILE
from llasa_core.model.tensors import save_module
from llasa_core.model.text import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.export.source import Source
    from llasa_core.model.multimodal import LlasaModel

SMALL_FILES_BYTES = 64 * 10**6
"""Room for settings and the tokenizer."""
SAMPLING = ("temperature", "top_p", "top_k", "min_p", "typical_p")


@dataclass(frozen=True)
class MergedFolder:
    """What was written."""

    folder: Path
    bytes: int
    dtype: str
    """Of the LM's weights."""
    parameters: int
    """Of the LM."""

    def __str__(self) -> str:
        return (
            f"{self.folder}: LM of {self.parameters:,} parameters in {self.dtype}, {self.bytes / 1e6:,.0f} MB\n"
            f"  llasa chat --model {self.folder} talks to it; transformers loads its LM"
        )


def check_mergeable(source: Source, folder: Path) -> None:
    """Make sure that merging makes sense, before a model is loaded.

    Raises:
        ModelError: the checkpoint is merged already.
        UsageError: there is something at `folder`.
    """
    if brings_its_lm(source.folder):
        raise ModelError(
            "this checkpoint is merged already: it brings its LM along",
            where=source.folder,
            fix="copy the folder, or name the checkpoint that it was made of",
        )
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UsageError("there is something here already", where=folder, fix="name another folder after `--to`")


def export_merged(
    source: Source, folder: Path, *, base_lm: str | None = None, say: Callable[[str], None] = lambda _text: None
) -> MergedFolder:
    """Write a merged folder, whole or not at all.

    `config.json`, `generation_config.json`, `model.safetensors` and the tokenizer are what transformers' Auto classes
    load; `llasa.json`, `encoder.safetensors` and `projector.safetensors` are the bridge. The folder is a checkpoint,
    which every command takes, and gives the same answers, since `load_checkpoint` merges in the same type.

    Args:
        source: a checkpoint with an adapter, a trained LM or neither.
        folder: where it appears.
        base_lm: another place of the same base LM.
        say: told of a fetch, and of a base LM with other weights.

    Raises:
        ModelError: the checkpoint cannot be loaded, or is merged already.
        UsageError: there is something at `folder`.
        RunError: the disk has no room.
    """
    check_mergeable(source, folder)
    model = load_checkpoint(source.folder, base_lm=base_lm, device="cpu", say=say, in_transformers=True)
    check_room(folder, _bytes_of(model) + SMALL_FILES_BYTES)
    with written_whole(folder) as beside:
        beside.mkdir()
        _write_lm(model, beside)
        _write_tokenizer(model, beside)
        save_module(model.encoder, beside / "encoder.safetensors")
        save_module(model.projector, beside / "projector.safetensors")
        (beside / MERGED_FILE).write_text(json.dumps(_settings(source, beside), indent=2) + "\n", encoding="utf-8")
        (beside / "README.md").write_text(_card(source), encoding="utf-8")
        for name in ("recipe.yaml", HEAD_FILE):
            if (source.folder / name).is_file():
                (beside / name).write_bytes((source.folder / name).read_bytes())
        _open_to_readers(beside)
        size = sum(file.stat().st_size for file in beside.rglob("*") if file.is_file())
    return MergedFolder(folder, size, source.config.model.dtype, sum(p.numel() for p in model.lm.parameters()))


def _bytes_of(model: LlasaModel) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())


def _write_lm(model: LlasaModel, folder: Path) -> None:
    generation = model.lm.generation_config
    if any(getattr(generation, name, None) not in {None, 1.0} for name in SAMPLING):
        generation.do_sample = True  # some LMs come with half of it, which transformers reads but does not write
    from transformers.utils import logging  # noqa: PLC0415 - loaded with the LM, not before

    logging.disable_progress_bar()
    with quiet():
        model.lm.save_pretrained(folder)


def _open_to_readers(folder: Path) -> None:
    """Give weights the permissions that other files get; safetensors writes them for their owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    for file in folder.glob("*.safetensors"):
        file.chmod(0o666 & ~mask)


def _write_tokenizer(model: LlasaModel, folder: Path) -> None:
    """Write the tokenizer so that transformers takes `tokenizer.json` as it stands, which the LM was trained with.

    A class such as `LlamaTokenizer` makes transformers 5 build the tokenizer anew, from its vocabulary alone.
    """
    model.codec.save(folder)
    settings = {key: value for key, value in model.codec.settings.items() if key != "auto_map"}
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    (folder / SETTINGS_FILE).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def _settings(source: Source, folder: Path) -> dict[str, Any]:
    """Return our settings of the merged checkpoint: no adapter, and itself as its base LM."""
    config = source.config
    merged = replace(
        config,
        model=config.model.model_copy(update={"quantization": "none"}),
        adapter=None,
        base_lm=identity_of(BaseLm(config.model.base_lm, folder)),
    )
    made_of = {"base_lm": config.base_lm, "adapter": config.as_dict()["adapter"], "lm": source.lm_trained}
    return {**merged.as_dict(), "merged_from": made_of}


def _card(source: Source) -> str:
    relation = {"base_model_relation": "finetune"} if "base_model" in source.fields() else {}
    card = source.card(library_name="transformers", pipeline_tag="text-generation", **relation)
    return f"""{card}
## Merged

This folder brings its LM along, in {source.config.model.dtype}, with whatever was trained merged into it: `llasa chat`
and `llasa eval` take it as it is. `AutoModelForCausalLM.from_pretrained` loads the LM alone, without sensor tokens.
"""
