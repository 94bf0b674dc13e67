from __future__ import annotations

import numpy as np

from llasa_core.inspect.looked import Paper
from llasa_core.inspect.sparkline import letter_line, sparkline, time_axis, with_gaps

UNICODE, ASCII = Paper(), Paper(is_ascii=True)
RAMP = np.arange(8.0)


def test_a_ramp_uses_every_height():
    assert sparkline(RAMP, 0, 7, UNICODE) == "▁▂▃▄▅▆▇█"
    assert sparkline(RAMP, 0, 7, ASCII) == "_.-~=+*#"


def test_a_gap_is_neither_high_nor_low():
    heights = np.array([0, np.nan, 7])

    assert sparkline(heights, 0, 7, UNICODE) == "▁·█"
    assert sparkline(heights, 0, 7, ASCII) == "_/#"


def test_a_signal_that_never_changes_is_low():
    assert sparkline(np.full(3, 9.8), 9.8, 9.8, UNICODE) == "▁▁▁"


def test_a_gap_narrower_than_a_column_is_seen():
    heights = with_gaps(np.ones(8), [(4.1, 4.2)], start_s=0.0, duration_s=8.0)

    assert np.flatnonzero(np.isnan(heights)).tolist() == [4]


def test_of_many_gaps_the_longest_are_seen():
    gaps = [(float(second), second + 0.1 + 0.01 * second) for second in range(16)]

    heights = with_gaps(np.ones(16), gaps, start_s=0.0, duration_s=16.0)

    assert np.flatnonzero(np.isnan(heights)).tolist() == [14, 15]


def test_letters_stand_below_what_they_name():
    bands = [(0.0, 3.0, "walking"), (3.0, 5.0, None), (5.0, 8.0, "sitting"), (8.0, 10.0, "walking")]

    line, meaning = letter_line(bands, 0.0, 10.0, 10)

    assert line == "aaa  bbbaa"
    assert meaning == {"a": "walking", "b": "sitting"}


def test_what_is_too_short_to_see_needs_no_letter():
    assert letter_line([(0.6, 0.9, "walking")], 0.0, 10.0, 10) == ("", {})


def test_an_axis_has_the_times_at_its_ends():
    assert time_axis(0.0, 61.23, 20) == "0 s           61.2 s"
