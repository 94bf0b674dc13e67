"""The closed-set suite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llasa_core.evaluate.baselines.jobs import baseline_jobs, baseline_predictions
from llasa_core.evaluate.closed_set.result import ClosedSetResult, result_of
from llasa_core.evaluate.closed_set.work import ClosedSetWork
from llasa_core.evaluate.fits import check_fits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llasa_core.eval_settings import SuiteName
    from llasa_core.evaluate.baselines.predictions import Predictions
    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.job import Job


class ClosedSetSuite:
    """Every class's name is scored as the answer to a question about each window."""

    name: SuiteName = "closed_set"

    def __init__(self, exam: Exam) -> None:
        """Choose windows, classes and prompts; no model is loaded.

        Raises:
            DataError: the data does not fit the checkpoint, or the split has no labelled windows.
        """
        check_fits(exam.store, exam.checkpoint)
        self.work = ClosedSetWork.of(exam)

    def jobs(self) -> Sequence[Job]:
        """Return the scoring of windows, validation windows, other prompts and names, the protocol, the baselines."""
        return [*self.work.jobs, *baseline_jobs(self.work.exam).values()]

    def result(
        self, take: Callable[[Job], list[Any]], others: Mapping[str, Predictions] | None = None
    ) -> ClosedSetResult:
        """Return what came out.

        Args:
            take: returns the values of a job, one for each item.
            others: what is no job of ours names the same windows, such as a rival behind an endpoint.
        """
        baselines: dict[str, Predictions] = {}
        baselines.update(baseline_predictions(self.work.exam, take).items())
        baselines.update(others or {})
        return result_of(self.work, take, baselines)
