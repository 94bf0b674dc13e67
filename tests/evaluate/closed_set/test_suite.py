from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from llasa_core.errors import DataError, RunError
from llasa_core.eval_settings import EvalConfig
from llasa_core.evaluate.baselines.predictions import Predictions
from llasa_core.evaluate.closed_set.predictions import prediction_rows
from llasa_core.evaluate.closed_set.suite import ClosedSetSuite
from llasa_core.evaluate.exam import Exam
from llasa_core.evaluate.job import Kept
from llasa_core.evaluate.models import Models
from llasa_core.evaluate.working import work_through
from llasa_core.model.any_checkpoint import read_any_config
from llasa_core.model.calibration import write_calibration
from llasa_core.model.checkpoint import CheckpointConfig
from llasa_core.model.config import EncoderConfig, ModelConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.closed_set.result import ClosedSetResult
    from llasa_core.evaluate.job import Job

HELD = ("walking", "sitting", "lying")
QUICK = {"bootstrap": 100, "baselines": (), "sensitivity_windows": 36, "protocol_windows": 36}


def exam_of(store: WindowStore, known: tuple[str, ...] = HELD, **settings: Any) -> Exam:
    checkpoint = CheckpointConfig(EncoderConfig(), ModelConfig(), None, {}, known, 20.0, 6.0)
    return Exam("made", store, checkpoint, EvalConfig(**{**QUICK, **settings}), seed=7)


def told(suite: ClosedSetSuite, sure: float = 0.9) -> Callable[[Job], list[Any]]:
    """Return what a checkpoint would have computed that knows all but takes sitting for walking."""
    classes = suite.work.class_set.classes

    def likelihoods(truth: int, prompts: int, owners: np.ndarray) -> list[list[float]]:
        named = classes.index("walking") if classes[truth] == "sitting" else truth
        return [np.log(np.where(owners == named, sure, (1 - sure) / len(classes))).tolist()] * prompts

    def take(job: Job) -> list[Any]:
        of = {name: getattr(suite.work, name) for name in ("scores", "val_scores", "prompt_scores", "name_scores")}
        part = suite.work.val if job.name == "closed-set-val" else suite.work.exam.windows
        if job.name in {"prompts", "names"}:
            part = part.part(suite.work.sensitivity_windows)
        if job.name == "protocol":
            names = [classes[i] for i in suite.work.exam.windows.truth[suite.work.protocol_windows]]
            return [f"The identified class is: {name}" if name != "lying" else "I cannot say." for name in names]
        owners = suite.work.names.owner if job.name == "names" else np.arange(len(classes))
        assert job.name in {each.name for each in of.values()}
        return [likelihoods(int(truth), len(job.inputs["prompts"]), owners) for truth in part.truth]

    return take


def result_of(suite: ClosedSetSuite, **others: Predictions) -> ClosedSetResult:
    return suite.result(told(suite), others)


def test_a_result_counts_what_was_named_rightly(make_data: Callable[..., WindowStore]):
    found = result_of(ClosedSetSuite(exam_of(make_data())))

    assert found.confusion.tolist() == [[12, 0, 0], [12, 0, 0], [0, 0, 12]]
    assert found.ours.accuracy == pytest.approx(2 / 3)
    assert found.kind.value == pytest.approx(2 / 3)
    assert (found.n_people, found.n_recordings, found.group.windows, found.group.people) == (3, 3, 36, 3)
    assert found.ours.accuracy_ci is not None
    assert found.ours.accuracy_ci.low < 2 / 3 < found.ours.accuracy_ci.high


