"""Which windows are measured, and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.activities import UNKNOWN
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from llasa_core.data.split import Split
    from llasa_core.data.store import WindowStore
    from llasa_core.eval_settings import EvalConfig


@dataclass(frozen=True)
class EvalSet:
    """Windows with known activities, in the order in which they are stored."""

    rows: np.ndarray
    """int64 [window]: numbers in the whole store."""
    truth: np.ndarray
    """int64 [window]: positions in `classes`."""
    subject: np.ndarray
    """int32 [window]: positions in the store's `subject_names`."""
    recording: np.ndarray
    """int32 [window]: positions in the manifest's `sources`."""
    classes: tuple[str, ...]
    """The activities that the whole data folder holds, in its order; the same for every split of it."""

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, which: np.ndarray) -> EvalSet:
        """Return some of the windows, by their positions in this set."""
        return EvalSet(
            rows=self.rows[which],
            truth=self.truth[which],
            subject=self.subject[which],
            recording=self.recording[which],
            classes=self.classes,
        )


def choose_windows(store: WindowStore, config: EvalConfig, seed: int) -> EvalSet:
    """Return the windows of a split that can be measured, or a fixed random choice of them.

    Raises:
        DataError: the split holds no window with a known activity.
    """
    found = labelled(store, config.split)
    if not len(found):
        raise DataError(
            f"the {config.split} split holds no window with a known activity: "
            f"{len(store.partition.people[config.split])} people, {len(store.rows(config.split))} windows",
            where=store.folder,
            fix="prepare recordings of more people, with their activities, or name another split with `--split`",
        )
    if config.max_windows is None or config.max_windows >= len(found):
        return found
    drawn = np.random.default_rng(seed).choice(len(found), config.max_windows, replace=False)
    return found.part(np.sort(drawn))


def labelled(store: WindowStore, split: Split) -> EvalSet:
    """Return all windows of a split whose activity is known; there may be none."""
    rows = store.rows(split)
    rows = rows[store.activity[rows] != UNKNOWN]
    present = np.unique(store.activity[store.activity != UNKNOWN])  # numbers in the store, in order
    return EvalSet(
        rows=rows,
        truth=np.searchsorted(present, store.activity[rows]),
        subject=store.subject[rows],
        recording=store.source[rows],
        classes=tuple(store.activity_names[number] for number in present),
    )
