"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llasa_core.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL_BELOW_BYTES = 65536
"""With less free space than this, a failed write is put down to it."""


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a name beside `path` to write to; rename it to `path` once it is whole and on the disk.

    Works for a file and for a folder (make the folder yourself). On an error what was begun is removed.

    Raises:
        RunError: the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with full_disk_named(path):
            yield beside
            put_in_place(beside, path)
    finally:
        remove(beside)


def check_room(
    path: Path,
    size: int,
    *,
    what: str | None = None,
    fix: str = "free some space and run the same command again, or name a place on another disk",
) -> None:
    """Make sure that `size` bytes fit on the disk where `path` is to appear.

    Args:
        path: a file or folder.
        size: in bytes.
        what: how to call it in the error; by its name when left out.
        fix: what to do.

    Raises:
        RunError: they do not.
    """
    there = next(folder for folder in path.absolute().parents if folder.is_dir())
    free = shutil.disk_usage(there).free
    if free < size:
        raise RunError(
            f"the disk has {free / 1e6:,.0f} MB left, {what or path.name} needs {size / 1e6:,.0f} MB",
            where=path,
            fix=fix,
        )


@contextmanager
def full_disk_named(path: Path) -> Iterator[None]:
    """Turn whatever a writer raises when the disk is full into a RunError about `path`.

    torch and safetensors raise errors of their own without a number, so the free space decides.
    """
    try:
        yield
    except Exception as error:
        is_named = isinstance(error, OSError) and error.errno == errno.ENOSPC
        if is_named or shutil.disk_usage(path.parent).free < FULL_BELOW_BYTES:
            raise RunError(
                f"the disk is full: {path.name} was not written",
                where=path,
                fix="free some space and run the same command again",
            ) from error
        raise


def put_in_place(beside: Path, path: Path) -> None:
    """Give a whole file or folder its name, instead of what had it before, once it is on the disk."""
    _flush_to_disk(beside)
    if path.is_dir():
        _replace_folder(beside, path)
    else:
        beside.replace(path)
    _sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file, or none."""
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a whole, indented JSON file, or none."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def sha256_of(path: Path) -> str:
    """Return the hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    if path.is_dir():
        for child in path.iterdir():
            _flush_to_disk(child)
    _sync(path)


def _sync(path: Path) -> None:
    if os.name == "nt":  # Windows opens no folder for fsync, and a file only for writing
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace_folder(new: Path, path: Path) -> None:
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    path.rename(old)
    new.rename(path)
    remove(old)
