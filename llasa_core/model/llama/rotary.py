"""Rotary positions: queries and keys turned by angles that grow with the position."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from llasa_core.model.llama.shape import Rope

FIRST_POSITIONS = 512
"""Rows that the table begins with; they double when a longer text comes."""


class Rotary:
    """A table of turns, complex64 `[position, head_dim / 2]`, grown as positions are asked for."""

    def __init__(self, rope: Rope, head_dim: int) -> None:
        self._frequencies = frequencies(rope, head_dim)
        self._turns = torch.empty(0, head_dim // 2, dtype=torch.complex64)

    def at(self, start: int, end: int, device: torch.device) -> torch.Tensor:
        """Return the turns of consecutive positions, `[end - start, 1, head_dim / 2]`, as a view."""
        self._reach(end, device)
        return self._turns[start:end, None]

    def of(self, positions: torch.Tensor) -> torch.Tensor:
        """Return the turns of positions `[B, L]`, `[B, L, 1, head_dim / 2]`."""
        self._reach(int(positions.max()) + 1, positions.device)
        return self._turns[positions][:, :, None]

    def _reach(self, end: int, device: torch.device) -> None:
        if end <= len(self._turns) and self._turns.device == device:
            return
        n_positions = max(FIRST_POSITIONS, 2 ** math.ceil(math.log2(end)))
        with torch.inference_mode(mode=False):
            angles = torch.arange(n_positions, dtype=torch.float32)[:, None] * self._frequencies
            self._turns = torch.polar(torch.ones_like(angles), angles).to(device)


def turn(heads: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """Turn `[B, L, heads, D]`, float32, whose pairs stand side by side (`paired`), in one operation.

    Turns that are not complex numbers but hold cosine and sine `[…, head_dim / 2, 2]` give the same in more operations,
    which `torch.compile` makes one of: it knows no complex numbers.
    """
    if not turns.is_complex():
        first, second = heads.view(*heads.shape[:-1], -1, 2).unbind(-1)
        cosine, sine = turns.unbind(-1)
        return torch.stack([first * cosine - second * sine, first * sine + second * cosine], dim=-1).flatten(-2)
    pairs = torch.view_as_complex(heads.view(*heads.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turns).flatten(-2)


def paired(rows: torch.Tensor, head_dim: int) -> torch.Tensor:
    """Return the weights `[heads × D, in]` of queries or keys with the two of each pair side by side.

    The files hold the first ones of all pairs, then the second ones. Scores are the same: both sides change places.
    """
    halves = rows.reshape(-1, 2, head_dim // 2, rows.shape[1])  # [heads, 2, D / 2, in]
    return halves.transpose(1, 2).flatten(0, 2)


def frequencies(rope: Rope, head_dim: int) -> torch.Tensor:
    """Return each pair's angle per position, float32 `[head_dim / 2]`.

    Source:
        Su et al., RoFormer, 2021, section 3.2.2. `linear`: Chen et al., 2023, positions divided by the factor.
        `llama3`: Meta's release of Llama 3.1; slow turns are divided by the factor, quick ones kept, those between
        blended. transformers' `modeling_rope_utils.py` gives the same numbers.
    """
    exponents = torch.arange(0, head_dim, 2, dtype=torch.int64).float() / head_dim
    plain = 1.0 / rope.theta**exponents
    if rope.kind == "linear":
        return plain / rope.factor
    if rope.kind != "llama3":
        return plain
    wavelength = 2 * math.pi / plain
    longest, shortest = (rope.original_positions / each for each in (rope.low_freq_factor, rope.high_freq_factor))
    blend = (rope.original_positions / wavelength - rope.low_freq_factor) / (
        rope.high_freq_factor - rope.low_freq_factor
    )
    between = (1 - blend) * plain / rope.factor + blend * plain
    slow = torch.where(wavelength > longest, plain / rope.factor, plain)
    return torch.where((wavelength <= longest) & (wavelength >= shortest), between, slow)
