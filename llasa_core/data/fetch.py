"""Public datasets to the disk: asked for by name, resumed where a connection broke off, checked by sha256."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from llasa_core.data.download import WAITS_S, Progress, download, drop, keep
from llasa_core.data.known_datasets import KNOWN_DATASETS, KnownDataset, RemoteFile
from llasa_core.errors import RunError, UsageError
from llasa_core.files import sha256_of, write_json
from llasa_core.locks import only_one

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MIRROR_VARIABLE = "LLASA_FETCH_MIRROR"
"""An address (such as that of a company's or a class's own server) that has the files under the names they get here."""
MARGIN_BYTES = 50_000_000
"""Free space that is left on the disk."""


@dataclass(frozen=True)
class FetchedFile:
    """A file that was fetched, as the record beside the data keeps it."""

    file: str
    address: str
    bytes: int
    sha256: str
    fetched: str
    """When, in UTC."""


@dataclass(frozen=True)
class FetchedDataset:
    """What was fetched, and what to do with it."""

    name: str
    path: Path
    """The file to prepare, or the folder of several."""
    record: Path
    files: tuple[FetchedFile, ...]
    was_there: bool

    @property
    def next_command(self) -> str:
        """What a person would type now."""
        prepare = f"llasa prepare-data {self.path} --out data/{self.name}"
        if self.path.suffix == ".rar":  # Python unpacks none
            folder = self.path.with_suffix("")
            return f"unar -o {folder} {self.path} && llasa prepare-data {folder} --out data/{self.name}"
        return prepare

    def __str__(self) -> str:
        was = "is already there" if self.was_there else "was fetched"
        return f"{self.name} {was}: {self.path}\nnext: {self.next_command}"

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` shows."""
        return {
            "name": self.name,
            "path": str(self.path),
            "record": str(self.record),
            "was_there": self.was_there,
            "bytes": sum(file.bytes for file in self.files),
            "files": [asdict(file) for file in self.files],
            "next": self.next_command,
        }


def find_dataset(name: str, others: Sequence[str] = ()) -> KnownDataset:
    """Return the dataset of a name.

    Args:
        name: as `llasa fetch --list` shows it.
        others: names of other things that can be fetched, for the message.

    Raises:
        UsageError: there is none, or it is given out by hand.
    """
    known = {dataset.name: dataset for dataset in KNOWN_DATASETS}
    if name not in known:
        near = get_close_matches(name, [*known, *others], n=1)
        meant = f"; did you mean `{near[0]}`?" if near else ""
        raise UsageError(
            f"`{name}` is nothing that can be fetched by name{meant}", fix="`llasa fetch --list` shows what can be"
        )
    dataset = known[name]
    if dataset.is_by_hand:
        raise UsageError(
            f"{dataset.title} is given out by hand ({dataset.licence})",
            where=dataset.page,
            fix=f"{dataset.how_to_get}, then run `llasa prepare-data FOLDER --out data/{name}`",
        )
    return dataset


