"""Several continuations of one beginning as a tree: what two of them begin with alike is computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = -1
"""Stands for the last position before the tree."""


class Branch(NamedTuple):
    """One continuation."""

    asked: Sequence[int]
    """Tokens that are given: the rest of the prompt."""
    answer: Sequence[int]
    """Tokens whose probability is wanted, the end of turn included."""


@dataclass(frozen=True)
class Tree:
    """Branches that share their beginnings, as A nodes; no node stands for a last token, behind which nothing comes."""

    ids: torch.Tensor
    """int64 `[A]`: tokens, each behind the one that it follows."""
    depth: torch.Tensor
    """int64 `[A]`: a token's place in its branch."""
    is_visible: torch.Tensor
    """bool `[A, A]`: whether a node sees another, which is itself or comes before it in its branch."""
    follows: torch.Tensor
    """int64 `[T]`: for each token that is predicted, the node that it follows, or `ROOT`."""
    predicted: torch.Tensor
    """int64 `[T]`: the tokens of the answers."""
    branch: torch.Tensor
    """int64 `[T]`: whose answer each belongs to."""

    @classmethod
    def of(cls, branches: Iterable[Branch], device: torch.device) -> Tree:
        """Grow the tree of some branches."""
        tokens: list[int] = []
        parents: list[int] = []
        known: dict[tuple[int, int], int] = {}
        predictions: list[tuple[int, int, int]] = []

        def node(parent: int, token: int) -> int:
            if (parent, token) not in known:
                known[parent, token] = len(tokens)
                tokens.append(token)
                parents.append(parent)
            return known[parent, token]

        for number, (asked, answer) in enumerate(branches):
            at = ROOT
            for token in asked:
                at = node(at, token)
            for place, token in enumerate(answer):
                predictions.append((at, token, number))
                if place < len(answer) - 1:
                    at = node(at, token)
        is_visible = _lineage(parents)
        follows, predicted, branch = torch.tensor(predictions, device=device).T
        return cls(
            ids=torch.tensor(tokens, dtype=torch.int64, device=device),
            depth=torch.from_numpy(is_visible.sum(1) - 1).to(device),
            is_visible=torch.from_numpy(is_visible).to(device),
            follows=follows,
            predicted=predicted,
            branch=branch,
        )

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self, begins_at: int, stem_len: int) -> torch.Tensor:
        """Return position ids `[1, S + A]` of a stem of S positions and the tree behind it."""
        stem = torch.arange(stem_len, device=self.ids.device)
        return begins_at + torch.cat([stem, stem_len + self.depth])[None]

    def mask(self, prefix_len: int, stem_len: int) -> torch.Tensor:
        """Return who sees whom, bool `[1, 1, S + A, P + S + A]`: all see the prefix, and the tree sees the stem."""
        n_nodes = len(self.ids)
        stem = torch.ones(stem_len, stem_len, dtype=torch.bool, device=self.ids.device).tril()
        sees = torch.zeros(stem_len + n_nodes, prefix_len + stem_len + n_nodes, dtype=torch.bool, device=stem.device)
        sees[:, :prefix_len] = True
        sees[:stem_len, prefix_len : prefix_len + stem_len] = stem
        sees[stem_len:, prefix_len : prefix_len + stem_len] = True
        sees[stem_len:, prefix_len + stem_len :] = self.is_visible
        return sees[None, None]


def _lineage(parents: Sequence[int]) -> np.ndarray:
    """Return bool [node, node]: whether one is the other or comes before it; parents come before their children."""
    is_visible = np.eye(len(parents), dtype=bool)
    for child, parent in enumerate(parents):
        if parent != ROOT:
            is_visible[child] |= is_visible[parent]
    return is_visible
