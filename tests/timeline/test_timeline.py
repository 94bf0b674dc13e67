from __future__ import annotations

import csv
from datetime import UTC
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from llasa_core.errors import DataError
from llasa_core.timeline.figure import draw_timeline
from llasa_core.timeline.options import TimelineOptions
from llasa_core.timeline.text import clock_text, csv_rows, length_text, table_text, write_csv
from llasa_core.timeline.timeline import timeline_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.data.recording import Recording
    from llasa_core.timeline.classifier import WindowClassifier
    from llasa_core.timeline.timeline import Timeline

    Record = Callable[..., Recording]
    Move = Callable[..., np.ndarray]


def told(timeline: Timeline) -> list[tuple[float, float, str]]:
    return [(one.start_s, one.end_s, one.activity) for one in timeline.segments]


def test_segments_end_within_half_a_second_of_where_the_signal_changes(
    classifier: WindowClassifier, record: Record, stand_walk_stand: np.ndarray
):
    timeline = timeline_of(record(stand_walk_stand), classifier)
    (_, one, _), (_, two, _), (_, end, _) = told(timeline)

    assert [one.activity for one in timeline.segments] == ["standing", "walking", "standing"]
    assert one == pytest.approx(30, abs=0.5)
    assert two == pytest.approx(70, abs=0.5)
    assert end == 100
    assert timeline.totals_s == pytest.approx({"standing": 60, "walking": 40}, abs=1)


def test_segments_know_steps_and_intensity(classifier: WindowClassifier, record: Record, stand_walk_stand: np.ndarray):
    still, walk, _ = timeline_of(record(stand_walk_stand), classifier).segments

    assert walk.cadence_spm == pytest.approx(120, abs=1)
    assert walk.intensity_mg is not None
    assert walk.intensity_mg > 100
    assert still.cadence_spm is None
    assert walk.confidence > 0.9


def test_a_recording_in_parts_that_touch_is_as_one(
    classifier: WindowClassifier, record: Record, stand_walk_stand: np.ndarray
):
    whole = timeline_of(record(stand_walk_stand), classifier)
    parts = [record(stand_walk_stand[:2500]), record(stand_walk_stand[2500:], start_s=50.0)]
    found = timeline_of(parts, classifier)

    assert not found.gaps
    assert [one[2] for one in told(found)] == [one[2] for one in told(whole)]
    assert [one.start_s for one in found.segments] == pytest.approx([one.start_s for one in whole.segments], abs=0.6)


def test_a_gap_breaks_the_chain_and_is_in_no_segment(classifier: WindowClassifier, record: Record, move: Move):
    parts = [record(move(20, walks=True)), record(move(20, walks=True), start_s=50.0)]
    timeline = timeline_of(parts, classifier)

    assert told(timeline) == [(0.0, 20.0, "walking"), (50.0, 70.0, "walking")]
    assert [tuple(gap) for gap in timeline.gaps] == [(20.0, 50.0)]
    assert timeline.totals_s == {"walking": 40.0}
    assert timeline.at(30.0) is None
    assert timeline.at(50.0) is timeline.segments[1]


def test_what_is_shorter_than_a_window_is_unknown(classifier: WindowClassifier, record: Record, move: Move):
    parts = [record(move(20, walks=True)), record(move(3, walks=True), start_s=50.0)]

    assert told(timeline_of(parts, classifier))[-1] == (50.0, 53.0, "unknown")
    only = timeline_of(record(move(3, walks=True)), classifier)
    assert told(only) == [(0.0, 3.0, "unknown")]
    assert only.as_dict()["segments"][0]["confidence"] == 0.0


def test_what_is_unlike_all_training_for_long_is_unknown_and_said(
    classifier: WindowClassifier, record: Record, move: Move
):
    samples = np.concatenate([move(60, walks=True), move(120, walks=True, size=60)])
    timeline = timeline_of(record(samples), classifier)

    assert [one[2] for one in told(timeline)] == ["walking", "unknown"]
    assert timeline.segments[1].start_s == pytest.approx(60, abs=0.6)
    assert "unlike everything the model was trained on" in timeline.warnings[0]


def test_without_the_chain_each_window_stands_for_itself(classifier: WindowClassifier, record: Record, move: Move):
    blip = np.concatenate([move(30, walks=False), move(5, walks=True), move(30, walks=False)])
    rough = timeline_of(record(blip), classifier, TimelineOptions(smooth=False))
    smooth = timeline_of(record(blip), classifier, TimelineOptions(segment_s=600.0))

    assert len(rough.segments) == 3
    assert len(smooth.segments) == 1


