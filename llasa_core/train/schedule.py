"""Which samples make up which step, and how large a step is: pure functions of seed and position.

Nothing here depends on what was drawn before, so a run resumes at any step with the data it would have seen, and any
number of ranks sees the same samples in the same step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from llasa_core.recipe import StageConfig


@dataclass(frozen=True)
class Schedule:
    """The order of the data over a whole stage."""

    n_items: int
    """Items to choose from."""
    batch_size: int
    """Items of one step."""
    epochs: int
    items_per_epoch: int
    max_steps: int | None
    seed: int

    @classmethod
    def of(cls, config: StageConfig, n_items: int, seed: int) -> Schedule:
        """Make the schedule of a stage that has `n_items` samples."""
        per_epoch = min(n_items, config.samples_per_epoch or n_items)
        return cls(n_items, config.batch_size, config.epochs, per_epoch, config.max_steps, seed)

    @property
    def steps_per_epoch(self) -> int:
        """Steps until every item of an epoch was seen; the last may be smaller."""
        return math.ceil(self.items_per_epoch / self.batch_size)

    @property
    def n_steps(self) -> int:
        """Optimizer steps of the whole stage."""
        steps = self.epochs * self.steps_per_epoch
        return steps if self.max_steps is None else min(steps, self.max_steps)

    def items_of(self, step: int) -> np.ndarray:
        """Return the positions of the items of one step; a permutation drawn anew for each epoch."""
        epoch, place = divmod(step, self.steps_per_epoch)
        order = _order(self.seed, epoch, self.n_items)[: self.items_per_epoch]
        return order[place * self.batch_size : (place + 1) * self.batch_size].copy()


@lru_cache(maxsize=2)  # a step asks several times, and a million items take 20 ms to shuffle
def _order(seed: int, epoch: int, n_items: int) -> np.ndarray:
    return np.random.default_rng((seed, epoch)).permutation(n_items)


def learning_rate_factor(step: int, n_steps: int, warmup_fraction: float) -> float:
    """Return the share of the peak learning rate: linear warm-up, then cosine decay to zero."""
    warmup = math.ceil(warmup_fraction * n_steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, n_steps - warmup)))
