"""Windows and conversations to a padded batch, for answering; training packs them (`model/packing.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from llasa_core.errors import ModelError
from llasa_core.model.prompt import SENSOR_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.qa import Turn
    from llasa_core.model.prompt import Encoded, PromptTemplate


@dataclass(frozen=True)
class Sample:
    """A conversation and the windows that its placeholders stand for, in order."""

    windows: np.ndarray
    """float32 `[window, time, channel]` as stored: m/s² and rad/s."""
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Batch:
    """Conversations of several samples, padded on the right; B samples of L positions, N windows."""

    input_ids: torch.Tensor
    """int64 `[B, L]`; 0 at sensor tokens and at padding, where nothing reads it."""
    is_sensor: torch.Tensor
    """bool `[B, L]`: positions that the projector's vectors fill, in order."""
    lengths: torch.Tensor
    """int64 `[B]`: positions before the padding."""
    windows: torch.Tensor
    """float32 `[N, time, channel]`: the windows of all samples, in order."""

    def to(self, device: torch.device | str) -> Batch:
        """Copy to a device."""
        return Batch(*(getattr(self, name).to(device, non_blocking=True) for name in self.__dataclass_fields__))


def encode(template: PromptTemplate, turns: Sequence[Turn], n_windows: int) -> Encoded:
    """Encode a conversation and check that it holds one placeholder for each window.

    Raises:
        ModelError: another number of placeholders than windows.
    """
    encoded = template.encode(turns)
    if encoded.n_windows != n_windows:
        raise ModelError(
            f"the prompt holds {encoded.n_windows} <sensor> placeholders for {n_windows} windows",
            fix="write one <sensor> for each window, in order",
        )
    return encoded


def length_of(encoded: Encoded, sensor_tokens: int) -> int:
    """Return the positions of a conversation, sensor tokens counted."""
    return len(encoded.ids) + encoded.n_windows * (sensor_tokens - 1)


def collate(encoded: Sequence[Encoded], windows: Sequence[np.ndarray], sensor_tokens: int) -> Batch:
    """Put encoded conversations and their windows (`[window, time, channel]` each) into one batch."""
    rows = [expand(one, sensor_tokens)[0] for one in encoded]
    lengths = [len(ids) for ids in rows]
    shape = (len(rows), max(lengths))
    input_ids = np.zeros(shape, dtype=np.int64)
    is_sensor = np.zeros(shape, dtype=bool)
    for i, ids in enumerate(rows):
        input_ids[i, : len(ids)] = np.where(ids == SENSOR_ID, 0, ids)
        is_sensor[i, : len(ids)] = ids == SENSOR_ID
    return Batch(
        input_ids=torch.from_numpy(input_ids),
        is_sensor=torch.from_numpy(is_sensor),
        lengths=torch.tensor(lengths),
        windows=torch.from_numpy(np.concatenate(windows).astype(np.float32, copy=False)),
    )


def expand(encoded: Encoded, sensor_tokens: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a conversation's ids with a `SENSOR_ID` for each sensor token, and which tokens are learned."""
    ids = np.asarray(encoded.ids)
    repeats = np.where(ids == SENSOR_ID, sensor_tokens, 1)
    return ids.repeat(repeats), np.asarray(encoded.is_answer).repeat(repeats)
