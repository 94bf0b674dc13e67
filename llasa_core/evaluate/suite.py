"""What a suite of an evaluation is: work that is shared out, and a result made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.eval_settings import SuiteName
    from llasa_core.evaluate.job import Job
    from llasa_core.evaluate.page.blocks import Headline, Section


class SuiteResult(Protocol):
    """What came out of a suite, for programs, for a terminal and for the page."""

    def as_dict(self) -> dict[str, Any]:
        """Return what `report.json` holds under the suite's name."""

    def lines(self) -> list[str]:
        """Return its part of the table in the terminal."""

    def headlines(self) -> Sequence[Headline]:
        """Return the numbers that the page begins with."""

    def sections(self) -> Sequence[Section]:
        """Return its parts of the page."""

    def write(self, folder: Path) -> Sequence[Path]:
        """Write what is kept beside the report, each file whole, and return the files.

        Raises:
            RunError: the disk is full.
        """


class Suite(Protocol):
    """One suite, made from an `Exam`; making it reads data and loads no model."""

    @property
    def name(self) -> SuiteName:
        """Its name in recipes and reports."""

    def jobs(self) -> Sequence[Job]:
        """Return the work that is kept, in the order in which it is done; each has a name of its own."""

    def result(self, take: Callable[[Job], list[Any]]) -> SuiteResult:
        """Return what came out, once all jobs are done.

        Args:
            take: returns the values of a job, one for each item.
        """
