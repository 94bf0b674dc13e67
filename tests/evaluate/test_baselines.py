"""Baselines learn from the training people and name the windows of others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from llm_fakes.server import LlmServer, completion

from llasa_core.errors import ModelError
from llasa_core.eval_settings import EvalConfig, JudgeConfig
from llasa_core.evaluate.baselines import cnn, limu_bert_gru
from llasa_core.evaluate.baselines.jobs import baseline_jobs, baseline_predictions, learn, why_missing
from llasa_core.evaluate.baselines.lessons import Lessons
from llasa_core.evaluate.baselines.lm_text import chosen_windows
from llasa_core.evaluate.baselines.majority import learn_majority
from llasa_core.evaluate.baselines.random_forest import learn_forest
from llasa_core.evaluate.baselines.rival_text import class_of_reply, rival_predictions
from llasa_core.evaluate.baselines.window_text import fitting_rate, text_prompt
from llasa_core.evaluate.exam import Exam
from llasa_core.evaluate.job import Kept
from llasa_core.evaluate.models import Models
from llasa_core.evaluate.open_ended.judge.asking import opened_judges
from llasa_core.model.checkpoint import read_checkpoint_config
from llasa_core.model.shipped import SHIPPED
from llasa_core.train.head import fit_head

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.data.store import WindowStore

LEARNING = ("random_forest", "logistic_regression", "cnn", "limu_bert_gru")
CLASSES = ("walking", "climbing stairs", "sitting", "lying")


@pytest.fixture
def make_exam(make_data: Callable[..., WindowStore], tiny_checkpoint: Path) -> Callable[..., Exam]:
    """Return a function that makes an exam on a small data folder: `make_exam(trees=5, people=…)`."""

    def make(*, people: dict[str, tuple[str, ...]] | None = None, seed: int = 7, **settings: object) -> Exam:
        store = make_data() if people is None else make_data(people=people)
        config = EvalConfig(**{"trees": 20, "text_windows": 3, **settings})  # type: ignore[arg-type]
        return Exam("tiny", store, read_checkpoint_config(tiny_checkpoint), config, seed)

    return make


def lessons(truth: list[int], seed: int = 0) -> Lessons:
    windows = np.random.default_rng(seed).normal(size=(len(truth), 120, 6)).astype(np.float32)
    return Lessons(windows, np.array(truth), 20.0, max(truth) + 1)


def test_the_majority_is_that_of_training():
    assert learn_majority(lessons([2, 0, 2, 1]))(np.zeros((3, 120, 6), np.float32)).tolist() == [2, 2, 2]


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the networks learn for a moment only."""
    _limit_steps(monkeypatch, 60)


