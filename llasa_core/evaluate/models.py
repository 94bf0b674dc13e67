"""The models that an evaluation computes with, loaded when they are first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from llasa_core.model.any_checkpoint import load_any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.model.multimodal import LlasaModel


@dataclass
class Models:
    """Where the checkpoint is, and how it is opened; a finished evaluation that is shown again loads nothing."""

    checkpoint: Path
    base_lm: str | None = None
    """Another place of the base LM."""
    encoder: Path | None = None
    """LIMU-BERT's weights, for a checkpoint of the original."""
    device: str | None = None
    """`cuda` or `cpu`; the first GPU if there is one when left out."""
    say: Callable[[str], None] = lambda _text: None

    @cached_property
    def llasa(self) -> LlasaModel:
        """The checkpoint, ready for inference."""
        self.say(f"measuring {self.checkpoint}")
        return load_any(self.checkpoint, base_lm=self.base_lm, encoder=self.encoder, device=self.device, say=self.say)
