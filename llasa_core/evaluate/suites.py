"""The suites that an evaluation is made of, in the order of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.closed_set.suite import ClosedSetSuite
from llasa_core.evaluate.facts.suite import FactsSuite
from llasa_core.evaluate.open_ended.judge.asking import ALONE, Reach
from llasa_core.evaluate.open_ended.suite import OpenEndedSuite
from llasa_core.evaluate.robustness.suite import RobustnessSuite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llasa_core.eval_settings import SuiteName
    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.job import Job
    from llasa_core.evaluate.suite import Suite


def suites_of(exam: Exam, reach: Reach = ALONE) -> list[Suite]:
    """Return the suites that the recipe names.

    Args:
        exam: what is measured.
        reach: how judges of open answers are reached; ranks need none.
    """
    makers: Mapping[SuiteName, Callable[[], Suite]] = {
        "closed_set": lambda: ClosedSetSuite(exam),
        "facts": lambda: FactsSuite(exam),
        "open_ended": lambda: OpenEndedSuite(exam, reach),
        "robustness": lambda: RobustnessSuite(exam),
    }
    return [make() for name, make in makers.items() if name in exam.config.suites]


def jobs_of(suites: Sequence[Suite]) -> list[Job]:
    """Return the work of all suites, in the order in which it is done."""
    return [job for suite in suites for job in suite.jobs()]
