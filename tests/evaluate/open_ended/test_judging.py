from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from llm_fakes.judge import honest, honest_scores, judging, name_in, text_in
from llm_fakes.server import Answered, LlmServer, completion, failed

from llasa_core.data.llm_written.settings import LlmPace
from llasa_core.errors import RunError, UsageError
from llasa_core.eval_settings import JudgeConfig
from llasa_core.evaluate.open_ended.judge import reply
from llasa_core.evaluate.open_ended.judge.asking import BEYOND_BUDGET, CACHE, opened_judges
from llasa_core.evaluate.open_ended.judge.scoring import JudgeChoices, JudgeScores, choose_answers, score_answers
from llasa_core.evaluate.open_ended.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.evaluate.open_ended.case import Case

    MakeCases = Callable[[int], list[Case]]

QUICK = LlmPace(concurrency=4, tries=3, first_pause_s=0.001, longest_pause_s=0.01, timeout_s=2.0)


def score(
    server: LlmServer,
    folder: Path,
    cases: Sequence[Case],
    answers: Sequence[str],
    models: tuple[str, ...] = ("m",),
    pace: LlmPace = QUICK,
    **settings: Any,
) -> list[JudgeScores]:
    """Judge answers as an evaluation does."""
    config = JudgeConfig(url=server.url, models=models, **settings)
    with opened_judges(config, folder, pace) as judges:
        return score_answers(cases, answers, models, judges, lambda _n: None)


def answers_of(cases: Sequence[Case]) -> list[str]:
    """Return answers of which none is like another."""
    return [f"A person walking, number {nth}." for nth in range(len(cases))]


def expected(answers: Sequence[str]) -> tuple[Scores, ...]:
    """Return what an honest judge gives."""
    return tuple(Scores(*map(float, honest_scores(answer).values())) for answer in answers)


def test_each_answer_is_judged_in_both_orders_at_temperature_0(tmp_path: Path, make_cases: MakeCases):
    cases = make_cases(3)
    with LlmServer(judging()) as server:
        (found,) = score(server, tmp_path, cases, answers_of(cases))

    assert found == JudgeScores("m", expected(answers_of(cases)), {}, 0.0)
    assert len(server.asked) == 6
    prompts = [asked.body["messages"][1]["content"] for asked in server.asked]
    assert sum(text.index("Reference:") < text.index("Answer to score:") for text in prompts) == 3
    assert all(asked.body["temperature"] == 0 for asked in server.asked)
    schema = server.asked[0].body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["correctness"] == {"type": "integer", "minimum": 0, "maximum": 100}
    assert "- activity: walking" in prompts[0]
    assert 'Question: "Describe this recording."' in prompts[0]


def test_the_mean_of_both_orders_counts_and_how_far_they_differ(tmp_path: Path, make_cases: MakeCases):
    def plan(_: int, body: dict[str, Any]) -> Answered:
        text = body["messages"][1]["content"]
        given = 80 if text.index("Reference:") < text.index("Answer to score:") else 60
        return completion(json.dumps(honest(body, **dict.fromkeys(Scores._fields, given))))

    with LlmServer(plan) as server:
        (found,) = score(server, tmp_path, make_cases(1), ["A person."])

    assert found.scores == (Scores(70, 70, 70, 70),)
    assert found.order_difference == 20


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "out of range": ({"correctness": 250}, reply.NO_SCORE),
    "a string": ({"correctness": "90"}, reply.NO_SCORE),
    "an extra key": ({"total": 90}, reply.OTHER_KEYS),
    "another id": ({"id": "000000000000"}, reply.ANOTHER_ID),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_count_for_nothing_and_are_counted(tmp_path: Path, make_cases: MakeCases, lie: str):
    changes, problem = LIES[lie]

    def plan(_: int, body: dict[str, Any]) -> Answered:
        is_lied_about = text_in(body, "Answer to score").endswith("number 1.")
        return completion(json.dumps(honest(body, **(changes if is_lied_about else {}))))

    cases = make_cases(3)
    with LlmServer(plan) as server:
        (found,) = score(server, tmp_path, cases, answers_of(cases))

    first, _, third = expected(answers_of(cases))
    assert found.scores == (first, None, third)
    assert found.unread == {problem: 2}
    assert len(server.asked) == 8  # what cannot be used is asked again once


