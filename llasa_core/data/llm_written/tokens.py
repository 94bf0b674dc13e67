"""How many tokens a text takes, and what was spent."""

from __future__ import annotations

import re
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llasa_core.data.llm_written.settings import Prices

_PIECES = re.compile(r"\d{1,3}| ?[^\W\d]{1,8}|[^\w\s]{1,2}|\n")


def about_tokens(text: str) -> int:
    """Return about how many tokens a text takes, whatever the tokenizer: three digits each, and a short word each."""
    return len(_PIECES.findall(text))


class Spent:
    """What the answers took, counted by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.requests = 0
        """Answered in this run."""
        self.prompt_tokens = 0
        self.answer_tokens = 0
        self.stored = 0
        """Answers that an earlier run paid for."""
        self.failures = 0
        """Tries that gave no answer."""

    def answered(self, prompt_tokens: int, answer_tokens: int) -> None:
        """Count an answer that was paid for."""
        with self._lock:
            self.requests += 1
            self.prompt_tokens += prompt_tokens
            self.answer_tokens += answer_tokens

    def found(self) -> None:
        """Count an answer that was there."""
        with self._lock:
            self.stored += 1

    def failed(self) -> None:
        """Count a try that gave no answer."""
        with self._lock:
            self.failures += 1

    def words(self, prices: Prices | None) -> str:
        """Return `12 requests, 30,120 tokens in and 4,050 out, 0.01`; the cost where prices are known."""
        text = f"{self.requests:,} requests, {self.prompt_tokens:,} tokens in and {self.answer_tokens:,} out"
        if prices is not None:
            text += f", cost {prices.cost(self.prompt_tokens, self.answer_tokens):.2f}"
        return text + (f", {self.stored:,} answers were there" if self.stored else "")
