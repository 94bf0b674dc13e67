"""What `prepare-data` has to do, and whether it was done before."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from llasa_core.data.cutting import Piece, name_from
from llasa_core.data.fan_out import useful_workers
from llasa_core.data.readers import find_recordings
from llasa_core.data.readers.own_labels import with_labels
from llasa_core.data.store import read_manifest
from llasa_core.errors import DataError, UsageError
from llasa_core.files import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.share import Share

T = TypeVar("T")
DECIDES = ("settings", "inputs", "share", "merged")
"""Keys of a manifest that decide, together, every byte of the data folder."""


@dataclass(frozen=True)
class Work:
    """Everything that will be read."""

    pieces: list[Piece]
    """In the order in which their windows are stored."""
    passed_over: list[dict[str, Any]]
    """Files of no known format, as the manifest counts them."""
    decides: dict[str, Any]
    """What decides the bytes of the data folder; part of its manifest."""
    places: Places | None = None
    """Of a share: where what it holds stands among everything."""


@dataclass(frozen=True)
class Places:
    """Positions in the lists of the undivided whole, for `--merge`."""

    pieces: list[int]
    inputs: list[int]
    left_out: list[int]


def plan(sources: Sequence[Path], reading: ReadOptions, settings: dict[str, Any], share: Share | None = None) -> Work:
    """Return what is to be read, in the order of the sources' names, whatever order they come in.

    Raises:
        DataError: a source is missing, or there is no recording in it.
    """
    every_piece: list[Piece] = []
    every_other: list[str] = []
    for root in sorted(sources, key=lambda path: (path.resolve().name, str(path.absolute()))):
        found = find_recordings(root, reading.model_copy(update={"labels": None}))
        every_piece += [Piece(root, unread) for unread in found.unread]
        others = [file for file in found.passed_over if not (reading.labels and reading.labels.is_at(file.path))]
        every_other += [name_from(root, file.shown) for file in others]
    labelled = with_labels([piece.unread for piece in every_piece], reading)
    every_piece = [piece._replace(unread=unread) for piece, unread in zip(every_piece, labelled, strict=True)]
    takes = share.takes if share else _everything
    of_pieces, pieces = _taken(every_piece, lambda piece: takes(piece.name))
    of_others, passed_over = _taken(every_other, takes)
    files = _files_of(every_piece)
    here = _files_of(pieces)
    of_inputs, inputs = _taken(files, lambda path: path in here)
    decides: dict[str, Any] = {"settings": settings, "inputs": _described(inputs, files)}
    if share:
        listing = [[piece.name for piece in every_piece], list(files.values()), every_other]
        decides["share"] = {"nth": share.nth, "of": share.of, "listing": _digest(listing)}
    left_out = [
        {"source": name, "reason": "not a format that can be read", "count": 1, "unit": "files"} for name in passed_over
    ]
    return Work(pieces, left_out, decides, Places(of_pieces, of_inputs, of_others) if share else None)


def _everything(_name: str) -> bool:
    return True


def _taken(items: Iterable[T], is_taken: Callable[[T], bool]) -> tuple[list[int], list[T]]:
    """Return the items that are taken, after their positions."""
    chosen = [(place, item) for place, item in enumerate(items) if is_taken(item)]
    return [place for place, _ in chosen], [item for _, item in chosen]


def _files_of(pieces: Iterable[Piece]) -> dict[Path, str]:
    """Return every file that is read, in the order of reading, with its name."""
    return {file.path: name_from(piece.root, file.path) for piece in pieces for file in piece.unread.files}


def _described(paths: Sequence[Path], name_of: dict[Path, str]) -> list[dict[str, Any]]:
    sizes = [path.stat().st_size for path in paths]
    with ThreadPoolExecutor(useful_workers(sum(sizes), 0)) as threads:
        digests = list(threads.map(sha256_of, paths))
    return [
        {"name": name_of[path], "bytes": size, "sha256": digest}
        for path, size, digest in zip(paths, sizes, digests, strict=True)
    ]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def is_whole(folder: Path, decides: dict[str, Any], defaults: dict[str, Any]) -> bool:
    """Return whether a finished data folder of these sources and settings is here.

    Args:
        folder: where it would be.
        decides: what it must be made of.
        defaults: settings of an older version's folder that did not have them yet.
    """
    try:
        manifest = read_manifest(folder)
    except DataError:
        return False
    before = {**_flat(defaults), **_flat(manifest.get("settings", {}))}
    same = all(manifest.get(key) == decides.get(key) for key in DECIDES[1:])
    return same and before == {**_flat(defaults), **_flat(decides["settings"])}


def check_ours(out: Path) -> None:
    """Refuse to write where something else is.

    Raises:
        UsageError: the path is a file, or a folder with something in it that is no data folder.
    """
    is_empty = out.is_dir() and not any(out.iterdir())
    if out.exists() and not is_empty and not _is_data_folder(out):
        raise UsageError(
            "there is something here that `prepare-data` did not write", where=out, fix="pass another `--out`"
        )


def made_otherwise(out: Path, decides: dict[str, Any], defaults: dict[str, Any]) -> UsageError:
    """Return the error for a data folder of other sources or settings, with the difference."""
    manifest = read_manifest(out)
    before, now = _share_of(manifest), _share_of(decides)
    changed = differences({**_flat(defaults), **_flat(manifest["settings"])}, decides["settings"])
    how = f"as {before}, not as {now}" if before != now else "from other files"
    if changed:
        how = "with " + "; ".join(changed)
    return UsageError(
        f"the data folder was made {how}", where=out, fix="pass `--fresh` to replace it, or another `--out`"
    )


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return what differs between settings, such as `windows.stride_s 3.0, not 1.5`."""
    before, now = _flat(before), _flat(now)  # some are already
    return [f"{key} {before.get(key)}, not {now[key]}" for key in now if now[key] != before.get(key)]


def _share_of(decides: dict[str, Any]) -> str:
    share = decides.get("share")
    return f"share {share['nth']}/{share['of']}" if share else "a whole"


def _is_data_folder(folder: Path) -> bool:
    try:
        return "shards" in read_manifest(folder)
    except DataError as error:
        return "schema version" in error.message and any(folder.glob("windows-*.h5"))


def _flat(settings: dict[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
    return flat
