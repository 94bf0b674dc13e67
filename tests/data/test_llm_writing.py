from __future__ import annotations

import errno
import json
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from llm_fakes.gait import ACTIVITIES, recording_of, walking
from llm_fakes.server import Answered, LlmServer, completion, failed, good_reply, true_reply

from llasa_core.data.llm_written.settings import LlmPace, LlmRun, LlmSettings, Prices
from llasa_core.data.llm_written.writing import cache_file_of, chosen_windows, llm_writer
from llasa_core.data.qa import read_qa, write_qa
from llasa_core.errors import LlasaError, RunError, UsageError

if TYPE_CHECKING:
    from llasa_core.data.qa import QaItem

QUICK = LlmRun(LlmPace(concurrency=4, first_pause_s=0.001, longest_pause_s=0.01, timeout_s=5.0))
TESTS = Path(__file__).parents[1]


class Result:
    """What a run gave."""

    def __init__(self, server: LlmServer, folder: Path, n_windows: int, run: LlmRun = QUICK, **settings: Any) -> None:
        samples = walking(n_windows)
        recording = recording_of(samples)
        chosen = LlmSettings(url=server.url, model="m", **settings)
        counts = [(recording.name, n_windows)]
        with llm_writer(chosen, folder / "answers.jsonl", counts, ACTIVITIES, run=run) as writer:
            self.items: list[QaItem] = list(writer.items([(recording, samples)]))
            self.left_out = writer.left_out()
            self.spent = writer.asking.spent

    @property
    def windows(self) -> set[int]:
        """Rows with an item."""
        return {item.windows[0].row for item in self.items}

    def amounts(self, unit: str) -> dict[str, int]:
        """What was left out, by reason."""
        return {part["reason"]: part["count"] for part in self.left_out if part["unit"] == unit}


def test_each_window_gets_a_caption_a_narration_and_five_pairs(tmp_path: Path):
    with LlmServer() as server:
        result = Result(server, tmp_path, 3)

    assert Counter(item.kind for item in result.items) == {"caption": 3, "reasoning": 6, "activity": 3, "fact": 9}
    assert result.items[0].id == "own/a/0/caption-llm-0"
    assert result.items[0].conversations[1].text == "The person is walking, with a mean amplitude deviation of 163 mg."
    assert result.items[0].facts == {
        "activity": "walking",
        "claims": [{"fact": "intensity_mg", "value": 163.0, "unit": "mg"}],
    }
    assert result.items[1].conversations[1].text.startswith("The mean amplitude deviation is 163 mg, which is moderate")
    assert result.items[2].conversations[0].text == "<sensor>\nWhat is the person doing?"
    assert (result.left_out, result.spent.requests) == ([], 3)
    assert write_qa(tmp_path / "qa-train.json", result.items) == 21
    assert read_qa(tmp_path / "qa-train.json") == result.items


def test_what_fails_is_asked_again_once_with_the_reason_and_what_holds_is_kept(tmp_path: Path):
    def plan(_: int, body: dict[str, Any]) -> Answered:
        if len(body["messages"]) > 2:
            return completion(good_reply(body))
        reply = true_reply(body["messages"][1]["content"])
        reply["summary"] = "The person is walking at 90 steps a minute."
        reply["pairs"][4]["answer"] = "The person is jogging."
        return completion(json.dumps(reply))

    with LlmServer(plan) as server:
        result = Result(server, tmp_path, 1)

    assert (len(result.items), result.left_out) == (7, [])
    second = server.asked[1].body
    assert second["messages"][:2] == server.asked[0].body["messages"]
    assert second["messages"][3]["content"].startswith(
        "Your reply cannot be used as it is:\n"
        "- summary: 90 steps/min is not the cadence_spm, which is 114\n"
        '- pair 5: it names "jogging"; the activity is walking, and no other may be named\n'
        "\n"
        "Write these parts again. "
        'Reply with one JSON object that has the keys ["summary", "pairs"], and nothing around it.\n'
    )
    assert '"pairs": 1 questions' in second["messages"][3]["content"]


