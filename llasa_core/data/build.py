"""Make a data folder of cut recordings: once, whole, and with the same bytes whatever interrupts it."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import NonNegativeInt, PositiveFloat

from llasa_core import __version__
from llasa_core.data.ask import write_questions
from llasa_core.data.draft import JOURNAL, Draft, Source
from llasa_core.data.llm_written.settings import LlmRun, LlmSettings
from llasa_core.data.plan import check_ours, is_whole, made_otherwise
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.report import PrepareReport, report_of
from llasa_core.data.split import SPLITS, split_of
from llasa_core.data.store import MANIFEST, SCHEMA_VERSION, read_manifest
from llasa_core.data.windows import WindowConfig
from llasa_core.files import put_in_place, remove, sha256_of, write_json
from llasa_core.locks import only_one
from llasa_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from llasa_core.data.cutting import Cut
    from llasa_core.data.qa import QaItem
    from llasa_core.data.split import Split
    from llasa_core.errors import DataError

MB = 1_000_000

Progress: TypeAlias = "Callable[[float, str], None]"
Cuts: TypeAlias = "Callable[[Draft, Path], Generator[tuple[int, Cut], None, None]]"
"""Yields the recordings from the draft's first piece of work on, in order, each with the number of its piece; may keep
files in the folder, which other runs of the same order find."""


class PrepareSettings(Settings):
    """What decides, with the sources, every byte of a data folder."""

    windows: WindowConfig = WindowConfig()
    """What a window is."""
    reading: ReadOptions = ReadOptions()
    """What the files do not say themselves."""
    qa: Literal["facts", "llm", "none"] = "facts"
    """`facts`: questions from templates, answered from labels and measurements; `llm`: questions and answers that a
    language model writes and the measurements check; `none`: windows only."""
    llm: LlmSettings | None = None
    """Which language model writes."""
    skip_bad: bool = False
    """Leave out and count a file that cannot be read, instead of refusing all."""
    shard_mb: PositiveFloat = 128
    """Largest size of a shard."""
    seed: NonNegativeInt = 7
    """Chooses phrasings and wrong options of the questions."""


DEFAULTS = PrepareSettings().model_dump(mode="json")


@dataclass(frozen=True)
class Order:
    """A data folder to be made."""

    decides: dict[str, Any]
    """What decides its bytes, as the manifest has it; under `settings` those of `PrepareSettings`."""
    cuts: Cuts
    left_out: list[dict[str, Any]]
    """What was left out before any recording was read."""
    none_at_all: Callable[[], DataError]
    """Returns the error for a folder without windows, where no recording has one of its own."""
    may_be_empty: bool = False
    notes: Callable[[Draft], dict[str, Any]] = lambda _draft: {}
    """Returns more of the manifest."""
    own_items: Callable[[Draft, Split], Iterator[QaItem]] | None = None
    """Yields the questions of a split that are there besides the templated ones, if there are any in any split."""
    is_templated: Callable[[int], bool] = lambda _part: True
    """Whether the recordings of a piece of work get templated questions."""
    llm_run: LlmRun | None = None
    """How a language model is asked, where one writes the questions."""
    key: str = field(init=False)
    """The same for a run that may go on with what another left."""

    def __post_init__(self) -> None:
        key = hashlib.sha256(json.dumps([__version__, self.decides]).encode()).hexdigest()
        object.__setattr__(self, "key", key)


def build_once(out: Path, ordered: Callable[[], Order], *, fresh: bool = False) -> PrepareReport:
    """Make a data folder, or find that it is there, and return what is in it.

    The folder appears whole; what is there already is left alone if it is the same, and replaced only when `fresh`. A
    run that was killed leaves hidden folders beside it, with which the next one of the same order goes on.

    Args:
        out: where it shall be.
        ordered: returns what it shall be; may read all the sources for that, so it is asked once the place is ours.
        fresh: replace another data folder, and forget a killed run.

    Raises:
        DataError: there is not one window in all of it.
        UsageError: `out` holds something else.
        RunError: the disk is full, or another process prepares the same folder.
    """
    begun = time.monotonic()
    place = out.resolve()
    draft_folder, waiting = place.with_name(f".{place.name}.draft"), place.with_name(f".{place.name}.cuts")
    with only_one(place.with_name(f".{place.name}.lock"), doing=f"preparing {out}"):
        check_ours(out)
        order = ordered()
        if fresh:
            remove(draft_folder)
            remove(waiting)
        elif is_whole(out, order.decides, DEFAULTS):
            _clear_beside(place)
            return report_of(out, read_manifest(out), time.monotonic() - begun, was_done=True)
        elif (out / MANIFEST).is_file():
            raise made_otherwise(out, order.decides, DEFAULTS)
        if not is_whole(draft_folder, order.decides, DEFAULTS):
            _build(place, draft_folder, waiting, order)
        remove(draft_folder / JOURNAL)
        put_in_place(draft_folder, place)
        _clear_beside(place)
    return report_of(out, read_manifest(out), time.monotonic() - begun)


def _clear_beside(place: Path) -> None:
    """Remove what only a run that is not over needs, wherever a kill left it; the draft of another run stays."""
    if not place.with_name(f".{place.name}.draft").exists():
        remove(place.with_name(f".{place.name}.cuts"))
    for replaced in place.parent.glob(f".{place.name}.*.old"):  # a kill while folders changed places left it
        remove(replaced)


def _build(out: Path, folder: Path, waiting: Path, order: Order) -> None:
    """Fill the draft folder; the manifest, written last, says that it is whole."""
    settings = order.decides["settings"]
    config = WindowConfig.model_validate(settings["windows"])
    shard_windows = max(1, int(settings["shard_mb"] * MB) // (config.window_len * 6 * 4))
    draft = Draft(folder, order.key, config, shard_windows)
    here = waiting / order.key[:16]
    for other in waiting.glob("*"):
        if other != here:
            remove(other)  # of other sources or settings
    is_cut = False
    try:
        _fill(draft, order, here)
        is_cut = True
        llm = (order.llm_run, out) if order.llm_run else None
        asked = write_questions(draft, settings, lambda part, _: order.is_templated(part), order.own_items, llm)
        write_json(folder / MANIFEST, _manifest(draft, order, *asked))
    except Exception:
        if not (is_cut and order.llm_run):  # an endpoint may answer tomorrow, what else went wrong would come again
            remove(folder)
            remove(waiting)
        raise


def _fill(draft: Draft, order: Order, waiting: Path) -> None:
    refused: list[DataError] = []
    with closing(order.cuts(draft, waiting)) as cuts:
        for part, cut in cuts:
            original = draft.known_as(cut.source.sha256)
            if original is None:
                draft.add(part, cut.source, cut.windows)
                refused += [cut.refused] if cut.refused else []
            else:
                draft.add(part, _as_copy(cut.source, original))
    draft.finish_shards()
    if not draft.shards and not order.may_be_empty:
        raise refused[0] if refused else order.none_at_all()


def _as_copy(source: Source, original: str) -> Source:
    left_out = {"reason": "the same recording again", "count": 1, "unit": "recordings", "kept_as": original}
    return Source(name=source.name, file=source.file, sha256=source.sha256, left_out=[left_out])


def _manifest(draft: Draft, order: Order, qa_items: dict[str, int], left_out: list[dict[str, Any]]) -> dict[str, Any]:
    subjects = list(draft.codes["subject"])
    return {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        **order.decides,
        "sources": [asdict(source) for source in draft.sources],
        "left_out": [*order.left_out, *left_out],
        "shards": [asdict(shard) for shard in draft.shards],
        "activities": list(draft.codes["activity"]),
        "subjects": subjects,
        "placements": list(draft.codes["placement"]),
        "splits": {split: sorted(name for name in subjects if split_of(name) == split) for split in SPLITS},
        "qa_items": qa_items,
        "qa_sha256": {split: sha256_of(draft.folder / f"qa-{split}.json") for split in qa_items},
        **order.notes(draft),
    }
