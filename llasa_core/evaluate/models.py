"""The models that an evaluation computes with, loaded when they are first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from llasa_core.model.adapted import read_any_head
from llasa_core.model.any_checkpoint import load_any
from llasa_core.model.original import is_original
from llasa_core.model.widen import widened
from llasa_core.timeline.classifier import HeadClassifier

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.model.limu_bert import LimuBert
    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.timeline.classifier import WindowClassifier


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
        self.say("loading the checkpoint")
        return load_any(self.checkpoint, base_lm=self.base_lm, encoder=self.encoder, device=self.device, say=self.say)

    @cached_property
    def imu_encoder(self) -> LimuBert:
        """The checkpoint's encoder alone, which is there in a moment."""
        if "llasa" in self.__dict__ or is_original(self.checkpoint):
            return self.llasa.encoder
        from llasa_core.model.checkpoint import load_encoder  # noqa: PLC0415 - torch

        return load_encoder(self.checkpoint)

    @cached_property
    def head(self) -> WindowClassifier | None:
        """The checkpoint's light head, which names activities as `llasa chat` does; None where it has none."""
        if is_original(self.checkpoint) or self.encoder is not None:
            return None
        head = read_any_head(self.checkpoint)
        return None if head is None or not head.activities else HeadClassifier(head)

    @cached_property
    def untrained(self) -> LlasaModel:
        """The checkpoint's base LM as it was before training, for prompts without windows: its projector is random."""
        from llasa_core.model.checkpoint import load_untrained  # noqa: PLC0415 - torch

        self.say("reading windows as numbers with the base LM")
        return widened(load_untrained(self.checkpoint, base_lm=self.base_lm, device=self.device, say=self.say))