def test_what_fails_twice_is_left_out_and_counted(tmp_path: Path):
    def plan(_: int, body: dict[str, Any]) -> Answered:
        reply = json.loads(good_reply(body))
        reply["pairs"][-1] = {"question": "What is seen?", "answer": "The person is at rest."}
        return completion(json.dumps(reply))

    with LlmServer(plan) as server:
        result = Result(server, tmp_path, 2)

    assert len(result.items) == 12
    assert result.left_out == [
        {"source": "own/a", "reason": "LLM: words that contradict a fact", "count": 2, "unit": "answers"}
    ]


@pytest.mark.parametrize("text", ["Sure! Walking.", "", None, "[]", '{"summary": "A'])
def test_a_window_of_which_no_answer_holds_is_counted(tmp_path: Path, text: str | None):
    with LlmServer(lambda _number, _body: completion(text)) as server:
        result = Result(server, tmp_path, 1)

    assert result.items == []
    assert result.amounts("windows") == {"LLM: none of its answers holds": 1}
    assert result.amounts("answers") == {"LLM: not in the form that was asked for": 7}
    assert len(server.asked) == 2


def test_an_answer_that_was_cut_off_is_asked_again(tmp_path: Path):
    with LlmServer(lambda number, body: completion(good_reply(body), "length" if number == 1 else "stop")) as server:
        result = Result(server, tmp_path, 1)

    assert len(result.items) == 7
    assert "it was cut off, as it is too long; write less" in server.asked[1].body["messages"][3]["content"]


def test_a_question_is_not_asked_twice_of_a_window(tmp_path: Path):
    def plan(_: int, body: dict[str, Any]) -> Answered:
        reply = json.loads(good_reply(body))
        reply["pairs"] = [{"question": "What is done?", "answer": "The person is walking."}] * len(reply["pairs"])
        return completion(json.dumps(reply))

    with LlmServer(plan) as server:
        result = Result(server, tmp_path, 1)

    assert result.amounts("answers") == {"LLM: a question asked twice": 4}


def test_a_second_run_asks_nothing_and_writes_the_same(tmp_path: Path):
    with LlmServer() as server:
        first = Result(server, tmp_path, 5)
        second = Result(server, tmp_path, 5)

    assert second.items == first.items
    assert (len(server.asked), second.spent.requests, second.spent.stored) == (5, 0, 5)


def test_a_larger_limit_pays_only_for_what_is_new(tmp_path: Path):
    with LlmServer() as server:
        small = Result(server, tmp_path, 10, limit=3)
        large = Result(server, tmp_path, 10, limit=6)

    assert (len(small.windows), len(large.windows), small.windows < large.windows) == (3, 6, True)
    assert len(server.asked) == 6
    assert small.left_out == [
        {"source": "own/a", "reason": "not asked: beyond `--limit`", "count": 7, "unit": "windows"}
    ]


def test_a_limit_takes_windows_of_all_recordings():
    counts = [("a", 500), ("b", 500)]

    chosen = chosen_windows(counts, 100, seed=7)

    assert chosen is not None
    assert 30 < sum(name.startswith("a/") for name in chosen) < 70
    assert chosen_windows(counts, None, seed=7) is None


def test_the_cost_is_told_before_and_during(tmp_path: Path):
    told: list[str] = []
    progress: list[tuple[float, str]] = []
    run = LlmRun(QUICK.pace, Prices(1.0, 4.0), lambda done, words: progress.append((done, words)), told.append)

    with LlmServer() as server:
        Result(server, tmp_path, 2, run)

    assert len(told) == 1
    assert re.sub(r"about 5,\d{3} tokens", "about 5,000 tokens", told[0]) == (
        "2 windows to write about: about 5,000 tokens in and 1,400 out, cost about 0.01; about twice as much where all "
        "has to be asked again, and nothing for answers that are stored"
    )
    assert progress[-1] == (100.0, "2 of 2 windows, 2 requests, 4,000 tokens in and 1,000 out, cost 0.01")


FAILURES = (
    failed(429, Retry_After="0.01"),
    failed(500),
    Answered(502, b"<html>Bad gateway</html>"),
    Answered(body=b"<html>Log in</html>"),
    Answered(body=completion("Hello").body[:60]),
    Answered(body=b'{"choices": []}'),
    Answered(body=b'{"result": "Hello"}'),
    Answered(is_reset=True),
    Answered(body=b"[" * 100_000, repeat=50),
    Answered(body=b"{}", declared_bytes=500),
    Answered(after_s=0.5, body=b"{}"),
    completion("Sure! The person walks."),
    completion('{"summary": "A person'),
    completion('{"caption": "Walking"}'),
    completion(None),
)


