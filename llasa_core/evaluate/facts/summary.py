"""The suite's main numbers as rows, for the terminal and the page alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.evaluate.facts.measuring import Measures
    from llasa_core.evaluate.facts.tallies import Share

SHARES = "share (95 % interval)"
CHAT, MODEL, GUESS = "llasa chat", "language model alone", "guess"


def head_of(chat: Measures | None) -> tuple[str, ...]:
    """Return what stands above the columns: what chat answers first, where it was asked."""
    return ("", SHARES, GUESS) if chat is None else ("", CHAT, MODEL, GUESS)


def summary_rows(model: Measures, chat: Measures | None = None) -> Sequence[tuple[str, ...]]:
    """Return what is counted, the share of it with its interval over people, and the guess's share.

    Args:
        model: of the language model alone, or of whoever was measured.
        chat: of `llasa chat` on the same questions.
    """
    measured = [model] if chat is None else [chat, model]

    def row(
        words: str, of: Callable[[Measures], Share], guess: str = "", *, is_counted: bool = False
    ) -> tuple[str, ...]:
        shares = [of(one) for one in measured]
        return words, *(f"{one.shown} of {one.whole:,}" if is_counted else one.shown for one in shares), guess

    tolerances = [
        row(
            f"… or within {tolerance:.0%} of the truth",
            lambda found, tolerance=tolerance: found.numbers_within[tolerance],  # type: ignore[misc]
            model.guess_numbers_within[tolerance].shown,
        )
        for tolerance in model.numbers_within
    ]
    return [
        row(
            f"numbers right, of {model.numbers_right.whole:,} asked for",
            lambda found: found.numbers_right,
            model.guess_numbers_right.shown,
        ),
        *tolerances,
        row(
            f"words right, of {model.words_right.whole:,} asked for",
            lambda found: found.words_right,
            model.guess_words_right.shown,
        ),
        row("right, of the numbers said", lambda found: found.stated_numbers_right, is_counted=True),
        row("unsupported, of the statements", lambda found: found.unsupported, is_counted=True),
        row("wrong, of the statements", lambda found: found.wrong, is_counted=True),
        row(f"with either, of {model.hallucinated.whole:,} answers", lambda found: found.hallucinated),
        row(f"declined, of {model.declined.whole:,} unanswerable questions", lambda found: found.declined),
        row(
            f"declined, of {model.declined_wrongly.whole:,} answerable questions", lambda found: found.declined_wrongly
        ),
        row(f"ended by themselves, of {model.ended.whole:,} answers", lambda found: found.ended),
    ]
