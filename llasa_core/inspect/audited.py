"""Which splits of a data folder share samples, for an audit: also where a copy was cut at other moments."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from llasa_core.data.counting import number_of
from llasa_core.data.fingerprints import fingerprints_of, shared_by
from llasa_core.data.quality import Quality
from llasa_core.data.split import SPLITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.data.store import WindowStore


def shared_samples(store: WindowStore, progress: Callable[[float, str], None]) -> list[str]:
    """Return a sentence for each two splits that share samples.

    Args:
        store: all its windows are read once.
        progress: told how much is done, in percent.
    """
    split_of = store.split_of_windows
    is_still = (store.quality & int(Quality.STATIONARY)) != 0
    windows: dict[tuple[int, int], set[int]] = defaultdict(set)
    for group in shared_by(fingerprints_of(store, is_still, progress), split_of):
        for pair in combinations(sorted({split for split in split_of[group].tolist() if split >= 0}), 2):
            windows[pair].update(group.tolist())
    return [
        f"{number_of(len(rows), 'window')} of {SPLITS[one]} and {SPLITS[other]} hold the same samples"
        for (one, other), rows in sorted(windows.items())
    ]