@pytest.fixture
def hardly_any_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the networks run, whatever they learn."""
    _limit_steps(monkeypatch, 4)


def _limit_steps(monkeypatch: pytest.MonkeyPatch, n_steps: int) -> None:
    for net in (cnn, limu_bert_gru):
        shorter = replace(net.BUDGET, batch_size=32, least_steps=n_steps, most_steps=n_steps)
        monkeypatch.setattr(net, "BUDGET", shorter)


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize("name", LEARNING)
def test_what_can_be_learned_is_learned(name: str, make_exam: Callable[..., Exam]):
    exam = make_exam()
    models = Models(SHIPPED / "smol")  # for its encoder, which has learned
    named = learn(name, exam, models, 7)(exam.store.take(exam.windows.rows))  # type: ignore[arg-type]

    assert (named == exam.windows.truth).mean() > 0.9
    assert "llasa" not in vars(models)  # no LM is loaded for it


@pytest.mark.usefixtures("hardly_any_steps")
@pytest.mark.parametrize("name", ["random_forest", "cnn", "limu_bert_gru"])
def test_the_same_seed_learns_the_same(name: str, make_exam: Callable[..., Exam], tiny_checkpoint: Path):
    exam, models = make_exam(trees=3), Models(tiny_checkpoint)
    noise = lessons([0] * 60).windows * 4

    first, again = (learn(name, exam, models, 7)(noise) for _ in range(2))  # type: ignore[arg-type]

    assert first.tolist() == again.tolist()


def test_another_seed_grows_another_forest():
    nothing_to_learn = lessons(np.random.default_rng(0).integers(0, 3, 60).tolist())
    windows = lessons([0] * 40, seed=1).windows

    first, other = (learn_forest(nothing_to_learn, trees=20, seed=seed)(windows) for seed in (7, 8))

    assert (first != other).any()


def test_one_class_in_training_leaves_nothing_to_tell():
    assert lessons([1, 1, 1]).only_class == 1
    assert lessons([1, 0, 1]).only_class is None


@pytest.mark.usefixtures("hardly_any_steps")
def test_all_baselines_are_kept_and_taken_again(make_exam: Callable[..., Exam], tiny_checkpoint: Path, tmp_path: Path):
    exam = make_exam()
    kept, models = Kept(tmp_path / "eval", {}), Models(tiny_checkpoint)
    jobs = baseline_jobs(exam)
    for job in jobs.values():
        kept.run(job, models)
    found = baseline_predictions(exam, kept.take)

    assert ("light_head", *found) == exam.config.baselines  # of which the tiny checkpoint has none
    assert [len(found[name].where) for name in ("cnn", "majority", "lm_text")] == [36, 36, 3]
    assert found["lm_text"].where.tolist() == chosen_windows(exam).tolist()
    assert found["lm_text"].note == "tiny-random reads 5 lines of readings a second"
    assert (found["random_forest"].named == exam.windows.truth).mean() > 0.9
    assert all(kept.n_done(job) == job.n_items for job in baseline_jobs(exam).values())


def test_the_checkpoints_own_head_names_windows_beside_them(make_exam: Callable[..., Exam], tmp_path: Path):
    plain = make_exam(baselines=("light_head",))
    head, _ = fit_head(plain.store, CLASSES[:3], 7)
    exam = replace(plain, head=head)
    kept, (job,) = Kept(tmp_path / "eval", {}), baseline_jobs(exam).values()
    kept.run(job, Models(tmp_path))  # no model is loaded

    named = baseline_predictions(exam, kept.take)["light_head"].named

    known = exam.windows.truth != exam.windows.classes.index("lying")
    assert (named == exam.windows.truth)[known].mean() > 0.9
    other, _ = fit_head(plain.store, CLASSES[:2], 7)
    assert kept.folder_of(*baseline_jobs(replace(plain, head=other)).values()) != kept.folder_of(job)


@pytest.mark.parametrize(
    ("change", "is_there"),
    [({}, True), ({"activities": ("rowing",)}, False), ({"window_s": 3.0}, False), (None, False)],
)
def test_a_head_is_asked_only_where_it_fits(
    make_exam: Callable[..., Exam], change: dict[str, object] | None, *, is_there: bool
):
    exam = make_exam()
    head, _ = fit_head(exam.store, CLASSES, 7)

    exam = replace(exam, head=None if change is None else replace(head, **change))

    assert ("light_head" in baseline_jobs(exam)) is is_there


def test_another_seed_is_other_work(make_exam: Callable[..., Exam], tmp_path: Path):
    kept, exam = Kept(tmp_path, {}), make_exam()
    folders = [
        kept.folder_of(baseline_jobs(Exam(exam.name, exam.store, exam.checkpoint, exam.config, seed))["cnn"])
        for seed in (7, 8)
    ]

    assert folders[0] != folders[1]


def test_without_training_people_nothing_is_learned(make_exam: Callable[..., Exam]):
    exam = make_exam(people={"test": ("made/06", "made/07")})

    assert list(baseline_jobs(exam)) == ["lm_text"]
    assert why_missing(exam, "cnn") == "the train split holds no window with a known activity"


def test_a_rival_behind_an_endpoint_names_windows_in_its_own_words(make_exam: Callable[..., Exam], tmp_path: Path):
    replies = ["The person is sitting.", "walking or lying", ""]

    with LlmServer(lambda number, _body: completion(replies[number - 1])) as server:
        exam = make_exam(judge=JudgeConfig(url=server.url, rival="big", concurrency=1))
        with opened_judges(exam.config.judge, tmp_path) as judges:
            found = rival_predictions(exam, "big", judges)
            again = rival_predictions(exam, "big", judges)

    assert exam.windows.classes == ("walking", "sitting", "lying")
    assert found.named.tolist() == again.named.tolist() == [1, 3, 3]
    assert found.where.tolist() == chosen_windows(exam).tolist()
    assert found.note == "big reads 5 lines of readings a second; 2 of 3 replies name no class"
    assert len(server.asked) == 3  # each once
    assert "response_format" not in server.asked[0].body


def test_more_text_windows_hold_the_fewer(make_exam: Callable[..., Exam]):
    exam = make_exam()
    more = Exam(exam.name, exam.store, exam.checkpoint, EvalConfig(text_windows=9), exam.seed)

    assert set(chosen_windows(exam)) < set(chosen_windows(more))
    assert chosen_windows(more).tolist() == sorted(chosen_windows(more))


def test_a_window_is_printed_as_means():
    window = np.repeat([[1.0, 2.0], [3.0, -4.0]], 2, axis=0).repeat(3, axis=1)  # two moments at half the rate

    lines = text_prompt(window, 2.0, 1.0, CLASSES).split("\n\n")[1].splitlines()

    assert lines == ["1.0 1.0 1.0 2.0 2.0 2.0", "3.0 3.0 3.0 -4.0 -4.0 -4.0"]
    assert "walking, climbing stairs, sitting, lying" in text_prompt(window, 2.0, 1.0, CLASSES)


def test_the_rate_is_the_highest_that_fits():
    assert fitting_rate(lambda hz: round(100 * hz), 600) == 5
    with pytest.raises(ModelError, match=r"takes 125 tokens even at 1\.25 Hz, the LM reads 100"):
        fitting_rate(lambda hz: round(100 * hz), 100)


@pytest.mark.parametrize(
    ("reply", "meant"),
    [
        ("Sitting.", 2),
        ("The person is walking up the stairs", 1),
        ("**Walking**", 0),
        ("lying down", 3),
        ("either sitting or lying", 4),
        ("I cannot tell", 4),
        ("", 4),
        ("outsitting", 4),
    ],
)
def test_a_reply_means_the_one_class_that_it_names(reply: str, meant: int):
    assert class_of_reply(reply, CLASSES) == meant