def test_at_a_fifth_of_failures_every_window_ends_with_an_answer_or_a_named_reason(tmp_path: Path):
    n_windows = 150
    chance = random.Random(5)  # noqa: S311 - no secret depends on it
    run = LlmRun(LlmPace(concurrency=8, first_pause_s=0.001, longest_pause_s=0.01, timeout_s=0.3))

    def plan(number: int, body: dict[str, Any]) -> Answered:
        is_failing = number > 1 and chance.random() < 0.2
        return chance.choice(FAILURES) if is_failing else completion(good_reply(body))

    with LlmServer(plan) as server:
        result = Result(server, tmp_path, n_windows, run)

    assert len(result.windows) + sum(result.amounts("windows").values()) == n_windows
    assert len(result.items) + sum(result.amounts("answers").values()) == 7 * n_windows
    assert len(result.windows) > 0.9 * n_windows
    assert result.spent.failures > 15


def test_a_window_that_stays_without_an_answer_is_left_out_with_the_reason(tmp_path: Path):
    def plan(number: int, body: dict[str, Any]) -> Answered:
        is_bad = number > 1 and "- peak acceleration: 1.27" in body["messages"][1]["content"]
        return failed(500) if is_bad else completion(good_reply(body))

    with LlmServer(plan) as server:
        result = Result(server, tmp_path, 12)

    n_bad = result.amounts("windows")["LLM: no answer: HTTP 500"]
    assert 0 < n_bad == 12 - len(result.windows)


def error_of(plan: Any, folder: Path, n_windows: int = 30) -> tuple[LlasaError, LlmServer]:
    with LlmServer(plan) as server, pytest.raises(LlasaError) as caught:
        Result(server, folder, n_windows)
    return caught.value, server


def test_a_key_that_is_not_taken_ends_the_run_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LLASA_API_KEY", "sk-secret")
    error, server = error_of(lambda _number, _body: failed(401, "Incorrect key sk-secret", "invalid_api_key"), tmp_path)

    assert isinstance(error, UsageError)
    assert str(error) == (
        "the endpoint does not take the key: HTTP 401, invalid_api_key Incorrect key …\n"
        f"  where: {server.url}\n"
        "  fix:   set LLASA_API_KEY to a key of this endpoint; what was answered is kept: run the same command again"
    )
    assert len(server.asked) <= QUICK.pace.concurrency


@pytest.mark.parametrize(
    ("answered", "message", "fix"),
    [
        (
            failed(404, "no model m"),
            "the endpoint knows no such address or model: HTTP 404, no model m",
            "check `--llm-url` and `--llm-model`",
        ),
        (
            failed(308, location="https://elsewhere.example.com/v1"),
            (
                "the endpoint sends us elsewhere, and recordings go only where they were meant to: HTTP 308, "
                "go to https://elsewhere.example.com/v1"
            ),
            "pass the final address as `--llm-url`, if you trust it",
        ),
        (
            failed(429, "You are over your quota", "insufficient_quota"),
            "the endpoint will answer nothing: HTTP 429, insufficient_quota You are over your quota",
            "mend that account; what was answered is kept: run the same command again",
        ),
        (
            failed(429, "Come back tomorrow", Retry_After="7200"),
            "the endpoint wants us to wait 120 min (HTTP 429)",
            "what was answered is kept: run the same command again then",
        ),
        (
            failed(500, "out of memory"),
            "the endpoint answered nothing in 6 tries: HTTP 500, out of memory",
            "see that the endpoint works; what was answered is kept: run the same command again",
        ),
        (
            failed(400, "context is too long"),
            "the endpoint left 20 requests in a row unanswered: HTTP 400, context is too long",
            "see that the endpoint works; what was answered is kept: run the same command again",
        ),
    ],
    ids=["model", "redirection", "quota", "wait", "down", "refuses all"],
)
def test_an_endpoint_that_will_answer_nothing_ends_the_run(tmp_path: Path, answered: Answered, message: str, fix: str):
    error, server = error_of(lambda _number, _body: answered, tmp_path)

    assert str(error) == f"{message}\n  where: {server.url}\n  fix:   {fix}"


