"""Scaling of the loss for float16, whose smallest gradients would be lost, and whose largest overflow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llasa_core.errors import RunError

if TYPE_CHECKING:
    import torch

GROWS_AFTER = 2000
"""Steps in a row without an overflow; torch's own default."""
LEAST = 2.0**-14


@dataclass
class LossScale:
    """Halved at each overflow, doubled after `GROWS_AFTER` steps without one.

    Source:
        Micikevicius et al., Mixed Precision Training, 2018, section 3.2; the constants are `torch.amp.GradScaler`'s.
    """

    factor: float = 2.0**16
    steps_without_overflow: int = 0

    def saw(self, norm: torch.Tensor) -> bool:
        """Take note of a step's gradient norm; return whether it may update the weights.

        Raises:
            RunError: the gradient overflows at any scale, so it is no matter of scale.
        """
        if math.isfinite(value := norm.item()) and value >= 0:  # ZeRO says -1 where it found no number
            self.steps_without_overflow += 1
            if self.steps_without_overflow == GROWS_AFTER:
                self.factor *= 2
                self.steps_without_overflow = 0
            return True
        self.factor /= 2
        self.steps_without_overflow = 0
        if self.factor < LEAST:
            raise RunError(
                "the gradient overflows float16 whatever the loss is scaled by",
                fix="set `model.dtype: bfloat16`, or lower the learning rate",
            )
        return False