def test_the_object_has_the_keys_that_are_promised(make_data: Callable[..., WindowStore]):
    suite = ClosedSetSuite(exam_of(make_data()))

    found = result_of(suite, majority=Predictions(np.arange(36), np.zeros(36, np.int64))).as_dict()

    promised = ("accuracy", "accuracy_ci", "macro_f1", "ece", "windows", "subjects", "recordings", "baselines")
    assert set(promised) < set(found)
    assert found["baselines"]["majority"]["accuracy"] == pytest.approx(1 / 3)
    assert found["sensitivity"]["accuracy_by_order"] == (pytest.approx(2 / 3),) * 2
    assert found["protocol"]["unclear"] == pytest.approx(1 / 3)
    assert found["protocol"]["accuracy"] == pytest.approx(2 / 3)
    assert found["protocol"]["agreement_with_likelihood"] == pytest.approx(1 / 3)
    assert found["names"]["group"]["value"] == pytest.approx(2 / 3)


def test_a_baseline_may_cover_some_of_the_windows(make_data: Callable[..., WindowStore]):
    suite = ClosedSetSuite(exam_of(make_data()))

    found = result_of(suite, lm_text=Predictions(np.array([0, 1, 35]), np.array([0, 3, 2]), "few"))

    assert found.baselines["lm_text"].windows == 3
    assert found.baselines["lm_text"].measured.accuracy == pytest.approx(2 / 3)
    assert "base LM reading numbers: few" in found.notes
    head, *rows = prediction_rows(found)
    assert head[-1] == "lm_text"
    assert [row[-1] for row in rows if row[-1]] == ["walking", "unclear", "lying"]
    assert rows[0][4:6] == ["walking", "walking"]


def test_the_union_adds_what_the_checkpoint_knows(make_data: Callable[..., WindowStore]):
    suite = ClosedSetSuite(exam_of(make_data(), known=("walking", "sitting", "biking"), classes="union"))

    assert suite.work.class_set.classes == ("walking", "sitting", "lying", "biking")
    assert suite.work.class_set.is_known.tolist() == [True, True, False, True]
    assert result_of(suite).confusion.shape == (4, 4)


def test_unknown_activities_are_told_by_sureness_among_the_known(make_data: Callable[..., WindowStore]):
    suite = ClosedSetSuite(exam_of(make_data(), known=("walking", "sitting")))

    found = result_of(suite)

    assert found.novelty is not None
    assert found.novelty.activities == ("lying",)
    assert (found.novelty.unknown_windows, found.novelty.known_windows) == (12, 24)
    assert found.novelty.auroc == {"max_probability": 1.0, "energy": 1.0}
    assert "the checkpoint was never trained on lying" in found.notes
    assert found.sureness.val_windows == 8  # lying is left out of what is fitted


def test_too_few_validation_windows_are_said(make_data: Callable[..., WindowStore]):
    found = result_of(ClosedSetSuite(exam_of(make_data())))

    assert found.calibration is None
    assert found.sureness.threshold is None
    assert (
        "no temperature was fitted: the validation people have 12 windows of activities that the checkpoint knows, "
        "20 are needed" in found.notes
    )
    assert (
        "no threshold for a precision of 0.98: no 50 of the surest among 12 validation windows reach it" in found.notes
    )


def test_temperature_and_threshold_come_from_validation_people(make_data: Callable[..., WindowStore], tmp_path: Path):
    people = {"train": ("made/01",), "val": ("made/02", "made/03"), "test": ("made/04", "made/05")}
    suite = ClosedSetSuite(exam_of(make_data(people), abstain_precision=0.6))

    found = suite.result(told(suite, sure=0.99))

    fitted = found.calibration
    assert fitted is not None
    assert (fitted.windows, fitted.people, fitted.split) == (24, 2, "val")
    assert fitted.nll_after < fitted.nll_before
    assert found.sureness.after.ece < found.sureness.before.ece
    assert found.sureness.threshold is not None
    assert found.sureness.coverage is not None
    assert found.sureness.coverage.value == 1.0
    assert write_calibration(tmp_path, fitted)