def address_of(file: RemoteFile) -> str:
    """Return where a file is fetched from: its own address, or the mirror in the environment."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    return f"{mirror.rstrip('/')}/{file.name}" if mirror else file.address


def is_there(dataset: KnownDataset, folder: Path) -> bool:
    """Return whether a dataset was fetched into a folder before and is whole; its bytes are not looked at."""
    recorded = _recorded(_record_of(dataset, folder))
    return all(
        file.name in recorded and _size_of(folder / file.name) == recorded[file.name].bytes for file in dataset.files
    )


def fetch_dataset(
    dataset: KnownDataset, folder: Path, progress: Progress | None = None, waits_s: Sequence[float] = WAITS_S
) -> FetchedDataset:
    """Bring a dataset into a folder, unless it is there whole.

    Beside the files stands `NAME.json`: where they came from, when, their size and sha256, licence and citation. What
    is recorded there once, later downloads and the files themselves are held against.

    Args:
        dataset: from `find_dataset`.
        folder: made if it is not there.
        progress: told the bytes so far and in all of the file that is being fetched, and its name.
        waits_s: pauses before each new try after a connection broke off.

    Raises:
        UsageError: a file with the name is there that was not fetched.
        RunError: the server does not give the file, or another one, or the disk is too small.
        InterruptedRun: Ctrl-C was pressed; what came so far is kept.
    """
    record = _record_of(dataset, folder)
    with only_one(folder / f".{dataset.name}.lock", doing=f"fetching {dataset.name} to this folder"):
        _check_room(dataset, folder)
        recorded = _recorded(record)
        n_new = 0
        for file in dataset.files:
            if not _is_whole(folder / file.name, recorded.get(file.name)):
                address, target = address_of(file), folder / file.name
                part = download(address, target, page=dataset.page, progress=progress, waits_s=waits_s)
                recorded[file.name] = _checked(part, file, address, recorded.get(file.name), dataset, record)
                _write_record(record, dataset, recorded)
                keep(part, target)
                n_new += 1
    path = folder / (dataset.files[0].name if len(dataset.files) == 1 else dataset.name)
    files = tuple(recorded[file.name] for file in dataset.files)
    return FetchedDataset(dataset.name, path, record, files, was_there=not n_new)


def _checked(
    part: Path, file: RemoteFile, address: str, before: FetchedFile | None, dataset: KnownDataset, record: Path
) -> FetchedFile:
    """Return what to record of a part that is whole.

    Raises:
        RunError: it is not the file that is expected; it is removed.
    """
    found = FetchedFile(file.name, address, part.stat().st_size, sha256_of(part), _now())
    expected = file.sha256 or (before.sha256 if before else None)
    if expected is None and part.suffixes[-2:] == [".zip", ".part"] and not zipfile.is_zipfile(part):
        drop(part)
        raise RunError(
            f"{file.name} is not a whole zip: the server ended it after {found.bytes} bytes",
            where=address,
            fix="run the same command again",
        )
    if expected in (None, found.sha256):
        return found
    drop(part)
    if file.sha256:
        since, fix = "this llasa was made", f"see what {dataset.page} says; `llasa prepare-data` takes any version"
    else:
        since, fix = "it was fetched before", f"see what {dataset.page} says, and remove {record} to take the new one"
    raise RunError(
        f"{file.name} is not the file that is expected: sha256 {found.sha256[:12]}…, not {expected[:12]}…; it was "
        f"changed since {since}, or on the way",
        where=address,
        fix=fix,
    )


def _is_whole(path: Path, recorded: FetchedFile | None) -> bool:
    if not path.exists():
        return False
    if recorded is None:
        raise UsageError(
            "there is a file here that was not fetched",
            where=path,
            fix="remove it, or pass another `--out`; if it is the dataset, `llasa prepare-data` takes it as it is",
        )
    found = sha256_of(path)
    if found != recorded.sha256:
        raise UsageError(
            f"the file was changed since it was fetched: sha256 {found[:12]}…, not {recorded.sha256[:12]}…",
            where=path,
            fix="remove it and run the same command again",
        )
    return True


def _check_room(dataset: KnownDataset, folder: Path) -> None:
    missing = [file for file in dataset.files if not (folder / file.name).exists()]
    kept = sum(_size_of(folder / f"{file.name}.part") or 0 for file in missing)
    needed = (dataset.megabytes or 0) * 1_000_000 - kept + MARGIN_BYTES
    free = shutil.disk_usage(folder).free
    if missing and needed > free:
        raise RunError(
            f"the disk is too small: {dataset.name} needs {needed / 1e6:.0f} MB, {free / 1e6:.0f} MB are free",
            where=folder,
            fix="free some space, or pass `--out` with a folder on another disk",
        )


def _record_of(dataset: KnownDataset, folder: Path) -> Path:
    return folder / f"{dataset.name}.json"


def _recorded(record: Path) -> dict[str, FetchedFile]:
    if not record.exists():
        return {}
    try:
        files = json.loads(record.read_text(encoding="utf-8"))["files"]
        return {entry["file"]: FetchedFile(**entry) for entry in files}
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "this is no record of what was fetched", where=record, fix="remove it, or pass another `--out`"
        ) from error


def _write_record(record: Path, dataset: KnownDataset, files: dict[str, FetchedFile]) -> None:
    about = {"name": dataset.name, "title": dataset.title, "page": dataset.page}
    terms = {"licence": dataset.licence, "citation": dataset.citation}
    write_json(record, {**about, **terms, "files": [asdict(file) for file in files.values()]})


def _size_of(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
