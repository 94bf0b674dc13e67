"""Readers -> windows -> store and QA, with a report of what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llasa_core.data.build import Cuts, Order, PrepareSettings, Progress, build_once
from llasa_core.data.cutting import How
from llasa_core.data.dask_crew import DaskCrew
from llasa_core.data.fan_out import Desk, cut_by, cut_here, useful_workers
from llasa_core.data.llm_written.settings import LlmRun
from llasa_core.data.local_crew import LocalCrew
from llasa_core.data.plan import plan
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from llasa_core.data.cutting import Cut
    from llasa_core.data.draft import Draft
    from llasa_core.data.fan_out import Crew
    from llasa_core.data.plan import Work
    from llasa_core.data.report import PrepareReport
    from llasa_core.data.share import Share

__all__ = ["PrepareSettings", "Progress", "prepare"]


def prepare(  # noqa: PLR0913 - each is one choice of this call
    sources: Sequence[Path],
    out: Path,
    settings: PrepareSettings,
    *,
    share: Share | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    llm_run: LlmRun | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> PrepareReport:
    """Turn raw recordings into a data folder, and return what is in it and what was left out.

    The same sources and settings give the same bytes, whatever the workers and interruptions. The folder appears whole;
    what is there already is left alone if it is the same, and replaced only when `fresh`.

    Args:
        sources: files, folders or zips, in any order.
        out: the data folder to make.
        settings: decide, with the sources, every byte.
        share: of the recordings, the ones to take; the others are other machines' work.
        workers: processes that read recordings side by side; left out, as many as pay off here.
        scheduler: address of a Dask cluster that shall do the reading instead.
        llm_run: how a language model is asked, where the settings have one write the questions.
        fresh: replace a data folder made of other sources or settings, and forget a killed run.
        progress: told how much is done, in percent, and what is at hand.

    Raises:
        DataError: a source cannot be read, or there is not one window in all of them.
        UsageError: `out` holds something else.
        RunError: the disk is full, another process prepares the same folder, or the cluster cannot be used.
    """
    if scheduler:
        sources = [path.absolute() for path in sources]  # workers run in other folders

    def ordered() -> Order:
        work = plan(sources, settings.reading, settings.model_dump(mode="json"), share)
        return Order(
            decides=work.decides,
            cuts=_cuts(work, settings, _crew(work, workers, scheduler), progress),
            left_out=work.passed_over,
            none_at_all=lambda: _no_window(work, settings.windows.window_s),
            may_be_empty=share is not None,
            notes=lambda draft: _places(work, draft),
            llm_run=llm_run or LlmRun() if settings.qa == "llm" else None,
        )

    return build_once(out, ordered, fresh=fresh)


def _crew(work: Work, workers: int | None, scheduler: str | None) -> Crew | None:
    """Return who cuts; None for this process alone."""
    if scheduler:
        return DaskCrew(scheduler)
    workers = workers or useful_workers(_bytes_of(work), len(work.pieces))
    return LocalCrew(workers) if workers > 1 and len(work.pieces) > 1 else None


def _cuts(work: Work, settings: PrepareSettings, crew: Crew | None, progress: Progress | None) -> Cuts:
    how = How(settings.windows, settings.reading, settings.skip_bad)
    n_bytes = max(1, _bytes_of(work))

    def tell(done: int, name: str) -> None:
        if progress:
            progress(100 * done / n_bytes, name)

    def cuts(draft: Draft, waiting: Path) -> Generator[tuple[int, Cut], None, None]:
        desk = Desk(waiting, lambda: len(draft.shards), tell)
        if crew is None:
            yield from cut_here(work.pieces, draft.first_part, how, desk)
        else:
            yield from cut_by(crew, work.pieces, draft.first_part, how, desk)

    return cuts


def _bytes_of(work: Work) -> int:
    return sum(piece.size for piece in work.pieces)


def _places(work: Work, draft: Draft) -> dict[str, Any]:
    """Return what `--merge` needs to put a share among the others."""
    if work.places is None:
        return {}
    pieces = [work.places.pieces[part] for part in draft.parts]
    return {"places": {"sources": pieces, "inputs": work.places.inputs, "left_out": work.places.left_out}}


def _no_window(work: Work, window_s: float) -> DataError:
    return DataError(
        f"not one window could be cut: every labelled stretch is shorter than {window_s:g} s",
        where=work.pieces[0].root,
        fix="pass a smaller `--window`, or check the labels",
    )
