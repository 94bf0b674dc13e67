from __future__ import annotations

import threading
import time
from itertools import count, islice

import pytest

from llasa_core.data.llm_written.in_order import in_order
from llasa_core.data.llm_written.pace import Pace, Stopped


def nothing() -> None:
    """Stop nothing."""


def test_requests_are_spread_over_the_minute():
    pace = Pace(requests_a_minute=1200)
    begun = time.monotonic()

    for _ in range(5):
        pace.wait(1000)

    assert 0.2 <= time.monotonic() - begun < 2  # four pauses of 50 ms


def test_tokens_are_spread_and_what_was_not_used_is_given_back():
    pace = Pace(tokens_a_minute=60_000)
    pace.wait(10_000)  # ten seconds' worth
    pace.took(100, instead_of=10_000)
    begun = time.monotonic()

    pace.wait(1)

    assert 0.02 <= time.monotonic() - begun < 2


def test_an_endpoint_that_wants_a_pause_gets_it_from_all():
    pace = Pace()
    pace.hold(0.1)
    begun = time.monotonic()

    pace.wait(1)

    assert 0.05 <= time.monotonic() - begun < 2


def test_who_waits_is_woken_when_the_run_is_over():
    pace = Pace()
    threading.Timer(0.02, pace.stop).start()

    with pytest.raises(Stopped):
        pace.pause(60)
    with pytest.raises(Stopped):
        pace.wait(1)


def test_results_come_in_the_order_of_the_jobs():
    def slow_first(job: int) -> int:
        time.sleep(0.02 if job % 4 == 0 else 0)
        return job * job

    assert list(in_order(slow_first, range(50), 4, stop=nothing)) == [(job, job * job) for job in range(50)]


def test_jobs_are_taken_a_little_ahead_of_the_results_only():
    taken = []
    jobs = (taken.append(job) or job for job in count())

    results = in_order(lambda job: job, jobs, 2, stop=nothing)

    assert [job for job, _ in islice(results, 3)] == [0, 1, 2]
    assert len(taken) <= 3 + 2 * 8
    results.close()


def test_an_error_ends_all_when_its_turn_comes():
    stopped = threading.Event()

    def work(job: int) -> int:
        return 10 // (3 - job)

    results = in_order(work, range(100), 2, stop=stopped.set)

    with pytest.raises(ZeroDivisionError):
        list(results)
    assert stopped.is_set()
