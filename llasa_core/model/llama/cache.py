"""Keys and values of what an LM has read, in memory that is taken ahead and grows by doubling."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from llasa_core.model.llama.one_token import OneToken
    from llasa_core.model.llama.shape import Shape

FIRST_POSITIONS = 128


class Layer(NamedTuple):
    """What one layer attends to: `[B, heads, T, D]` each, views of the cache."""

    keys: torch.Tensor
    values: torch.Tensor


class KvCache:
    """Keys and values of B texts of one length T, for every layer.

    Positions are written in one go for all layers: `extend` makes room, each layer `put`s its own.
    """

    def __init__(self, shape: Shape, dtype: torch.dtype, device: torch.device) -> None:
        self._shape = shape
        self._dtype, self._device = dtype, device
        self._held: list[torch.Tensor] = []  # [keys and values, B, head, room, D] for each layer
        self.one_token: OneToken | None = None
        """What reads a single token into this cache; the LM sees to it."""
        self.length = 0
        """Positions held, T."""

    def __len__(self) -> int:
        return self.length

    @property
    def rows(self) -> int:
        """How many texts are held, B; 0 before the first."""
        return self._held[0].shape[1] if self._held else 0

    @property
    def room(self) -> int:
        """Positions for which memory is taken."""
        return self._held[0].shape[3] if self._held else 0

    def reserve(self, n_positions: int, rows: int = 1) -> None:
        """Take memory for so many positions in all, so that none is taken on the way."""
        if n_positions <= self.room:
            return
        rows = self.rows or rows
        for layer in range(self._shape.num_hidden_layers):
            new = self.zeros(rows, n_positions)
            if layer < len(self._held):
                new[:, :, :, : self.length] = self._held[layer][:, :, :, : self.length]
                self._held[layer] = new
            else:
                self._held.append(new)

    def zeros(self, rows: int, n_positions: int) -> torch.Tensor:
        """Return memory for one layer, `[keys and values, rows, heads, n_positions, D]`.

        Not left as it is found: what is masked is multiplied by 0, which a NaN would survive.
        """
        size = (2, rows, self._shape.num_key_value_heads, n_positions, self._shape.head_dim)
        return torch.zeros(size, dtype=self._dtype, device=self._device)

    def extend(self, n_positions: int, rows: int = 1) -> None:
        """Make room for positions that all layers are about to `put`."""
        if self.rows and rows != self.rows:
            raise ValueError(f"the cache holds {self.rows} texts, not {rows}")
        needed = self.length + n_positions
        if needed > self.room:
            self.reserve(max(needed, FIRST_POSITIONS, 2 * self.room), rows)
        self.length = needed

    def put(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> Layer:
        """Write a layer's newest positions `[B, heads, L, D]` and return all of it."""
        start = self.length - keys.shape[2]
        held = self._held[layer][:, :, :, : self.length]
        held[0, :, :, start:] = keys
        held[1, :, :, start:] = values
        return Layer(*held)

    def layer(self, layer: int) -> Layer:
        """Return what a layer holds."""
        return Layer(*self._held[layer][:, :, :, : self.length])

    def whole(self, layer: int) -> torch.Tensor:
        """Return a layer's memory, `[keys and values, B, heads, room, D]`."""
        return self._held[layer]

    @property
    def layers(self) -> list[Layer]:
        """What all layers hold; named, as `update`, as in transformers' caches, which stand in its place."""
        return [self.layer(layer) for layer in range(len(self._held))]

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int) -> Layer:
        """Add positions `[B, heads, L, D]` to one layer, all layers alike and the first one first."""
        if layer == 0:
            self.extend(keys.shape[2], len(keys))
        return self.put(layer, keys, values)

    def truncate(self, length: int) -> None:
        """Forget what comes after the first `length` positions."""
        self.length = min(self.length, length)

    def expanded(self, rows: int) -> KvCache:
        """Return a cache of the same text in so many rows, each with memory of its own."""
        other = KvCache(self._shape, self._dtype, self._device)
        other._held = [one[:, :, :, : self.length].expand(-1, rows, -1, -1, -1).contiguous() for one in self._held]
        other.length = self.length
        return other

    def batch_select_indices(self, rows: torch.Tensor) -> None:
        """Keep these rows alone, in this order."""
        self._held = [one[:, rows] for one in self._held]
