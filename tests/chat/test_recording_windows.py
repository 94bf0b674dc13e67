from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llasa_core.chat.recording_windows import RecordingWindows, WholeRecording, cut_for_chat, read_recording
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

HZ = 50


def hapt_folder(folder: Path, people: int) -> Path:
    """Write still recordings of 8 s in HAPT's layout, 4 s of standing and 4 s of sitting each."""
    folder.mkdir()
    labels = []
    for i in range(1, people + 1):
        (folder / f"acc_exp{i:02}_user{i:02}.txt").write_text("1.0 0.0 0.0\n" * 8 * HZ)
        (folder / f"gyro_exp{i:02}_user{i:02}.txt").write_text("0.0 0.0 0.0\n" * 8 * HZ)
        labels += [f"{i} {i} 5 0 199", f"{i} {i} 4 200 399"]
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
    return folder


def part_of(seconds: float, *segments: Segment, rate: float = 20.0) -> Recording:
    n_samples = round(seconds * rate)
    samples = np.arange(n_samples)[:, None] * np.ones(6)
    whole = (Segment(0, n_samples, None),)
    return Recording(Path("walk.csv"), "csv", "csv/walk", "walk", rate, samples, segments or whole, notes=("50 Hz",))


def cut(*parts: Recording) -> RecordingWindows:
    return cut_for_chat(WholeRecording(parts), sampling_rate_hz=20.0, window_s=6.0)


def test_the_only_recording_of_a_path_needs_no_name(tmp_path: Path):
    recording = read_recording(hapt_folder(tmp_path / "raw", people=1), ReadOptions())

    assert recording.name == "exp01_user01"


def test_one_of_several_recordings_is_chosen_by_name(tmp_path: Path):
    recording = read_recording(hapt_folder(tmp_path / "raw", people=3), ReadOptions(), "exp02_user02")

    assert recording.parts[0].subject == "hapt/02"


def test_several_recordings_and_no_name_list_the_choices(tmp_path: Path):
    folder = hapt_folder(tmp_path / "raw", people=2)

    with pytest.raises(DataError) as error:
        read_recording(folder, ReadOptions())

    assert str(error.value) == (
        "raw holds several recordings\n"
        f"  where: {folder}\n"
        "  fix:   pass `--recording NAME` with one of: exp01_user01, exp02_user02"
    )


def test_a_name_that_is_not_there_lists_the_first_choices(tmp_path: Path):
    folder = hapt_folder(tmp_path / "raw", people=10)

    with pytest.raises(DataError) as error:
        read_recording(folder, ReadOptions(), "exp11_user11")

    names = ", ".join(f"exp{i:02}_user{i:02}" for i in range(1, 9))
    assert str(error.value) == (
        "raw holds no recording `exp11_user11`\n"
        f"  where: {folder}\n"
        f"  fix:   pass `--recording NAME` with one of: {names} and 2 more"
    )


def test_windows_stand_side_by_side_and_leave_out_the_tail():
    windows = cut(part_of(20))

    assert windows.windows.shape == (3, 120, 6)
    assert windows.windows[:, 0, 0].tolist() == [0, 120, 240]
    assert windows.start_s.tolist() == [0, 6, 12]
    assert windows.recording.duration_s == 20


def test_a_window_may_span_a_change_of_label_but_no_gap():
    touching = part_of(8, Segment(0, 80, "standing"), Segment(80, 160, "sitting"))
    apart = part_of(12, Segment(0, 80, "standing"), Segment(90, 240, "sitting"))

    assert cut(touching).start_s.tolist() == [0]
    assert cut(apart).start_s.tolist() == [4.5]


def test_a_recording_with_gaps_is_one_recording(tmp_path: Path):
    times = [t / 50 for t in range(50 * 24) if not 7 <= t / 50 < 9]
    rows = [f"{t:.2f},9.81,0.02,0.03,0.001,0.002,0.003" for t in times]
    header = "time_s,acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2),gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s)"
    (tmp_path / "walk.csv").write_text("\n".join([header, *rows]) + "\n")

    recording = read_recording(tmp_path / "walk.csv", ReadOptions())

    assert [len(part.samples) for part in recording.parts] == [7 * 50, 15 * 50]
    assert recording.duration_s == pytest.approx(22)
    assert len(recording.samples) == 22 * 50
    # the second part begins after 7 s of signal
    assert cut_for_chat(recording, sampling_rate_hz=20.0, window_s=6.0).start_s == pytest.approx([0, 7, 13])


def test_a_part_that_fills_no_window_is_passed_over():
    windows = cut(part_of(6), part_of(2), part_of(6))

    assert windows.start_s.tolist() == [0, 8]
    assert windows.recording.notes == ("50 Hz",)


def test_a_recording_shorter_than_a_window_is_refused():
    with pytest.raises(DataError) as error:
        cut(part_of(5.5))

    assert str(error.value) == (
        "the recording lasts 5.5 s, the model needs 6 s\n  where: walk.csv\n  fix:   ask about a longer recording"
    )


def test_stretches_that_are_all_too_short_are_refused():
    with pytest.raises(DataError) as error:
        cut(part_of(10, Segment(0, 90, None), Segment(100, 200, None)))

    assert str(error.value) == (
        "the recording lasts 10.0 s, without a stretch of 6 s between gaps\n"
        "  where: walk.csv\n"
        "  fix:   ask about a longer recording"
    )


def test_windows_looked_at_are_spread_over_the_whole_recording():
    windows = cut(part_of(60))

    assert windows.evenly_spaced(4).tolist() == [0, 3, 6, 9]
    assert windows.evenly_spaced(1).tolist() == [0]
    assert windows.evenly_spaced(99).tolist() == list(range(10))
