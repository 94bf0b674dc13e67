"""Whether the splits of a data folder are apart: people, windows, recordings, questions."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.quality import Quality
from llasa_core.data.split import SPLITS
from llasa_core.data.store import MANIFEST
from llasa_core.errors import DataError
from llasa_core.inspect.fingerprints import fingerprints_of, shared_by
from llasa_core.inspect.looked import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llasa_core.data.store import WindowStore

MOST_NAMED = 3
"""Subjects or recordings that an error names."""
MOST_COMPARED = 100_000
"""Fingerprints whose recordings are looked up; more tell nothing new."""
_FIX = "remove one of them from the sources and run `llasa prepare-data` again: a score on these splits means nothing"


def leaks_of(store: WindowStore, progress: Callable[[float, str], None]) -> tuple[list[DataError], list[str]]:
    """Return what connects the splits of a data folder, and what was stored twice within one.

    Args:
        store: all its windows are read once.
        progress: told how much is done, in percent.
    """
    split_of = split_of_windows(store)
    is_still = (store.quality & int(Quality.STATIONARY)) != 0
    fingerprints = fingerprints_of(store, is_still, progress)
    across = shared_by(fingerprints, split_of)
    within = [group for group in shared_by(fingerprints, store.source) if np.ptp(split_of[group]) == 0]
    leaks = [
        *_people(store.manifest["splits"]),
        *_copies(store.manifest["sources"]),
        *_windows(store, across, split_of),
    ]
    twice = [
        f"{_pair(store, pair)} hold the same samples: is it one recording given twice?"
        for pair in _pairs(store, within)
    ]
    shown = twice[:MOST_NAMED]
    more = (
        [f"and {len(twice) - len(shown)} more pairs of recordings that hold the same samples"]
        if twice[len(shown) :]
        else []
    )
    return [_located(message, store) for message in leaks], shown + more


def split_of_windows(store: WindowStore) -> np.ndarray:
    """Return the number of each window's split, -1 where its subject is in none: int [window]."""
    number_of_split = {
        name: number for number, split in enumerate(SPLITS) for name in store.manifest["splits"].get(split, ())
    }
    of_subject = np.array([number_of_split.get(name, -1) for name in store.subject_names] or [-1])
    splits: np.ndarray = of_subject[store.subject]
    return splits


def _located(message: str, store: WindowStore) -> DataError:
    return DataError(message, where=store.folder / MANIFEST, fix=_FIX)


def _people(splits: dict[str, Sequence[str]]) -> list[str]:
    found = []
    for one, other in combinations(splits, 2):
        if both := sorted(set(splits[one]) & set(splits[other])):
            verb = "is" if len(both) == 1 else "are"
            found.append(f"{number_of(len(both), 'subject')} {verb} in {one} and in {other}: {_some(both)}")
    return found


def _copies(sources: Sequence[dict[str, Any]]) -> list[str]:
    by_digest: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        if source["sha256"] and source["windows"]:
            by_digest[source["sha256"]].append(source["name"])
    twice = [names for names in by_digest.values() if len(names) > 1]
    if not twice:
        return []
    return [
        f"{number_of(len(twice), 'recording')} stored more than once: {_some([' = '.join(names) for names in twice])}"
    ]


def _windows(store: WindowStore, across: Sequence[np.ndarray], split_of: np.ndarray) -> list[str]:
    """Return a sentence for each two splits that share samples."""
    windows: dict[tuple[int, int], set[int]] = defaultdict(set)
    groups: dict[tuple[int, int], list[np.ndarray]] = defaultdict(list)
    for group in across:
        for pair in combinations(sorted(set(split_of[group].tolist())), 2):
            windows[pair].update(group[np.isin(split_of[group], pair)].tolist())
            groups[pair].append(group)
    found = []
    for pair, rows in sorted(windows.items()):
        if pair[0] < 0:
            continue
        one, other = (SPLITS[number] for number in pair)
        recordings = [
            _pair(store, names)
            for names in _pairs(store, groups[pair])
            if _splits_of(names, store, split_of) == set(pair)
        ]
        found.append(
            f"{number_of(len(rows), 'window')} of {one} and {other} hold the same samples, in {_some(recordings)}"
        )
    return found


def _pairs(store: WindowStore, groups: Iterable[np.ndarray]) -> list[tuple[int, int]]:
    """Return which sources share fingerprints, most first."""
    counts: Counter[tuple[int, int]] = Counter()
    for group in list(groups)[:MOST_COMPARED]:
        counts.update(combinations(sorted(set(store.source[group].tolist())), 2))
    return [pair for pair, _ in counts.most_common()]


def _splits_of(sources: tuple[int, int], store: WindowStore, split_of: np.ndarray) -> set[int]:
    return {int(split_of[np.flatnonzero(store.source == source)[0]]) for source in sources}


def _pair(store: WindowStore, sources: tuple[int, int]) -> str:
    return " and ".join(store.manifest["sources"][source]["name"] for source in sources)


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + rest
