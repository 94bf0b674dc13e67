"""The light head of a checkpoint: learned in seconds on the CPU from the training people's windows."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn
from torch.nn import functional

from llasa_core.model.checkpoint import read_checkpoint_config
from llasa_core.model.head import (
    HeadWeights,
    WindowHead,
    distances,
    n_statistics,
    save_head,
    stretch_statistics,
)
from llasa_core.model.sureness import UNFITTED_THRESHOLD, fit_temperature, fit_threshold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llasa_core.data.store import WindowStore

STRETCH_S = 0.5
"""Of 0.15, 0.25, 0.5 and 1 s the one that named people best who were not learned from (docs/experiments.md)."""
HIDDEN = 64
DROPOUT = 0.2
EPOCHS = 30
MOST_STEPS = 3000
"""More data makes training no longer than this."""
PATIENCE = 15
"""Epochs without a lower loss on the validation people after which training ends."""
BATCH = 128
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.05
RIDGE = 0.01
"""Added to the variances: a feature that never varies within a class says nothing about strangers."""
NEAR_SHARE = 0.99
"""Of the validation windows, that count as like the training's."""
SPLICED = 0.5
"""Share of the windows in a batch of which less than half is replaced by another's."""


@dataclass(frozen=True)
class HeadReport:
    """How a head came out."""

    windows: int
    """It learned from."""
    val_windows: int
    val_accuracy: float | None
    """None where there are no validation people."""
    temperature: float
    threshold: float


def add_head(store: WindowStore, checkpoint: Path, seed: int) -> HeadReport | None:
    """Fit a head on what a checkpoint was trained on and write it into its folder.

    Args:
        store: the data folder, its people parted as they were for the checkpoint.
        checkpoint: its folder.
        seed: the same seed gives the same head.

    Returns:
        How it came out; None where the checkpoint knows no activities: it gets no head.

    Raises:
        DataError: the data folder is damaged.
        ModelError: the checkpoint is.
        RunError: the disk is full.
    """
    activities = read_checkpoint_config(checkpoint).activities
    if not activities:
        return None
    head, report = fit_head(store, activities, seed)
    save_head(head, checkpoint)
    return report


def fit_head(store: WindowStore, activities: tuple[str, ...], seed: int) -> tuple[WindowHead, HeadReport]:
    """Return a head that was fitted on the training people, its temperature and threshold on the validation people.

    Args:
        store: with at least one window of a training person whose activity is known.
        activities: the classes.
        seed: of everything random; what others draw from torch's generator stays as it was.
    """
    with _one_thread():
        return _fit_head(store, activities, seed)


def _fit_head(store: WindowStore, activities: tuple[str, ...], seed: int) -> tuple[WindowHead, HeadReport]:
    length = round(store.window_s * store.sampling_rate_hz)
    n_stretches = _most_stretches(length, store.window_s)
    inputs, truth = _lessons(store, "train", activities, n_stretches)
    val_inputs, val_truth = _lessons(store, "val", activities, n_stretches)
    has_val = len(val_truth) > 0
    checked = (val_inputs, val_truth) if has_val else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = _Net(inputs, len(activities))
        _train(net, inputs, truth, checked)
    logits = _logits_of(net, val_inputs).double().numpy() if has_val else np.empty((0, len(activities)))
    temperature = fit_temperature(logits, val_truth.numpy()) if has_val else 1.0
    threshold = fit_threshold(logits / temperature, val_truth.numpy()) if has_val else UNFITTED_THRESHOLD
    weights = net.as_weights()
    centres, whiten = _whitened(weights.pooled(inputs.numpy()), truth.numpy(), len(activities))
    weights = replace(weights, centres=centres, whiten=whiten)
    far = distances(weights.pooled((val_inputs if has_val else inputs).numpy()), centres, whiten)
    farthest = np.quantile(far, NEAR_SHARE)
    head = WindowHead(
        weights=weights,
        activities=activities,
        n_stretches=n_stretches,
        temperature=temperature,
        threshold=threshold,
        farthest=float(farthest),
        sampling_rate_hz=store.sampling_rate_hz,
        window_s=store.window_s,
    )
    accuracy = float((logits.argmax(axis=1) == val_truth.numpy()).mean()) if has_val else None
    return head, HeadReport(len(truth), len(val_truth), accuracy, temperature, threshold)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute in one thread: these small sums are no slower so, and the same whatever the machine."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(n_threads)


class _Net(nn.Module):
    """The head as torch trains it."""

    def __init__(self, inputs: torch.Tensor, n_classes: int) -> None:
        super().__init__()
        flat = inputs.flatten(0, 1)
        self.shift = flat.mean(0)
        self.scale = 1 / (flat.std(0, correction=0) + 1e-3)
        self.hidden = nn.Linear(n_statistics(), HIDDEN)
        self.out = nn.Linear(2 * HIDDEN, n_classes)

    def forward(self, statistics: torch.Tensor) -> torch.Tensor:
        """Turn statistics [window, stretch, statistic] into logits [window, class]."""
        x = functional.dropout((statistics - self.shift) * self.scale, DROPOUT, self.training)
        h = functional.relu(self.hidden(x))
        spread = (h.var(1, correction=0) + 1e-8).sqrt()  # the root of 0 has no slope
        pooled = functional.dropout(torch.cat([h.mean(1), spread], dim=1), DROPOUT, self.training)
        logits: torch.Tensor = self.out(pooled)
        return logits

    def as_weights(self) -> HeadWeights:
        """Return the weights as NumPy computes with them; what tells strange windows is not known yet."""
        return HeadWeights(
            self.shift.numpy(),
            self.scale.numpy(),
            self.hidden.weight.detach().numpy().T.copy(),
            self.hidden.bias.detach().numpy(),
            self.out.weight.detach().numpy().T.copy(),
            self.out.bias.detach().numpy(),
            centres=np.empty(0),
            whiten=np.empty(0),
        )


