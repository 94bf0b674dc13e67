"""Imported windows and items on their way into a data folder: windows are known by numbers, and kept once."""

from __future__ import annotations

import json
from array import array
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from llasa_core.data.channels import ACC, CHANNELS
from llasa_core.data.quality import Quality
from llasa_core.data.windows import STILL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llasa_core.data.qa import Kind

UNLABELLED, UNSURE = -1, -2
"""Codes of a window that nobody labelled, and of one with two labels."""


class Stored(NamedTuple):
    """An item as it waits for its place."""

    windows: list[int]
    """Numbers of windows."""
    id: str
    kind: Kind
    texts: list[str]
    """Question and answer in turn."""


class Spool:
    """Two files in a folder: all windows, and all items."""

    def __init__(self, folder: Path, window_len: int) -> None:
        """Begin with neither."""
        folder.mkdir(parents=True)
        self._samples_file, self._items_file = folder / "windows.f32", folder / "items.jsonl"
        self._samples = self._samples_file.open("wb")
        self._items = self._items_file.open("w", encoding="utf-8")
        self._shape = (window_len, len(CHANNELS))
        self._number_of: dict[bytes, int] = {}
        self._digest = sha256()
        self.people: list[tuple[str, str]] = []
        """Dataset and subject, by their numbers."""
        self._person_of = array("i")
        self._labels = array("h")
        self._flags = array("H")
        self.n_items = 0

    def __len__(self) -> int:
        return len(self._person_of)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        """Nothing is added any more."""
        self._samples.close()
        self._items.close()

    @property
    def sha256(self) -> str:
        """Of all windows, in their order."""
        return self._digest.hexdigest()

    def add_window(self, window: np.ndarray, person: tuple[str, str], label: int, quality: Quality) -> int:
        """Take a window, float32 [time, channel], and return its number; one that is there already keeps its own."""
        content = window.tobytes()
        key = sha256(content).digest()[:16]
        number = self._number_of.get(key)
        if number is None:
            number = self._number_of[key] = len(self)
            self._samples.write(content)
            self._digest.update(content)
            if person not in self.people:
                self.people.append(person)
            self._person_of.append(self.people.index(person))
            self._labels.append(label)
            if (window[:, ACC].std(axis=0) < STILL).all():
                quality |= Quality.STATIONARY
            self._flags.append(int(quality))
        elif label != UNLABELLED and self._labels[number] != label:
            self._labels[number] = label if self._labels[number] == UNLABELLED else UNSURE
        return number

    def subject_of(self, window: int) -> str:
        """Return whose a window is."""
        return self.people[self._person_of[window]][1]

    def add_item(self, item: Stored) -> None:
        """Take an item."""
        self._items.write(json.dumps(item, ensure_ascii=False) + "\n")
        self.n_items += 1

    def items(self) -> Iterator[Stored]:
        """Yield the items in their order."""
        with self._items_file.open(encoding="utf-8") as file:
            for line in file:
                yield Stored(*json.loads(line))

    def numbers_of(self, person: int) -> np.ndarray:
        """Return the numbers of one person's windows, in order."""
        return np.flatnonzero(np.array(self._person_of, np.int32) == person)

    def samples(self, numbers: np.ndarray) -> np.ndarray:
        """Return windows: float32 [window, time, channel]."""
        mapped = np.memmap(self._samples_file, np.float32, "r", shape=(len(self), *self._shape))
        return np.array(mapped[numbers])

    def labels(self, numbers: np.ndarray) -> np.ndarray:
        """Return the codes of windows' labels."""
        codes: np.ndarray = np.array(self._labels, np.int16)[numbers]
        return codes

    def flags(self, numbers: np.ndarray) -> np.ndarray:
        """Return what is wrong with windows: uint16, bits of `Quality`."""
        flags: np.ndarray = np.array(self._flags, np.uint16)[numbers]
        return flags

    def manifest_entry(self) -> dict[str, Any]:
        """Return what the manifest says about all windows."""
        return {"name": "windows", "bytes": len(self) * int(np.prod(self._shape)) * 4, "sha256": self.sha256}
