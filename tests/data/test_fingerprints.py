from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data import fingerprints
from llasa_core.data.fingerprints import fingerprints_of, shared_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


@dataclass
class Windows:
    """Windows that are in memory, read as a store is."""

    samples: np.ndarray

    def __len__(self) -> int:
        return len(self.samples)

    def span(self, start: int, end: int) -> Iterator[np.ndarray]:
        """Yield them as two shards."""
        half = len(self.samples) // 2
        for first, after in ((0, half), (half, len(self.samples))):
            yield self.samples[max(start, first) : min(end, after)]


def noise(n_samples: int, seed: int) -> np.ndarray:
    """Return samples that never come again: float32 [time, 6]."""
    return np.random.default_rng(seed).normal(size=(n_samples, 6)).astype(np.float32)


def shared(windows: list[np.ndarray], kinds: list[int], *, still: bool = False) -> set[int]:
    """Return which windows hold the same samples as one of another kind."""
    store = Windows(np.stack(windows))
    found = fingerprints_of(store, np.full(len(windows), still), lambda _done, _words: None)  # type: ignore[arg-type]
    return {int(window) for group in shared_by(found, np.array(kinds)) for window in group}


def test_the_same_window_is_found():
    windows = [noise(120, 1), noise(120, 2), noise(120, 1)]

    assert shared(windows, [0, 0, 1]) == {0, 2}


def test_the_same_samples_at_another_place_are_found():
    signal = noise(400, 1)
    windows = [signal[:120], signal[200:320], signal[33:153], noise(120, 2)]

    assert shared(windows, [0, 0, 1, 1]) == {0, 2}


def test_windows_of_one_kind_may_overlap():
    signal = noise(400, 1)

    assert shared([signal[:120], signal[60:180], noise(120, 2)], [0, 0, 1]) == set()


def test_a_sensor_that_stands_still_is_no_evidence():
    still = np.tile(np.float32([0, 0, 9.8, 0, 0, 0]), (120, 1))
    mostly = [np.concatenate([still[:100], noise(20, seed)]) for seed in (1, 2)]

    assert shared([still, still], [0, 1]) == set()
    assert shared(mostly, [0, 1]) == set()


def test_people_at_rest_are_compared_by_whole_windows():
    signal = noise(400, 1)

    assert shared([signal[:120], signal[33:153]], [0, 1], still=True) == set()
    assert shared([signal[:120], signal[:120]], [0, 1], still=True) == {0, 1}


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch):
    signal = noise(2000, 1)
    windows = [signal[start : start + 120] for start in range(0, 1800, 60)]
    kinds = [0] * 15 + [1] * 15
    at_once = shared(windows, kinds)

    monkeypatch.setattr(fingerprints, "BLOCK", 4)

    assert shared(windows, kinds) == at_once == {14, 15}


def test_no_windows_have_nothing_in_common():
    empty = fingerprints.Fingerprints(np.empty(0, np.uint64), np.empty(0, np.int64))

    assert shared_by(empty, np.empty(0)) == []
