"""Activation checkpointing: keep a block's inputs only, and compute the block again in the backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import nn


def recompute(blocks: Iterable[nn.Module]) -> None:
    """Make each block keep its inputs only, in place."""
    for block in blocks:
        block.forward = _again(block.forward)


def _again(forward: Callable[..., Any]) -> Callable[..., Any]:
    from torch.utils.checkpoint import checkpoint  # noqa: PLC0415 - a recipe is checked without torch

    def again(*arguments: Any, **options: Any) -> Any:
        return checkpoint(forward, *arguments, use_reentrant=False, **options)

    return again
