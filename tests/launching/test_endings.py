"""Which error a run ends with, of all that its ranks and launchers left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llasa_core.errors import DataError, ErrorGroup, InterruptedRun, LlasaError, RecipeError, RunError
from llasa_core.launching.endings import Endings
from llasa_core.launching.folder import RankFolder
from llasa_core.launching.hosts import Host
from llasa_core.launching.ranks import heard, said

HOST = Host("b", 2)
RUN = RankFolder(Path("runs/tiny/eval"))
LOG = RUN.folder / "launcher.log"
LOST = RuntimeError("[../third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:5093")


def endings(*events: tuple[str, Any]) -> Endings:
    """Return what is known after events: (method, arguments)."""
    known = Endings(RUN)
    for name, arguments in events:
        getattr(known, name)(*arguments)
    return known


def says(error: BaseException, rank: int = 0) -> tuple[str, Any]:
    return "hear", (said(error, rank, RUN),)


def cause(*events: tuple[str, Any]) -> str:
    return endings(*events).cause(is_done=False).message


def test_nothing_is_wrong_with_ranks_and_launchers_that_end_well():
    known = endings(("rank_ended", (0, 0)), ("rank_ended", (1, 0)), ("launcher_ended", (HOST, 0)))

    assert known.cause(is_done=False) is None
    assert not known.is_failing


def test_a_ranks_error_comes_before_its_echoes_and_its_launchers_end():
    assert (
        cause(says(LOST), ("rank_ended", (0, 1)), says(DataError("no windows"), 1), ("launcher_ended", (HOST, 1)))
        == "no windows"
    )


def test_an_echo_is_said_where_nothing_else_is_known():
    assert cause(says(LOST)) == f"rank 0 failed: RuntimeError: {LOST}"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (("rank_ended", (1, -9)), "rank 1 was killed by signal 9 (SIGKILL); often the host's memory ran out"),
        (("rank_ended", (1, -11)), "rank 1 was killed by signal 11 (SIGSEGV)"),
        (("rank_ended", (1, -35)), "rank 1 was killed by signal 35 (unknown)"),
        (("rank_ended", (1, 7)), "rank 1 ended with code 7"),
        (("launcher_ended", (HOST, -15)), "the deepspeed launcher on host b was killed by signal 15 (SIGTERM)"),
        (("launcher_ended", (HOST, 245)), "a rank on host b was killed by signal 11 (SIGSEGV)"),
        (("launcher_ended", (HOST, 2)), "the deepspeed launcher on host b ended with code 2"),
    ],
)
def test_what_says_nothing_itself_is_named_with_how_it_ended(event: tuple[str, Any], message: str):
    error = endings(event).cause(is_done=False)

    assert str(error) == (
        f"{message}\n"
        f"  where: {LOG}\n"
        "  fix:   the end of that file may say more; the same command goes on from what is kept"
    )


def test_the_first_rank_that_died_is_named_though_the_launcher_kills_the_others():
    assert cause(
        ("rank_ended", (1, -9)), ("rank_ended", (0, -15)), says(LOST), ("launcher_ended", (HOST, 247))
    ).startswith("rank 1 was killed by signal 9")


def test_the_launcher_tells_the_signal_where_it_was_quicker_than_we_were():
    assert cause(("rank_ended", (1, None)), ("launcher_ended", (HOST, 247))).startswith("rank 1 was killed by signal 9")


def test_a_launchers_death_comes_before_that_of_its_ranks():
    assert cause(("rank_ended", (0, -9)), ("launcher_ended", (HOST, -9))).startswith(
        "the deepspeed launcher on host b was"
    )


def test_the_last_line_of_a_traceback_is_said_of_what_ended_without_a_word():
    lines = [
        "Traceback (most recent call last):",
        '  File "x.py", line 1',
        "ImportError: libcudart.so.12: no such file",
        "x",
    ]

    assert cause(("rank_ended", (1, 1)), *(("read", (line,)) for line in lines), ("launcher_ended", (HOST, 1))) == (
        "rank 1 ended with code 1: ImportError: libcudart.so.12: no such file"
    )


def test_a_host_that_ssh_did_not_reach_is_named_with_ssh_s_reason():
    known = Endings(RUN)
    known.connection_ended(HOST, had_ranks=False, last_words="ssh: connect to host b port 22: Connection refused")

    assert str(known.cause(is_done=False)) == (
        "host b cannot be reached by ssh: ssh: connect to host b port 22: Connection refused\n"
        "  fix:   make `ssh b true` work without a question: its name, its ssh server, your key, its host key"
    )


def test_a_connection_that_was_lost_later_is_said_as_that():
    known = Endings(RUN)
    known.connection_ended(HOST, had_ranks=True, last_words="step 3")

    assert known.cause(is_done=False).message == "the connection to host b was lost, or its launcher was killed"


def test_a_run_that_was_asked_to_stop_does_not_fail():
    known = endings(says(InterruptedRun("stopped after step 3 of 6")))

    assert not known.is_failing
    assert isinstance(known.cause(is_done=False), InterruptedRun)


def test_ranks_of_a_run_that_is_done_may_end_as_they_like():
    late = endings(("rank_ended", (1, -9)), ("launcher_ended", (HOST, 247)))
    in_its_work = endings(says(RunError("the disk is full")))

    assert late.cause(is_done=True) is None
    assert in_its_work.cause(is_done=True).message == "the disk is full"


@pytest.mark.parametrize(
    "error", [RecipeError("wrong", where="a.yaml:3:1", fix="mend it"), RunError("failed"), InterruptedRun("stopped")]
)
def test_an_error_of_ours_is_heard_as_it_was_said(error: LlasaError):
    again = heard(said(error, 1, RUN))

    assert (type(again), str(again)) == (type(error), str(error))


def test_of_several_mistakes_the_first_is_said():
    assert heard(said(ErrorGroup([DataError("one"), DataError("two")]), 1, RUN)).message == "one"


def test_an_error_of_others_is_said_with_its_rank_and_its_traceback():
    assert str(heard(said(ValueError("no such luck"), 3, RUN))) == (
        "rank 3 failed: ValueError: no such luck\n"
        f"  where: {LOG}\n"
        "  fix:   the traceback is in that file; the same command goes on from what is kept"
    )


def test_a_gpu_whose_memory_ran_out_is_named():
    class OutOfMemoryError(RuntimeError):  # torch.OutOfMemoryError, which only a GPU raises
        pass

    error = OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 139 GiB")

    assert str(heard(said(error, 3, RUN))) == (
        "rank 3 ran out of GPU memory: CUDA out of memory\n"
        f"  where: {LOG}\n"
        "  fix:   use a GPU with more memory, or end what else runs on it"
    )


def test_a_long_error_stays_within_what_a_pipe_writes_at_once():
    words = said(ValueError("x" * 10_000), 3, RUN)

    assert len(str(words)) < 4096
