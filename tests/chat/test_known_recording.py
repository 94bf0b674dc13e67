from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.chat import known_recording
from llasa_core.chat.classifiers import Nameless, WhenNeeded
from llasa_core.chat.ground import ground
from llasa_core.chat.known_recording import KnownRecording, know, known
from llasa_core.chat.spans import Span
from llasa_core.chat.window_text import window_text
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError, UsageError

if TYPE_CHECKING:
    from llasa_core.timeline.classifier import WindowClassifier

HZ = 50


@dataclass(frozen=True)
class AlwaysStanding:
    """A classifier for recordings whose activity does not matter."""

    activities: tuple[str, ...] = ("standing", "walking")
    sampling_rate_hz: float = 20.0
    window_s: float = 6.0
    stride_s: float = 3.0
    threshold: float = 0.5

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `WindowClassifier`."""
        return np.log(np.tile([0.9, 0.1], (len(windows), 1))), np.zeros(len(windows))


def still(seconds: float, start_s: float = 0.0) -> Recording:
    """Return a device at rest, whose x axis counts the seconds."""
    n = round(seconds * HZ)
    samples = np.zeros((n, 6))
    samples[:, 0] = 9.8
    samples[:, 5] = start_s + np.arange(n) / HZ
    whole = (Segment(0, n, None),)
    return Recording(Path("walk.csv"), "csv", "csv/walk", "walk", float(HZ), samples, whole, start_s=start_s)


def hapt_folder(folder: Path, people: int) -> Path:
    """Write still recordings of 8 s in HAPT's layout."""
    folder.mkdir()
    labels = []
    for i in range(1, people + 1):
        (folder / f"acc_exp{i:02}_user{i:02}.txt").write_text("1.0 0.0 0.0\n" * 8 * HZ)
        (folder / f"gyro_exp{i:02}_user{i:02}.txt").write_text("0.0 0.0 0.0\n" * 8 * HZ)
        labels += [f"{i} {i} 5 0 199", f"{i} {i} 4 200 399"]
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
    return folder


def test_the_only_recording_of_a_path_needs_no_name(tmp_path: Path):
    found = know(hapt_folder(tmp_path / "raw", people=1), ReadOptions(), AlwaysStanding())

    assert (found.name, found.source_hz, found.recorded_s) == ("exp01_user01", 50, 8)


def test_one_of_several_recordings_is_chosen_by_name(tmp_path: Path):
    folder = hapt_folder(tmp_path / "raw", people=3)

    assert know(folder, ReadOptions(), AlwaysStanding(), name="exp02_user02").timeline.subject == "hapt/02"


def test_several_recordings_and_no_name_list_the_choices(tmp_path: Path):
    folder = hapt_folder(tmp_path / "raw", people=2)

    with pytest.raises(DataError) as error:
        know(folder, ReadOptions(), AlwaysStanding())

    assert str(error.value) == (
        "raw holds several recordings\n"
        f"  where: {folder}\n"
        "  fix:   pass `--recording NAME` with one of: exp01_user01, exp02_user02"
    )


def test_a_name_that_is_not_there_lists_the_first_choices(tmp_path: Path):
    folder = hapt_folder(tmp_path / "raw", people=10)

    with pytest.raises(DataError) as error:
        know(folder, ReadOptions(), AlwaysStanding(), name="exp11_user11")

    names = ", ".join(f"exp{i:02}_user{i:02}" for i in range(1, 9))
    assert str(error.value) == (
        "raw holds no recording `exp11_user11`\n"
        f"  where: {folder}\n"
        f"  fix:   pass `--recording NAME` with one of: {names} and 2 more"
    )


def test_the_signal_is_kept_on_the_recordings_clock_with_its_gaps():
    found = known([still(20), still(20, start_s=50)], AlwaysStanding())

    assert [(one.start_s, len(one.samples)) for one in found.stretches] == [(0.0, 400), (50.0, 400)]
    assert found.timeline.gaps == ((20.0, 50.0),)
    assert found.recorded_s == 40
    window, start_s = found.window_at(60.0) or (np.empty(0), 0.0)
    assert start_s == 57
    assert window[:, 5] == pytest.approx(57 + np.arange(120) / 20, abs=0.02)


def test_a_window_at_an_end_or_in_a_gap_is_moved_to_where_one_fits():
    found = known([still(20), still(20, start_s=50)], AlwaysStanding())

    starts = [(found.window_at(middle_s) or (0, -1.0))[1] for middle_s in (0.0, 19.9, 30.0, 45.0, 99.0)]
    assert starts == [0, 14, 14, 50, 64]


