"""The suite of open questions: a choice of them, answered greedily and scored."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from llasa_core.evaluate.open_ended.answers import answered, answers_job
from llasa_core.evaluate.open_ended.case import cases_of
from llasa_core.evaluate.open_ended.items import OpenItem, choose_items
from llasa_core.evaluate.open_ended.judge.asking import ALONE, Reach
from llasa_core.evaluate.open_ended.measuring import measure_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.eval_settings import SuiteName
    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.job import Job
    from llasa_core.evaluate.open_ended.result import OpenEndedResult


class OpenEndedSuite:
    """Open questions of a split; the model answers in jobs, and judges are asked by whoever wants the result."""

    name: SuiteName = "open_ended"

    def __init__(self, exam: Exam, reach: Reach = ALONE) -> None:
        """Begin.

        Args:
            exam: what is measured.
            reach: how judges are reached, for whoever calls `result`; ranks that only do jobs need none.
        """
        self._exam = exam
        self._reach = reach

    @cached_property
    def items(self) -> list[OpenItem]:
        """The questions that are asked."""
        config = self._exam.config
        return choose_items(self._exam.store, config.split, config.open_items, self._exam.seed)

    def jobs(self) -> Sequence[Job]:
        """Return the one job: to answer."""
        return [answers_job(self._exam, self.items)] if self.items else []

    def result(self, take: Callable[[Job], list[Any]]) -> OpenEndedResult:
        """Return what is thought of the answers.

        Args:
            take: returns the values of a job.

        Raises:
            LlasaError: a judge's endpoint answers nothing any more; what was answered is kept.
        """
        values = [value for job in self.jobs() for value in take(job)]
        return measure_answers(
            self._exam.name,
            cases_of(self._exam.store, self.items),
            answered(self.items, values),
            self._exam.store,
            self._exam.config,
            seed=self._exam.seed,
            reach=self._reach,
        )
