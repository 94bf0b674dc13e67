"""Items, windows and people that are in more than one split."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.audit.finding import Finding, Tally
from llasa_core.data.split import SPLITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llasa_core.data.audit.entry import Entry
    from llasa_core.data.store import WindowStore

BLOCK = 4096
"""Windows that are read at once."""
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_FIX = "remove one of them from the sources and run `llasa prepare-data` again: a score on these splits means nothing"


class Leaks:
    """What connects the splits of a data folder."""

    def __init__(self, store: WindowStore, same_samples: Callable[[WindowStore], list[str]]) -> None:
        """Begin.

        Args:
            store: the data folder.
            same_samples: returns a sentence for each two splits that share samples.
        """
        self._store, self._same_samples = store, same_samples
        self._astray, self._others = Tally(), Tally()

    def look(self, entry: Entry) -> None:
        """Take the next item."""
        away = [split for split in entry.window_splits if split != entry.split]
        if away:
            self._astray.add(entry.place, f"in {entry.split}, its window in {away[0] or 'no split'}")
        elif entry.subject and entry.window_subjects and entry.subject not in entry.window_subjects:
            self._others.add(entry.place, f"says {entry.subject}, its window is of {entry.window_subjects[0]}")

    def findings(self) -> Iterator[Finding]:
        """Yield what was found."""
        fix = "run `llasa prepare-data` again with `--fresh`: a score on these splits means nothing"
        yield from self._astray.finding("leaks", "error", "an item about a window of another split", fix)
        yield from self._others.finding("leaks", "error", "an item with another subject than its window", fix)
        yield from self._people()
        for message in self._same_samples(self._store):
            yield Finding("leaks", "error", message, 1, (), _FIX)

    def _people(self) -> Iterator[Finding]:
        splits = self._store.manifest["splits"]
        for one, other in combinations(splits, 2):
            if both := sorted(set(splits[one]) & set(splits[other])):
                shown = tuple(both[:5])
                yield Finding("leaks", "error", f"a subject in {one} and in {other}", len(both), shown, _FIX)


def same_windows(store: WindowStore) -> list[str]:
    """Return a sentence for each two splits in which a whole window is the same."""
    hashes = _hashes(store)
    of_split = {split: np.unique(hashes[store.rows(split)]) for split in SPLITS}
    found = []
    for one, other in combinations(SPLITS, 2):
        both = len(np.intersect1d(of_split[one], of_split[other], assume_unique=True))
        if both:
            found.append(f"windows with the same samples in {one} and in {other}: {both:,}")
    return found


def _hashes(store: WindowStore) -> np.ndarray:
    """Return a hash of each window: uint64 [row]."""
    parts = [np.empty(0, np.uint64)]
    for span in store.span(0, len(store)):
        for first in range(0, len(span), BLOCK):
            block = np.ascontiguousarray(span[first : first + BLOCK]).view(np.uint32).reshape(-1, span[0].size)
            powers = np.cumprod(np.full(block.shape[1], _PRIME), dtype=np.uint64)
            parts.append((block * powers).sum(axis=1, dtype=np.uint64))
    return np.concatenate(parts)
