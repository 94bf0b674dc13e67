"""What is asked of the engine, and the reply as it comes."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from llasa_core.errors import RunError
from llasa_core.model.generate import pieces_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    from llasa_core.data.qa import Turn
    from llasa_core.model.text import TextCodec

Ending = Literal["stop", "length", "cancelled", "failed"]
"""`stop`: the model ended its turn; `length`: `max_new_tokens` were said."""


@dataclass(frozen=True)
class EngineLimits:
    """How much is worked on at once, and how much may wait."""

    most_together: int = 32
    """Answers that are decoded together."""
    most_waiting: int = 64
    """Requests that wait for their turn; another one is refused."""
    most_positions: int = 16384
    """Keys and values that are held, answers times the longest one's positions: 750 MB for SmolLM2-135M in float32."""
    reads_between: int = 64
    """Positions of new prompts that are read between two tokens of those that are being answered."""


@dataclass(frozen=True)
class Ask:
    """One question."""

    windows: np.ndarray
    """float32 `[window, time, channel]`, one for each `<sensor>` in `turns`."""
    turns: tuple[Turn, ...]
    max_new_tokens: int = 128
    temperature: float = 0.0
    """0 takes the likeliest token; above, tokens are drawn."""
    seed: int = 0
    heard: Callable[[int | None], None] | None = None
    """Told of each token as it comes and of the end by None, from the engine's thread, instead of `Reply.tokens`: for
    who cannot wait in a thread. It must not block."""


class BusyError(RunError):
    """As many requests wait as may."""


class Reply:
    """An answer that is being decoded; safe to use from any thread."""

    def __init__(self, codec: TextCodec, heard: Callable[[int | None], None] | None = None) -> None:
        self._codec = codec
        self._tokens: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._heard = heard or self._tokens.put
        self._done = threading.Event()
        self.is_cancelled = False
        self.ending: Ending | None = None
        """Why the answer ended; None while it goes on."""
        self.error: BaseException | None = None
        """What the engine failed with."""
        self.prompt_tokens = 0
        """Positions of the prompt, sensor tokens counted."""
        self.answer_tokens = 0

    def tokens(self) -> Iterator[int]:
        """Yield the answer's tokens as they are decoded, once; without the end of turn.

        Raises:
            LlasaError: what the engine failed with.
        """
        while (token := self._tokens.get()) is not None:
            yield token
        if self.error is not None:
            raise self.error

    def pieces(self) -> Iterator[str]:
        """Yield the answer's text in pieces as it is decoded, once; raises as `tokens` does."""
        yield from pieces_of(self.tokens(), self._codec)

    def text(self) -> str:
        """Wait for the answer and return it whole; raises as `tokens` does."""
        return self._codec.decode(list(self.tokens()))

    def cancel(self) -> None:
        """End the answer at the next token; nobody waits for it any more."""
        self.is_cancelled = True

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the answer has ended, and return whether it has."""
        return self._done.wait(timeout_s)

    def add(self, token: int) -> None:
        """Take the next token; the engine calls it."""
        self.answer_tokens += 1
        self._heard(token)

    def end(self, ending: Ending, error: BaseException | None = None) -> None:
        """End the answer; the engine calls it."""
        self.ending, self.error = ending, error
        self._heard(None)
        self._done.set()
