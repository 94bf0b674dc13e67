"""The robustness suite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llasa_core.evaluate.fits import check_fits
from llasa_core.evaluate.robustness.result import RobustnessResult, result_of
from llasa_core.evaluate.robustness.work import RobustnessWork

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.eval_settings import SuiteName
    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.job import Job


class RobustnessSuite:
    """The same windows turned, slowed, disturbed and misread: accuracy against strength."""

    name: SuiteName = "robustness"

    def __init__(self, exam: Exam) -> None:
        """Choose windows and conditions; no model is loaded.

        Raises:
            DataError: the data does not fit the checkpoint, or the split has no labelled windows.
        """
        check_fits(exam.store, exam.checkpoint)
        self.work = RobustnessWork.of(exam)

    def jobs(self) -> Sequence[Job]:
        """Return the scoring of each condition's windows, and the forest."""
        return self.work.jobs

    def result(self, take: Callable[[Job], list[Any]]) -> RobustnessResult:
        """Return what came out.

        Args:
            take: returns the values of a job, one for each item.
        """
        return result_of(self.work, take)
