"""Cut recordings on the disk, on their way from a worker to the shards, and as a whole or not at all.

A spill is a row of recordings: a line of JSON each, then the numbers of its windows. Whoever reads it holds one
recording at a time.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from llasa_core.data.cutting import Cut, How, Piece, cut, left_out
from llasa_core.data.draft import Source
from llasa_core.data.windows import WindowSet
from llasa_core.errors import DataError
from llasa_core.files import full_disk_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ARRAYS = (("windows", np.float32), ("start_s", np.float64), ("quality", np.uint16))
"""Fields of a `WindowSet`, in the order in which they are written."""


def spill_piece(stream: IO[bytes], part: int, piece: Piece, how: How) -> None:
    """Cut a piece of work into a spill; a bad file that is skipped leaves only its name and reason.

    Args:
        stream: where it can be written and taken back.
        part: the number that its recordings get.
        piece: what to read.
        how: the settings.

    Raises:
        DataError: a file cannot be read, and bad files are not to be skipped.
    """
    begun = stream.tell()
    try:
        for one in cut(piece, how):
            _write(stream, part, one)
    except DataError as error:
        if not how.skip_bad:
            raise
        stream.seek(begun)
        stream.truncate()
        _write(stream, part, left_out(piece, error))


def read_spill(stream: IO[bytes]) -> Iterator[tuple[int, Cut]]:
    """Yield what was spilled, with the numbers of the pieces, one recording at a time."""
    while line := stream.readline():
        head = json.loads(line)
        windows = _read_windows(stream, head) if head["shape"] else None
        yield head["part"], Cut(Source(**head["source"]), windows, _refused(**head["refused"] or {}))


@contextmanager
def spill_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a stream to a file that appears whole or not at all, whoever else writes the same one.

    Its folder is not made: where that is gone, so is the run that wanted the file.
    """
    beside = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        with full_disk_named(path), beside.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _write(stream: IO[bytes], part: int, one: Cut) -> None:
    head = {
        "part": part,
        "source": asdict(one.source),
        "refused": one.refused.as_dict() if one.refused else None,
        "shape": one.windows.windows.shape if one.windows else None,
        "activities": one.windows.activities if one.windows else (),
    }
    stream.write(json.dumps(head).encode() + b"\n")
    if one.windows is not None:
        stream.writelines(np.ascontiguousarray(getattr(one.windows, name), dtype).data for name, dtype in _ARRAYS)


def _refused(error: str = "", where: str | None = None, fix: str | None = None) -> DataError | None:
    return DataError(error, where=where, fix=fix) if error else None


def _read_windows(stream: IO[bytes], head: dict[str, Any]) -> WindowSet:
    n_windows, *shape = head["shape"]
    arrays = {}
    for name, dtype in _ARRAYS:
        shape_of = (n_windows, *shape) if name == "windows" else (n_windows,)
        n_bytes = int(np.prod(shape_of)) * np.dtype(dtype).itemsize
        arrays[name] = np.frombuffer(stream.read(n_bytes), dtype).reshape(shape_of)
    return WindowSet(activities=tuple(head["activities"]), left_out=(), **arrays)
