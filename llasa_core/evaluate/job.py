"""Work that an evaluation pays for once: computed chunk by chunk, by any rank, and kept until its inputs change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from llasa_core.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from llasa_core.evaluate.models import Models


class Share(NamedTuple):
    """Which of the chunks a rank computes: every `n_ranks`-th."""

    rank: int = 0
    n_ranks: int = 1

    def of(self, job: Job) -> range:
        """Return the numbers of this rank's chunks; jobs of one chunk do not all fall to the first rank."""
        turn = sum(job.name.encode())
        return range((self.rank + turn) % self.n_ranks, job.n_chunks, self.n_ranks)


ALONE = Share()


@dataclass(frozen=True)
class Job:
    """Numbered items that are computed independently of each other, so that ranks can share them."""

    name: str
    """Of its folder, such as `closed-set`."""
    inputs: Mapping[str, Any]
    """Plain values that its results depend on, beside checkpoint, base LM, data and seed."""
    n_items: int
    work: Callable[[Models, Sequence[int]], Sequence[Any]]
    """Computes some of the items, given their numbers; returns a value for each that JSON can hold."""
    chunk: int = 64
    """Items computed and kept at once."""
    words: str = ""
    """What is being done, for people: `scoring windows`."""

    @property
    def n_chunks(self) -> int:
        """How many chunks there are; the last may be shorter."""
        return -(-self.n_items // self.chunk)

    def items(self, chunk: int) -> range:
        """Return the numbers of a chunk's items."""
        return range(chunk * self.chunk, min((chunk + 1) * self.chunk, self.n_items))


class Kept:
    """Results of jobs, `parts/<job>-<digest of its inputs>/<chunk>.json`; a chunk is there whole or not at all."""

    def __init__(self, folder: Path, foundation: Mapping[str, Any]) -> None:
        """Begin.

        Args:
            folder: of the evaluation.
            foundation: plain values that every job's results depend on: checkpoint, base LM, data, seed.
        """
        self._folder = folder / "parts"
        self._foundation = dict(foundation)

    def folder_of(self, job: Job) -> Path:
        """Return where a job's chunks are."""
        depends_on = [self._foundation, dict(job.inputs), job.n_items, job.chunk]
        digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:12]
        return self._folder / f"{job.name}-{digest}"

    def missing(self, job: Job, share: Share = ALONE) -> list[int]:
        """Return the numbers of a rank's chunks that are not there."""
        return [number for number in share.of(job) if not self._file(job, number).is_file()]

    def n_done(self, job: Job) -> int:
        """Return how many items are there, on all ranks."""
        return job.n_items - sum(len(job.items(number)) for number in self.missing(job))

    def run(
        self,
        job: Job,
        models: Models,
        share: Share = ALONE,
        tell: Callable[[int], None] = lambda _n: None,
    ) -> None:
        """Compute what is missing of a rank's share.

        Args:
            job: what.
            models: what it computes with.
            share: which of its chunks.
            tell: told how many more items are done.

        Raises:
            RunError: the disk is full.
        """
        for number in self.missing(job, share):
            items = job.items(number)
            values = list(job.work(models, items))
            assert len(values) == len(items), job.name  # noqa: S101 - a job answers for each item
            file = self._file(job, number)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, json.dumps(values, ensure_ascii=False) + "\n")
            tell(len(items))

    def take(self, job: Job) -> list[Any]:
        """Return the values of all items of a job that was run, in their order."""
        return [value for values in self._chunks(job) for value in values]

    def _chunks(self, job: Job) -> Iterator[list[Any]]:
        for number in range(job.n_chunks):
            values: list[Any] = json.loads(self._file(job, number).read_text(encoding="utf-8"))
            yield values

    def _file(self, job: Job, number: int) -> Path:
        return self.folder_of(job) / f"{number:05d}.json"
