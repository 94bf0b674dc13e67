"""One file for each format: raw files to `Recording`s."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Protocol

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers.generic_csv import looks_like_csv, read_generic_csv
from llasa_core.data.readers.hapt import find_hapt, is_hapt_name
from llasa_core.data.readers.limu_bert_npy import find_limu_bert, is_limu_bert_name
from llasa_core.data.readers.raw_files import RawFile, raw_files, siblings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.recording import Recording

__all__ = ["Found", "ReadOptions", "Unread", "find_recordings", "read_recordings"]

_BY_NAME = (("hapt", is_hapt_name, find_hapt), ("limu-bert", is_limu_bert_name, find_limu_bert))
"""Formats whose files are known by their names: the format, whether a name is one, and what finds the recordings."""
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".log")


class Unread(Protocol):
    """What a format's finder returns: files that belong together, not read yet."""

    @property
    def files(self) -> tuple[RawFile, ...]:
        """All files that will be read, the one that names it in messages first."""

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what the files hold, one recording at a time."""


@dataclass(frozen=True)
class CsvFile:
    """One table, not read yet."""

    file: RawFile

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The table alone."""
        return (self.file,)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield its recordings: one, or several where it has gaps or subjects."""
        yield from read_generic_csv(self.file, options)


@dataclass(frozen=True)
class Found:
    """What stands behind a path."""

    unread: Sequence[Unread]
    passed_over: Sequence[RawFile]
    """Files of no format that can be read."""


def read_recordings(path: Path, options: ReadOptions) -> Iterator[Recording]:
    """Yield the recordings behind a path, in the order of their names.

    Args:
        path: a file, a folder or a zip.
        options: what the files do not say themselves.

    Raises:
        DataError: no format fits, or a file cannot be read.
    """
    for unread in find_recordings(path, options).unread:
        yield from unread.read(options)


def find_recordings(path: Path, options: ReadOptions) -> Found:
    """Return what can be read behind a path; the content decides the format unless the options name it.

    Raises:
        DataError: nothing is there, or nothing that can be read.
    """
    files = raw_files(path)
    for name, is_named, find in _BY_NAME:
        if options.format != "auto" and not options.format.startswith(name):
            continue
        is_one = len(files) == 1 and files[0].path == path and files[0].member is None
        around = siblings(path) if is_one and is_named(path.name) else files
        unread = [one for one in find(around, options) if not is_one or files[0] in one.files]
        if unread:
            return Found(unread, ())
    if options.format in ("auto", "csv"):
        is_table = [_is_table(file, files, options) for file in files]
        if any(is_table):
            return Found(
                [CsvFile(file) for file in compress(files, is_table)],
                [file for file, is_one in zip(files, is_table, strict=True) if not is_one],
            )
    raise _nothing_found(path, files, options)


def _is_table(file: RawFile, files: Sequence[RawFile], options: ReadOptions) -> bool:
    is_asked_for = len(files) == 1 and (options.format == "csv" or file.shown.suffix.lower() in TABLE_SUFFIXES)
    return is_asked_for or looks_like_csv(file, options)  # the CSV reader says best what is wrong with a file


def _nothing_found(path: Path, files: Sequence[RawFile], options: ReadOptions) -> DataError:
    wanted = "known format" if options.format == "auto" else f"format {options.format}"
    n_files = "nothing" if not files else "1 file" if len(files) == 1 else f"{len(files)} files"
    return DataError(
        f"no recording of a {wanted} here, {n_files} in all",
        where=path,
        fix="pass UCI HAPT's RawData folder or zip, CSV files, or LIMU-BERT's data_20_120.npy",
    )