def test_every_window_of_the_timeline_has_its_facts(mix: KnownRecording):
    assert len(mix.facts) == len(mix.timeline.windows) == 99
    assert mix.facts.intensity_mg == pytest.approx(mix.timeline.windows.intensity_mg, rel=1e-3, abs=0.05)


def test_windows_are_found_by_where_they_lie(mix: KnownRecording):
    assert mix.rows_in([Span(0, 12)]).tolist() == [0, 1, 2]
    assert mix.rows_in([Span(0, 6), Span(30, 36)]).tolist() == [0, 10]
    assert mix.rows_in([Span(31, 32)]).tolist() == [9]  # none lies inside: the nearest


def test_a_known_recording_can_be_sent_to_another_process(walking: KnownRecording):
    again = pickle.loads(pickle.dumps(walking))  # noqa: S301 - our own

    assert ground("How long was I walking?", [again]).answer == ground("How long was I walking?", [walking]).answer


def test_a_recording_shorter_than_a_window_is_refused():
    with pytest.raises(DataError) as error:
        known([still(5.5)], AlwaysStanding())

    assert str(error.value) == (
        "the recording lasts 5.5 s, the model needs 6 s\n  where: walk.csv\n  fix:   ask about a longer recording"
    )


def test_stretches_that_are_all_too_short_are_refused():
    with pytest.raises(DataError) as error:
        known([still(4), still(5, start_s=10)], AlwaysStanding())

    assert str(error.value) == (
        "the recording lasts 9.0 s, without a stretch of 6 s between gaps\n"
        "  where: walk.csv\n"
        "  fix:   ask about a longer recording"
    )


def test_a_recording_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(known_recording, "LONGEST_S", 3600 * 0.005)
    with pytest.raises(DataError) as error:
        known([still(10), still(10, start_s=10)], AlwaysStanding())

    assert str(error.value) == (
        "the recording lasts longer than 0.005 hours\n"
        "  where: walk.csv\n"
        "  fix:   ask about a part of it, or let `llasa timeline` tell what was done when"
    )


def test_no_more_windows_are_looked_at_than_allowed():
    found = known([still(120)], AlwaysStanding(), most_windows=5)

    assert found.timeline.windows.start_s.tolist() == [0, 24, 48, 72, 96]


def test_a_classifier_is_loaded_when_a_window_has_to_be_named():
    loaded: list[int] = []

    def load() -> WindowClassifier:
        loaded.append(1)
        return AlwaysStanding()

    classifier = WhenNeeded(load, ("standing", "walking"), 20.0, 6.0)
    with pytest.raises(DataError):
        known([still(3)], classifier)
    assert loaded == []
    assert known([still(12)], classifier).timeline.totals_s == {"standing": 12.0}
    assert loaded == [1]


def test_without_names_of_activities_all_else_is_told():
    recording = known([still(30)], Nameless(20.0, 6.0))

    answers = {
        question: ground(question, [recording]).answer
        for question in ("How long was I walking?", "How long is the recording?", "How intense was it?")
    }
    assert answers == {
        "How long was I walking?": (
            "The activities of this recording cannot be told: the checkpoint names none, so there is no timeline of "
            "them. Intensity, rhythm and peaks are measured and can be asked for. "
            "The sensor shows hardly any movement over the whole recording: 0 mg (median of 9 windows), "
            "with movement in 0 % of them."
        ),
        "How long is the recording?": "The recording lasts 30 s, at 50 Hz.",
        "How intense was it?": (
            "Still: the sensor shows hardly any movement over the whole recording: 0 mg (median of 9 windows), "
            "with movement in 0 % of them."
        ),
    }
    assert ground("What is the person doing?", [recording]).answer is None  # the model may know


def test_a_window_is_told_with_its_timeline_and_what_was_measured(walking: KnownRecording):
    lines = window_text(walking, 5.0).splitlines()

    assert lines[0] == "walking.csv 0:02–0:08"
    assert lines[1].startswith("  timeline   walking 0:00–0:18, ")
    assert "steps a minute" in lines[3]
    with pytest.raises(UsageError) as error:
        window_text(walking, 20.0)
    assert str(error.value) == "0:20 is outside of walking.csv\n  fix:   name a time from 0:00 to 0:18"
