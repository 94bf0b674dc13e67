"""Every answer that was paid for, kept as one line of JSON as soon as it is there."""

from __future__ import annotations

import errno
import json
import os
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from llasa_core.errors import DataError, Place
from llasa_core.files import full_disk_named
from llasa_core.locks import only_one

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIELDS = {"key", "text", "finish", "prompt_tokens", "answer_tokens"}


class Answer(NamedTuple):
    """What a model wrote in answer to one request."""

    text: str
    finish: str
    """Why it ended: `stop`, or `length` where it was cut off."""
    prompt_tokens: int
    answer_tokens: int


class AnswerCache:
    """Answers by the key of their request, in a file that only grows; threads may share one.

    A line is on the disk before its answer is used, so a kill loses at most what was under way.
    """

    def __init__(self, file: Path) -> None:
        """Read which answers are there.

        Raises:
            DataError: a line other than a last one that was cut off is no answer.
        """
        self.file = file
        self._lock = Lock()
        self._places: dict[str, tuple[int, int]] = {}
        file.parent.mkdir(parents=True, exist_ok=True)
        self._writer = file.open("ab", buffering=0)
        self._reader = file.open("rb")
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._places)

    def get(self, key: str) -> Answer | None:
        """Return the answer to the request with this key, if it was ever given."""
        with self._lock:
            place = self._places.get(key)
            if place is None:
                return None
            self._reader.seek(place[0])
            return _answer(json.loads(self._reader.read(place[1])))

    def put(self, key: str, answer: Answer) -> None:
        """Store an answer, on the disk when this returns.

        Raises:
            RunError: the disk is full.
        """
        line = json.dumps({"key": key, **answer._asdict()}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self._lock, full_disk_named(self.file):
            at = self._writer.seek(0, os.SEEK_END)
            if self._writer.write(line) != len(line):
                self._writer.truncate(at)
                raise OSError(errno.ENOSPC, "the disk took a part of a line")
            os.fsync(self._writer.fileno())
            self._places[key] = (at, len(line))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._writer.close()
            self._reader.close()

    def _read(self) -> None:
        at = 0
        for number, line in enumerate(self._reader, start=1):
            if not line.endswith(b"\n"):  # a kill cut it off
                self._writer.truncate(at)
                return
            self._places[self._key_of(line, number)] = (at, len(line))
            at += len(line)

    def _key_of(self, line: bytes, number: int) -> str:
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict) or value.keys() != _FIELDS:
            raise DataError(
                "a line of the stored answers is no answer",
                where=Place(self.file, number),
                fix="delete the line; what it held is asked again",
            )
        return str(value["key"])


@contextmanager
def opened_cache(file: Path) -> Iterator[AnswerCache]:
    """Open the stored answers for this process alone, while the body runs.

    Raises:
        DataError: a line is no answer.
        RunError: another process writes to them.
    """
    with only_one(file.with_name(f".{file.name}.lock"), doing=f"writing to {file}"):
        cache = AnswerCache(file)
        try:
            yield cache
        finally:
            cache.close()


def _answer(value: dict[str, object]) -> Answer:
    return Answer(
        str(value["text"]), str(value["finish"]), int(str(value["prompt_tokens"])), int(str(value["answer_tokens"]))
    )