def test_an_endpoint_that_dies_midway_ends_the_run_and_what_it_answered_is_kept(tmp_path: Path):
    with LlmServer(lambda number, body: completion(good_reply(body)) if number <= 10 else failed(503)) as server:
        with pytest.raises(RunError) as caught:
            Result(server, tmp_path, 60)
        server.plan = lambda _number, body: completion(good_reply(body))
        again = Result(server, tmp_path, 60)

    assert caught.value.message == "the endpoint left 20 requests in a row unanswered: HTTP 503, it failed"
    assert (again.spent.stored, again.spent.requests, len(again.windows)) == (10, 50, 60)


def test_another_endpoint_gives_other_answers(tmp_path: Path):
    with LlmServer() as server, LlmServer() as other:
        Result(server, tmp_path, 2)

        assert Result(other, tmp_path, 2).spent.stored == 0


SCRIPT = """
import sys
from pathlib import Path
from llm_fakes.gait import ACTIVITIES, recording_of, walking
from llasa_core.data.llm_written.settings import LlmPace, LlmRun, LlmSettings
from llasa_core.data.llm_written.writing import llm_writer
samples = walking(40)
recording = recording_of(samples)
settings = LlmSettings(url=sys.argv[1], model="m")
with llm_writer(settings, Path(sys.argv[2]), [(recording.name, 40)], ACTIVITIES, run=LlmRun(LlmPace(4))) as writer:
    print(sum(1 for _ in writer.items([(recording, samples)])))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_killed_halfway_and_run_again_nothing_that_was_answered_is_sent_twice(tmp_path: Path):
    file = tmp_path / "answers.jsonl"

    def slow(_: int, body: dict[str, Any]) -> Answered:
        answered = completion(good_reply(body))
        answered.after_s = 0.03
        return answered

    with LlmServer(slow) as server:
        command = [sys.executable, "-c", SCRIPT, server.url, str(file)]
        first = subprocess.Popen(command, cwd=TESTS)
        give_up = time.monotonic() + 60
        while not file.is_file() or file.read_bytes().count(b"\n") < 10:
            assert time.monotonic() < give_up
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
        first.wait()
        n_kept = file.read_bytes().count(b"\n")
        n_before = len(server.asked)

        again = subprocess.run(command, cwd=TESTS, check=True, capture_output=True, text=True)

    assert n_kept < 40
    assert n_before - n_kept <= 4  # only what was under way is lost
    assert len(server.asked) - n_before == 40 - n_kept
    assert int(again.stdout) == 7 * 40


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to another process there")
def test_interrupted_what_is_under_way_is_kept_and_nothing_more_is_asked(tmp_path: Path):
    def slow(number: int, body: dict[str, Any]) -> Answered:
        answered = completion(good_reply(body))
        answered.after_s = 0.0 if number < 4 else 2.0  # time enough to be interrupted in, on a busy machine too
        return answered

    with LlmServer(slow) as server:
        command = [sys.executable, "-c", SCRIPT, server.url, str(tmp_path / "answers.jsonl")]
        process = subprocess.Popen(command, cwd=TESTS, stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + 60
        while len(server.asked) < 6:
            assert time.monotonic() < give_up
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.wait(20)

    assert (tmp_path / "answers.jsonl").read_bytes().count(b"\n") == len(server.asked) < 20


def test_a_full_disk_ends_the_run_before_more_is_paid_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("llasa_core.data.llm_written.cache.os.fsync", full)
    error, server = error_of(None, tmp_path)

    assert str(error) == (
        "the disk is full: answers.jsonl was not written\n"
        f"  where: {tmp_path / 'answers.jsonl'}\n"
        "  fix:   free some space and run the same command again"
    )
    assert len(server.asked) <= QUICK.pace.concurrency


def test_the_answers_lie_beside_the_data_folder(tmp_path: Path):
    assert cache_file_of(tmp_path / "data" / "hapt") == tmp_path.resolve() / "data" / "hapt.llm-answers.jsonl"
