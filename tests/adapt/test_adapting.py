from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.adapt.adapting import Adapted, Adapting, adapt
from llasa_core.adapt.held_out import _apart, _units
from llasa_core.adapt.labelled import Labelled, read_labelled
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.windows import WindowConfig, windows_of
from llasa_core.errors import DataError, ModelError
from llasa_core.model.adapted import read_any_head, save_adapted
from llasa_core.model.head import read_head
from llasa_core.model.shipped import shipped
from llasa_core.timeline.classifier import HeadClassifier
from llasa_core.timeline.timeline import timelines_in

if TYPE_CHECKING:
    from collections.abc import Callable

    Record = Callable[..., Path]

EXAMPLES = Path(__file__).parents[2] / "examples"
READING = ReadOptions(label_column="activity", new_activities=True)
BOTH = [("shaking", 24), ("", 2), ("rocking", 24)]


@pytest.fixture
def checkpoint() -> Path:
    folder = shipped("smol")
    assert folder is not None
    return folder


@pytest.fixture
def adapted(checkpoint: Path, record: Record) -> Adapted:
    """Return what two recordings of two new activities have taught."""
    return adapt(checkpoint, [record("a.csv", BOTH, 1), record("b.csv", BOTH, 5)], READING)


def named(adapted: Adapted, file: Path) -> list[str]:
    (found,) = timelines_in(file, ReadOptions(), HeadClassifier(adapted.head))
    return [segment.activity for segment in found.segments]


def windows_in(file: Path) -> np.ndarray:
    return np.concatenate([windows_of(one, WindowConfig()).windows for one in read_recordings(file, ReadOptions())])


def labelled(
    activity: str, person: str = "", recording: str = "", stretch: str = "", start_s: list[float] | None = None
) -> Labelled:
    """Return windows described by a letter or digit each; what is left out is the same for all."""
    n = len(activity)
    numbers = {name: np.array(list(text or "0" * n)).astype(int) for name, text in [("r", recording), ("s", stretch)]}
    return Labelled(
        windows=np.zeros((n, 120, 6), np.float32),
        activity=np.array(list(activity)),
        person=np.array(list(person or "0" * n)),
        recording=numbers["r"],
        stretch=numbers["s"],
        start_s=np.array(start_s or [100.0 * nth for nth in range(n)]),
        left_out={},
    )


def test_new_activities_are_named_beside_the_old_ones(adapted: Adapted, record: Record):
    unseen = record("c.csv", [("rocking", 30), ("shaking", 30)], 11)

    assert named(adapted, unseen) == ["rocking", "shaking"]
    assert named(adapted, EXAMPLES / "walking.csv") == ["walking"]
    assert named(adapted, EXAMPLES / "lying.csv") == ["lying"]


def test_what_the_head_said_of_its_own_people_it_still_says(adapted: Adapted, checkpoint: Path):
    windows = windows_in(EXAMPLES / "mix.csv")
    head = read_head(checkpoint)
    assert head is not None
    before = head.judge(windows)[0].argmax(axis=1)

    assert (adapted.head.judge(windows)[0].argmax(axis=1) == before).mean() > 0.98


def test_probabilities_sum_to_one(adapted: Adapted):
    log_p, strangeness = adapted.head.judge(windows_in(EXAMPLES / "mix.csv"))

    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, atol=1e-3)
    assert (strangeness > 0).all()


def test_replace_knows_the_new_activities_alone(checkpoint: Path, record: Record):
    found = adapt(checkpoint, [record("a.csv", BOTH)], READING, Adapting(replace=True))

    assert found.head.activities == ("shaking", "rocking")
    assert found.head.judge(windows_in(EXAMPLES / "walking.csv"))[0].shape[1] == 2


def test_an_old_activity_can_be_learned_as_somebody_else_does_it(checkpoint: Path, record: Record):
    found = adapt(checkpoint, [record("a.csv", [("walking", 30), ("shaking", 30)])], READING)

    assert found.head.activities == ("walking", *found.head.head.activities[1:], "shaking")
    assert named(found, record("b.csv", [("walking", 30)], 9)) == ["walking"]


def test_each_recording_is_left_out_in_turn(adapted: Adapted):
    estimate = adapted.estimate

    assert estimate is not None
    assert (estimate.unit, estimate.windows, estimate.observations) == ("recording", 28, 2)
    assert estimate.accuracy == 1.0
    assert estimate.interval is not None
    assert estimate.interval.low < 0.8  # two recordings promise little