def test_measuring_the_validation_people_fits_nothing(make_data: Callable[..., WindowStore]):
    suite = ClosedSetSuite(exam_of(make_data(), split="val"))

    assert [job.name for job in suite.jobs()] == ["closed-set", "prompts", "names", "protocol"]
    assert (
        "no temperature and no threshold: they are fitted on the validation people, who are measured here"
        in result_of(suite).notes
    )


def test_averaged_prompts_leave_no_calibration_for_chat(make_data: Callable[..., WindowStore]):
    suite = ClosedSetSuite(exam_of(make_data(), prompts="averaged"))

    assert len(suite.work.scores.inputs["prompts"]) == 7
    assert result_of(suite).calibration is None


def test_the_page_shows_the_surest_mistakes_with_their_signals(make_data: Callable[..., WindowStore]):
    sections = result_of(ClosedSetSuite(exam_of(make_data()))).sections()

    assert [section.title for section in sections] == [
        "Which activity",
        "Class by class",
        "How sure it is",
        "What hangs on the prompt",
        "Surest mistakes",
    ]
    assert len(sections[-1].blocks) == 6
    assert sections[-1].blocks[0].window.shape == (120, 6)
    assert sections[-1].blocks[0].title.startswith("sitting taken for walking: made/0")


def test_headlines_and_files_are_what_a_report_takes(make_data: Callable[..., WindowStore], tmp_path: Path):
    found = result_of(ClosedSetSuite(exam_of(make_data())))

    accuracy, macro_f1 = found.headlines()
    files = found.write(tmp_path)

    assert (accuracy.name, accuracy.value, macro_f1.name) == ("Accuracy", "0.667", "Macro-F1")
    assert accuracy.note.endswith("36 windows of 3 people in 3 recordings")
    assert [file.name for file in files] == ["predictions.csv", "confusion.png"]
    assert files[0].read_text().startswith("file,row,subject,recording,truth,prediction,p(walking),")


def test_the_terminal_says_how_many_stand_behind_the_numbers(make_data: Callable[..., WindowStore]):
    lines = result_of(ClosedSetSuite(exam_of(make_data()))).lines()

    assert lines[0] == "36 windows of 3 people in 3 recordings"
    assert any(line.startswith("the original's protocol (36 windows): 0.667, 33.3% unclear") for line in lines)


def test_data_of_other_activities_is_an_error(make_data: Callable[..., WindowStore]):
    with pytest.raises(DataError, match="the checkpoint has seen none of this data's activities"):
        ClosedSetSuite(exam_of(make_data(), known=("jogging",)))


def test_a_checkpoint_computes_all_of_it(make_data: Callable[..., WindowStore], tiny_checkpoint: Path, tmp_path: Path):
    settings = EvalConfig(
        bootstrap=50, baselines=("majority",), max_windows=6, sensitivity_windows=3, protocol_windows=2
    )
    exam = Exam("tiny", make_data(), read_any_config(tiny_checkpoint), settings, seed=7)
    suite = ClosedSetSuite(exam)
    kept = Kept(tmp_path / "eval", {})

    work_through(suite.jobs(), kept, Models(tiny_checkpoint, device="cpu"))
    found = suite.result(kept.take)

    assert found.as_dict()["windows"] == 6
    assert found.baselines["majority"].windows == 6
    assert found.probabilities.sum(1) == pytest.approx(1.0)
    assert found.protocol is not None
    assert len(found.protocol.texts) == 2


def test_scores_that_are_no_numbers_are_an_error(
    make_data: Callable[..., WindowStore], tiny_checkpoint: Path, tmp_path: Path
):
    exam = Exam("tiny", make_data(), read_any_config(tiny_checkpoint), EvalConfig(max_windows=4), seed=7)
    models = Models(tiny_checkpoint, device="cpu")
    models.llasa.projector[0].weight.data.fill_(float("nan"))

    with pytest.raises(RunError, match="the checkpoint's log-likelihoods are no numbers for 4 of 4 windows"):
        work_through(ClosedSetSuite(exam).jobs()[:1], Kept(tmp_path / "eval", {}), models)
