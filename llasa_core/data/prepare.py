"""Readers -> windows -> store and QA, with a report of what was left out."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import NonNegativeInt, PositiveFloat

from llasa_core import __version__
from llasa_core.data.cutting import How, cut_all, useful_workers
from llasa_core.data.draft import JOURNAL, Draft, Source
from llasa_core.data.plan import check_ours, is_whole, made_otherwise, plan
from llasa_core.data.qa import WindowRef, write_qa
from llasa_core.data.questions import questions_for
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.report import PrepareReport, report_of
from llasa_core.data.split import SPLITS, split_of
from llasa_core.data.store import MANIFEST, SCHEMA_VERSION, read_column, read_manifest
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError
from llasa_core.files import put_in_place, remove, write_json
from llasa_core.locks import only_one
from llasa_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.plan import Work
    from llasa_core.data.qa import QaItem
    from llasa_core.data.split import Split

MB = 1_000_000

Progress: TypeAlias = "Callable[[float, str], None]"


class PrepareSettings(Settings):
    """What decides, with the sources, every byte of a data folder."""

    windows: WindowConfig = WindowConfig()
    """What a window is."""
    reading: ReadOptions = ReadOptions()
    """What the files do not say themselves."""
    qa: Literal["facts", "none"] = "facts"
    """`facts`: templated questions about the labels; `none`: windows only."""
    skip_bad: bool = False
    """Leave out and count a file that cannot be read, instead of refusing all."""
    shard_mb: PositiveFloat = 128
    """Largest size of a shard."""
    seed: NonNegativeInt = 7
    """Chooses phrasings and wrong options of the questions."""

    @property
    def shard_windows(self) -> int:
        """Windows in a full shard."""
        return max(1, int(self.shard_mb * MB) // (self.windows.window_len * 6 * 4))


def prepare(
    sources: Sequence[Path],
    out: Path,
    settings: PrepareSettings,
    *,
    workers: int | None = None,
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
        workers: processes that read recordings side by side; left out, as many as pay off here.
        fresh: replace a data folder made of other sources or settings, and forget a killed run.
        progress: told how much is done, in percent, and what is at hand.

    Raises:
        DataError: a source cannot be read, or there is not one window in all of them.
        UsageError: `out` holds something else.
        RunError: the disk is full, or another process prepares the same folder.
    """
    begun = time.monotonic()
    place = out.resolve()
    draft_folder = place.with_name(f".{place.name}.draft")
    with only_one(place.with_name(f".{place.name}.lock"), doing=f"preparing {out}"):
        check_ours(out)
        work = plan(sources, settings.reading, settings.model_dump(mode="json"))
        if fresh:
            remove(draft_folder)
        elif is_whole(out, work.decides):
            return report_of(out, read_manifest(out), time.monotonic() - begun, was_done=True)
        elif (out / MANIFEST).is_file():
            raise made_otherwise(out, work.decides)
        if not is_whole(draft_folder, work.decides):
            _build(draft_folder, work, settings, workers, progress)
        remove(draft_folder / JOURNAL)
        put_in_place(draft_folder, place)
        for replaced in place.parent.glob(f".{place.name}.*.old"):  # a kill while folders changed places left it
            remove(replaced)
    return report_of(out, read_manifest(out), time.monotonic() - begun)


def _build(folder: Path, work: Work, settings: PrepareSettings, workers: int | None, progress: Progress | None) -> None:
    """Fill the draft folder; the manifest, written last, says that it is whole."""
    key = hashlib.sha256(json.dumps([__version__, work.decides]).encode()).hexdigest()
    draft = Draft(folder, key, settings.windows, settings.shard_windows)
    try:
        _cut_into(draft, work, settings, workers, progress)
        qa_items = _write_questions(draft, settings)
        write_json(folder / MANIFEST, _manifest(draft, work, qa_items))
    except Exception:
        remove(folder)  # an error would come again; only a killed run leaves its draft to go on with
        raise


def _cut_into(
    draft: Draft, work: Work, settings: PrepareSettings, workers: int | None, progress: Progress | None
) -> None:
    how = How(settings.windows, settings.reading, settings.skip_bad)
    done = list(accumulate(piece.size for piece in work.pieces))
    refused: list[DataError] = []
    to_do = work.pieces[draft.first_part :]
    for nth, cut in cut_all(to_do, how, workers or useful_workers(done[-1])):
        part = draft.first_part + nth
        original = draft.known_as(cut.source.sha256)
        if original is None:
            draft.add(part, cut.source, cut.windows)
            refused += [cut.refused] if cut.refused else []
        else:
            draft.add(part, _as_copy(cut.source, original))
        if progress:
            progress(100 * done[part] / max(1, done[-1]), work.pieces[part].unread.files[0].name)
    draft.finish_shards()
    if not draft.shards:
        raise refused[0] if refused else _no_window(work, settings.windows)


def _as_copy(source: Source, original: str) -> Source:
    left_out = {"reason": "the same recording again", "count": 1, "unit": "recordings", "kept_as": original}
    return Source(name=source.name, file=source.file, left_out=[left_out])


def _no_window(work: Work, config: WindowConfig) -> DataError:
    return DataError(
        f"not one window could be cut: every labelled stretch is shorter than {config.window_s:g} s",
        where=work.pieces[0].root,
        fix="pass a smaller `--window`, or check the labels",
    )


def _write_questions(draft: Draft, settings: PrepareSettings) -> dict[str, int]:
    """Write the QA file of each split and return its number of items."""
    if settings.qa == "none":
        return {}
    return {
        split: write_qa(draft.folder / f"qa-{split}.json", _questions(draft, split, settings.seed)) for split in SPLITS
    }


def _questions(draft: Draft, split: Split, seed: int) -> Iterator[QaItem]:
    said = {name for source in draft.sources for name in source.activities}
    activities = [name for name in draft.codes["activity"] if name in said]
    name_of = dict(enumerate(draft.codes["activity"]))
    refs = (WindowRef(shard.file, row) for shard in draft.shards for row in range(shard.windows))
    codes = iter(read_column(draft.folder, draft.shards, "activity").tolist())
    for source in draft.sources:
        is_in_split = split_of(source.subject) == split
        for nth, ref, code in zip(range(source.windows), refs, codes):  # noqa: B905 - `refs` and `codes` go on
            if is_in_split:
                window_id = f"{source.name}/{nth}"
                yield from questions_for(window_id, ref, source.subject, name_of.get(code), activities, seed)


def _manifest(draft: Draft, work: Work, qa_items: dict[str, int]) -> dict[str, Any]:
    subjects = list(draft.codes["subject"])
    return {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        **work.decides,
        "sources": [asdict(source) for source in draft.sources],
        "left_out": work.passed_over,
        "shards": [asdict(shard) for shard in draft.shards],
        "activities": list(draft.codes["activity"]),
        "subjects": subjects,
        "placements": list(draft.codes["placement"]),
        "splits": {split: sorted(name for name in subjects if split_of(name) == split) for split in SPLITS},
        "qa_items": qa_items,
    }
