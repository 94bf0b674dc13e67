"""Readers -> windows -> store and QA, with a report of what was left out."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import NonNegativeInt, PositiveFloat

from llasa_core import __version__
from llasa_core.data.cutting import How, Piece, cut_all, name_from, useful_workers
from llasa_core.data.draft import JOURNAL, Draft, Source
from llasa_core.data.qa import WindowRef, write_qa
from llasa_core.data.questions import questions_for
from llasa_core.data.readers import find_recordings
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.report import PrepareReport, report_of
from llasa_core.data.split import SPLITS, split_of
from llasa_core.data.store import MANIFEST, SCHEMA_VERSION, read_column, read_manifest
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError, UsageError
from llasa_core.files import put_in_place, remove, sha256_of, write_json
from llasa_core.locks import only_one
from llasa_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.qa import QaItem
    from llasa_core.data.split import Split

MB = 1_000_000


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


class Progress(Protocol):
    """Told how much is done, in percent, and what is at hand."""

    def __call__(self, done: float, words: str = "") -> None: ...


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
        progress: told now and then how far the work is.

    Raises:
        DataError: a source cannot be read, or there is not one window in all of them.
        UsageError: `out` holds something else.
        RunError: the disk is full, or another process prepares the same folder.
    """
    begun = time.monotonic()
    draft_folder = out.with_name(f".{out.name}.draft")
    with only_one(out.with_name(f".{out.name}.lock"), doing=f"preparing {out}"):
        work = _plan(sources, settings)
        if fresh:
            remove(draft_folder)
        elif _is_done(out, work.decides):
            return report_of(out, read_manifest(out), time.monotonic() - begun, was_done=True)
        if not _is_whole(draft_folder, work.decides):
            _build(draft_folder, work, settings, workers, progress)
        manifest = read_manifest(draft_folder)
        remove(draft_folder / JOURNAL)
        put_in_place(draft_folder, out)
    return report_of(out, manifest, time.monotonic() - begun)


@dataclass(frozen=True)
class _Work:
    pieces: list[Piece]
    passed_over: list[dict[str, Any]]
    """Files of no known format, as the manifest counts them."""
    decides: dict[str, Any]
    """Everything that decides the bytes of the data folder; part of its manifest."""


def _plan(sources: Sequence[Path], settings: PrepareSettings) -> _Work:
    pieces: list[Piece] = []
    passed_over: list[dict[str, Any]] = []
    for root in sorted(sources, key=lambda path: (path.resolve().name, str(path))):
        found = find_recordings(root, settings.reading)
        pieces += [Piece(root, unread) for unread in found.unread]
        for file in found.passed_over:
            name = name_from(root, file.shown)
            passed_over.append({"source": name, "reason": "not a format that can be read", "count": 1, "unit": "files"})
    named = {file.path: name_from(piece.root, file.path) for piece in pieces for file in piece.unread.files}
    inputs = [{"name": name, "bytes": path.stat().st_size, "sha256": sha256_of(path)} for path, name in named.items()]
    return _Work(pieces, passed_over, {"settings": settings.model_dump(mode="json"), "inputs": inputs})


def _is_whole(folder: Path, decides: dict[str, Any]) -> bool:
    """Return whether a finished data folder of these sources and settings is here."""
    try:
        manifest = read_manifest(folder)
    except DataError:
        return False
    return all(manifest[key] == value for key, value in decides.items())


def _is_done(out: Path, decides: dict[str, Any]) -> bool:
    """Return whether nothing is left to do; what is here and differs is not touched."""
    if _is_whole(out, decides):
        return True
    if (out / MANIFEST).is_file():
        raise UsageError(
            f"the data folder was made {_difference(read_manifest(out), decides)}",
            where=out,
            fix="pass `--fresh` to replace it, or another `--out`",
        )
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise UsageError(
            "there is something here that `prepare-data` did not write", where=out, fix="pass another `--out`"
        )
    return False


def _difference(manifest: dict[str, Any], decides: dict[str, Any]) -> str:
    before, now = _flat(manifest["settings"]), _flat(decides["settings"])
    changed = [f"{key} {before.get(key)}, not {now[key]}" for key in now if now[key] != before.get(key)]
    return f"with {'; '.join(changed)}" if changed else "from other files"


def _flat(settings: dict[str, Any], above: str = "") -> dict[str, Any]:
    flat = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
    return flat


def _build(
    folder: Path, work: _Work, settings: PrepareSettings, workers: int | None, progress: Progress | None
) -> None:
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
    draft: Draft, work: _Work, settings: PrepareSettings, workers: int | None, progress: Progress | None
) -> None:
    how = How(settings.windows, settings.reading, settings.skip_bad)
    sizes = [sum(file.size for file in piece.unread.files) for piece in work.pieces]
    n_workers = workers or useful_workers(sum(sizes))
    refused: list[DataError] = []
    for part, cuts in enumerate(cut_all(work.pieces[draft.first_part :], how, n_workers), start=draft.first_part):
        for cut in cuts:
            if (original := draft.known_as(cut.source.sha256)) is not None:
                draft.add(part, _as_copy(cut.source, original))
                continue
            draft.add(part, cut.source, cut.windows)
            refused += [cut.refused] if cut.refused else []
        if progress:
            progress(100 * sum(sizes[: part + 1]) / sum(sizes), work.pieces[part].unread.files[0].name)
    draft.finish_shards()
    if not draft.shards:
        raise refused[0] if refused else _no_window(work)


def _as_copy(source: Source, original: str) -> Source:
    reason = f"same recording as {original}"
    return Source(name=source.name, file=source.file, left_out=[{"reason": reason, "count": 1, "unit": "recordings"}])


def _no_window(work: _Work) -> DataError:
    return DataError(
        "not one window could be cut",
        where=work.pieces[0].root,
        fix="look at the labels, or pass a smaller `--window`",
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


def _manifest(draft: Draft, work: _Work, qa_items: dict[str, int]) -> dict[str, Any]:
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
