"""The windows of a data folder in the making, recording by recording, as questions are made of them."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import closing
from itertools import accumulate
from typing import TYPE_CHECKING

import h5py
import numpy as np

from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.measured import MeasuredRecording, measured
from llasa_core.data.qa import WindowRef
from llasa_core.data.store import read_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llasa_core.data.draft import Draft, Source
    from llasa_core.data.windows import WindowConfig


def drafted_recordings(
    draft: Draft, config: WindowConfig, is_wanted: Callable[[int, Source], bool]
) -> Iterator[tuple[MeasuredRecording, np.ndarray]]:
    """Yield recordings with what was measured in their windows, and the windows, in the order in which they are stored.

    Args:
        draft: with all its shards written.
        config: what its windows are.
        is_wanted: takes the piece of work and the recording; others are passed over.

    Yields:
        The recording, and float32 [window, time, channel].
    """
    name_of = dict(enumerate(draft.codes["activity"]))
    codes, starts_s = (read_column(draft.folder, draft.shards, name) for name in ("activity", "start_s"))
    first = 0
    with closing(_Shards(draft)) as shards:
        for part, source in zip(draft.parts, draft.sources, strict=True):
            rows = slice(first, first + source.windows)
            first += source.windows
            if source.windows and is_wanted(part, source):
                refs, samples = shards.read(rows)
                activities = [name_of.get(code) for code in codes[rows].tolist()]
                windows = measured(facts_of(samples, config.sampling_rate_hz), activities, starts_s[rows].tolist())
                yield MeasuredRecording(source.name, source.subject, refs, windows, config.window_s), samples


class _Shards:
    """Reads windows by their numbers in all shards; keeps one shard open."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._first = [0, *accumulate(shard.windows for shard in draft.shards)]
        self._opened: tuple[int, h5py.File] | None = None

    def read(self, rows: slice) -> tuple[list[WindowRef], np.ndarray]:
        """Return where the windows of a slice are stored, and the windows."""
        refs: list[WindowRef] = []
        parts = []
        for number in range(bisect_right(self._first, rows.start) - 1, len(self._draft.shards)):
            if self._first[number] >= rows.stop:
                break
            start = max(rows.start, self._first[number]) - self._first[number]
            end = min(rows.stop, self._first[number + 1]) - self._first[number]
            parts.append(self._file(number)["samples"][start:end])
            refs += [WindowRef(self._draft.shards[number].file, row) for row in range(start, end)]
        return refs, np.concatenate(parts)

    def close(self) -> None:
        """Close what is open: an open file cannot be moved everywhere."""
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None

    def _file(self, number: int) -> h5py.File:
        if self._opened is None or self._opened[0] != number:
            self.close()
            path = self._draft.folder / self._draft.shards[number].file
            self._opened = (number, h5py.File(path, "r", locking=False))
        return self._opened[1]
