from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from llm_fakes.judge import honest, judging, name_in
from llm_fakes.server import Answered as Sent
from llm_fakes.server import LlmServer, completion

from llasa_core.data.llm_written.settings import LlmPace
from llasa_core.errors import UsageError
from llasa_core.eval_settings import EvalConfig, JudgeConfig
from llasa_core.evaluate.exam import Exam
from llasa_core.evaluate.job import Kept
from llasa_core.evaluate.models import Models
from llasa_core.evaluate.open_ended.judge.asking import Reach
from llasa_core.evaluate.open_ended.measuring import NO_QUESTIONS
from llasa_core.evaluate.open_ended.scores import CRITERIA, Scores
from llasa_core.evaluate.open_ended.suite import OpenEndedSuite
from llasa_core.evaluate.page.blocks import Example
from llasa_core.model.checkpoint import read_checkpoint_config

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.job import Job
    from llasa_core.evaluate.open_ended.items import OpenItem
    from llasa_core.evaluate.open_ended.result import OpenEndedResult

N = 26
QUICK = LlmPace(concurrency=4, tries=2, first_pause_s=0.001)


def exam_on(store: WindowStore, checkpoint: Path, **settings: Any) -> Exam:
    """Return an exam as an evaluation makes it, with few resamples."""
    config = EvalConfig(**{"open_items": N, "bootstrap": 100, "max_new_tokens": 6, **settings})
    return Exam("tiny", store, read_checkpoint_config(checkpoint), config, 7)


def result_for(
    exam: Exam, say: Callable[[OpenItem], str], folder: Path | None = None, pace: LlmPace = QUICK
) -> OpenEndedResult:
    """Return the result of answers that were not decoded."""
    suite = OpenEndedSuite(exam, Reach(folder, pace))

    def take(job: Job) -> list[Any]:
        items = {item.id: item for item in suite.items}
        asked: Sequence[str] = job.inputs["questions"]
        return [{"text": say(items[name]), "tokens": 5, "ended": True} for name in asked]

    return suite.result(take)


def test_questions_are_answered_by_the_checkpoint_and_kept(asked: WindowStore, tiny_checkpoint: Path, tmp_path: Path):
    exam = exam_on(asked, tiny_checkpoint)
    suite, kept = OpenEndedSuite(exam), Kept(tmp_path / "eval", {})
    for job in suite.jobs():
        kept.run(job, Models(tiny_checkpoint, device="cpu"))
    result = suite.result(kept.take)

    assert len(result.answers) == N
    assert all(answer.n_tokens is not None and answer.n_tokens <= 6 for answer in result.answers)
    assert result.rubric.overall.value is not None
    assert result.rubric.overall.value < 30  # an untrained LM
    answers, scores = result.write(tmp_path)
    found = [json.loads(line) for line in answers.read_text().splitlines()]
    assert [line["question_id"] for line in found] == [item.id for item in suite.items]
    assert found[0].keys() == {"question_id", "prompt", "text", "answer_id", "model_id", "metadata"}
    given = [json.loads(line) for line in scores.read_text().splitlines()]
    assert [Scores(**one["rubric"]) for one in given] == [one.scores for one in result.graded]


def test_references_get_100_and_empty_answers_nothing(asked: WindowStore, tiny_checkpoint: Path):
    exam = exam_on(asked, tiny_checkpoint)
    best, worst = result_for(exam, lambda item: item.reference), result_for(exam, lambda _item: "")

    assert best.as_dict()["rubric"]["overall"]["mean"] == 100
    assert best.rouge_l.value == 1
    assert [(one.name, one.value) for one in best.headlines()] == [
        ("Open answers, rubric (rules on the facts)", "100.0")
    ]
    assert [worst.as_dict()["rubric"][name]["mean"] for name in CRITERIA] == [0, 0, 0, 0]
    assert worst.as_dict()["answers"] == {"empty": N, "cut_off": 0, "mean_words": 0.0}
    assert best.as_dict()["kinds"] == {
        "caption": 6,
        "fact": 2,
        "reasoning": 6,
        "unanswerable": 4,
        "compare": 4,
        "timeline": 4,
    }


def test_answers_of_other_windows_score_low(asked: WindowStore, tiny_checkpoint: Path):
    exam = exam_on(asked, tiny_checkpoint, open_items=None)
    items = OpenEndedSuite(exam).items
    same_kind = {kind: [item for item in items if item.kind == kind] for kind in {item.kind for item in items}}

    def of_another(item: OpenItem) -> str:
        others = same_kind[item.kind]
        return others[(others.index(item) + 5) % len(others)].reference

    shuffled = result_for(exam, of_another).rubric
    for kind in ("caption", "reasoning", "timeline"):
        means = shuffled.by_kind[kind]
        assert means["completeness"].value is not None
        assert means["completeness"].value < 50, kind


def test_scores_stand_by_kind_with_intervals_over_people(asked: WindowStore, tiny_checkpoint: Path):
    result = result_for(exam_on(asked, tiny_checkpoint), lambda item: item.reference if item.kind == "caption" else "")
    found = result.as_dict()["rubric"]

    assert found["by_kind"]["caption"]["overall"] == {
        "mean": 100,
        "ci": [pytest.approx(found["by_kind"]["caption"]["overall"]["ci"][0]), 100],
        "answers": 6,
        "subjects": 3,
    }
    assert found["overall"]["mean"] == pytest.approx(100 * 6 / N)
    assert found["overall"]["ci"][0] < 100 * 6 / N < found["overall"]["ci"][1]


