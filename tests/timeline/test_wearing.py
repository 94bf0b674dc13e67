"""How a device is worn, and what a timeline says where nobody knows; with the shipped head and an example, turned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError, ModelError
from llasa_core.model.shipped import shipped
from llasa_core.timeline.classifier import load_classifier
from llasa_core.timeline.figure import draw_timeline
from llasa_core.timeline.options import TimelineOptions, Upright
from llasa_core.timeline.text import csv_rows
from llasa_core.timeline.timeline import timeline_of

if TYPE_CHECKING:
    from llasa_core.data.recording import Recording
    from llasa_core.timeline.classifier import WindowClassifier
    from llasa_core.timeline.timeline import Timeline

MIX = Path(__file__).parents[2] / "examples" / "mix.csv"
AT_REST_S = 100.0
"""Before it nobody walks in the example: sitting, standing and lying."""
ASKEW = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
TURNED = ASKEW * np.sign(np.linalg.det(ASKEW))


@pytest.fixture(scope="module")
def head() -> WindowClassifier:
    folder = shipped("smol")
    assert folder is not None
    return load_classifier(folder)


@pytest.fixture(scope="module")
def mix() -> Recording:
    (recording,) = read_recordings(MIX, ReadOptions())
    return recording


def turned(recording: Recording, end_s: float = 300.0) -> Recording:
    samples = recording.samples[: round(end_s * recording.sampling_rate_hz)]
    return replace(recording, samples=np.hstack([samples[:, :3] @ TURNED.T, samples[:, 3:] @ TURNED.T]))


def agreement(one: Timeline, other: Timeline) -> float:
    """Return the share of the time in which two timelines say the same."""
    times = np.arange(0.25, one.end_s, 0.5)
    pairs = [(one.at(float(at)), other.at(float(at))) for at in times]
    return float(np.mean([a is not None and b is not None and a.activity == b.activity for a, b in pairs]))


def test_where_nobody_knows_how_it_is_worn_postures_merge_to_still(
    head: WindowClassifier, mix: Recording, tmp_path: Path
):
    timeline = timeline_of(turned(mix, AT_REST_S), head)

    assert timeline.totals_s == {"still": 100.0}
    (why,) = timeline.warnings
    assert why == (
        "100.0 s still, and in which posture cannot be told: the device is worn otherwise than in training; "
        "name seconds in which the person stands or walks, such as `--upright 0:05-0:15`"
    )
    assert timeline.as_dict()["segments"][0]["activity"] == "still"
    assert [row[5] for row in csv_rows(timeline)] == ["still"]
    np.testing.assert_allclose(timeline.windows.posterior.sum(axis=1), 1)
    draw_timeline(timeline, tmp_path / "still.png")
    assert (tmp_path / "still.png").read_bytes().startswith(b"\x89PNG")


def test_ten_upright_seconds_tell_postures_again(head: WindowClassifier, mix: Recording):
    as_worn = timeline_of(replace(mix, samples=mix.samples[:5000]), head)
    told = timeline_of(turned(mix, AT_REST_S), head, TimelineOptions(upright=(Upright(12.0, 22.0),)))

    assert agreement(told, as_worn) > 0.9
    assert not told.warnings


def test_walking_in_the_recording_tells_how_it_is_worn(head: WindowClassifier, mix: Recording):
    as_worn, told = timeline_of(mix, head), timeline_of(turned(mix), head)

    assert agreement(told, as_worn) > 0.9
    more = [note for note in told.notes if note not in as_worn.notes]
    assert len(more) == 1
    assert "walking in the recording told how" in more[0]


def test_worn_as_in_training_nothing_changes(head: WindowClassifier, mix: Recording):
    timeline = timeline_of(mix, head)

    assert "still" not in timeline.totals_s
    assert timeline.windows.posterior.shape[1] == len(timeline.activities) + 1


def test_upright_seconds_have_to_be_in_the_recording(head: WindowClassifier, mix: Recording):
    with pytest.raises(DataError, match=r"nothing was recorded in the upright seconds 400-410 s"):
        timeline_of(mix, head, TimelineOptions(upright=(Upright(400.0, 410.0),)))


def test_upright_seconds_in_which_the_device_turns_tell_nothing(head: WindowClassifier, mix: Recording):
    options = TimelineOptions(upright=(Upright(12.0, 22.0), Upright(45.0, 55.0)))  # standing, then lying

    with pytest.raises(DataError, match=r"12-22 s, 45-55 s gravity comes from sides that are further"):
        timeline_of(mix, head, options)


def test_upright_seconds_need_a_head_that_knows_gravity(classifier: WindowClassifier, mix: Recording):
    with pytest.raises(ModelError, match="of use to a light head only"):
        timeline_of(mix, classifier, TimelineOptions(upright=(Upright(12.0, 22.0),)))
