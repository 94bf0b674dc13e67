from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.quality import Quality
from llasa_core.data.recording import Recording, Segment
from llasa_core.data.windows import LeftOut, WindowConfig, cut_windows, windows_of
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable


def ramp(n_samples: int) -> np.ndarray:
    return np.repeat(np.arange(n_samples, dtype=float)[:, None], 6, axis=1)


def moving(n_samples: int) -> np.ndarray:
    return ramp(n_samples) % 7


def test_cut_windows_steps_by_the_stride():
    windows = cut_windows(ramp(4), WindowConfig(sampling_rate_hz=1, window_s=2, stride_s=1))

    assert windows[:, :, 0].tolist() == [[0, 1], [1, 2], [2, 3]]


def test_no_window_spans_a_change_of_activity(recording_of: Callable[..., Recording]):
    recording = recording_of(ramp(10), 1, [Segment(0, 4, "walking"), Segment(4, 9, "sitting")])

    found = windows_of(recording, WindowConfig(sampling_rate_hz=1, window_s=3, stride_s=1))

    assert found.windows[:, :, 0].tolist() == [[0, 1, 2], [1, 2, 3], [4, 5, 6], [5, 6, 7], [6, 7, 8]]
    assert found.activities == ("walking", "walking", "sitting", "sitting", "sitting")
    assert found.start_s.tolist() == [0, 1, 4, 5, 6]
    assert found.windows.dtype == np.float32


def test_what_fills_no_window_is_counted_in_samples(recording_of: Callable[..., Recording]):
    segments = [Segment(0, 5, "walking"), Segment(5, 7, "sitting"), Segment(7, 10, "lying")]
    recording = replace(recording_of(ramp(12), 1, segments), left_out=(("no label", 2),))

    found = windows_of(recording, WindowConfig(sampling_rate_hz=1, window_s=3, stride_s=3))

    assert found.left_out == (
        LeftOut("no label", 2),
        LeftOut("shorter than one window", 2),
        LeftOut("end of a segment that fills no window", 2),
    )


def test_a_window_of_a_faster_recording_lies_inside_its_label(
    recording_of: Callable[..., Recording], still: Callable[[int], np.ndarray]
):
    # 2.5 samples become 1: the label's samples [126, 426) hold the new samples 51 to 170, which are one window
    recording = recording_of(still(500), 50, [Segment(126, 426, "lying")])

    found = windows_of(recording, WindowConfig())

    assert found.windows.shape == (1, 120, 6)
    assert found.start_s.tolist() == [51 / 20]
    assert found.windows[0, :, 2] == pytest.approx(9.80665, rel=1e-6)


def test_a_recording_shorter_than_a_window_is_refused(recording_of: Callable[..., Recording]):
    with pytest.raises(DataError) as caught:
        windows_of(recording_of(ramp(90)), WindowConfig())

    assert str(caught.value) == (
        "the recording lasts 4.5 s, one window needs 6 s\n"
        "  where: walk.csv\n"
        "  fix:   pass a smaller `--window`, or leave this recording out"
    )


def test_a_slow_recording_is_refused(recording_of: Callable[..., Recording]):
    with pytest.raises(DataError) as caught:
        windows_of(recording_of(ramp(500), 12.5), WindowConfig())

    assert str(caught.value) == (
        "the recording has 12.5 Hz, windows need 20 Hz\n"
        "  where: walk.csv\n"
        "  fix:   record faster, or pass `--allow-upsample`: the windows will hold nothing above 6.25 Hz"
    )


def test_a_slow_recording_is_flagged_where_it_is_allowed(recording_of: Callable[..., Recording]):
    found = windows_of(recording_of(moving(150), 12.5), WindowConfig(allow_upsample=True))

    assert found.windows.shape == (3, 120, 6)
    assert set(found.quality.tolist()) == {int(Quality.UPSAMPLED)}


def flags(found: np.ndarray) -> list[Quality]:
    return [Quality(value) for value in found.tolist()]


def test_a_still_device_is_flagged(recording_of: Callable[..., Recording]):
    random = np.random.default_rng(1)
    samples = random.normal(scale=0.1, size=(240, 6))
    samples[120:] *= 3

    found = windows_of(recording_of(samples), WindowConfig(stride_s=6))

    assert flags(found.quality) == [Quality.STATIONARY, Quality(0)]


def test_a_clipped_sensor_is_flagged_in_the_windows_it_touches(recording_of: Callable[..., Recording]):
    samples = moving(240)
    samples[130:133, 1] = -2 * 9.80665
    samples[20:22, 1] = -2 * 9.80665  # two samples can be chance

    found = windows_of(recording_of(samples), WindowConfig(stride_s=6))

    assert flags(found.quality) == [Quality(0), Quality.CLIPPED]


def test_a_stuck_gyroscope_is_flagged(recording_of: Callable[..., Recording]):
    samples = moving(240)
    samples[10:31, 3:] = 0.5  # 21 equal samples are more than a second at 20 Hz
    samples[130:150, 3:] = 0.5

    found = windows_of(recording_of(samples), WindowConfig(stride_s=6))

    assert flags(found.quality) == [Quality.STUCK, Quality(0)]


def test_a_missing_gyroscope_is_not_called_stuck(recording_of: Callable[..., Recording]):
    samples = moving(120)
    samples[:, 3:] = 0
    recording = replace(recording_of(samples), quality=Quality.GYRO_MISSING)

    assert flags(windows_of(recording, WindowConfig()).quality) == [Quality.GYRO_MISSING]


def test_bridged_gaps_are_flagged_in_the_windows_over_them(recording_of: Callable[..., Recording]):
    recording = replace(recording_of(moving(240)), bridged=((100, 102),))

    found = windows_of(recording, WindowConfig(stride_s=3))

    assert flags(found.quality) == [Quality.GAP_BRIDGED, Quality.GAP_BRIDGED, Quality(0)]


def test_published_preprocessing_needs_published_windows():
    with pytest.raises(ValueError, match="side by side, not 120 samples every 60"):
        WindowConfig(compat="limu-bert")
