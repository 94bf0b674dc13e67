"""What every suite is made from: the checkpoint's settings, the data, and whose windows are measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from llasa_core.evaluate.eval_set import EvalSet, choose_windows, labelled

if TYPE_CHECKING:
    from llasa_core.data.store import WindowStore
    from llasa_core.eval_settings import EvalConfig
    from llasa_core.model.checkpoint import CheckpointConfig
    from llasa_core.model.head import WindowHead


@dataclass(frozen=True)
class Exam:
    """One checkpoint on one split of one data folder."""

    name: str
    """Of the recipe or checkpoint."""
    store: WindowStore
    checkpoint: CheckpointConfig
    config: EvalConfig
    seed: int
    """Of every random choice; the same seed gives the same report."""
    head: WindowHead | None = None
    """The checkpoint's light head, where it has one."""

    @cached_property
    def windows(self) -> EvalSet:
        """What is measured: labelled windows of the split, or a fixed random choice of them."""
        return choose_windows(self.store, self.config, self.seed)

    @cached_property
    def train(self) -> EvalSet:
        """What baselines learn from; there may be none."""
        return labelled(self.store, "train")

    @cached_property
    def val(self) -> EvalSet:
        """What temperatures and thresholds are fitted on; there may be none."""
        return labelled(self.store, "val")
