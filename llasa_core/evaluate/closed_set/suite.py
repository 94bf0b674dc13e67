"""The closed-set suite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llasa_core.evaluate.closed_set.result import ClosedSetResult, Named, result_of
from llasa_core.evaluate.closed_set.work import ClosedSetWork
from llasa_core.evaluate.fits import check_fits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llasa_core.eval_settings import SuiteName
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
        """Return the scoring of the windows, of validation windows, of other prompts and names, and the protocol."""
        return self.work.jobs

    def result(self, take: Callable[[Job], list[Any]], baselines: Mapping[str, Named] | None = None) -> ClosedSetResult:
        """Return what came out.

        Args:
            take: returns the values of a job, one for each item.
            baselines: what others name the same windows, in the order of the table.
        """
        return result_of(self.work, take, baselines or {})
