"""What is mended in the items of a file, and what must go; each is counted by its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from llasa_core.data.importers.item import Exchange
from llasa_core.data.importers.shift import Pair, realigned
from llasa_core.data.importers.texts import lists_in, readings_in, without
from llasa_core.data.importers.truth import repeats, wrong_statistics
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np

    from llasa_core.data.importers.item import ForeignItem, WindowName
    from llasa_core.data.importers.shift import Shift, ShiftEvidence

MOST_A_WINDOW = 1000
"""Items that are looked at together; more about one window in a row are looked at in parts."""
REPEATED_READINGS = "readings of the window, as text, taken out of a question"
STALE_READINGS = "readings of another window, as text, taken out of a question"
ACROSS_AXES = "statistics across x, y and z, as text, taken out of a question"
NEW_QUESTION = "question put back to its answer"
NEW_ID = "id that others have made unique"
NO_WINDOW = "window that is missing or damaged"
EMPTY = "empty question or answer"
WRONG_STATISTICS = "answer with statistics across x, y and z"
DUPLICATE = "the same question and answer about the same window again"


@dataclass
class Repairs:
    """What was done to the items of all files."""

    n_read: int = 0
    n_kept: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    """Items by what was mended in them."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Items that are left out, by reason."""


class Kept(NamedTuple):
    """An item that stays, and its windows as their files have them."""

    item: ForeignItem
    windows: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Repairer:
    """Mends the items of one file, window by window."""

    shift: Shift
    window: Callable[[WindowName, ForeignItem], np.ndarray]
    repairs: Repairs
    skip_bad: bool
    seen: set[int]
    """Hashes of what was kept, over all files."""

    def kept(self, items: Iterable[ForeignItem]) -> Iterator[Kept]:
        """Yield what stays of the items, in their order.

        Raises:
            DataError: a window is missing or damaged, and that is not to be skipped.
        """
        for group in by_window(items):
            self.repairs.n_read += len(group)
            windows = self._windows(group)
            if windows is None:
                continue
            plain = [self._plain(item, windows) for item in group]
            for item in self._realigned(plain):
                if self._stays(item, windows):
                    self.repairs.n_kept += 1
                    yield Kept(item, windows)

    def _windows(self, group: Sequence[ForeignItem]) -> tuple[np.ndarray, ...] | None:
        try:
            return tuple(self.window(name, group[0]) for name in group[0].windows)
        except DataError:
            if not self.skip_bad:
                raise
            self.repairs.dropped[NO_WINDOW] += len(group)
            return None

    def _plain(self, item: ForeignItem, windows: tuple[np.ndarray, ...]) -> ForeignItem:
        """Return an item whose questions hold no lists of numbers."""
        exchanges = []
        for question, answer in item.exchanges:
            lists = list(lists_in(question))
            readings = readings_in(lists)
            if readings is not None:
                is_own = any(repeats(readings, window) for window in windows)
                self.repairs.changed[REPEATED_READINGS if is_own else STALE_READINGS] += 1
            across = [found for found in lists if found.is_per_instant]
            self.repairs.changed[ACROSS_AXES] += bool(across)
            gone = [found for found in lists if found.is_readings or found.is_per_instant]
            exchanges.append(Exchange(without(question, gone) if gone else question, answer))
        return item.said(*exchanges)

    def _realigned(self, group: Sequence[ForeignItem]) -> Iterator[ForeignItem]:
        pairs = pairs_of(group)
        if pairs is None:
            yield from group
            return
        found = realigned(pairs, self.shift)
        self.repairs.changed[NEW_QUESTION] += found.n_moved
        self.repairs.dropped.update(found.dropped)
        for pair, nth in found.pairs:
            yield group[nth].said(Exchange(pair.question, pair.answer))

    def _stays(self, item: ForeignItem, windows: tuple[np.ndarray, ...]) -> bool:
        if not all(text.strip() for exchange in item.exchanges for text in exchange):
            return self._drop(EMPTY)
        if len(windows) == 1 and any(wrong_statistics(one.answer, windows[0]) for one in item.exchanges):
            return self._drop(WRONG_STATISTICS)
        said = "\0".join(text for exchange in item.exchanges for text in exchange)
        digest = blake2b(said.encode(), digest_size=8)
        for window in windows:
            digest.update(window.tobytes())
        key = int.from_bytes(digest.digest(), "big")
        if key in self.seen:
            return self._drop(DUPLICATE)
        self.seen.add(key)
        return True

    def _drop(self, reason: str) -> bool:
        self.repairs.dropped[reason] += 1
        return False


def by_window(items: Iterable[ForeignItem]) -> Iterator[list[ForeignItem]]:
    """Yield the items that follow one another and are about the same windows, together."""
    for _, group in groupby(items, key=lambda item: (item.windows, item.dataset, item.subject)):
        held: list[ForeignItem] = []
        for item in group:
            held.append(item)
            if len(held) == MOST_A_WINDOW:
                yield held
                held = []
        if held:
            yield held


def pairs_of(group: Sequence[ForeignItem]) -> list[Pair] | None:
    """Return the pairs of one window; None where items are conversations, or captions that nobody asked for."""
    if not all(item.is_single and item.kind is None for item in group):
        return None
    return [Pair(item.id, item.exchanges[0].question, item.exchanges[0].answer) for item in group]


def tells(evidence: ShiftEvidence, group: Sequence[ForeignItem]) -> None:
    """Take the items of one window as evidence of a shift."""
    if pairs := pairs_of(group):
        evidence.add([_plain_pair(pair) for pair in pairs])


def _plain_pair(pair: Pair) -> Pair:
    """Return a pair whose question holds no readings."""
    lists = [found for found in lists_in(pair.question) if found.is_readings or found.is_per_instant]
    return pair._replace(question=without(pair.question, lists)) if lists else pair
