"""Checkpoints of ours and of the original alike: what `eval` and `chat` open. An adapted folder stands for its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.errors import ModelError
from llasa_core.model.adapted import checkpoint_behind
from llasa_core.model.checkpoint import load_checkpoint, read_checkpoint_config
from llasa_core.model.original import config_of_original, is_original, load_original
from llasa_core.model.widen import widened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.model.checkpoint import CheckpointConfig
    from llasa_core.model.config import QuantizationName
    from llasa_core.model.multimodal import LlasaModel


def read_any_config(folder: Path, *, base_lm: str | None = None, encoder: Path | None = None) -> CheckpointConfig:
    """Return a checkpoint's config; that of an original is derived and names no activities.

    Args:
        folder: the checkpoint.
        base_lm: of an original that needs one.
        encoder: of an original that holds none.

    Raises:
        ModelError: there is no checkpoint, it is damaged, or an original lacks its base LM or encoder.
    """
    folder = checkpoint_behind(folder)
    if is_original(folder):
        return config_of_original(folder, base_lm, encoder)
    _refuse_encoder(folder, encoder)
    return read_checkpoint_config(folder)


def load_any(
    folder: Path,
    *,
    base_lm: str | None = None,
    encoder: Path | None = None,
    device: str | None = None,
    say: Callable[[str], None] = lambda _text: None,
    quantization: QuantizationName = "none",
) -> LlasaModel:
    """Load a checkpoint of ours, or one of the original, ready for inference; arguments as the two loaders take them.

    On a CPU without bfloat16 in its hardware the LM computes in float32.

    Raises:
        ModelError: see `load_checkpoint` and `load_original`.
    """
    folder = checkpoint_behind(folder)
    if is_original(folder):
        model = load_original(folder, base_lm, encoder, device=device, say=say, quantization=quantization)
    else:
        _refuse_encoder(folder, encoder)
        model = load_checkpoint(folder, base_lm=base_lm, device=device, say=say, quantization=quantization)
    return widened(model) if quantization == "none" else model


def _refuse_encoder(folder: Path, encoder: Path | None) -> None:
    if encoder is not None:
        raise ModelError(
            "this checkpoint holds the encoder that it was trained with",
            where=folder,
            fix="leave out `--encoder`: it is for checkpoints of the original LLaSA",
        )
