"""A data folder in the making: kept in a hidden folder beside its place until it is whole.

Shards are written one after the other, each whole or not at all, and a journal says which recordings are in them. A run
that was killed leaves the folder; the same command finds it and goes on after the last whole shard.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.activities import ACTIVITIES, UNKNOWN
from llasa_core.data.store import Rows, ShardInfo, ShardWriter
from llasa_core.files import remove, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from llasa_core.data.windows import WindowConfig, WindowSet

JOURNAL = "journal.jsonl"


@dataclass
class Source:
    """What the manifest says about one recording."""

    name: str
    """`hapt/exp01_user01`: the first part of QA ids."""
    file: str
    subject: str = ""
    placement: str = ""
    sampling_rate_hz: float = 0.0
    samples: int = 0
    sha256: str = ""
    """Of the samples as read, so that a copy under another name is known."""
    windows: int = 0
    activities: dict[str, int] = field(default_factory=dict)
    """Windows of each, in order of appearance; those without a label are not counted."""
    left_out: list[dict[str, Any]] = field(default_factory=list)
    """`reason` and `count`, with the `unit` of the count and, for samples, their `seconds`."""
    notes: list[str] = field(default_factory=list)
    """What the reader decided."""


class Draft:
    """The folder in the making, and what is known about its content.

    `sources`, `shards` and the codes depend on the recordings and their order alone, also over interruptions.
    """

    def __init__(self, folder: Path, key: str, config: WindowConfig, shard_windows: int) -> None:
        """Go on with the draft that a killed run with the same key left, else begin a new one."""
        self.folder = folder
        self.sources: list[Source] = []
        self.codes: dict[str, dict[str, int]] = {
            "activity": {name: code for code, name in enumerate(ACTIVITIES)},
            "subject": {},
            "placement": {},
        }
        self.parts: list[int] = []
        """Of each source: the number of the piece of work that it is from."""
        self.first_part = 0
        """The piece of work to go on with: those before it are done."""
        self._key = {"key": key}
        self._digests: dict[str, str] = {}
        self._names: dict[str, int] = {}
        self._taken: set[str] = set()
        self._writer = ShardWriter(folder, config, shard_windows)
        self._unsaved: list[dict[str, Any]] = [self._key]
        self._n_to_skip = 0
        if not self._resume():
            remove(folder)
            folder.mkdir(parents=True)

    @property
    def shards(self) -> list[ShardInfo]:
        """The whole shards so far."""
        return self._writer.shards

    def known_as(self, sha256: str) -> str | None:
        """Return the file that held the same samples before, if any."""
        return self._digests.get(sha256)

    def add(self, part: int, source: Source, windows: WindowSet | None = None) -> None:
        """Take the next recording, from this piece of work, and its windows if it gave any."""
        self._unsaved.append({"part": part, "source": asdict(source)})  # as it was named before `_register`
        self._register(part, source)
        rest = self._rows(source, windows) if windows is not None and source.windows else None
        if rest is not None and self._n_to_skip:  # the killed run stored these
            n_skipped = min(self._n_to_skip, len(rest))
            self._n_to_skip -= n_skipped
            rest = rest.part(n_skipped, len(rest))
        while rest is not None:
            rest = self._writer.add(rest)
            if rest is not None:
                self._flush()

    def finish_shards(self) -> None:
        """Write what is in no shard yet."""
        if self._writer.n_pending:
            self._flush()

    def _flush(self) -> None:
        shard = self._writer.flush({column: list(names) for column, names in self.codes.items()})
        self._unsaved.append({"shard": asdict(shard)})
        with (self.folder / JOURNAL).open("a", encoding="utf-8") as journal:
            journal.writelines(_line(entry) for entry in self._unsaved)
        self._unsaved = []

    def _rows(self, source: Source, windows: WindowSet) -> Rows:
        same = {
            "subject": self.codes["subject"][source.subject],
            "placement": self.codes["placement"][source.placement],
            "source": len(self.sources) - 1,
        }
        columns = {name: np.full(source.windows, value) for name, value in same.items()}
        code_of = self.codes["activity"]
        columns["activity"] = np.array([UNKNOWN if name is None else code_of[name] for name in windows.activities])
        columns["start_s"] = windows.start_s
        columns["quality"] = windows.quality
        return Rows(windows.windows, columns)

    def _register(self, part: int, source: Source) -> None:
        source.name = self._unique(source.name)
        if source.sha256:
            self._digests.setdefault(source.sha256, source.file)
        self.sources.append(source)
        self.parts.append(part)
        if source.windows:
            new = {"activity": source.activities, "subject": [source.subject], "placement": [source.placement]}
            for column, names in new.items():
                for name in names:
                    self.codes[column].setdefault(name, len(self.codes[column]))

    def _unique(self, name: str) -> str:
        """Return a name that no source has yet; files in two folders may share theirs."""
        nth = self._names.get(name, 0) + 1
        unique = name if nth == 1 else f"{name}~{nth}"
        while unique in self._taken:
            nth += 1
            unique = f"{name}~{nth}"
        self._names[name] = nth
        self._taken.add(unique)
        return unique

    def _resume(self) -> bool:
        entries = list(_entries(self.folder / JOURNAL))
        if not entries or entries[0] != self._key:
            return False
        shards = [ShardInfo(**entry["shard"]) for entry in entries if "shard" in entry]
        parts = [entry for entry in entries if "source" in entry]
        self.first_part = parts[-1]["part"] if parts else 0
        for entry in parts:
            if entry["part"] < self.first_part:  # the last one may have more than is stored: it is read again
                self._register(entry["part"], Source(**entry["source"]))
                self._unsaved.append(entry)
        self._unsaved += [{"shard": asdict(shard)} for shard in shards]
        self._writer.shards.extend(shards)
        self._n_to_skip = sum(shard.windows for shard in shards) - sum(source.windows for source in self.sources)
        for file in self.folder.iterdir():
            if file.name not in {JOURNAL, *(shard.file for shard in shards)}:
                remove(file)
        write_text(self.folder / JOURNAL, "".join(map(_line, self._unsaved)))
        self._unsaved = []
        return True


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"


def _entries(journal: Path) -> Iterator[dict[str, Any]]:
    """Yield what the journal says up to its last shard; a kill may have cut off the line after it."""
    waiting: list[dict[str, Any]] = []
    for line in _lines(journal):
        try:
            entry = json.loads(line)
        except ValueError:
            return
        waiting.append(entry)
        if "shard" in entry:
            yield from waiting
            waiting = []


def _lines(file: Path) -> Iterable[str]:
    return file.read_text(encoding="utf-8", errors="replace").split("\n") if file.is_file() else ()