def _spliced(inputs: torch.Tensor) -> torch.Tensor:
    """Return windows of which some begin or end, for less than half of their length, as another of the batch does.

    Timelines meet windows across a change of activity, training folders hold none. So learned, such a window is named
    by what fills most of it; and windows of unseen people are named better, too.
    """
    n, n_stretches, _ = inputs.shape
    longest = (n_stretches - 1) // 2
    if not longest:
        return inputs
    length = torch.randint(1, longest + 1, (n, 1)) * (torch.rand(n, 1) < SPLICED)
    place = torch.arange(n_stretches)[None]
    at_start = torch.randint(0, 2, (n, 1)) == 0
    is_other = torch.where(at_start, place < length, place >= n_stretches - length)
    mixed = torch.where(is_other[..., None], inputs[torch.randperm(n)], inputs)
    return torch.where((length > 0)[..., None], _with_own_spread(mixed), inputs)


def _with_own_spread(inputs: torch.Tensor) -> torch.Tensor:
    """Return windows put together of other windows' stretches, with the deviation over all of their own samples."""
    third = inputs.shape[-1] // 3
    mean, spread = inputs[..., :third] / 2, (inputs[..., third : 2 * third] - 2).exp()
    variance = (spread**2).mean(1) + mean.var(1, correction=0)  # stretches are equally long
    whole = (variance.sqrt().log() + 2)[:, None].expand(-1, inputs.shape[1], -1)
    return torch.cat([inputs[..., : 2 * third], whole], dim=-1)


def _whitened(features: np.ndarray, truth: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return whitened class centres and what whitens; a class without windows lies at infinity."""
    spread = features.std(axis=0) + 1e-6
    scaled = features / spread
    centres = np.full((n_classes, scaled.shape[1]), np.inf)
    for number in np.unique(truth):
        centres[number] = scaled[truth == number].mean(axis=0)
    within = np.cov((scaled - centres[truth]).T) + RIDGE * np.eye(scaled.shape[1])
    values, vectors = np.linalg.eigh(within)
    rotate = vectors / np.sqrt(values)
    is_there = np.isfinite(centres).all(axis=1)
    centres[is_there] = centres[is_there] @ rotate
    return centres.astype(np.float32), (rotate / spread[:, None]).astype(np.float32)


def _most_stretches(length: int, window_s: float) -> int:
    """Return how many equal stretches of about `STRETCH_S` a window of so many samples has; two samples at least."""
    wanted = max(1, round(window_s / STRETCH_S))
    return max(n for n in range(1, max(1, min(wanted, length // 2)) + 1) if length % n == 0)


def _lessons(
    store: WindowStore, split: str, activities: tuple[str, ...], n_stretches: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return statistics [window, stretch, statistic] and class numbers of a split's windows of known activity."""
    number = {name: i for i, name in enumerate(activities)}
    class_of = np.array([number.get(name, -1) for name in store.activity_names] + [-1])  # the last is for -1, unknown
    rows = store.rows(split)  # type: ignore[arg-type]
    truth = class_of[store.activity[rows]]
    rows, truth = rows[truth >= 0], truth[truth >= 0]
    statistics = stretch_statistics(store.take(rows), n_stretches)
    return torch.from_numpy(statistics), torch.from_numpy(truth.astype(np.int64))


def _train(
    net: _Net, inputs: torch.Tensor, truth: torch.Tensor, checked: tuple[torch.Tensor, torch.Tensor] | None
) -> None:
    """Train a net and leave the weights that had the lowest loss on the validation people; else the last ones."""
    n_epochs = max(1, min(EPOCHS, MOST_STEPS // -(-len(truth) // BATCH)))
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_epochs)
    best, best_weights, best_epoch = float("inf"), net.state_dict(), 0
    for epoch in range(n_epochs):
        net.train()
        order = torch.randperm(len(truth))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            loss: torch.Tensor = functional.cross_entropy(net(_spliced(inputs[batch])), truth[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad()
        schedule.step()
        if checked is None:
            continue
        val_loss = functional.cross_entropy(_logits_of(net, checked[0]), checked[1]).item()
        if val_loss < best:
            best, best_weights, best_epoch = val_loss, copy.deepcopy(net.state_dict()), epoch
        elif epoch - best_epoch >= PATIENCE:
            break
    if checked is not None:
        net.load_state_dict(best_weights)


@torch.no_grad()
def _logits_of(net: _Net, inputs: torch.Tensor) -> torch.Tensor:
    net.eval()
    return net(inputs)  # type: ignore[no-any-return]