def test_two_names_for_one_thing_are_not_told_apart(checkpoint: Path, record: Record):
    files = [record(f"{seed}.csv", [("resting", 21), ("", 2), ("idling", 21)], seed) for seed in range(4)]
    estimate = adapt(checkpoint, files, READING, Adapting(replace=True)).estimate

    assert estimate is not None
    assert estimate.accuracy < 0.7  # below a half, too: what is left out pulls the rest to the other side
    assert estimate.interval is not None
    assert estimate.interval.low < 0.5


def test_scale_and_threshold_are_fitted_where_there_is_data_for_it(checkpoint: Path, record: Record, adapted: Adapted):
    files = [record(f"{seed}.csv", [("resting", 21), ("", 2), ("idling", 21)], seed) for seed in range(4)]
    unsure = adapt(checkpoint, files, READING, Adapting(replace=True))

    assert not adapted.is_fitted
    assert adapted.head.threshold == adapted.head.head.threshold
    assert unsure.is_fitted
    assert unsure.head.scale < adapted.head.scale  # of what is alike nobody can be sure


def test_the_widest_unit_is_left_out_of_which_each_activity_has_two():
    assert _units(labelled("abab", person="0011", recording="0123", stretch="0123"))[0] == "person"
    assert _units(labelled("abab", person="0001", recording="0011", stretch="0123"))[0] == "recording"
    assert _units(labelled("abab", recording="0001", stretch="0123"))[0] == "stretch"
    nobody_named = replace(labelled("abab", recording="0011", stretch="0123"), person=np.array([""] * 4))
    assert _units(nobody_named)[0] == "recording"
    unit, group = _units(labelled("aaaaaabb", stretch="00000011"))
    assert unit == "part of a stretch"
    assert group.tolist() == [0, 0, 1, 2, 3, 4, 0, 1]


def test_windows_that_overlap_what_is_left_out_are_left_out_too():
    windows = labelled("aaaaa", recording="00001", start_s=[0, 3, 6, 9, 3])

    assert _apart(windows, np.array([0]), np.array([1, 2, 3, 4]), window_s=6.0).tolist() == [2, 3, 4]


def test_what_is_in_no_window_is_counted(record: Record):
    again = record("b.csv", [("shaking", 9)])
    files = [record("a.csv", [("shaking", 14), ("", 4), ("rocking", 5)]), again, record("copy.csv", [("shaking", 9)])]
    found = read_labelled(files, READING, WindowConfig())

    assert len(found) == 5
    assert found.stretch.tolist() == [1, 1, 1, 2, 2]
    assert found.left_out == {
        "without a label": 4.0,
        "shorter than one window": 5.0,
        "end of a segment that fills no window": 2.0,
        "recorded twice": 9.0,
    }


def test_too_little_is_refused(checkpoint: Path, record: Record):
    def refusal(parts: list[tuple[str, float]], adapting: Adapting | None = None) -> str:
        with pytest.raises(DataError) as caught:
            adapt(checkpoint, [record("a.csv", parts)], READING, adapting)
        return f"{caught.value.message}\n{caught.value.fix}"

    assert refusal([("shaking", 20), ("rocking", 7)]) == (
        "1 window of rocking; at least 2 are needed, 9 s without a pause\n"
        'record rocking for longer, or leave its label out with `--label-map "rocking=unknown"`'
    )
    assert refusal([("shaking", 20)], Adapting(replace=True)) == (
        "shaking alone would be the answer to everything\nlabel a second activity too, or leave out `--replace`"
    )
    assert refusal([("null", 20)]).startswith(
        "there is no labelled window of 6 s: 20 s without a label\nsay what was done"
    )


def test_a_checkpoint_without_a_head_and_an_adapted_folder_are_refused(
    tmp_path: Path, adapted: Adapted, record: Record
):
    save_adapted(adapted.head, adapted.checkpoint, tmp_path / "mine")

    (tmp_path / "headless").mkdir()
    for folder, message in [
        (tmp_path / "headless", "there is no light head here"),
        (tmp_path / "mine", "was adapted itself"),
    ]:
        with pytest.raises(ModelError, match=message):
            adapt(folder, [record("a.csv", BOTH)], READING)


def test_a_folder_gives_back_what_was_learned(adapted: Adapted, tmp_path: Path):
    save_adapted(adapted.head, adapted.checkpoint, tmp_path / "mine")
    found = read_any_head(tmp_path / "mine")
    windows = windows_in(EXAMPLES / "walking.csv")

    assert found is not None
    assert found.activities == adapted.head.activities
    np.testing.assert_allclose(found.judge(windows)[0], adapted.head.judge(windows)[0], atol=1e-3)