def test_several_judges_are_summed_up_with_their_agreement(asked: WindowStore, tiny_checkpoint: Path, tmp_path: Path):
    def plan(_: int, body: dict[str, Any]) -> Sent:
        said = honest(body)
        if body["model"] == "b":
            said["correctness"] = max(0, said["correctness"] - 10)
        return completion(json.dumps(said))

    with LlmServer(plan) as server:
        judge = JudgeConfig(url=server.url, models=("a", "b"))
        result = result_for(exam_on(asked, tiny_checkpoint, judge=judge), lambda item: item.reference, tmp_path)

    found = result.as_dict()
    assert list(found["judges"]) == ["a", "b"]
    assert found["judges"]["a"]["unread"] == {}
    of_two = {one["criterion"]: one for one in found["agreement"] if one["between"] == ["a", "b"]}
    assert of_two["completeness"]["mean_absolute_difference"] == 0
    assert of_two["correctness"]["mean_absolute_difference"] > 5
    assert of_two["correctness"]["spearman"] > 0.95
    assert found["krippendorff_alpha"]["completeness"] == 1
    assert 0.9 < found["krippendorff_alpha"]["correctness"] < 1
    assert found["panel"]["completeness"]["mean"] == found["judges"]["a"]["completeness"]["mean"]
    assert {tuple(one["between"]) for one in found["agreement"]} == {("rubric", "a"), ("rubric", "b"), ("a", "b")}


def test_what_a_judge_left_unread_is_said(asked: WindowStore, tiny_checkpoint: Path, tmp_path: Path):
    with LlmServer(judging(correctness=1000)) as server:
        judge = JudgeConfig(url=server.url, models=("a",))
        result = result_for(exam_on(asked, tiny_checkpoint, judge=judge), lambda item: item.reference, tmp_path)

    assert result.as_dict()["judges"]["a"]["overall"] == {"mean": None, "ci": None, "answers": 0, "subjects": 0}
    assert f"a: {2 * N} unread (a score that is no whole number from 0 to 100)" in result.lines()
    assert [section.title for section in result.sections()] == [
        *("Open questions", "How far the judges agree", "Open answers, best and worst"),
    ]


def test_a_rival_reads_numbers_and_answers_the_same_questions(
    asked: WindowStore, tiny_checkpoint: Path, tmp_path: Path
):
    def plan(_: int, body: dict[str, Any]) -> Sent:
        if body["model"] == "rival":
            return completion(json.dumps({"id": name_in(body), "answer": "Walking."}))
        return completion(json.dumps(honest(body)))

    with LlmServer(plan) as server:
        judge = JudgeConfig(url=server.url, models=("a",), rival="rival")
        result = result_for(exam_on(asked, tiny_checkpoint, judge=judge), lambda item: item.reference, tmp_path)
        prompts = [one.body["messages"] for one in server.asked if one.body["model"] == "rival"]

    assert result.rival is not None
    found = result.rival.as_dict()
    assert (found["first"], found["second"], found["questions"]) == ("tiny", "rival", N)
    assert found["win_rates"]["rubric"]["losses"] == 0
    assert found["win_rates"]["rubric"]["win_rate"] > 0.9
    assert found["win_rates"]["a"]["win_rate"] > 0.9  # it likes what is longer
    assert len(prompts) == N
    assert "t acc_x acc_y acc_z gyr_x gyr_y gyr_z" in prompts[0][1]["content"]
    assert "activity:" not in prompts[0][1]["content"]  # the label is what it is asked for
    assert "tiny against rival" in [section.title for section in result.sections()]


def test_examples_show_the_worst_and_the_best_with_their_signals(asked: WindowStore, tiny_checkpoint: Path):
    result = result_for(exam_on(asked, tiny_checkpoint), lambda item: item.reference if item.kind == "caption" else "")
    examples = [block for block in result.sections()[-1].blocks if isinstance(block, Example)]

    assert [example.is_wrong for example in examples] == [True, True, True, False, False, False]
    assert examples[3].window.shape[1] == 6
    assert len(examples[3].seconds) == len(examples[3].window)
    assert dict(examples[0].words)["model"] == "(nothing)"


def test_a_folder_without_questions_says_so(make_data: Callable[..., WindowStore], tiny_checkpoint: Path):
    suite = OpenEndedSuite(exam_on(make_data(), tiny_checkpoint))

    assert suite.jobs() == []
    result = suite.result(lambda _job: [])
    assert result.lines()[0] == NO_QUESTIONS
    assert result.as_dict()["rubric"]["overall"]["mean"] is None
    assert len(result.sections()) == 1


def test_judges_need_a_folder_to_keep_their_answers_in(asked: WindowStore, tiny_checkpoint: Path):
    judge = JudgeConfig(url="http://localhost:1/v1", models=("a",))
    with pytest.raises(UsageError) as caught:
        result_for(exam_on(asked, tiny_checkpoint, judge=judge), lambda item: item.reference)

    assert str(caught.value) == (
        "judges' answers are paid for, and there is no folder to keep them in\n  fix:   name a folder"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"models": ("a",)}, "`eval.judge.url` is missing"),
        ({"rival": "a"}, "`eval.judge.url` is missing"),
        ({"url": "http://localhost:1/v1"}, "`eval.judge.models` is missing"),
    ],
)
def test_a_judge_needs_an_address_and_a_name(settings: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        JudgeConfig(**settings)