def test_what_was_wrong_is_said_and_a_second_reply_may_mend_it(tmp_path: Path, make_cases: MakeCases):
    def plan(_: int, body: dict[str, Any]) -> Answered:
        is_second = len(body["messages"]) > 2
        return completion(json.dumps(honest(body)) if is_second else "I would say 90 of 100.")

    cases = make_cases(1)
    with LlmServer(plan) as server:
        (found,) = score(server, tmp_path, cases, ["A person."])

    assert (found.scores, found.unread) == (expected(["A person."]), {})
    again = [asked.body["messages"][2:] for asked in server.asked if len(asked.body["messages"]) > 2]
    assert again[0] == [
        {"role": "assistant", "content": "I would say 90 of 100."},
        {
            "role": "user",
            "content": "This reply cannot be used: no JSON. Write it again, exactly as it was asked for.",
        },
    ]


def test_a_judge_that_repeats_an_earlier_judgement_gives_nobody_another_ones_score(
    tmp_path: Path, make_cases: MakeCases
):
    first: list[str] = []
    lock = threading.Lock()

    def plan(_: int, body: dict[str, Any]) -> Answered:
        with lock:
            if not first:
                first.append(json.dumps(honest(body)))
        return completion(first[0])

    cases = make_cases(4)
    with LlmServer(plan) as server:
        (found,) = score(server, tmp_path, cases, answers_of(cases))

    assert found.scores == (None,) * 4  # the one judgement that is read is of one order alone
    assert found.unread == {reply.ANOTHER_ID: 7}


def test_judgements_that_are_swapped_between_samples_are_found_out(tmp_path: Path, make_cases: MakeCases):
    """Each request gets the judgement that was made of the request before it."""
    last: list[str] = []
    lock = threading.Lock()

    def plan(_: int, body: dict[str, Any]) -> Answered:
        with lock:
            last.append(json.dumps(honest(body)))
            return completion(last[-2] if len(last) > 1 else "One moment.")

    cases = make_cases(5)
    with LlmServer(plan) as server:
        (found,) = score(server, tmp_path, cases, answers_of(cases), pace=LlmPace(concurrency=1, tries=1))

    known = expected(answers_of(cases))
    assert all(scores is None or scores == known[nth] for nth, scores in enumerate(found.scores))
    assert sum(found.unread.values()) + sum(scores is not None for scores in found.scores) * 2 >= 5


def test_answers_alike_to_different_questions_are_judged_each_for_itself(tmp_path: Path, make_cases: MakeCases):
    cases = make_cases(3)
    with LlmServer(judging()) as server:
        score(server, tmp_path, cases, ["Walking."] * 3)

    assert len({name_in(asked.body) for asked in server.asked}) == 6


def test_a_stalling_server_is_given_up_and_its_samples_counted(tmp_path: Path, make_cases: MakeCases):
    def plan(_: int, body: dict[str, Any]) -> Answered:
        is_slow = text_in(body, "Answer to score").endswith("number 2.")
        given = completion(json.dumps(honest(body)))
        return Answered(body=given.body, after_s=0.6 if is_slow else 0.0)

    cases = make_cases(3)
    pace = LlmPace(concurrency=4, tries=2, first_pause_s=0.001, timeout_s=0.3)
    with LlmServer(plan) as server:
        (found,) = score(server, tmp_path, cases, answers_of(cases), pace=pace)

    assert found.scores == (*expected(answers_of(cases))[:2], None)
    assert found.unread == {"no answer: timed out": 2}


@pytest.mark.parametrize(
    ("bad", "seen"),
    [
        (failed(429, "slow down", Retry_After="0.01"), 3),
        (failed(503, "busy"), 3),
        (Answered(is_reset=True), 3),
        (Answered(body=b'{"choices": [', declared_bytes=500), 3),
        (Answered(body=b"<html>oops</html>"), 3),
    ],
    ids=["429", "503", "reset", "broken off", "no JSON"],
)
def test_what_passes_is_tried_again(tmp_path: Path, make_cases: MakeCases, bad: Answered, seen: int):
    cases = make_cases(1)
    with LlmServer(lambda number, body: bad if number == 1 else completion(json.dumps(honest(body)))) as server:
        (found,) = score(server, tmp_path, cases, ["A person."])

    assert (found.scores, found.unread, len(server.asked)) == (expected(["A person."]), {}, seen)


def test_a_reply_that_was_cut_off_counts_for_nothing(tmp_path: Path, make_cases: MakeCases):
    with LlmServer(lambda _, body: completion(json.dumps(honest(body))[:60], finish="length")) as server:
        (found,) = score(server, tmp_path, make_cases(1), ["A person."])

    assert (found.scores, found.unread) == ((None,), {reply.CUT_OFF: 2})


