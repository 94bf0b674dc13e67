"""Whether what a model wrote is true of its window, and what it claims."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llasa_core.data.grounded.measured import Claim, Measured, Said
from llasa_core.data.llm_written.activity_words import is_said_of, named_activities
from llasa_core.data.llm_written.number_check import number_claims
from llasa_core.data.llm_written.reply import LONGEST, NARRATION, SUMMARY
from llasa_core.data.llm_written.word_check import word_claims
from llasa_core.data.llm_written.wrong import Wrong
from llasa_core.data.qa import SENSOR

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_STEPS = 3
"""Of a narration."""
_YES_NO = re.compile(r"\s*(?:yes|no)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Checker:
    """Checks texts about one window."""

    window: Measured
    window_s: float
    activities: Sequence[str]
    """All labels there are."""

    def summary(self, text: str) -> Said:
        """Return a summary and what it claims.

        Raises:
            Wrong: it says what is not so, or leaves out the activity.
        """
        claims = self._claims(text, SUMMARY)
        self._check_conclusion(text, SUMMARY)
        return Said(text.strip(), claims)

    def narration(self, steps: Sequence[str]) -> Said:
        """Return the steps of a narration as one text, and what they claim.

        Raises:
            Wrong: a step says what is not so, there are too few, or the last one leaves out the activity.
        """
        texts = [re.sub(r"^\s*(?:step\s*)?\d+\s*[.:)]\s*", "", step, flags=re.IGNORECASE).strip() for step in steps]
        texts = [text for text in texts if text]
        if len(texts) < FEWEST_STEPS:
            raise Wrong("too short", f"it has {len(texts)} steps, and needs {FEWEST_STEPS} at least")
        whole = " ".join(texts)
        claims = self._claims(whole, NARRATION)
        self._check_conclusion(texts[-1], NARRATION)
        return Said(whole, claims)

    def answer(self, question: str, answer: str) -> Said:
        """Return an answer and what it claims.

        Raises:
            Wrong: it says what is not so, or its question gives it away.
        """
        self._check_question(question)
        if _YES_NO.match(answer):
            raise Wrong("yes or no", "it answers by yes or no; ask and answer so that the answer says what is so")
        return Said(answer.strip(), self._claims(answer, "answer", asked=question.strip()))

    def _check_question(self, question: str) -> None:
        _check_form(question, "question")
        if any(letter.isdigit() for letter in question):
            raise Wrong("a question that gives the answer away", "its question tells a number")
        if (named := next(named_activities(question, self.activities), None)) is not None:
            raise Wrong("a question that gives the answer away", f'its question tells the activity "{named[0]}"')

    def _claims(self, text: str, part: str, asked: str = "") -> tuple[Claim, ...]:
        """Return what a text claims, each once.

        Raises:
            Wrong: something is not so, or there is nothing that can be checked.
        """
        _check_form(text, part)
        claims: dict[Claim, None] = {}
        activity = self.window.activity
        if is_said_of(text, activity, self.activities):
            claims[Claim("activity", activity)] = None
        context = f"{asked}\n{text}" if asked else text
        start = len(context) - len(text)
        claims |= dict.fromkeys(number_claims(context, start, self.window, self.window_s))
        claims |= dict.fromkeys(word_claims(text, self.window, asked))
        if not claims:
            raise Wrong("nothing that can be checked", "it says nothing of the facts")
        return tuple(claims)

    def _check_conclusion(self, text: str, part: str) -> None:
        activity = self.window.activity
        if activity is not None and not is_said_of(text, activity, self.activities):
            where = "its last step" if part == NARRATION else "it"
            raise Wrong("no activity", f'{where} does not name the activity "{activity}"')


def _check_form(text: str, part: str) -> None:
    if SENSOR in text:
        raise Wrong("a placeholder", f"it holds {SENSOR}, which stands for a window")
    if len(text) > LONGEST[part]:
        raise Wrong("too long", f"the {part} has {len(text)} letters, and may have {LONGEST[part]}")
