"""A prompt that the LM can read: the oldest questions are dropped first, the sensor and the facts never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.qa import SENSOR, Turn
from llasa_core.errors import UsageError
from llasa_core.model.collate import encode, length_of
from llasa_core.model.multimodal import tokens_per_window

if TYPE_CHECKING:
    import numpy as np

    from llasa_core.model.multimodal import LlasaModel


def fitted(model: LlasaModel, windows: np.ndarray, turns: tuple[Turn, ...], max_new_tokens: int) -> tuple[Turn, ...]:
    """Return the turns without the oldest questions and answers, so that the rest and a whole answer fit the LM.

    Args:
        model: whose context it is.
        windows: [window, time, channel].
        turns: as `ground` gives them: what stands before the first question's text belongs to the windows.
        max_new_tokens: of the answer.

    Raises:
        UsageError: the question alone is too long.
    """
    limit = getattr(model.lm.config, "max_position_embeddings", None)
    lead = _lead(turns[0].text)
    while True:
        n_tokens = length_of(
            encode(model.template, turns, len(windows)), tokens_per_window(model.config, windows.shape[1])
        )
        if limit is None or n_tokens + max_new_tokens <= limit:
            return turns
        if len(turns) == 1:
            raise UsageError(
                f"the question takes {n_tokens} tokens; with an answer of {max_new_tokens} it is longer than the "
                f"{limit} that the LM reads",
                fix="ask a shorter question, or pass a smaller `--max-new-tokens`",
            )
        turns = (Turn("human", lead + turns[2].text), *turns[3:])


def _lead(text: str) -> str:
    """Return what stands before the first question: placeholders, and facts set off by an empty line."""
    *_, last = text.rpartition(SENSOR)
    before = text[: len(text) - len(last)]
    told, blank, _ = last.partition("\n\n")
    return f"{before}{told}{blank}" if blank else f"{before}\n"
