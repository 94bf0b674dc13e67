"""The work of an evaluation, done in this process: what was done before is taken, the rest is computed and kept."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from llasa_core.errors import InterruptedRun
from llasa_core.evaluate.job import ALONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.evaluate.job import Job, Kept, Share
    from llasa_core.evaluate.models import Models


def work_through(
    jobs: Sequence[Job],
    kept: Kept,
    models: Models,
    share: Share = ALONE,
    tell: Callable[[Job, int], None] = lambda _job, _n_more: None,
) -> None:
    """Do a rank's share of jobs, in their order.

    Args:
        jobs: of all suites.
        kept: has what was done before, and gets the rest.
        models: loaded when the first job needs one.
        share: which chunks are this rank's.
        tell: told of a job, and how many more of its items are done: 0 when it begins.

    Raises:
        InterruptedRun: Ctrl-C; what was done is kept.
        LlasaError: a job cannot be done.
    """
    for job in jobs:
        if not kept.missing(job, share):
            continue
        tell(job, 0)
        try:
            kept.run(job, models, share, partial(tell, job))
        except KeyboardInterrupt as stopped:
            raise InterruptedRun(
                f"stopped while {job.words or job.name}", fix="the same command goes on from there"
            ) from stopped
