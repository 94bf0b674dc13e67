"""The QA files of a data folder: who writes them, and what could not be written."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from llasa_core.data.drafted import drafted_recordings
from llasa_core.data.grounded.items import items_of
from llasa_core.data.qa import write_qa
from llasa_core.data.split import SPLITS, split_of
from llasa_core.data.windows import WindowConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np

    from llasa_core.data.draft import Draft, Source
    from llasa_core.data.grounded.measured import MeasuredRecording
    from llasa_core.data.llm_written.settings import LlmRun
    from llasa_core.data.llm_written.writing import LlmWriter
    from llasa_core.data.qa import QaItem
    from llasa_core.data.split import Split

    IsWanted = Callable[[int, Source], bool]


def write_questions(
    draft: Draft,
    settings: dict[str, Any],
    is_wanted: IsWanted,
    own_items: Callable[[Draft, Split], Iterator[QaItem]] | None,
    llm: tuple[LlmRun, Path] | None,
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Write the QA file of each split; return the number of items by split, and what was left out.

    Args:
        draft: with all its shards written.
        settings: of the data folder, as its manifest has them.
        is_wanted: whether a recording, of a piece of work, is to be asked about.
        own_items: yields more items of a split, which are there already.
        llm: how a language model is asked, and where the data folder will be: the answers are kept beside it. None
            where no model writes.

    Raises:
        LlasaError: the model's endpoint cannot be used, or the disk is full; answers that were paid for are kept.
    """
    if settings["qa"] == "none" and own_items is None:
        return {}, []
    with ExitStack() as opened:
        writer = opened.enter_context(_opened_writer(draft, settings, *llm)) if llm else None
        n_items: dict[str, int] = {
            split: write_qa(
                draft.folder / f"qa-{split}.json", _items(draft, settings, split, is_wanted, own_items, writer)
            )
            for split in SPLITS
        }
        return n_items, writer.left_out() if writer else []


def _items(
    draft: Draft,
    settings: dict[str, Any],
    split: Split,
    is_wanted: IsWanted,
    own_items: Callable[[Draft, Split], Iterator[QaItem]] | None,
    writer: LlmWriter | None,
) -> Iterator[QaItem]:
    if settings["qa"] == "facts":
        activities = _activities(draft)
        for recording, _ in _recordings(draft, settings, split, is_wanted):
            yield from items_of(recording, activities, settings["seed"])
    elif writer is not None:
        yield from writer.items(_recordings(draft, settings, split, is_wanted))
    if own_items is not None:
        yield from own_items(draft, split)


def _recordings(
    draft: Draft, settings: dict[str, Any], split: Split, is_wanted: IsWanted
) -> Iterator[tuple[MeasuredRecording, np.ndarray]]:
    config = WindowConfig.model_validate(settings["windows"])
    return drafted_recordings(
        draft, config, lambda part, source: split_of(source.subject) == split and is_wanted(part, source)
    )


def _activities(draft: Draft) -> list[str]:
    """Return the activities that some window is labelled with, in the order of their codes."""
    said = {name for source in draft.sources for name in source.activities}
    return [name for name in draft.codes["activity"] if name in said]


def _opened_writer(draft: Draft, settings: dict[str, Any], run: LlmRun, out: Path) -> Any:
    from llasa_core.data.llm_written.settings import LlmSettings  # noqa: PLC0415 - needs the client, which is slow
    from llasa_core.data.llm_written.writing import cache_file_of, llm_writer  # noqa: PLC0415 - likewise

    counts = [(source.name, source.windows) for source in draft.sources if source.windows]
    llm = LlmSettings.model_validate(settings["llm"])
    return llm_writer(llm, cache_file_of(out), counts, _activities(draft), seed=settings["seed"], run=run)
