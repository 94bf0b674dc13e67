"""One evaluation from beginning to end: its work is done or shared out, kept, and made into a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llasa_core.data.leaks import refuse_leaks
from llasa_core.evaluate.foundation import foundation_of
from llasa_core.evaluate.job import Kept
from llasa_core.evaluate.open_ended.judge.asking import Reach
from llasa_core.evaluate.report import EvalReport, write_report
from llasa_core.evaluate.suites import jobs_of, suites_of
from llasa_core.evaluate.working import work_through
from llasa_core.files import remove
from llasa_core.launching.following import launch
from llasa_core.locks import wait_until_free
from llasa_core.model.base_lm import locate
from llasa_core.model.calibration import read_calibration, write_calibration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.evaluate.job import Job
    from llasa_core.evaluate.target import Target
    from llasa_core.launching.place import RunPlace

    Tell = Callable[[int, int, str], None]


def evaluate(
    target: Target,
    place: RunPlace,
    *,
    device: str | None = None,
    tell: Tell = lambda _done, _total, _words: None,
    say: Callable[[str], None] = lambda _text: None,
) -> EvalReport:
    """Measure a checkpoint and write its report; what an earlier evaluation has computed of it is taken.

    Args:
        target: what is measured, and where the report goes.
        place: how many ranks share the work.
        device: where a single process computes; the first GPU if there is one when left out.
        tell: told how many items are done, of how many, and what is being done.
        say: told in a line what happens.

    Raises:
        DataError: the data has leaks between its splits, does not fit the checkpoint, or the split holds nothing.
        ModelError: there is no checkpoint, or it is damaged.
        RunError: a rank failed, or the disk is full.
        InterruptedRun: asked to stop; what was computed is kept.
    """
    exam = target.exam()
    say(f"measuring {target.checkpoint} on {target.data}")
    refuse_leaks(exam.store)
    suites = suites_of(exam, Reach(target.folder, say=say))
    kept = Kept(target.folder, foundation_of(exam, target.checkpoint, target.encoder))
    jobs = jobs_of(suites)
    progress = _Progress(jobs, kept, tell)
    if any(kept.missing(job) for job in jobs):
        if place.n_ranks > 1:
            _share_out(target, place, progress, say)
        else:
            work_through(jobs, kept, target.models(device, say), tell=lambda job, n: progress(job.name, n))
    results = {suite.name: suite.result(kept.take) for suite in suites}
    files = [file for result in results.values() for file in result.write(target.folder)]
    _keep_calibration(target, results.get("closed_set"), say)
    report = EvalReport(target, exam, results, tuple(files))
    write_report(report)
    return report


def _keep_calibration(target: Target, closed_set: Any, say: Callable[[str], None]) -> None:
    """Give the checkpoint the fitted temperature, unless it has one that was fitted on other data."""
    fitted = closed_set and closed_set.calibration
    if not fitted or target.is_original:
        return
    there = read_calibration(target.checkpoint)
    if there is not None and there.data != fitted.data:
        say(f"the checkpoint keeps its temperature, which was fitted on other data: {there.data}")
    else:
        write_calibration(target.checkpoint, fitted)


def _share_out(target: Target, place: RunPlace, progress: _Progress, say: Callable[[str], None]) -> None:
    """Let ranks do the work; each keeps its share, so that this process finds all of it done."""
    if not target.is_original:
        locate(
            target.base_lm or target.recipe.model.base_lm, say
        )  # one process fetches; the ranks find it in the cache
    folder = target.write()
    wait_until_free(folder.ranks_file)
    remove(folder.stop_trigger)  # meant for an earlier process

    def hear(told: dict[str, Any]) -> None:
        progress(told["job"], told["done"])

    launch("llasa_core.evaluate.rank", folder, (), place.all_hosts, port=place.chosen_port, tell=hear, say=say)


class _Progress:
    """Counts what is done of all jobs together."""

    def __init__(self, jobs: Sequence[Job], kept: Kept, tell: Tell) -> None:
        self._words = {job.name: job.words or job.name for job in jobs}
        self._total = sum(job.n_items for job in jobs)
        self._done = sum(kept.n_done(job) for job in jobs)
        self._tell = tell

    def __call__(self, job: str, n_more: int) -> None:
        self._done += n_more
        self._tell(self._done, self._total, self._words[job])
