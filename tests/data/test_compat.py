from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.compat import binned
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.data.windows import WindowConfig, windows_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def published_down_sample(data: np.ndarray, samples_a_step: float, start: int, end: int) -> np.ndarray:
    """The published rule, one bin after the other."""
    means = []
    window, remainder, at = int(samples_a_step), 0.0, start
    if samples_a_step == window:
        return np.array([np.mean(data[at : at + window], 0) for at in range(start, end - window, window)])
    while at + window + 1 < end:
        remainder += samples_a_step - window
        length = window
        if remainder >= 1:
            remainder -= 1
            length += 1
        means.append(np.mean(data[at : at + length], 0))
        at += length
    return np.array(means)


@pytest.mark.parametrize("samples_a_step", [2.5, 1.25, 5.0, 3.2, 4.45])
@pytest.mark.parametrize(("start", "end"), [(0, 1000), (3, 998), (17, 901), (5, 900)])
def test_bin_means_equal_the_published_loop_bit_for_bit(samples_a_step: float, start: int, end: int):
    data = np.random.default_rng(0).normal(size=(1000, 6)) * 9.80665

    means, starts = binned(data, start, end, samples_a_step)

    assert means.tobytes() == published_down_sample(data, samples_a_step, start, end).tobytes()
    assert starts[0] == start


def test_a_stretch_needs_more_than_120_steps(recording_of: Callable[..., Recording]):
    # a label of 305 samples has 304 but the last, whose 2s and 3s fill 121 bins; one of 303 fills 120
    config = WindowConfig(stride_s=6, compat="limu-bert")
    long, short = (
        windows_of(recording_of(np.zeros((400, 6)), 50, [Segment(10, 10 + n, "walking")]), config) for n in (305, 303)
    )

    assert (len(long.windows), len(short.windows)) == (1, 0)
    assert long.start_s.tolist() == [0.2]


@pytest.mark.shared
def test_hapt_gives_the_published_windows(shared: Path):
    config = WindowConfig(stride_s=6, compat="limu-bert")
    recordings = read_recordings(shared / "data" / "HAPT_RawData.zip", ReadOptions())

    first = next(recordings)
    found = windows_of(first, config)
    walk = next(segment for segment in first.segments if segment.activity == "walking")
    literal = published_down_sample(first.samples, 2.5, walk.start, walk.end - 1)[:120]
    mine = found.windows[found.activities.index("walking")]

    assert mine.tobytes() == literal.astype(np.float32).tobytes()
    activities = [*found.activities, *(name for one in recordings for name in windows_of(one, config).activities)]
    names = ("walking", "climbing stairs", "descending stairs", "sitting", "standing", "lying")
    assert [activities.count(name) for name in names] == [355, 318, 254, 362, 398, 401]
