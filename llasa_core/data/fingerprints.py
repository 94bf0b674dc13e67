"""Which windows of different recordings hold the same samples, also where one was cut at other moments.

Windows are compared by content-defined fingerprints: each run of samples has a hash, and those whose hash begins with
some zeros are kept, whichever window they stand in. Two copies of a recording keep the same ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.data.store import WindowStore

RUN = 20
"""Samples of a fingerprint: 1 s of six channels does not come twice, unless nothing moves."""
KEPT_BITS = 5
"""One run in 32 is kept."""
BLOCK = 4096
"""Windows worked on at once."""
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


class Fingerprints(NamedTuple):
    """Hashes of runs, and of whole windows, sorted."""

    hashes: np.ndarray
    """uint64 [fingerprint]."""
    windows: np.ndarray
    """int64 [fingerprint]: the number of the window in the store."""


def fingerprints_of(store: WindowStore, is_still: np.ndarray, progress: Callable[[float, str], None]) -> Fingerprints:
    """Return the fingerprints of all windows.

    Args:
        store: all of it is read once.
        is_still: bool [window]: those in which nothing moves have none but that of the whole window, as a coarse sensor
            at rest may well repeat a second.
        progress: told how much is done, in percent.
    """
    hashes, windows = [], []
    first = 0
    for block in (part[at : at + BLOCK] for part in store.span(0, len(store)) for at in range(0, len(part), BLOCK)):
        samples = _sample_hashes(block)
        changes = np.concatenate(
            [np.zeros((len(block), 1), np.int64), (samples[:, 1:] != samples[:, :-1]).cumsum(1)], 1
        )
        whole = _mixed((samples * _powers(samples.shape[1])).sum(axis=1, dtype=np.uint64))
        moves = np.flatnonzero(changes[:, -1] > 0)  # one value throughout tells nothing
        hashes.append(whole[moves])
        windows.append(first + moves)
        run = min(RUN, samples.shape[1])
        runs = _mixed(_run_hashes(samples, run))
        is_kept = (runs >> np.uint64(64 - KEPT_BITS)) == 0
        is_kept &= changes[:, run - 1 :] > changes[:, : changes.shape[1] - run + 1]
        is_kept &= ~is_still[first : first + len(block), None]
        row, column = np.nonzero(is_kept)
        hashes.append(runs[row, column])
        windows.append(first + row)
        first += len(block)
        progress(100 * first / len(store), "comparing windows")
    every, where = np.concatenate(hashes), np.concatenate(windows)
    order = np.argsort(every, kind="stable")
    return Fingerprints(every[order], where[order])


def shared_by(fingerprints: Fingerprints, kind: np.ndarray) -> list[np.ndarray]:
    """Return the windows of each fingerprint that stands in windows of more than one kind.

    Args:
        fingerprints: of all windows.
        kind: int [window], such as the number of its split.

    Returns:
        int64 [window] for each such fingerprint.
    """
    if not len(fingerprints.hashes):
        return []
    starts = np.flatnonzero(np.diff(fingerprints.hashes, prepend=~fingerprints.hashes[0]))
    kinds = kind[fingerprints.windows]
    is_mixed = np.minimum.reduceat(kinds, starts) != np.maximum.reduceat(kinds, starts)
    ends = np.append(starts[1:], len(kinds))
    return [fingerprints.windows[start:end] for start, end in zip(starts[is_mixed], ends[is_mixed], strict=True)]


def _sample_hashes(windows: np.ndarray) -> np.ndarray:
    """Return a hash of each sample: uint64 [window, time]."""
    bits = np.ascontiguousarray(windows, np.float32).view(np.uint32)
    hashes = np.zeros(bits.shape[:2], np.uint64)
    for channel in range(bits.shape[2]):
        hashes = (hashes ^ bits[:, :, channel]) * _PRIME
        hashes ^= hashes >> _SHIFT
    return hashes


def _run_hashes(samples: np.ndarray, run: int) -> np.ndarray:
    """Return a hash of each run of samples, wherever in a window it begins: uint64 [window, start]."""
    n_starts = samples.shape[1] - run + 1
    hashes = np.zeros((len(samples), n_starts), np.uint64)
    for offset, power in enumerate(_powers(run)):
        hashes += samples[:, offset : offset + n_starts] * power
    return hashes


def _powers(count: int) -> np.ndarray:
    return np.cumprod(np.full(count, _PRIME), dtype=np.uint64)


def _mixed(hashes: np.ndarray) -> np.ndarray:
    mixed: np.ndarray = (hashes ^ (hashes >> _SHIFT)) * _PRIME
    mixed ^= mixed >> np.uint64(32)
    return mixed
