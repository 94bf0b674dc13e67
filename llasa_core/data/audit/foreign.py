"""The items of a file that somebody else wrote, with their windows where they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.audit.entry import Entry
from llasa_core.data.channels import ACC
from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.measured import Measured, measured
from llasa_core.data.importers.foreign_file import items_of
from llasa_core.data.importers.json_values import json_values
from llasa_core.data.importers.row import Row, unknown_keys
from llasa_core.data.importers.truth import PUBLISHED_G
from llasa_core.data.importers.window_files import WindowFiles
from llasa_core.data.labels import activity_of
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llasa_core.data.importers.item import ForeignItem, WindowName
    from llasa_core.data.importers.json_values import Value

LARGEST_IN_G = 3.0
"""A mean acceleration that is no larger is in g."""
_WINDOWS = WindowConfig()


class ForeignItems:
    """Yields the items of a LLaVA-style file."""

    def __init__(self, path: Path, windows: Path | None = None) -> None:
        """Take a file; `windows` says where its windows are, as for `WindowFiles`."""
        self._path = path
        self._windows = WindowFiles(path, windows, _WINDOWS.window_len)
        self._last: tuple[tuple[WindowName, ...], tuple[np.ndarray, ...], tuple[Measured, ...]] | None = None

    @property
    def files(self) -> list[str]:
        """The one file."""
        return [self._path.name]

    def entries(self) -> Iterator[Entry]:
        """Yield all items.

        Raises:
            DataError: the file is not JSON.
        """
        for nth, value in enumerate(json_values(self._path)):
            yield from self._of_row(value, nth)

    def _of_row(self, value: Value, nth: int) -> Iterator[Entry]:
        unknown = unknown_keys(value)
        try:
            items = items_of(Row(value, unknown), nth)
        except DataError as error:
            yield Entry(value.place, "", (), (), broken=error.message)
            return
        for item in items:
            entry = Entry(
                place=item.place,
                id=item.id,
                windows=item.windows,
                exchanges=item.exchanges,
                kind=item.kind,
                subject=item.subject,
                label=_activity(item),
                unknown_keys=tuple(unknown),
            )
            self._measure(entry, item)
            yield entry

    def _measure(self, entry: Entry, item: ForeignItem) -> None:
        if self._last is None or self._last[0] != item.windows:
            try:
                samples = tuple(self._windows.window(name, item) for name in item.windows)
            except DataError as error:
                entry.missing_window = error.message
                return
            activities = [entry.label] * len(samples)
            facts = facts_of(np.stack([_in_si(window) for window in samples]), _WINDOWS.sampling_rate_hz)
            self._last = item.windows, samples, tuple(measured(facts, activities, [0.0] * len(samples)))
        _, entry.samples, entry.measured = self._last


def _in_si(window: np.ndarray) -> np.ndarray:
    is_g = np.linalg.norm(window[:, ACC].mean(axis=0)) <= LARGEST_IN_G
    in_si: np.ndarray = window * np.array([PUBLISHED_G if is_g else 1.0] * 3 + [1.0] * 3)
    return in_si


def _activity(item: ForeignItem) -> str | None:
    """Return the activity that a label means; a label that is no known activity as it is written."""
    if item.label is None:
        return None
    try:
        return activity_of(item.label, (), item.place)
    except DataError:
        return item.label
