"""The suite from windows to report, on the random two-layer LM: its answers have no sense, all else is real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.eval_settings import EvalConfig
from llasa_core.evaluate.exam import Exam
from llasa_core.evaluate.job import Kept, Share
from llasa_core.evaluate.models import Models
from llasa_core.evaluate.robustness.conditions import conditions_of
from llasa_core.evaluate.robustness.suite import RobustnessSuite
from llasa_core.model.checkpoint import read_checkpoint_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.robustness.result import RobustnessResult

SETTINGS = EvalConfig(robustness_windows=9, trees=10, bootstrap=50)


@pytest.fixture
def exam(make_data: Callable[..., WindowStore], tiny_checkpoint: Path) -> Exam:
    store = make_data()
    store.manifest["placements"] = ["waist"]
    return Exam("tiny", store, read_checkpoint_config(tiny_checkpoint), SETTINGS, 7)


def run(exam: Exam, checkpoint: Path, folder: Path, n_ranks: int = 1) -> RobustnessResult:
    """Do all the work in this process, and return what came out."""
    suite, kept = RobustnessSuite(exam), Kept(folder, {})
    for rank in range(n_ranks):
        for job in suite.jobs():
            kept.run(job, Models(checkpoint, device="cpu"), Share(rank, n_ranks))
    return suite.result(kept.take)


def test_every_condition_is_measured_on_the_same_windows(exam: Exam, tiny_checkpoint: Path, tmp_path: Path):
    found = run(exam, tiny_checkpoint, tmp_path, n_ranks=2)
    told = found.as_dict()

    assert (told["windows"], told["subjects"]) == (9, 3)
    assert [step["strength"] for step in told["conditions"]["turned"]["steps"]] == [15, 30, 60, 90, 180]
    assert [step["strength"] for step in told["conditions"]["lower_rate"]["steps"]] == [10, 5, 4]
    for condition in told["conditions"].values():
        for step in condition["steps"]:
            assert (step["windows"], step["subjects"]) == (9, 3)
            assert 0 <= step["accuracy_ci"][0] <= step["accuracy"] <= step["accuracy_ci"][1] <= 1
            assert 1 / 3 <= step["confidence"] <= 1
    assert told["unchanged"]["random_forest"]["accuracy"] >= 0.8  # learned from much the same
    assert "all windows are from the waist" in told["notes"][0]
    assert any(line.startswith("turned device, 180°") for line in found.lines())
    (section,) = found.sections()
    assert section.title == "Robustness"
    assert len(section.blocks) == 8


def test_a_forest_that_nobody_asked_for_is_left_out(exam: Exam, tiny_checkpoint: Path, tmp_path: Path):
    config = SETTINGS.model_copy(update={"baselines": ("majority",), "robustness_windows": 1})
    found = run(Exam("tiny", exam.store, exam.checkpoint, config, 7), tiny_checkpoint, tmp_path)

    assert found.unchanged.forest is None
    assert found.as_dict()["unchanged"]["random_forest"] is None
    assert found.lines()[3].split()[-1] == "–"


def test_only_real_placements_are_measured(exam: Exam):
    assert "placement" not in {condition.key for condition in conditions_of(exam)}

    exam.store.manifest["placements"] = ["waist", "wrist"]
    exam.store.placement[exam.windows.rows[1::2]] = 1
    (placement,) = (condition for condition in conditions_of(exam) if condition.key == "placement")

    assert [step.label for step in placement.steps] == ["waist", "wrist"]
    positions = placement.steps[1].positions
    assert positions is not None
    assert len(positions) == 9
    assert (exam.store.placement[exam.windows.rows[positions]] == 1).all()


def test_a_slow_data_folder_is_not_slowed_to_what_it_has(exam: Exam):
    exam.store.manifest["settings"]["windows"]["sampling_rate_hz"] = 5.0
    (lower,) = (condition for condition in conditions_of(exam) if condition.key == "lower_rate")

    assert [step.strength for step in lower.steps] == [4.0]


def test_changed_windows_do_not_depend_on_which_others_are_changed(exam: Exam):
    work = RobustnessSuite(exam).work
    for condition in work.conditions:
        for step in condition.steps:
            part = work.changed(step, np.array([5, 2]))
            assert part.dtype == np.float32
            assert part == pytest.approx(work.changed(step)[[5, 2]], abs=1e-6)
