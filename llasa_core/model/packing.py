"""Samples of any length, one behind the other in one row, and no padding: what training computes on.

Each sample is a document: it sees itself alone (`model/attention.py`) and counts its positions from zero, so a pack
gives the numbers that its samples give one by one.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from llasa_core.model.collate import expand
from llasa_core.model.prompt import SENSOR_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.model.prompt import Encoded


@dataclass(frozen=True)
class Pack:
    """Several samples in one row of T positions; D documents, N windows, S sensor tokens each, A learned tokens.

    Whatever would have to be counted on the device is counted here, so that a GPU never waits for the host.
    """

    input_ids: torch.Tensor
    """int64 `[T]`; 0 at sensor tokens, where nothing reads it."""
    positions: torch.Tensor
    """int64 `[T]`: places in their own documents."""
    starts: torch.Tensor
    """int32 `[D + 1]`: where each document begins, and the end of the last."""
    lengths: tuple[int, ...]
    """Positions of each document, where the host can read them."""
    sensor_at: torch.Tensor
    """int64 `[N × S]`: positions that the projector's vectors fill, in order."""
    learned_at: torch.Tensor
    """int64 `[A]`: positions whose next token is learned."""
    targets: torch.Tensor
    """int64 `[A]`: those next tokens."""
    windows: torch.Tensor
    """float32 `[N, time, channel]`: the windows of all documents, in order."""

    @property
    def longest(self) -> int:
        """Positions of the longest document."""
        return max(self.lengths)

    @property
    def n_tokens(self) -> int:
        """Positions, sensor tokens counted."""
        return len(self.input_ids)

    def to(self, device: torch.device) -> Pack:
        """Copy to a device, without waiting for it where the memory is pinned."""
        return self._with_each(lambda tensor: tensor.to(device, non_blocking=True))

    def pinned(self) -> Pack:
        """Copy to memory that a GPU reads by itself."""
        return self._with_each(torch.Tensor.pin_memory)

    def _with_each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Pack:
        tensors: dict[str, Any] = {
            field.name: change(getattr(self, field.name)) for field in fields(self) if field.name != "lengths"
        }
        return replace(self, **tensors)


def pack(encoded: Sequence[Encoded], windows: Sequence[np.ndarray], sensor_tokens: int) -> Pack:
    """Put encoded conversations and their windows (`[window, time, channel]` each) into one pack."""
    documents = [expand(one, sensor_tokens) for one in encoded]
    lengths = [len(ids) for ids, _ in documents]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    ids = np.concatenate([ids for ids, _ in documents])
    is_answer = np.concatenate([answer for _, answer in documents])
    is_answer[starts[:-1]] = False  # nothing stands before a document's first token
    answers = np.flatnonzero(is_answer)
    return Pack(
        input_ids=torch.from_numpy(np.where(ids == SENSOR_ID, 0, ids)),
        positions=torch.from_numpy(np.concatenate([np.arange(length) for length in lengths])),
        starts=torch.from_numpy(starts.astype(np.int32)),
        lengths=tuple(lengths),
        sensor_at=torch.from_numpy(np.flatnonzero(ids == SENSOR_ID)),
        learned_at=torch.from_numpy(answers - 1),
        targets=torch.from_numpy(ids[answers]),
        windows=torch.from_numpy(np.concatenate(windows).astype(np.float32, copy=False)),
    )


def without_answers(one: Pack) -> Pack:
    """Return a pack that nothing is learned from: what a rank computes while others have samples left."""
    return replace(one, learned_at=one.learned_at[:0], targets=one.targets[:0])


def plan_packs(lengths: Sequence[int], budget: int, n_ranks: int) -> list[list[list[int]]]:
    """Deal the samples of one step to ranks and packs.

    As few packs as hold the samples (best fit, longest sample first), the same number for every rank because ranks meet
    after each, and all about equally full. A pack may be empty when samples are few.

    Args:
        lengths: positions of each sample, none above the budget.
        budget: most positions of a pack.
        n_ranks: number of ranks.

    Returns:
        `[rank][pack]`: places in `lengths`. The same for the same arguments.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    fewest = _best_fit(order, lengths, budget)
    n_packs = -(-len(fewest) // n_ranks) * n_ranks
    packs = _evenly(order, lengths, n_packs)
    if max(sum(lengths[i] for i in one) for one in packs) > budget:
        packs = fewest + [[] for _ in range(n_packs - len(fewest))]
    return [packs[rank::n_ranks] for rank in range(n_ranks)]


def _best_fit(order: list[int], lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Put each sample where it leaves the least room."""
    packs: list[list[int]] = []
    room: list[int] = []
    for i in order:
        fits = [pack for pack in range(len(packs)) if room[pack] >= lengths[i]]
        if fits:
            best = min(fits, key=room.__getitem__)
        else:
            best = len(packs)
            packs.append([])
            room.append(budget)
        packs[best].append(i)
        room[best] -= lengths[i]
    return packs


def _evenly(order: list[int], lengths: Sequence[int], n_packs: int) -> list[list[int]]:
    """Put each sample into the emptiest pack."""
    packs: list[list[int]] = [[] for _ in range(n_packs)]
    loads = [(0, pack) for pack in range(n_packs)]
    for i in order:
        load, emptiest = loads[0]
        packs[emptiest].append(i)
        heapq.heapreplace(loads, (load + lengths[i], emptiest))
    return packs
