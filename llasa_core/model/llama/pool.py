"""Many texts of different lengths that are decoded together, one token of each at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from llasa_core.model.llama.lm import attend

if TYPE_CHECKING:
    from llasa_core.model.llama.cache import KvCache
    from llasa_core.model.llama.lm import LlamaLm

ROUND = 64
"""Positions by which memory is taken."""


class Pool:
    """Keys and values of N texts in rows side by side; what is behind the end of a shorter one is masked.

    The products with the weights, which are nearly all of the work, are done for all texts at once. A text that leaves
    has its row filled by the last one.
    """

    def __init__(self, lm: LlamaLm, most_rows: int) -> None:
        self._lm = lm
        self._most_rows = most_rows
        self._held: list[torch.Tensor] = []  # [keys and values, row, head, position, D] for each layer
        self._lengths = torch.zeros(0, dtype=torch.int64, device=lm.device)

    def __len__(self) -> int:
        """Return how many texts there are."""
        return len(self._lengths)

    @property
    def positions_taken(self) -> int:
        """Positions for which memory is taken, rows times the longest."""
        return self._held[0].shape[1] * self._held[0].shape[3] if self._held else 0

    @torch.inference_mode()
    def add(self, cache: KvCache, longest: int) -> int:
        """Take over a text that was read, and return its row.

        Args:
            cache: of the one text.
            longest: positions that the text will have at most.
        """
        row = len(self)
        self._make_room(row + 1, longest)
        for held, layer in zip(self._held, cache.layers, strict=True):
            held[0, row, :, : cache.length] = layer.keys[0]
            held[1, row, :, : cache.length] = layer.values[0]
        self._lengths = torch.cat([self._lengths, self._lengths.new_tensor([cache.length])])
        return row

    @torch.inference_mode()
    def remove(self, row: int) -> None:
        """Let a text go; the last one has its row from now on. Without texts no memory is held."""
        last = len(self) - 1
        if row != last:
            length = int(self._lengths[last])
            for held in self._held:
                held[:, row, :, :length] = held[:, last, :, :length]
            self._lengths[row] = length
        self._lengths = self._lengths[:last].clone()
        if not last:
            self._held = []

    @torch.inference_mode()
    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Read one more token of each text, int64 `[N]`, and return the logits of what comes next, float32 `[N, V]`."""
        lm, lengths = self._lm, self._lengths
        rows = torch.arange(len(lengths), device=lengths.device)
        end = int(lengths.max()) + 1
        place = torch.arange(end, device=lengths.device)
        is_level = bool((lengths == end - 1).all())
        mask = None if is_level else (place <= lengths[:, None])[:, None, None]

        def attention(layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
            keys, values = self._held[layer]
            keys[rows, :, lengths] = key[:, 0]
            values[rows, :, lengths] = value[:, 0]
            return attend(query, keys[: len(rows), :, :end], values[: len(rows), :, :end], mask)

        hidden = lm.run(lm.embed(tokens)[:, None], lm.rotary.of(lengths[:, None]), attention)[:, 0]
        self._lengths = lengths + 1
        return lm.head(hidden).float()  # type: ignore[no-any-return]

    def _make_room(self, rows: int, longest: int) -> None:
        has = (self._held[0].shape[1], self._held[0].shape[3]) if self._held else (0, 0)
        more = has[0] if rows <= has[0] else min(max(rows, 2 * has[0]), self._most_rows)
        wanted = (more, -(-max(longest, has[1]) // ROUND) * ROUND)
        if wanted == has:
            return
        empty = self._lm.new_cache()
        for layer in range(self._lm.config.num_hidden_layers):
            new = empty.zeros(*wanted)
            if layer < len(self._held):
                new[:, : has[0], :, : has[1]] = self._held[layer]
                self._held[layer] = new
            else:
                self._held.append(new)
