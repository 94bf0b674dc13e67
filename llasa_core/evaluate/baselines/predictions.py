"""What a baseline named which windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from llasa_core.evaluate.eval_set import EvalSet


@dataclass(frozen=True)
class Predictions:
    """Names of all windows that are measured, or of some of them."""

    where: np.ndarray
    """int64 [named window]: positions in the exam's windows."""
    named: np.ndarray
    """int64 [named window]: class numbers; the number of classes where an answer is unclear, which is wrong."""
    note: str = ""
    """What a reader must know of how it came about."""

    def windows_of(self, eval_set: EvalSet) -> EvalSet:
        """Return the windows that were named."""
        return eval_set.part(self.where)
