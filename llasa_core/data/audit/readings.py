"""Readings and statistics that stand in texts: of another window, or of no use."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.audit.finding import Tally
from llasa_core.data.importers.texts import lists_in, readings_in
from llasa_core.data.importers.truth import repeats, wrong_statistics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.audit.entry import Entry
    from llasa_core.data.audit.finding import Finding

_IMPORT = "`llasa import-qa FILE --out DATA` takes the texts out: the window itself is given with the question"


class ReadingsInTexts:
    """Looks for lists of numbers in questions."""

    def __init__(self) -> None:
        self._stale, self._repeated, self._across, self._wrong = Tally(), Tally(), Tally(), Tally()
        self._texts, self._windows = array("q"), array("q")

    def look(self, entry: Entry) -> None:
        """Take the next item."""
        for question, answer in entry.exchanges:
            if "[" in question:
                self._lists(entry, question)
            if len(entry.samples) == 1 and (wrong := wrong_statistics(answer, entry.samples[0])):
                self._wrong.add(entry.place, f"{wrong[0]} is taken across x, y and z at one instant")

    def findings(self) -> Iterator[Finding]:
        """Yield what was found."""
        yield from self._stale.finding("readings", "error", "a question with the readings of another window", _IMPORT)
        same = Tally(self._n_shared())
        yield from same.finding("readings", "error", "a text of readings that stands under several windows", _IMPORT)
        yield from self._across.finding(
            "readings", "error", "a question with statistics across x, y and z instead of over time", _IMPORT
        )
        yield from self._wrong.finding(
            "readings",
            "error",
            "an answer with statistics across x, y and z instead of over time",
            "leave the items out; `llasa import-qa FILE --out DATA` does",
        )
        yield from self._repeated.finding("readings", "warning", "a question that repeats its window as text", _IMPORT)

    def _lists(self, entry: Entry, question: str) -> None:
        lists = list(lists_in(question))
        if any(found.is_per_instant for found in lists):
            self._across.add(entry.place)
        readings = readings_in(lists)
        if readings is None:
            return
        if entry.samples:
            is_own = any(repeats(readings, window) for window in entry.samples)
            (self._repeated if is_own else self._stale).add(entry.place)
            return
        self._texts.append(_hash(readings.acc.tobytes() + readings.gyr.tobytes()))
        self._windows.append(_hash(repr(entry.windows).encode()))

    def _n_shared(self) -> int:
        """Return how many texts, of windows that could not be read, stand under more than one of them."""
        both = np.unique(np.array([self._texts, self._windows], np.int64), axis=1)
        _, counts = np.unique(both[0], return_counts=True)
        return int((counts > 1).sum())


def _hash(content: bytes) -> int:
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big", signed=True)
