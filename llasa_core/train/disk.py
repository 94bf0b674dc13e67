"""How much disk a stage needs before it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llasa_core.recipe import FinetuneConfig, PretrainConfig

STATE_BYTES = 12
"""A trained parameter's weight and two moments in float32."""
ADAPTER_BYTES = 4
TOKENIZER_BYTES = 20 * 10**6
"""As large as tokenizers get (250,000 words), with a recipe and a model card."""
LOG_BYTES_A_STEP = 600
"""A row of `log.csv` and its points in TensorBoard's file."""


@dataclass(frozen=True)
class DiskNeed:
    """Bytes on the disk at the fullest moment."""

    states: int
    """To resume from: one more than are kept, since a new one is whole before an old one goes."""
    checkpoint: int
    logs: int

    @property
    def total(self) -> int:
        """All together."""
        return self.states + self.checkpoint + self.logs

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` shows."""
        return {
            "bytes": self.total,
            "states_bytes": self.states,
            "checkpoint_bytes": self.checkpoint,
            "logs_bytes": self.logs,
        }


def disk_needed(
    config: PretrainConfig | FinetuneConfig, n_trained: int, n_steps: int, *, lm_weight_bytes: int | None = None
) -> DiskNeed:
    """Return what a stage writes.

    Args:
        config: of the stage.
        n_trained: trained parameters.
        n_steps: optimizer steps.
        lm_weight_bytes: where the whole LM is trained, bytes of a weight in the checkpoint: 4 for float32, else 2.
    """
    checkpoint = n_trained * (ADAPTER_BYTES if lm_weight_bytes is None else lm_weight_bytes)
    n_saves = max(1, (n_steps - 1) // config.save_every)  # one at least: whoever stops a run has its state saved
    n_states = min(config.keep_states + 1, n_saves)
    return DiskNeed(
        states=n_states * STATE_BYTES * n_trained,
        checkpoint=checkpoint + TOKENIZER_BYTES,
        logs=n_steps * LOG_BYTES_A_STEP,
    )
