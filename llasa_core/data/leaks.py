"""Whether the splits of a data folder are apart: people, windows, recordings, questions."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.counting import number_of
from llasa_core.data.fingerprints import fingerprints_of, shared_by
from llasa_core.data.near_copies import near_copies
from llasa_core.data.quality import Quality
from llasa_core.data.split import SPLITS
from llasa_core.data.store import MANIFEST
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
    split_of = store.split_of_windows
    fingerprints = fingerprints_of(store, _is_still(store), progress)
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


def refuse_leaks(store: WindowStore, progress: Callable[[float, str], None] = lambda _done, _words: None) -> None:
    """Return if the splits of a data folder are apart; what is measured on splits that are not means nothing.

    Found are: a subject in two splits; samples that two splits share, also where one copy was cut at other moments
    (runs of 20 samples, or whole windows of a device at rest); and moving windows that differ from one of another split
    by a factor and an offset on each channel and a little noise (`near_copies`). Not found are copies that were changed
    and cut at other moments too, turned, or resampled, and the same person under two names.

    Args:
        store: all its windows are read once.
        progress: told how much is done, in percent.

    Raises:
        DataError: they are not; the message holds all that was found.
    """
    split_of, is_still = store.split_of_windows, _is_still(store)
    fingerprints = fingerprints_of(store, is_still, progress)
    shared = _windows(store, shared_by(fingerprints, split_of), split_of)
    found = [*_people(store.partition.people), *shared]
    if not shared:  # what is the same to the bit is alike too, and said already
        found += _alike(store, split_of, ~is_still)
    if found:
        raise _located(f"the splits are not apart: {'; '.join(found)}", store)


def _is_still(store: WindowStore) -> np.ndarray:
    return np.asarray((store.quality & int(Quality.STATIONARY)) != 0)


def _alike(store: WindowStore, split_of: np.ndarray, is_moving: np.ndarray) -> list[str]:
    found = []
    for one, other in ((2, 0), (2, 1), (1, 0)):  # the smaller split first
        sides = (np.flatnonzero((split_of == number) & is_moving) for number in (one, other))
        rows, partners = near_copies(store, *sides)
        if not len(rows):
            continue
        pairs = _pairs(store, np.stack([partners, rows], axis=1))
        found.append(
            f"{number_of(len(rows), 'window')} of {SPLITS[one]} {'is a' if len(rows) == 1 else 'are'} scaled or noisy "
            f"{'copy' if len(rows) == 1 else 'copies'} of {SPLITS[other]}'s, in "
            f"{_some([_pair(store, pair) for pair in pairs])}"
        )
    return found


def _located(message: str, store: WindowStore) -> DataError:
    return DataError(message, where=store.folder / MANIFEST, fix=_FIX)


def _people(splits: Mapping[Any, Sequence[str]]) -> list[str]:
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
