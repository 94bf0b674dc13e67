"""Which questions can be asked at all."""

from __future__ import annotations

from llasa_core.data.qa import SENSOR
from llasa_core.errors import UsageError

MOST_LETTERS = 4000
"""More is no question."""


def checked(question: str) -> str:
    """Return a question without spaces around it.

    End-of-turn marks in it are ordinary text: a person's words are never encoded as special tokens.

    Raises:
        UsageError: it is empty, too long, or holds the placeholder of a window.
    """
    question = question.strip()
    if not question:
        raise UsageError("the question is empty", fix='ask something, such as "What is the person doing?"')
    if SENSOR in question:
        raise UsageError(
            f"the question holds {SENSOR}, which stands for the recording inside a prompt",
            fix="leave it out: the recording is put before the question by itself",
        )
    if len(question) > MOST_LETTERS:
        raise UsageError(
            f"the question has {len(question)} letters, of which {MOST_LETTERS} are read", fix="ask a shorter question"
        )
    return question
