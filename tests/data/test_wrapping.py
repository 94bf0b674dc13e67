from __future__ import annotations

import numpy as np
import pytest

from llasa_core.data.wrapping import Unwrapped


def unwrapped(ticks: np.ndarray, period: float | None = None, n_blocks: int = 1) -> tuple[np.ndarray, list[str]]:
    notes: list[str] = []
    unwrap = Unwrapped(period, notes.append)
    return np.concatenate([unwrap(block.astype(float)) for block in np.array_split(ticks, n_blocks)]), notes


@pytest.mark.parametrize("n_blocks", [1, 3, 50])
@pytest.mark.parametrize(
    ("bits", "step", "lowest"),
    [(32, 10_000, 0), (16, 1, 0), (16, 20, 0), (31, 20_000, 0), (32, 10_000, -(2**31)), (16, 10, -(2**15))],
)
def test_full_counters_are_counted_on(bits: int, step: int, lowest: int, n_blocks: int):
    true = lowest + 2**bits - 10_000 * step // 2 + step * np.arange(10_000)
    ticks, notes = unwrapped((true - lowest) % 2**bits + lowest, n_blocks=n_blocks)

    assert np.diff(ticks).tolist() == [step] * 9_999
    assert set(notes) == {f"starts over after {2**bits} ticks, and is counted on"}


def test_time_of_day_goes_on_after_midnight():
    true = 86_390 + np.arange(1000) / 50
    for period, unit in ((86_400, 1), (None, 1), (None, 1000)):
        ticks, notes = unwrapped(true % 86_400 * unit, period, n_blocks=7)

        assert ticks == pytest.approx(true * unit)
        assert notes == ["starts over at midnight, and is counted on"]


def test_a_pause_over_midnight_is_kept():
    ticks, _ = unwrapped(np.array([86_000.0, 86_001, 30, 31]), 86_400)

    assert ticks.tolist() == [86_000, 86_001, 86_430, 86_431]


@pytest.mark.parametrize(
    "ticks",
    [
        np.tile(np.arange(0, 40_000, 10), 3),  # three recordings, and no counter is full
        np.tile(np.arange(0, 65_000, 10), 3),
        np.arange(0, 5_000_000_000, 10_000_000),
        np.r_[np.arange(100, 200), 150, 160, np.arange(200, 300)],
        np.r_[1.7e18 + 2e7 * np.arange(100), 1.7e18 + 2e7 * np.arange(100)],
    ],
)
def test_what_is_no_full_counter_stays(ticks: np.ndarray):
    assert unwrapped(ticks, n_blocks=3)[0].tolist() == ticks.tolist()
    assert unwrapped(ticks)[1] == []


def test_missing_stamps_stay_missing():
    ticks = (2**32 - 500 + 100.0 * np.arange(100)) % 2**32
    ticks[[3, 50]] = np.nan
    result, _ = unwrapped(ticks)

    assert np.flatnonzero(np.isnan(result)).tolist() == [3, 50]
    assert np.nanmax(np.diff(result[4:50])) == np.nanmin(np.diff(result[4:50])) == 100
