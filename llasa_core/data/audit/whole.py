"""Items that are none: broken ones, empty ones, too long ones, and ids that two share."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.audit.finding import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.audit.entry import Entry
    from llasa_core.data.audit.finding import Finding
    from llasa_core.errors import Place

LETTERS_A_TOKEN = 4
"""Of English text, in common tokenizers."""
_REPAIR = "repair the items, or leave them out: `llasa import-qa FILE --out DATA --skip-bad`"


class Broken:
    """Items that break the schema, name no window that is there, or have keys that nobody knows."""

    def __init__(self) -> None:
        self._broken, self._lost, self._keys = Tally(), Tally(), Tally()
        self._has_windows = False

    def look(self, entry: Entry) -> None:
        """Take the next item."""
        if entry.broken:
            self._broken.add(entry.place, entry.broken)
        if entry.missing_window:
            self._lost.add(entry.place, entry.missing_window)
        if entry.unknown_keys:
            self._keys.add(entry.place, ", ".join(entry.unknown_keys))
        self._has_windows |= bool(entry.measured)

    def findings(self) -> Iterator[Finding]:
        """Yield what was found."""
        yield from self._broken.finding("broken", "error", "an item that breaks the schema", _REPAIR)
        if self._has_windows:
            yield from self._lost.finding("broken", "error", "an item whose window is missing or damaged", _REPAIR)
        else:
            yield from self._lost.finding(
                "broken",
                "warning",
                "an item whose window cannot be read, as none can: what it says of the signal was not checked",
                "say where the windows are with `--windows`",
            )
        yield from self._keys.finding(
            "broken",
            "warning",
            "an item with a key that nobody knows",
            "remove the key, or pass `--ignore KEY` to `llasa import-qa`",
        )


class Lengths:
    """Texts that are empty, and items that are longer than a model reads."""

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._empty, self._long = Tally(), Tally()

    def look(self, entry: Entry) -> None:
        """Take the next item."""
        n_letters = 0
        for question, answer in entry.exchanges:
            n_letters += len(question) + len(answer)
            if not question or not answer:
                self._empty.add(entry.place, f"no {'answer' if question else 'question'}")
        n_tokens = n_letters // LETTERS_A_TOKEN
        if n_tokens > self._max_tokens:
            self._long.add(entry.place, f"about {n_tokens:,} tokens")

    def findings(self) -> Iterator[Finding]:
        """Yield what was found."""
        yield from self._empty.finding("length", "error", "an empty question or answer", _REPAIR)
        yield from self._long.finding(
            "length",
            "warning",
            f"an item of more than {self._max_tokens:,} tokens, estimated by its letters",
            "shorten it; readings that stand in questions are taken out by `llasa import-qa`",
        )


class Duplicates:
    """Ids that two items share, and items that say the same of the same windows; eight bytes are kept of each."""

    def __init__(self) -> None:
        self._ids, self._texts = _Hashes(), _Hashes()

    def look(self, entry: Entry) -> None:
        """Take the next item."""
        if entry.broken and not entry.exchanges:
            return
        self._ids.add(entry.id, entry.place)
        said = (text for exchange in entry.exchanges for text in exchange)
        self._texts.add("\0".join((repr(entry.windows), *said)), entry.place)

    def findings(self) -> Iterator[Finding]:
        """Yield what was found."""
        yield from self._ids.twice().finding(
            "duplicates",
            "error",
            "an id that an item before it has",
            "`llasa import-qa` makes ids unique",
        )
        yield from self._texts.twice().finding(
            "duplicates",
            "warning",
            "an item that says what one before it says of the same windows",
            "leave it out; `llasa import-qa` does",
        )


class _Hashes:
    """Hashes of texts and where they stand."""

    def __init__(self) -> None:
        self._hashes, self._rows, self._columns = array("q"), array("q"), array("q")
        self._file_of = array("h")
        self._files: list[str] = []

    def add(self, text: str, place: Place) -> None:
        file = str(place.file)
        if not self._files or self._files[-1] != file:
            self._files.append(file)
        self._file_of.append(len(self._files) - 1)
        digest = blake2b(text.encode(errors="replace"), digest_size=8).digest()
        self._hashes.append(int.from_bytes(digest, "big", signed=True))
        self._rows.append(place.row or 0)
        self._columns.append(int(place.column or 0))

    def twice(self) -> Tally:
        """Return what stands there again, in order."""
        hashes = np.array(self._hashes, np.int64)
        order = np.argsort(hashes, kind="stable")
        is_again = np.zeros(len(hashes), bool)
        is_again[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
        first_of = dict(zip(hashes[order].tolist()[::-1], order.tolist()[::-1], strict=True)) if is_again.any() else {}
        tally = Tally()
        for nth in np.flatnonzero(is_again).tolist():
            tally.add(self._place(nth), f"as {self._place(first_of[self._hashes[nth]])}")
        return tally

    def _place(self, nth: int) -> str:
        return f"{self._files[self._file_of[nth]]}:{self._rows[nth]}:{self._columns[nth]}"
