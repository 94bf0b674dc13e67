"""The suite's main numbers as rows, for the terminal and the page alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.facts.measuring import Measures

HEAD = ("", "share (95 % interval)", "guess")


def summary_rows(found: Measures) -> Sequence[tuple[str, str, str]]:
    """Return what is counted, the share of it with its interval over people, and the guess's share."""
    return [
        (
            f"numbers right, of {found.numbers_right.whole:,} asked for",
            found.numbers_right.shown,
            found.guess_numbers_right.shown,
        ),
        *(
            (f"… or within {tolerance:.0%} of the truth", share.shown, found.guess_numbers_within[tolerance].shown)
            for tolerance, share in found.numbers_within.items()
        ),
        (
            f"words right, of {found.words_right.whole:,} asked for",
            found.words_right.shown,
            found.guess_words_right.shown,
        ),
        (
            f"right, of {found.stated_numbers_right.whole:,} numbers said",
            found.stated_numbers_right.shown,
            "",
        ),
        (f"unsupported, of {found.unsupported.whole:,} statements", found.unsupported.shown, ""),
        (f"wrong, of {found.wrong.whole:,} statements", found.wrong.shown, ""),
        (f"with either, of {found.hallucinated.whole:,} answers", found.hallucinated.shown, ""),
        (f"declined, of {found.declined.whole:,} unanswerable questions", found.declined.shown, ""),
        (f"declined, of {found.declined_wrongly.whole:,} answerable questions", found.declined_wrongly.shown, ""),
        (f"ended by themselves, of {found.ended.whole:,} answers", found.ended.shown, ""),
    ]
