"""How a conversation is held; light, so that the command line can show the defaults without importing torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChatSettings:
    """Defaults that `llasa chat` has a flag for."""

    max_windows: int = 24
    """Windows of a recording that are looked at before the first answer: three quarters of a second on two cores."""
    max_new_tokens: int = 128
    """An answer ends here at the latest."""
    temperature: float = 0.0
    """0 takes the likeliest token; above, tokens are drawn."""
    seed: int = 0
    """Makes the drawing repeatable."""
