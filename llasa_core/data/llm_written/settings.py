"""What is asked of a language model, and at what pace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import NonNegativeInt, PositiveInt

from llasa_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = 5
"""Questions with answers that are asked for each window, as OpenSQA has them."""


class LlmSettings(Settings):
    """What decides, with the answers that come, the questions of a data folder."""

    url: str
    """Where an OpenAI-compatible endpoint is, up to `/v1`."""
    model: str
    """The name that the endpoint knows the model by."""
    limit: NonNegativeInt | None = None
    """Windows to write about; a larger limit keeps those of a smaller one."""
    max_tokens: PositiveInt = 1500
    """Longest answer to one request."""


@dataclass(frozen=True)
class LlmPace:
    """How the endpoint is asked; changes no answer."""

    concurrency: int = 8
    """Requests under way at once."""
    requests_a_minute: float | None = None
    tokens_a_minute: float | None = None
    """Of prompts and answers together."""
    timeout_s: float = 120.0
    """For one whole answer."""
    tries: int = 6
    """Of one request, before its window is left out."""
    first_pause_s: float = 1.0
    """Before the second try, at most; each later one may take twice as long as the one before."""
    longest_pause_s: float = 60.0
    longest_asked_s: float = 600.0
    """What an endpoint may ask us to wait; more of it ends the run."""


@dataclass(frozen=True)
class Prices:
    """What a million tokens cost."""

    prompt: float
    answer: float

    def cost(self, prompt_tokens: float, answer_tokens: float) -> float:
        """Return what so many tokens cost."""
        return (prompt_tokens * self.prompt + answer_tokens * self.answer) / 1e6


@dataclass(frozen=True)
class LlmRun:
    """How one run goes and whom it tells; none of it changes an answer."""

    pace: LlmPace = field(default_factory=LlmPace)
    prices: Prices | None = None
    """For the cost that is shown."""
    progress: Callable[[float, str], None] | None = None
    """Told how much is done, in percent, and what was spent."""
    tell: Callable[[str], None] | None = None
    """Told, before anything is sent, what it may take."""