def test_windows_of_the_timeline_are_told_one_by_one(classifier: WindowClassifier, record: Record, move: Move):
    windows = timeline_of(record(move(20, walks=True)), classifier, TimelineOptions(stride_s=2.0)).windows

    assert windows.start_s.tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
    assert windows.probability.shape == (8, 2)
    np.testing.assert_allclose(windows.posterior.sum(axis=1), 1)


def test_two_recordings_are_not_one_timeline(classifier: WindowClassifier, record: Record, move: Move):
    with pytest.raises(DataError, match="2 recordings, where one timeline is wanted"):
        timeline_of([record(move(9, walks=True)), record(move(9, walks=True))], classifier)
    with pytest.raises(DataError, match="0 recordings"):
        timeline_of([], classifier)


def test_a_slow_recording_is_refused_as_everywhere(classifier: WindowClassifier, record: Record, move: Move):
    slow = record(move(20, walks=True))
    object.__setattr__(slow, "sampling_rate_hz", 10.0)

    with pytest.raises(DataError, match="10 Hz, windows need 20 Hz"):
        timeline_of(slow, classifier)
    assert timeline_of(slow, classifier, TimelineOptions(allow_upsample=True)).segments


def test_days_end_at_midnight_where_the_date_is_known(
    classifier: WindowClassifier, record: Record, stand_walk_stand: np.ndarray
):
    evening = 1_700_006_360.0  # 2023-11-14 23:59:20 UTC
    timeline = timeline_of(record(stand_walk_stand, since_1970_s=evening), classifier)

    days = timeline.days(UTC)
    assert list(days) == ["2023-11-14", "2023-11-15"]
    assert sum(days["2023-11-14"].values()) == pytest.approx(40)
    assert sum(days["2023-11-15"].values()) == pytest.approx(60)
    assert timeline.as_dict()["started"] == "2023-11-14T23:59:20.000+00:00"
    assert timeline_of(record(stand_walk_stand), classifier).days() == {}


def test_rows_of_a_csv_have_every_column(classifier: WindowClassifier, record: Record, move: Move, tmp_path: Path):
    parts = [record(move(20, walks=True)), record(move(20, walks=False), start_s=50.0)]
    timeline = timeline_of(parts, classifier)
    write_csv([timeline, timeline], tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) == 6
    assert [row["activity"] for row in rows[:3]] == ["walking", "gap", "standing"]
    assert rows[0]["file"] == "walk.csv"
    assert float(rows[0]["cadence_spm"]) == pytest.approx(120, abs=1)
    assert rows[1]["confidence"] == rows[2]["cadence_spm"] == ""
    assert all(len(row) == 10 for row in csv_rows(timeline))


def test_the_table_is_for_people(classifier: WindowClassifier, record: Record, move: Move):
    parts = [record(move(20, walks=True)), record(move(20, walks=False), start_s=50.0)]
    lines = table_text(timeline_of(parts, classifier)).splitlines()

    assert lines[0] == "walk: 70.0 s"
    assert lines[2].split()[:5] == ["0:00.0", "0:20.0", "20.0", "s", "walking"]
    assert "gap" in lines[3]
    assert lines[-1] == "  in all: walking 20.0 s, standing 20.0 s"


@pytest.mark.parametrize(
    ("seconds", "clock"), [(0, "0:00.0"), (200.5, "3:20.5"), (59.96, "1:00.0"), (3800, "1:03:20.0")]
)
def test_times_read_as_on_a_clock(seconds: float, clock: str):
    assert clock_text(seconds) == clock


@pytest.mark.parametrize(("seconds", "length"), [(8.34, "8.3 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")])
def test_lengths_read_as_people_say_them(seconds: float, length: str):
    assert length_text(seconds) == length


def test_the_picture_is_the_same_each_time(classifier: WindowClassifier, record: Record, move: Move, tmp_path: Path):
    parts = [record(move(20, walks=True)), record(move(3, walks=False), start_s=50.0)]
    timeline = timeline_of(parts, classifier)
    for name in ("one.png", "two.png"):
        draw_timeline(timeline, tmp_path / name)

    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_what_json_gets_has_the_promised_keys(classifier: WindowClassifier, record: Record, move: Move):
    found: dict[str, Any] = timeline_of(record(move(20, walks=True)), classifier).as_dict()

    assert set(found) >= {"segments", "totals_s", "gaps", "notes"}
    assert set(found["segments"][0]) == {
        "start_s", "end_s", "activity", "confidence", "cadence_spm", "intensity_mg"
    }  # fmt: skip
