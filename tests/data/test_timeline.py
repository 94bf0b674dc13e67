from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llasa_core.data import timeline as timeline_module
from llasa_core.data.clock import Clock
from llasa_core.data.timeline import Samples, Stretch, Timeline
from llasa_core.errors import DataError, Place

CLOCK = Clock(1.0, 50.0, 1e-9, "")


def samples_at(times_s: np.ndarray, values: np.ndarray | None = None, gyr_time: np.ndarray | None = None) -> Samples:
    """Return rows whose six channels rise with time, so that each value tells when it was."""
    if values is None:
        values = np.repeat(times_s[:, None], 6, axis=1)
    nothing = np.zeros((len(times_s), 2), np.int32)
    return Samples(times_s, gyr_time, values, nothing, np.zeros(len(times_s), bool))


def stretches_of(samples: Samples) -> tuple[list[Stretch], Timeline]:
    timeline = Timeline(CLOCK, Place(Path("walk.csv")))
    return list(timeline.stretches([samples])), timeline


def test_even_rows_are_one_stretch():
    times = np.arange(200) / 50
    (stretch,), _ = stretches_of(samples_at(times))

    assert (stretch.rate_hz, stretch.bridged, stretch.subject) == (50, (), 0)
    assert stretch.values[:, 0].tolist() == times.tolist()
    assert stretch.labels.tolist() == [0] * 200


def test_rows_out_of_order_are_sorted_and_repeats_left_out():
    times = np.arange(200) / 50
    order = np.r_[0:100, 101, 100, 100, 102:200]
    (stretch,), timeline = stretches_of(samples_at(times[order]))

    assert stretch.values[:, 0].tolist() == times.tolist()
    assert timeline.n_repeated == 1
    assert stretch.notes == ("50 Hz, even stamps", "sorted by time: 1 rows stood too late")


def test_a_gap_parts_stretches_and_is_never_filled():
    times = np.concatenate([np.arange(100), np.arange(260, 400)]) / 50
    stretches, _ = stretches_of(samples_at(times))

    assert [len(stretch.values) for stretch in stretches] == [100, 140]
    assert stretches[1].notes == ("50 Hz, even stamps", "starts after a gap of 3.22 s")


def test_a_moment_is_bridged_and_marked():
    times = np.delete(np.arange(200), [100, 101, 102]) / 50
    (stretch,), _ = stretches_of(samples_at(times))

    assert stretch.values[:, 0] == pytest.approx(np.arange(200) / 50)
    assert stretch.bridged == ((100, 103),)


def test_time_that_jumps_back_starts_another_stretch():
    times = np.concatenate([np.arange(100), np.arange(100)]) / 50
    stretches, _ = stretches_of(samples_at(times))

    assert [stretch.values[0, 0] for stretch in stretches] == [0, 0]
    assert stretches[1].notes[1] == "starts where time jumps back by 1.98 s"


def test_rows_with_a_missing_value_are_left_out():
    values = np.repeat(np.arange(200)[:, None] / 50, 6, axis=1)
    values[50, 2] = values[51, 5] = np.nan
    (stretch,), timeline = stretches_of(samples_at(np.arange(200) / 50, values))

    assert timeline.n_missing == 2
    assert stretch.bridged == ((50, 52),)
    assert stretch.values[:, 2] == pytest.approx(np.arange(200) / 50)


def test_stretches_of_less_than_a_second_are_counted_and_left_out():
    times = np.concatenate([np.arange(100), np.arange(150, 170), np.arange(200, 300)]) / 50
    stretches, timeline = stretches_of(samples_at(times))

    assert (len(stretches), timeline.n_short) == (2, 20)


def test_stamps_of_whole_seconds_are_spread():
    true_times = 0.3 + np.arange(400) / 50
    values = np.repeat(true_times[:, None], 6, axis=1)
    (stretch,), _ = stretches_of(samples_at(np.floor(true_times), values))

    assert stretch.rate_hz == 50
    assert stretch.values[:, 0] == pytest.approx(true_times)
    assert stretch.notes[1] == "391 equal time stamps spread evenly up to the next"


def test_stamps_that_were_rounded_without_a_steady_rate_are_refused():
    times = np.repeat(np.arange(60.0), np.random.default_rng(7).integers(1, 30, 60))
    values = np.random.default_rng(7).normal(size=(len(times), 6))

    with pytest.raises(DataError) as caught:
        stretches_of(samples_at(times, values))
    assert str(caught.value) == (
        f"time stamps are rounded: {len(times) - 60} of {len(times)} repeat the one before, "
        "and not at a steady rate, so that the times in between are lost\n"
        "  where: walk.csv\n"
        "  fix:   export again, and do not save the file from a spreadsheet: it rounds long numbers"
    )


def test_a_clock_for_each_sensor_joins_them_on_time():
    times = np.arange(300) / 50
    gyr_times = times + 0.217
    values = np.concatenate([np.repeat(times[:, None], 3, axis=1), np.repeat(gyr_times[:, None], 3, axis=1)], axis=1)
    (stretch,), timeline = stretches_of(samples_at(times, values, gyr_times))

    assert stretch.values[:, 3] == pytest.approx(stretch.values[:, 0])
    assert timeline.n_missing == 11  # before the gyroscope's first sample


def test_labels_and_subjects_follow_their_rows():
    samples = samples_at(np.arange(300) / 50)
    samples.codes[100:, 0] = 1
    samples.codes[200:, 1] = 1
    first, second = stretches_of(samples)[0]

    assert np.flatnonzero(np.diff(first.labels)).tolist() == [99]
    assert (first.subject, len(first.values), second.subject, len(second.values)) == (0, 200, 1, 100)


def test_long_recordings_are_cut_to_bound_the_memory_and_lose_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(timeline_module, "PART_ROWS", 1000)
    times = np.arange(4321) / 50
    blocks = [samples_at(part) for part in np.array_split(times, 7)]
    stretches = list(Timeline(CLOCK, Place(Path("walk.csv"))).stretches(blocks))

    assert np.concatenate([stretch.values[:, 0] for stretch in stretches]).tolist() == times.tolist()
    assert [len(stretch.values) for stretch in stretches] == [899, 899, 899, 899, 725]
    assert stretches[0].notes[1] == "cut here only to bound the memory: the next recording goes on without a gap"
