"""What happens to launched ranks, and to the command that launched them, when something dies."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from processes import are_gone, parent_of, rank_pids

from llasa_core.errors import InterruptedRun, LlasaError, ModelError
from llasa_core.files import write_json
from llasa_core.launching.folder import RankFolder
from llasa_core.launching.following import launch
from llasa_core.launching.hosts import Host
from llasa_core.launching.place import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="deepspeed is a Linux-only requirement")

HERE = Path(__file__).parent
GO_ON = "the end of that file may say more; the same command goes on from what is kept"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RankFolder:
    """A folder for ranks that count."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])))
    (tmp_path / "wrongs").mkdir()
    run = RankFolder(tmp_path / "run")
    write_json(run.begun_file, {"seed": 7})
    return run


def count(
    run: RankFolder,
    at_third: Callable[[], None] = lambda: None,
    *,
    module: str = "rank_that_counts",
    n_ranks: int = 2,
    say: Callable[[str], None] = lambda _text: None,
) -> None:
    """Launch ranks that count, and do something once, at their third step, or when all have begun if that is later."""
    still_to_do = [at_third]

    def tell(progress: dict[str, Any]) -> None:
        if still_to_do and progress["step"] >= 3 and len(rank_pids(run)) == n_ranks:
            still_to_do.pop()()

    wrongs = str(run.folder.with_name("wrongs"))
    launch(module, run, [wrongs], [Host("localhost", n_ranks)], port=free_port(), tell=tell, say=say)


def assert_gone(run: RankFolder) -> None:
    found = rank_pids(run)
    assert len(found) == 2
    assert are_gone(found.values(), within_s=0)


def error_of(run: RankFolder, at_third: Callable[[], None] = lambda: None, **wrong: int) -> str:
    """Return what the command says when ranks go wrong after so many steps."""
    for name, step in wrong.items():
        (run.folder.with_name("wrongs") / name.replace("_", "-")).write_text(str(step))
    with pytest.raises(LlasaError) as caught:
        count(run, at_third)
    assert_gone(run)
    return str(caught.value)


def test_a_rank_that_is_killed_is_named_with_the_signal(run: RankFolder):
    said = error_of(run, lambda: os.kill(rank_pids(run)[1], signal.SIGKILL))

    assert said == (
        "rank 1 was killed by signal 9 (SIGKILL); often the host's memory ran out\n"
        f"  where: {run.folder / 'launcher.log'}\n"
        f"  fix:   {GO_ON}"
    )


def test_a_ranks_exception_comes_before_what_it_did_to_another(run: RankFolder):
    said = error_of(run, rank0_loses=3, rank1_fails=3)

    assert said == (
        "rank 1 failed: ValueError: no such luck\n"
        f"  where: {run.folder / 'launcher.log'}\n"
        "  fix:   the traceback is in that file; the same command goes on from what is kept"
    )
    assert "ValueError: no such luck" in (run.folder / "launcher.log").read_text()


def test_an_error_of_ours_is_raised_as_the_rank_raised_it(run: RankFolder):
    (run.folder.with_name("wrongs") / "rank0-refuses").write_text("1")

    with pytest.raises(ModelError) as caught:
        count(run, n_ranks=1)

    assert str(caught.value) == "it is damaged\n  where: projector.safetensors\n  fix:   copy it again"


def test_a_rank_that_cannot_begin_says_the_last_line_of_its_traceback(run: RankFolder):
    with pytest.raises(LlasaError) as caught:
        count(run, module="no_such_module", n_ranks=1)  # two would write the line at once, one into the other

    assert str(caught.value) == (
        f"the deepspeed launcher ended with code 1: {sys.executable}: No module named no_such_module\n"
        f"  where: {run.folder / 'launcher.log'}\n"
        f"  fix:   {GO_ON}"
    )


def test_the_launchers_death_ends_its_ranks(run: RankFolder):
    said = error_of(run, lambda: os.kill(parent_of(rank_pids(run)[0]), signal.SIGKILL))

    assert said.splitlines()[0] == (
        "the deepspeed launcher was killed by signal 9 (SIGKILL); often the host's memory ran out"
    )


COMMAND = """
import sys
sys.path[:0] = sys.argv[1:3]
from pathlib import Path
import test_launching
from llasa_core.launching.folder import RankFolder
test_launching.count(RankFolder(Path(sys.argv[3])))
"""


def begun(run: RankFolder) -> subprocess.Popen[bytes]:
    """Start a command of its own, and return it once both ranks count."""
    command = subprocess.Popen([sys.executable, "-c", COMMAND, str(HERE), str(HERE.parent), str(run.folder)])
    while len(rank_pids(run)) < 2:
        assert command.poll() is None
        time.sleep(0.02)
    return command


def test_ranks_end_when_their_command_is_killed(run: RankFolder):
    with begun(run) as command:
        found = rank_pids(run)
        command.kill()

        assert are_gone(found.values(), within_s=2)


def test_a_terminals_interrupt_reaches_the_command_alone(run: RankFolder):
    sessions: set[int] = set()
    said: list[str] = []

    def interrupt() -> None:
        sessions.update(map(os.getsid, rank_pids(run).values()))
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(InterruptedRun) as caught:
        count(run, interrupt, say=said.append)

    assert len(sessions) == 1
    assert os.getsid(0) not in sessions
    assert said == ["stopping, and what is done is kept; once more stops at once"]
    assert re.fullmatch(r"stopped after step \d+; nothing is lost", caught.value.message)
    assert {file.name for file in run.folder.glob("state*")} == {"state0", "state1"}
    assert_gone(run)


def test_a_second_interrupt_stops_at_once(run: RankFolder):
    def interrupt_twice() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(InterruptedRun) as caught:
        count(run, interrupt_twice)

    assert str(caught.value) == (
        f"stopped at once\n  where: {run.folder}\n  fix:   the same command goes on from what is kept"
    )
    assert_gone(run)
