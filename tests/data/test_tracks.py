from __future__ import annotations

import numpy as np
import pytest
from samples.sample import motion

from llasa_core.data.profile import Pause
from llasa_core.data.tracks import Track, after_pauses, on_one_clock, refuse_rounded, without_gyroscope
from llasa_core.errors import DataError, Place

WHERE = Place("walk.csv")


def acc(times: np.ndarray, labels: np.ndarray | None = None) -> Track:
    return Track.of(times, motion(times)[:, :3], labels)


def gyr(times: np.ndarray) -> Track:
    return Track.of(times, motion(times)[:, 3:])


def test_the_slower_sensor_is_interpolated_at_the_times_of_the_faster():
    joined = on_one_clock(acc(np.arange(1000) / 50), gyr(np.arange(2000) / 100), WHERE)

    assert joined.rates_hz == pytest.approx((50, 100))
    assert joined.samples.time == pytest.approx(np.arange(1999) / 100)
    assert joined.samples.values == pytest.approx(motion(joined.samples.time), abs=0.02)
    assert joined.n_alone == 1
    assert joined.notes == ("acc at 50 Hz and gyr at 100 Hz joined on time: acceleration interpolated",)


def test_labels_of_the_acceleration_follow_the_faster_gyroscope():
    times = np.arange(100) / 50
    joined = on_one_clock(acc(times, (times >= 1).astype(int)), gyr(np.arange(400) / 200), WHERE)

    assert joined.samples.time[np.flatnonzero(joined.samples.codes[:, 0])[0]] == pytest.approx(1, abs=0.01)


def test_equal_times_are_joined_without_a_change():
    times = np.cumsum(np.random.default_rng(7).uniform(0.005, 0.015, 500))
    joined = on_one_clock(acc(times), gyr(times), WHERE)

    assert np.array_equal(joined.samples.values, motion(times))
    assert joined.notes == ()


def test_holes_of_either_sensor_stay_open():
    times = np.arange(1000) / 50
    joined = on_one_clock(acc(times), gyr(times[(times < 5) | (times > 8)] + 0.001), WHERE)
    is_missing = np.isnan(joined.samples.values).any(axis=1)

    assert joined.samples.time[is_missing].min() == pytest.approx(5.0, abs=0.021)
    assert joined.samples.time[is_missing].max() == pytest.approx(8.0, abs=0.021)


def test_parts_after_a_jump_back_are_joined_each_with_each():
    times = np.concatenate([np.arange(500) / 50, np.arange(500) / 50])
    joined = on_one_clock(acc(times), gyr(times), WHERE)

    assert np.flatnonzero(joined.samples.starts).tolist() == [0, 500]


def test_a_jump_back_in_one_sensor_only_is_refused():
    times = np.arange(500) / 50
    with pytest.raises(DataError) as caught:
        on_one_clock(acc(np.concatenate([times, times])), gyr(times), WHERE)

    assert str(caught.value) == (
        "time jumps back 1 times in the acceleration, but 0 times in the angular rate\n"
        "  where: walk.csv\n"
        "  fix:   export the recordings one by one, or sort both files by time if they are one recording"
    )


def test_sensors_that_were_never_on_together_are_refused():
    times = np.arange(500) / 50
    with pytest.raises(DataError) as caught:
        on_one_clock(acc(1.7e9 + times), gyr(times), WHERE)

    assert str(caught.value) == (
        "acceleration (1700000000 to 1700000010 s) and angular rate (0 to 9.98 s) were never on at the same time\n"
        "  where: walk.csv\n"
        "  fix:   export both with the same clock: one may count since 1970, the other since the device started"
    )


def test_a_sensor_without_samples_is_refused():
    times = np.arange(500) / 50
    with pytest.raises(DataError) as caught:
        on_one_clock(acc(times), gyr(times[:1]), WHERE)

    assert str(caught.value) == (
        "angular rate has 1 samples\n  where: walk.csv\n  fix:   record again, with both sensors"
    )


def test_a_clock_that_stands_still_is_refused():
    times = np.arange(500) / 50
    with pytest.raises(DataError) as caught:
        on_one_clock(acc(times), gyr(times)._replace(time_s=np.full(500, 3.0)), WHERE)

    assert str(caught.value) == (
        "the clock of the angular rate stands still at 3 s\n  where: walk.csv\n  fix:   export it again"
    )


def test_missing_and_repeated_samples_are_counted():
    times = np.arange(500) / 50
    track = acc(np.repeat(times, 2))
    track.values[100:103] = np.nan
    joined = on_one_clock(track, gyr(times), WHERE)

    assert (joined.n_missing, joined.n_repeated) == (3, 498)


def test_without_a_gyroscope_the_angular_rate_is_zero():
    joined = without_gyroscope(acc(np.arange(500) / 50), WHERE)

    assert joined.rates_hz == pytest.approx((50, 0))
    assert not joined.samples.values[:, 3:].any()
    assert joined.samples.values[:, :3] == pytest.approx(motion(np.arange(500) / 50)[:, :3])


def test_times_count_the_pauses_before_them():
    pauses = (Pause(2.0, 10.0), Pause(3.0, 0.5))

    assert after_pauses(np.array([0, 1.99, 2.0, 2.5, 3.0, 4.0]), pauses).tolist() == [0, 1.99, 12, 12.5, 13.5, 14.5]
    assert after_pauses(np.array([1.0, 2.0]), ()).tolist() == [1, 2]


def test_stamps_that_a_spreadsheet_rounded_are_refused():
    times = np.array([float(f"{time:.3g}") for time in np.arange(10000) / 50])
    with pytest.raises(DataError) as caught:
        refuse_rounded(times, "`t`", WHERE)

    assert str(caught.value) == (
        "the time stamps `t` were rounded to 3 digits: 8499 of 10000 repeat the one before\n"
        "  where: walk.csv\n"
        "  fix:   export again, and do not save the file from a spreadsheet: it rounds long numbers"
    )


@pytest.mark.parametrize(
    "times",
    [
        np.arange(5000) / 50,
        np.floor(np.arange(5000) / 50),  # whole seconds from the first one on
        np.round(np.arange(5000) / 50, 1),
        np.repeat(np.arange(500) / 50, 10),
        np.zeros(500),
    ],
)
def test_stamps_that_are_coarse_all_along_are_left_to_others(times: np.ndarray):
    refuse_rounded(times, "`t`", WHERE)
