"""What `prepare-data` has to do, and whether it was done before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.data.cutting import Piece, name_from
from llasa_core.data.readers import find_recordings
from llasa_core.data.store import read_manifest
from llasa_core.errors import DataError, UsageError
from llasa_core.files import sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions


@dataclass(frozen=True)
class Work:
    """Everything that will be read."""

    pieces: list[Piece]
    """In the order in which their windows are stored."""
    passed_over: list[dict[str, Any]]
    """Files of no known format, as the manifest counts them."""
    decides: dict[str, Any]
    """What decides the bytes of the data folder; part of its manifest."""


def plan(sources: Sequence[Path], reading: ReadOptions, settings: dict[str, Any]) -> Work:
    """Return what is to be read, in the order of the sources' names, whatever order they come in.

    Raises:
        DataError: a source is missing, or there is no recording in it.
    """
    pieces: list[Piece] = []
    passed_over: list[dict[str, Any]] = []
    for root in sorted(sources, key=lambda path: (path.resolve().name, str(path))):
        found = find_recordings(root, reading)
        pieces += [Piece(root, unread) for unread in found.unread]
        for file in found.passed_over:
            name = name_from(root, file.shown)
            passed_over.append({"source": name, "reason": "not a format that can be read", "count": 1, "unit": "files"})
    named = {file.path: name_from(piece.root, file.path) for piece in pieces for file in piece.unread.files}
    inputs = [{"name": name, "bytes": path.stat().st_size, "sha256": sha256_of(path)} for path, name in named.items()]
    return Work(pieces, passed_over, {"settings": settings, "inputs": inputs})


def is_whole(folder: Path, decides: dict[str, Any]) -> bool:
    """Return whether a finished data folder of these sources and settings is here."""
    try:
        manifest = read_manifest(folder)
    except DataError:
        return False
    return all(manifest.get(key) == value for key, value in decides.items())


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


def made_otherwise(out: Path, decides: dict[str, Any]) -> UsageError:
    """Return the error for a data folder of other sources or settings, with the difference."""
    return UsageError(
        f"the data folder was made {_difference(read_manifest(out), decides)}",
        where=out,
        fix="pass `--fresh` to replace it, or another `--out`",
    )


def _is_data_folder(folder: Path) -> bool:
    try:
        return "shards" in read_manifest(folder)
    except DataError as error:
        return "schema version" in error.message and any(folder.glob("windows-*.h5"))


def _difference(manifest: dict[str, Any], decides: dict[str, Any]) -> str:
    before, now = _flat(manifest["settings"]), _flat(decides["settings"])
    changed = [f"{key} {before.get(key)}, not {now[key]}" for key in now if now[key] != before.get(key)]
    return f"with {'; '.join(changed)}" if changed else "from other files"


def _flat(settings: dict[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
    return flat
