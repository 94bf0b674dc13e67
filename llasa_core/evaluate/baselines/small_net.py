"""How the two small networks among the baselines are trained: a fixed number of steps, on the CPU, by a seed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

AT_ONCE = 512
"""Inputs that are named at once."""


@dataclass(frozen=True)
class Budget:
    """How long a network is trained."""

    epochs: int
    least_steps: int
    """Less data is seen more often."""
    most_steps: int
    """More data makes training no longer than this."""
    batch_size: int
    learning_rate: float
    """Peak, of AdamW; it falls to zero along a cosine."""
    weight_decay: float

    def steps(self, n_inputs: int) -> int:
        """Return how many steps so many inputs take."""
        return min(max(self.epochs * -(-n_inputs // self.batch_size), self.least_steps), self.most_steps)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw torch's random numbers from a seed while the body runs, and leave what others draw as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def train(
    net: nn.Module,
    inputs: torch.Tensor,
    truth: torch.Tensor,
    budget: Budget,
    varied: Callable[[torch.Tensor], torch.Tensor] = lambda inputs: inputs,
) -> None:
    """Train a network on cross-entropy and leave it ready to be asked.

    The last weights stay. Those with the best accuracy on the validation people did worse: with four of them, of HAPT,
    it goes up and down by more than training gains.

    Args:
        net: inputs [input, ...] -> logits [input, class].
        inputs: of the training people.
        truth: int64 [input], class numbers.
        budget: how long.
        varied: changes a batch of inputs at random.
    """
    n_steps = budget.steps(len(inputs))
    optimizer = torch.optim.AdamW(net.parameters(), budget.learning_rate, weight_decay=budget.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    net.train()
    for batch in _batches(len(inputs), budget.batch_size, n_steps):
        functional.cross_entropy(net(varied(inputs[batch])), truth[batch]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    net.eval()


@torch.inference_mode()
def logits_of(net: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """Return what a trained network says of inputs, a part of them at once: [input, class]."""
    return torch.cat([net(part) for part in torch.split(inputs, AT_ONCE)])


def _batches(n_inputs: int, size: int, n_steps: int) -> Iterator[torch.Tensor]:
    left = torch.empty(0, dtype=torch.int64)
    for _ in range(n_steps):
        if not len(left):
            left = torch.randperm(n_inputs)
        yield left[:size]
        left = left[size:]
