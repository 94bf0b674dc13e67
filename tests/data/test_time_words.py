from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llasa_core.data.time_words import TimeWords
from llasa_core.errors import DataError, Place

WHERE = Place(Path("walk.csv"), 1, 1)


def seconds(*words: str | None) -> list[float]:
    return TimeWords(words, "`t`", WHERE).seconds(words).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-02T00:00:01.5", 86401.5),
        ("1970-01-01 01:00:00+01:00", 0),
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T00.00.13.153", 13.153),
        ("1970-01-01 00:00:42:707", 42.707),  # GENEActiv's colon before the milliseconds
        ("1970-01-01 00-00-42_707", 42.707),
        ("1970/1/1 00:01:00,25", 60.25),
        ("1970-01-01 00:00:01 -0500", 18001),
        ("1970-01-01 00:00:01 GMT", 1),
        ("00:01:00.5", 60.5),
        ("12:00:01.5 AM", 1.5),
        ("12:00:01 pm", 43201),
        ("1:00:00 p.m.", 46800),
        ("02.01.1970 00:00:01", 86401),
        ("13/1/1970 00:00:01", 12 * 86400 + 1),
        ("1/13/1970 00:00:01", 12 * 86400 + 1),
        ("01/13/1970 1:00:01 PM", 12 * 86400 + 46801),
        ("02-Jan-1970 00:00:01.250", 86401.25),
        ("Jan 2, 1970 00:00:01", 86401),
        ("2 January 1970 12:00:01 AM", 86401),
        ("1/1/1970 00:00:01", 1),
    ],
)
def test_times_are_read_in_the_ways_that_loggers_write_them(text: str, expected: float):
    assert seconds(text) == [pytest.approx(expected, abs=1e-9)]


@pytest.mark.parametrize(
    "text", ["yesterday", "1970-13-01 00:00:00", "25:00:00", "13:00:00 PM", "0:00:00 AM", "33/44/1970 00:00:00",
             "2 Foo 1970 00:00:00", "07:17.3", "########"]
)  # fmt: skip
def test_what_is_no_time_is_nan(text: str):
    assert np.isnan(seconds(text, None)).all()


def test_a_day_beyond_twelve_tells_the_order_of_all_dates():
    assert seconds("05/06/1970 00:00:00", "05/13/1970 00:00:00")[0] == 125 * 86400
    assert seconds("05/06/1970 00:00:00", "13/06/1970 00:00:00")[0] == 155 * 86400


def test_days_that_follow_each_other_tell_the_order():
    assert np.diff(seconds("05/06/1970 23:59:59", "06/06/1970 00:00:00")).tolist() == [1]
    assert np.diff(seconds("05/06/1970 23:59:59", "05/07/1970 00:00:00")).tolist() == [1]
    assert np.diff(seconds("05-06-1970 23:59:59", "05-07-1970 00:00:00")).tolist() == [1]


def test_dates_of_one_day_that_stay_open_are_not_used():
    words = ["05/06/2024 00:00:01", "05/06/2024 00:00:02"]
    reader = TimeWords(words, "`t`", WHERE)

    assert reader.seconds(words).tolist() == [1, 2]
    assert reader.unused_dates == "05/06/2024 is 2024-06-05 or 2024-05-06"


def test_dates_of_several_days_that_stay_open_are_refused():
    with pytest.raises(DataError) as caught:
        seconds("05/06/2024 00:00:01", "07/08/2024 00:00:02")
    assert str(caught.value) == (
        "the dates of `t` can be read in two ways: 05/06/2024 is 2024-06-05 or 2024-05-06\n"
        "  where: walk.csv:1:1\n"
        "  fix:   write the year first, as in 2024-05-29, and the month before the day"
    )
