"""How the light head's small network learns: seconds on the CPU."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.model.head_net import HeadNet

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

UNITS = 128
EPOCHS = 8
BATCH_SIZE = 256
LEARNING_RATE = 3e-3
"""At the peak of one cycle (Smith and Topin 2018)."""
WEIGHT_DECAY = 1e-2
DROPPED_FEATURES, DROPPED_UNITS = 0.1, 0.3
SMOOTHING = 0.02
"""Of the labels."""


def learn_net(scaled: np.ndarray, truth: np.ndarray, weight: np.ndarray, n_classes: int, seed: int) -> HeadNet:
    """Return a network that was trained on windows; the same seed gives the same one on the same machine.

    Args:
        scaled: features [copy, window, feature], about as large each.
        truth: int64 [window]: class numbers.
        weight: [window]: how much each counts.
        n_classes: of the network.
        seed: of first values, order and what is dropped.
    """
    import torch  # noqa: PLC0415 - seconds, and heads of one placement need none
    from torch import nn  # noqa: PLC0415
    from torch.nn import functional  # noqa: PLC0415

    n_copies, _, n_features = scaled.shape
    inputs = torch.from_numpy(scaled.reshape(-1, n_features).astype(np.float32))
    targets = torch.from_numpy(np.tile(truth, n_copies))
    weights = torch.from_numpy(np.tile(weight, n_copies).astype(np.float32))
    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.manual_seed(seed)
        first, last = nn.Linear(n_features, UNITS), nn.Linear(UNITS, n_classes)
        net = nn.Sequential(nn.Dropout(DROPPED_FEATURES), first, nn.ReLU(), nn.Dropout(DROPPED_UNITS), last)
        optimizer = torch.optim.AdamW(net.parameters(), weight_decay=WEIGHT_DECAY)
        batches = list(_batches(len(inputs)))
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=len(batches))
        for rows in batches:
            each = functional.cross_entropy(
                net(inputs[rows]), targets[rows], reduction="none", label_smoothing=SMOOTHING
            )
            optimizer.zero_grad()
            (each * weights[rows]).mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            cycle.step()
    return HeadNet(*map(_array, (first.weight.T, first.bias, last.weight.T, last.bias)))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute in one thread: in so small products several wait for each other, on a busy machine for minutes."""
    import torch  # noqa: PLC0415 - as above

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _batches(n: int) -> Iterator[torch.Tensor]:
    """Yield the rows of each step, each epoch in an order of its own."""
    import torch  # noqa: PLC0415 - as above

    for _ in range(EPOCHS):
        yield from torch.randperm(n).split(BATCH_SIZE)  # type: ignore[no-untyped-call]


def _array(tensor: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.detach().numpy())
