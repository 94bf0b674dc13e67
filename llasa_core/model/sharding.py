"""A base LM that no device holds whole: ZeRO 3 shares its weights out as they are read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def shared_out(zero: Mapping[str, Any] | None) -> Iterator[None]:
    """Let transformers' loaders keep this rank's share of each weight only, while the body loads.

    Args:
        zero: DeepSpeed's `zero_optimization`, with stage 3; without it nothing is shared. All ranks have met and
            load together.
    """
    if zero is None:
        yield
        return
    from transformers.integrations import HfDeepSpeedConfig  # noqa: PLC0415

    said = HfDeepSpeedConfig({"train_micro_batch_size_per_gpu": 1, "zero_optimization": dict(zero)})
    try:
        yield
    finally:
        del said  # transformers looks at it as long as it lives
