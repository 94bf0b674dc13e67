"""Put data folders together: shares of one whole, or folders of different datasets.

All shares of a whole give the folder that an undivided run gives, byte for byte. What comes first in the merged folder
is what would come first if everything had been prepared at once: sources by name, and the windows of each in order.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from llasa_core.data.build import Order, build_once
from llasa_core.data.cutting import Cut
from llasa_core.data.draft import Source
from llasa_core.data.plan import differences
from llasa_core.data.qa import WindowRef, read_qa
from llasa_core.data.store import WindowStore
from llasa_core.data.windows import WindowSet
from llasa_core.errors import DataError, UsageError
from llasa_core.files import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.build import Cuts, Progress
    from llasa_core.data.draft import Draft
    from llasa_core.data.qa import QaItem
    from llasa_core.data.report import PrepareReport
    from llasa_core.data.split import Split

T = TypeVar("T")
MUST_AGREE = ("windows", "qa", "seed")
"""Settings that hold for a data folder as a whole; how the files were read is each folder's own."""
_NUMBERED = re.compile(r"(.*)~(\d+)", re.DOTALL)


def merge(
    folders: Sequence[Path],
    out: Path,
    *,
    shard_mb: float | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> PrepareReport:
    """Put data folders into one, and return what is in it.

    Recordings that are in several of them are kept once. Templated questions are asked anew, since wrong answers are
    drawn from all activities there are; QA files that somebody changed are kept as they are.

    Args:
        folders: data folders, in any order.
        out: the data folder to make; none of them.
        shard_mb: largest size of a shard; left out, as in the folders.
        fresh: replace another data folder, and forget a killed run.
        progress: told how much is done, in percent, and what is at hand.

    Raises:
        DataError: a folder is damaged, a share is missing, or shares saw different files.
        UsageError: the folders were made with different settings, or one is given twice.
        RunError: the disk is full, or another process makes the same folder.
    """

    def ordered() -> Order:
        wholes = _wholes(_opened(folders, out))
        return _order(wholes, shard_mb, progress)

    return build_once(out, ordered, fresh=fresh)


@dataclass(frozen=True)
class _Entry:
    """A recording in one of the folders."""

    store: WindowStore
    source: Source
    """Under the name that it had before it was made unique."""
    old_name: str
    first_row: int
    place: int
    """Of the piece of work that it came of, in its whole."""


@dataclass(frozen=True)
class _Whole:
    """A data folder, or all shares of one."""

    stores: list[WindowStore]
    entries: list[_Entry]
    inputs: list[dict[str, Any]]
    left_out: list[dict[str, Any]]

    @property
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = self.stores[0].manifest["settings"]
        return settings

    @property
    def is_templated(self) -> bool:
        """Whether its questions are as templates gave them, so that they can be asked anew at no cost."""
        return all(_is_templated(store) for store in self.stores)

    @property
    def tie(self) -> list[str]:
        """What puts it in order where names do not."""
        return [entry["sha256"] for entry in self.inputs]


def _opened(folders: Sequence[Path], out: Path) -> list[WindowStore]:
    given: set[Path] = set()
    for folder in folders:
        if folder.resolve() in given:
            raise UsageError("a data folder is given twice", where=folder, fix="name each once")
        given.add(folder.resolve())
    if out.resolve() in given:
        raise UsageError("`--out` is one of the folders to merge", where=out, fix="pass another `--out`")
    stores = [WindowStore(folder) for folder in folders]
    for store in stores[1:]:
        _check_agree(stores[0], store, MUST_AGREE)
    return stores


def _check_agree(one: WindowStore, other: WindowStore, keys: Sequence[str]) -> None:
    before, now = ({key: store.manifest["settings"][key] for key in keys} for store in (other, one))
    if changed := differences(before, now):
        raise UsageError(
            f"the data folders were made differently: {'; '.join(changed)} as in {one.folder}",
            where=other.folder,
            fix="prepare one of them again with the settings of the other",
        )


def _wholes(stores: Sequence[WindowStore]) -> list[_Whole]:
    """Return the folders with the shares of each whole put together, in an order that theirs does not change."""
    alone = [_whole([store]) for store in stores if "share" not in store.manifest]
    shares: dict[tuple[str, int], list[WindowStore]] = {}
    for store in stores:
        if share := store.manifest.get("share"):
            shares.setdefault((share["listing"], share["of"]), []).append(store)
    together = [_whole(_complete(group, shares)) for group in shares.values()]
    return sorted(alone + together, key=lambda whole: whole.tie)


def _complete(group: list[WindowStore], shares: dict[tuple[str, int], list[WindowStore]]) -> list[WindowStore]:
    """Return the shares of a whole by number.

    Raises:
        DataError: one is missing.
        UsageError: one is there twice, or they were made with different settings.
    """
    of = group[0].manifest["share"]["of"]
    by_number: dict[int, WindowStore] = {}
    for store in group:
        _check_agree(group[0], store, tuple(group[0].manifest["settings"]))
        nth = store.manifest["share"]["nth"]
        if nth in by_number:
            raise UsageError(
                f"share {nth}/{of} is given twice, also as {by_number[nth].folder}",
                where=store.folder,
                fix="name each share once",
            )
        by_number[nth] = store
    if missing := [f"{nth}/{of}" for nth in range(1, of + 1) if nth not in by_number]:
        raise _missing(missing, group[0], n_others=len(shares) - 1)
    return [by_number[nth] for nth in sorted(by_number)]


def _missing(missing: list[str], store: WindowStore, n_others: int) -> DataError:
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")  # noqa: PLR2004
    if n_others:
        return DataError(
            f"the shares do not belong together: not all saw the same files; beside this one share {shown} is missing",
            where=store.folder,
            fix="prepare all shares of the same files, as `--shard i/n` with the same n",
        )
    return DataError(
        f"share {shown} is missing",
        where=store.folder,
        fix=f"prepare it with `--shard {missing[0]}` and the same sources, and merge all shares together",
    )


def _whole(stores: list[WindowStore]) -> _Whole:
    entries: list[_Entry] = []
    inputs: list[tuple[int, dict[str, Any]]] = []
    left_out: list[tuple[int, dict[str, Any]]] = []
    unplaced: list[dict[str, Any]] = []
    for store in stores:
        manifest = store.manifest
        places = manifest.get("places") or {}
        entries += _entries(store, places.get("sources"))
        inputs += _placed(manifest["inputs"], places.get("inputs"))
        n_placed = len(places.get("left_out", manifest["left_out"]))
        left_out += _placed(manifest["left_out"][:n_placed], places.get("left_out"))
        unplaced += manifest["left_out"][n_placed:]  # of the questions, in no order among all shares
    return _Whole(
        stores,
        sorted(entries, key=lambda entry: entry.place),
        [one for _, one in sorted(dict(inputs).items())],  # shares of one archive all name it
        [*(one for _, one in sorted(dict(left_out).items())), *unplaced],
    )


def _placed(items: list[T], places: list[int] | None) -> list[tuple[int, T]]:
    return list(zip(places or range(len(items)), items, strict=True))


def _entries(store: WindowStore, places: list[int] | None) -> list[_Entry]:
    sources = [Source(**source) for source in store.manifest["sources"]]
    first_rows = accumulate((source.windows for source in sources), initial=0)
    n_before: dict[str, int] = {}
    entries = []
    for place, source, first_row in zip(places or range(len(sources)), sources, first_rows, strict=False):
        name = source.name
        if (match := _NUMBERED.fullmatch(name)) and n_before.get(match[1], 0) == int(match[2]) - 1:
            name = match[1]  # as it was before the folder made it unique
        n_before[name] = n_before.get(name, 0) + 1
        entries.append(_Entry(store, replace(source, name=name), source.name, first_row, place))
    return entries


def _order(wholes: list[_Whole], shard_mb: float | None, progress: Progress | None) -> Order:
    entries = _by_root(wholes, lambda whole: whole.entries, lambda entry: entry.source.file)
    inputs = _by_root(wholes, lambda whole: whole.inputs, lambda one: one["name"])
    left_out = _by_root(wholes, lambda whole: whole.left_out, lambda one: one["source"])
    untouched = {id(store) for whole in wholes if whole.is_templated for store in whole.stores}
    is_all_templated = all(whole.is_templated for whole in wholes)
    settings = _settings(wholes, shard_mb)
    decides: dict[str, Any] = {"settings": settings, "inputs": _once(inputs) if len(wholes) > 1 else inputs}
    if merged := _merged(wholes, settings):
        decides["merged"] = merged
    return Order(
        decides=decides,
        cuts=_cuts(entries, progress),
        left_out=_once(left_out) if len(wholes) > 1 else left_out,
        none_at_all=lambda: DataError(
            "there is not one window in all of the folders",
            where=wholes[0].stores[0].folder,
            fix="check the sources, or pass a smaller `--window` where they are prepared",
        ),
        own_items=None if is_all_templated else lambda draft, split: _own_items(entries, draft, split, untouched),
        is_templated=lambda part: id(entries[part].store) in untouched,
    )


def _by_root(wholes: list[_Whole], items_of: Callable[[_Whole], list[T]], name_of: Callable[[T], str]) -> list[T]:
    """Return the items of all wholes by the name of the source that they were found in, else in their order."""
    items = [item for whole in wholes for item in items_of(whole)]
    return items if len(wholes) == 1 else sorted(items, key=lambda item: name_of(item).partition("/")[0])


def _once(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({json.dumps(item): item for item in items}.values())


def _settings(wholes: list[_Whole], shard_mb: float | None) -> dict[str, Any]:
    """Return the settings of all; None where each has its own."""
    settings = dict(wholes[0].settings)
    for key in settings.keys() - set(MUST_AGREE):
        if any(whole.settings.get(key) != settings[key] for whole in wholes):
            settings[key] = max(whole.settings["shard_mb"] for whole in wholes) if key == "shard_mb" else None
    return settings | ({"shard_mb": float(shard_mb)} if shard_mb else {})


def _merged(wholes: list[_Whole], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the manifest says about each whole where it is not what an undivided run would say."""
    return [
        {
            "inputs": [one["name"] for one in whole.inputs],
            "settings": {key: value for key, value in whole.settings.items() if value != settings.get(key)},
            "own_qa": [] if whole.is_templated else [_qa_digests(store) for store in whole.stores],
        }
        for whole in wholes
        if not whole.is_templated
        or any(settings[key] is None for key in settings if whole.settings.get(key) is not None)
    ]


def _cuts(entries: list[_Entry], progress: Progress | None) -> Cuts:
    n_rows = max(1, sum(entry.source.windows for entry in entries))

    def cuts(draft: Draft, _waiting: Path) -> Generator[tuple[int, Cut], None, None]:
        for store in {id(entry.store): entry.store for entry in entries}.values():
            _check_whole(store)
        done = sum(entry.source.windows for entry in entries[: draft.first_part])
        for part, entry in enumerate(entries[draft.first_part :], start=draft.first_part):
            source = replace(entry.source)  # the draft renames it
            yield part, Cut(source, _windows(entry) if source.windows else None)
            done += source.windows
            if progress:
                progress(100 * done / n_rows, source.file)

    return cuts


def _check_whole(store: WindowStore) -> None:
    for shard in store.manifest["shards"]:
        if sha256_of(path := store.folder / shard["file"]) != shard["sha256"]:
            raise DataError(
                "the shard is not as `prepare-data` wrote it",
                where=path,
                fix="copy the data folder again, or prepare it again with `--fresh`",
            )


def _windows(entry: _Entry) -> WindowSet:
    store, start, end = entry.store, entry.first_row, entry.first_row + entry.source.windows
    names = [*store.activity_names, None]  # -1, for those that nobody labelled, is the last
    return WindowSet(
        np.concatenate(list(store.span(start, end))),
        store.start_s[start:end],
        tuple(names[code] for code in store.activity[start:end]),
        store.quality[start:end],
        (),
    )


def _is_templated(store: WindowStore) -> bool:
    written: dict[str, str] = store.manifest.get("qa_sha256", {})
    return store.manifest["settings"]["qa"] != "llm" and _qa_digests(store) == written


def _qa_digests(store: WindowStore) -> dict[str, str]:
    files = {split: store.folder / f"qa-{split}.json" for split in store.manifest["splits"]}
    return {split: sha256_of(path) for split, path in files.items() if path.is_file()}


def _own_items(entries: list[_Entry], draft: Draft, split: Split, untouched: set[int]) -> Iterator[QaItem]:
    """Yield the items of the folders whose QA files somebody changed, about the windows where they are now.

    Raises:
        DataError: an item is about a window that is not in the merged folder.
    """
    row_now = _rows_now(entries, draft)
    ids: set[str] = set()
    stores = {id(entry.store): entry.store for entry in entries if id(entry.store) not in untouched}
    for store in stores.values():
        path = store.folder / f"qa-{split}.json"
        moves = {entry.old_name: now for now, entry in zip(draft.sources, entries, strict=True) if entry.store is store}
        for item in read_qa(path) if path.is_file() else ():
            refs = [row_now.get((id(store), store.row_of(ref))) for ref in item.windows]
            if None in refs:
                raise DataError(
                    f'item "{item.id}" is about a recording that another folder has with other labels, which is kept',
                    where=path,
                    fix="leave the item or the recording out, or label it the same in both folders",
                )
            item_id = _unique(_id_now(item.id, moves), ids)
            yield replace(item, id=item_id, windows=tuple(ref for ref in refs if ref))


def _rows_now(entries: list[_Entry], draft: Draft) -> dict[tuple[int, int], WindowRef]:
    """Return where the windows of each folder are in the merged one; those of a copy are where the kept one's are."""
    refs = [WindowRef(shard.file, row) for shard in draft.shards for row in range(shard.windows)]
    first_rows = accumulate((source.windows for source in draft.sources), initial=0)
    kept: dict[tuple[str, tuple[tuple[str, int], ...]], int] = {}
    found = {}
    for now, entry, first_row in zip(draft.sources, entries, first_rows, strict=False):
        recording = entry.source.sha256, tuple(entry.source.activities.items())
        if now.windows:
            kept[recording] = first_row
        if recording in kept:
            for nth in range(entry.source.windows):
                found[id(entry.store), entry.first_row + nth] = refs[kept[recording] + nth]
    return found


def _id_now(item_id: str, moves: dict[str, Source]) -> str:
    """Return an item's id with the name that its recording has now in front."""
    name = item_id
    while name:
        name = name.rpartition("/")[0]
        if name in moves:
            return moves[name].name + item_id[len(name) :]
    return item_id


def _unique(item_id: str, taken: set[str]) -> str:
    unique, nth = item_id, 1
    while unique in taken:
        nth += 1
        unique = f"{item_id}~{nth}"
    taken.add(unique)
    return unique
