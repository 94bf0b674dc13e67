"""Cross-entropy at the learned tokens, without ever holding the logits of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

LOGITS_AT_ONCE = 2**26
"""Above this many logits, 256 MiB in float32, they are computed in chunks, and again in the backward pass."""


class Loss(NamedTuple):
    """A loss that is not yet divided: whoever sums over packs and ranks divides once."""

    total: torch.Tensor
    """float32 scalar: summed over the items."""
    n_items: int
    """Answer tokens, or masked values: what `total` is summed over."""


def token_loss(
    hidden: torch.Tensor, targets: torch.Tensor, head: Callable[[torch.Tensor], torch.Tensor], n_words: int
) -> Loss:
    """Return the summed cross-entropy of the next tokens.

    Args:
        hidden: `[A, D]`, at the positions whose next token is learned.
        targets: int64 `[A]`, those tokens.
        head: hidden vectors to logits `[A, V]`.
        n_words: V.
    """

    def of(rows: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(head(rows).float(), wanted, reduction="sum")

    n_rows = max(1, LOGITS_AT_ONCE // n_words)
    if len(targets) <= n_rows:
        return Loss(of(hidden, targets), len(targets))
    parts = [
        checkpoint(of, rows, wanted, use_reentrant=False)
        for rows, wanted in zip(torch.split(hidden, n_rows), torch.split(targets, n_rows), strict=True)
    ]
    return Loss(torch.stack(parts).sum(), len(targets))
