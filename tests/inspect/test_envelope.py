from __future__ import annotations

import numpy as np
import pytest

from llasa_core.inspect.envelope import SIGNALS, Envelope


def samples_of(values: list[float]) -> np.ndarray:
    """Return samples with these values of acc_x, all else 0."""
    samples = np.zeros((len(values), 6))
    samples[:, 0] = values
    return samples


def test_a_short_recording_is_kept_as_it_is():
    envelope = Envelope(2.0, 10)
    envelope.add(samples_of([1, -3, 2]), 2.0, 10)

    assert envelope.low[:, 0].tolist() == [1, -3, 2]
    assert envelope.high[:, 0].tolist() == [1, -3, 2]
    assert envelope.high[:, SIGNALS.index("|acc|")].tolist() == [1, 3, 2]
    assert envelope.duration_s == pytest.approx(0.3)


def test_spans_double_until_there_are_few_enough():
    envelope = Envelope(0.0, 10, most_spans=4)
    envelope.add(samples_of([0, 1, 2, 3, 4, 5, 6, 7, 8]), 0.0, 10)

    assert envelope.span_s == 0.4
    assert envelope.low[:, 0].tolist() == [0, 4, 8]
    assert envelope.high[:, 0].tolist() == [3, 7, 8]


def test_one_peak_in_a_long_recording_is_not_lost():
    envelope = Envelope(0.0, 100, most_spans=10)
    samples = np.zeros((100_000, 6))
    samples[77_777, 5] = 3.0
    for start in range(0, 100_000, 10_000):
        envelope.add(samples[start : start + 10_000], start / 100, 100)

    assert len(envelope.high) <= 10
    assert envelope.high[:, 5].max() == 3.0


def test_what_was_not_recorded_is_nan():
    envelope = Envelope(0.0, 10)
    envelope.add(samples_of([1, 1]), 0.0, 10)
    envelope.add(samples_of([2, 2]), 0.5, 10)

    assert np.isnan(envelope.low[:, 0]).tolist() == [False, False, True, True, True, False, False]


def test_a_day_between_two_parts_costs_no_memory():
    envelope = Envelope(0.0, 100)
    envelope.add(samples_of([1] * 100), 0.0, 100)
    envelope.add(samples_of([2] * 100), 86_400.0, 100)

    assert len(envelope.high) <= 2000
    assert envelope.high[0, 0] == 1
    assert envelope.high[-1, 0] == 2


def test_a_slower_part_leaves_no_holes():
    envelope = Envelope(0.0, 100)
    envelope.add(samples_of([1] * 100), 0.0, 100)
    envelope.add(samples_of([2, 3, 4]), 1.0, 10)

    assert not np.isnan(envelope.high[:-9]).any()  # the last sample fills one span


def test_columns_hold_the_extremes_of_their_spans():
    envelope = Envelope(0.0, 10)
    envelope.add(samples_of([1, 5, 2, 8, -1, 0]), 0.0, 10)

    low, high = envelope.columns(3, "acc_x")

    assert low.tolist() == [1, 2, -1]
    assert high.tolist() == [5, 8, 0]


def test_more_columns_than_spans_repeat_them():
    envelope = Envelope(0.0, 10)
    envelope.add(samples_of([1, 5]), 0.0, 10)

    assert envelope.columns(4, "acc_x")[1].tolist() == [1, 1, 5, 5]


def test_shrinking_keeps_the_extremes():
    envelope = Envelope(0.0, 10)
    envelope.add(samples_of([1, 5, 2, 8, -1, 0]), 0.0, 10)
    envelope.shrink(2)

    assert envelope.high[:, 0].tolist() == [8, 0]
