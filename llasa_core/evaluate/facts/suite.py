"""The suite: fact questions answered by the language model alone and by chat, every statement checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from llasa_core.evaluate.facts.chosen import choose_fact_items, fact_items
from llasa_core.evaluate.facts.guesses import Guesses
from llasa_core.evaluate.facts.in_chat import NO_HEAD, chat_job, from_chat
from llasa_core.evaluate.facts.measuring import measure_answers
from llasa_core.evaluate.facts.result import FactsResult, InChat
from llasa_core.evaluate.facts.scoring import score_answers
from llasa_core.evaluate.facts.tallies import Tally
from llasa_core.evaluate.open_ended.answers import answered, answers_job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.eval_settings import SuiteName
    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.facts.in_chat import ChatAnswer
    from llasa_core.evaluate.facts.judged import Judged
    from llasa_core.evaluate.facts.measuring import Measures
    from llasa_core.evaluate.job import Job
    from llasa_core.evaluate.open_ended.case import Answered
    from llasa_core.evaluate.open_ended.items import OpenItem


@dataclass(frozen=True)
class FactsSuite:
    """Are the numbers and claims of generated answers true?"""

    exam: Exam

    @property
    def name(self) -> SuiteName:
        """Its name in recipes and reports."""
        return "facts"

    @cached_property
    def items(self) -> list[OpenItem]:
        """The questions, a fixed random choice; none where the data folder has no questions."""
        return choose_fact_items(self.exam.store, self.exam.config.split, self.exam.config.fact_items, self.exam.seed)

    @cached_property
    def job(self) -> Job:
        """Their answers."""
        return answers_job(self.exam, self.items, "facts", "answering fact questions")

    @cached_property
    def chat(self) -> Job:
        """The answers of `llasa chat` to them."""
        return chat_job(self.exam, self.items)

    def jobs(self) -> Sequence[Job]:
        """Return the decoding, in chunks that are kept."""
        return [self.job, self.chat] if self.items else []

    def result(self, take: Callable[[Job], list[Any]]) -> FactsResult:
        """Return what the answers are worth, those of the language model alone and those of chat."""
        if not self.items:
            return self.score([])
        result = self.score(answered(self.items, take(self.job)), from_chat(take(self.chat)))
        return result if result.chat is not None else replace(result, chat_left_out=NO_HEAD)

    def score(self, answers: Sequence[Answered], of_chat: Sequence[ChatAnswer] | None = None) -> FactsResult:
        """Return what answers to `items` are worth, whoever gave them.

        Args:
            answers: one for each, of the language model alone.
            of_chat: likewise of `llasa chat`; None where it was not asked.
        """
        exam = self.exam
        guesses = Guesses.learn(fact_items(exam.store, "train")) if self.items else Guesses()
        tally = Tally(exam.config.bootstrap, exam.seed)

        def worth(said: Sequence[Answered | str]) -> tuple[tuple[Judged, ...], Measures]:
            judged = score_answers(exam.store, self.items, said)
            return tuple(judged), measure_answers(judged, guesses, tally)

        in_chat = None
        if of_chat is not None:
            n_composed = sum(one.is_composed for one in of_chat)
            in_chat = InChat(*worth([one.text for one in of_chat]), n_composed, sum(one.n_marks > 0 for one in of_chat))
        return FactsResult(exam.name, exam.store, exam.config.split, *worth(answers), in_chat)
