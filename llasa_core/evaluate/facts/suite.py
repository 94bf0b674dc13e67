"""The suite: fact questions answered greedily, every statement checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from llasa_core.evaluate.facts.chosen import choose_fact_items, fact_items
from llasa_core.evaluate.facts.guesses import Guesses
from llasa_core.evaluate.facts.measuring import measure_answers
from llasa_core.evaluate.facts.result import FactsResult
from llasa_core.evaluate.facts.scoring import score_answers
from llasa_core.evaluate.facts.tallies import Tally
from llasa_core.evaluate.open_ended.answers import answered, answers_job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.eval_settings import SuiteName
    from llasa_core.evaluate.exam import Exam
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

    def jobs(self) -> Sequence[Job]:
        """Return the decoding, in chunks that are kept."""
        return [self.job] if self.items else []

    def result(self, take: Callable[[Job], list[Any]]) -> FactsResult:
        """Return what the answers are worth."""
        return self.score(answered(self.items, take(self.job)) if self.items else [])

    def score(self, answers: Sequence[Answered]) -> FactsResult:
        """Return what answers to `items` are worth, whoever gave them."""
        exam = self.exam
        judged = score_answers(exam.store, self.items, answers)
        guesses = Guesses.learn(fact_items(exam.store, "train")) if self.items else Guesses()
        measures = measure_answers(judged, guesses, Tally(exam.config.bootstrap, exam.seed))
        return FactsResult(exam.name, exam.store, exam.config.split, tuple(judged), measures)