def test_nothing_is_paid_for_twice(tmp_path: Path, make_cases: MakeCases):
    cases = make_cases(2)
    with LlmServer(judging()) as server:
        before = score(server, tmp_path, cases, answers_of(cases))
        n_asked = len(server.asked)
        again = score(server, tmp_path, cases, answers_of(cases))

    assert (again, len(server.asked)) == (before, n_asked)


def test_a_dead_endpoint_loses_nothing_and_the_next_run_goes_on(tmp_path: Path, make_cases: MakeCases):
    cases = make_cases(6)
    is_alive = threading.Event()

    def plan(number: int, body: dict[str, Any]) -> Answered:
        return completion(json.dumps(honest(body))) if number <= 5 or is_alive.is_set() else failed(402, "no credit")

    with LlmServer(plan) as server:
        with pytest.raises(RunError) as caught:
            score(server, tmp_path, cases, answers_of(cases))
        assert str(caught.value) == (
            "the endpoint will answer nothing: HTTP 402, no credit\n"
            f"  where: {server.url}\n"
            "  fix:   mend that account; what was answered is kept: run the same command again"
        )
        n_kept = len((tmp_path / CACHE).read_text().splitlines())
        assert n_kept == 5
        is_alive.set()
        n_asked = len(server.asked)
        (found,) = score(server, tmp_path, cases, answers_of(cases))

    assert found.scores == expected(answers_of(cases))
    assert len(server.asked) - n_asked == 12 - n_kept


def test_an_endpoint_that_is_not_there_says_so(tmp_path: Path, make_cases: MakeCases):
    with LlmServer() as server:
        pass
    with pytest.raises(RunError) as caught:
        score(server, tmp_path, make_cases(1), ["A person."])

    assert str(caught.value) == (
        "the endpoint answered nothing in 3 tries: no connection, [Errno 111] Connection refused\n"
        f"  where: {server.url}\n"
        "  fix:   see that the endpoint works; what was answered is kept: run the same command again"
    )


def test_errors_name_the_settings_of_an_evaluation(tmp_path: Path, make_cases: MakeCases):
    with LlmServer(lambda _number, _body: failed(404, "no such model")) as server, pytest.raises(UsageError) as caught:
        score(server, tmp_path, make_cases(1), ["A person."])

    assert caught.value.fix == "check `eval.judge.url` and `eval.judge.models`"


def test_beyond_its_budget_nothing_is_asked(tmp_path: Path, make_cases: MakeCases):
    cases = make_cases(4)
    one_at_a_time = LlmPace(concurrency=1)
    with LlmServer(judging()) as server:  # 2,500 tokens each
        (found,) = score(server, tmp_path, cases, answers_of(cases), pace=one_at_a_time, most_tokens=10_000)
        (again,) = score(server, tmp_path, cases, answers_of(cases), pace=one_at_a_time, most_tokens=10_000)

    assert found.scores == (*expected(answers_of(cases))[:2], None, None)
    assert found.unread == {BEYOND_BUDGET: 4}
    assert (again, len(server.asked)) == (found, 4)


def test_requests_keep_the_pace(tmp_path: Path, make_cases: MakeCases):
    began = time.monotonic()
    with LlmServer(judging()) as server:
        score(server, tmp_path, make_cases(2), ["A.", "B."], pace=LlmPace(concurrency=4, requests_a_minute=600))

    assert time.monotonic() - began >= 0.3  # three pauses of a tenth of a second between four requests


def choose(server: LlmServer, folder: Path, cases: Sequence[Case], pairs: Sequence[tuple[str, str]]) -> JudgeChoices:
    """Judge pairs as an evaluation does."""
    config = JudgeConfig(url=server.url, models=("m",))
    with opened_judges(config, folder, QUICK) as judges:
        return choose_answers(cases, pairs, config.models, judges, lambda _n: None)[0]


def test_a_pair_is_won_in_both_orders_or_not_at_all(tmp_path: Path, make_cases: MakeCases):
    with LlmServer(judging()) as server:
        found = choose(server, tmp_path, make_cases(3), [("longer", "short"), ("a", "bb"), ("ab", "cd")])

    assert found == JudgeChoices("m", (1.0, 0.0, 0.5), {}, 0)
    assert len(server.asked) == 6


def test_a_judge_that_always_prefers_the_first_decides_nothing(tmp_path: Path, make_cases: MakeCases):
    with LlmServer(judging(better="first")) as server:
        found = choose(server, tmp_path, make_cases(3), [("longer", "short"), ("a", "bb"), ("ab", "cd")])

    assert found == JudgeChoices("m", (0.5, 0.5, 0.5), {}, 3)
