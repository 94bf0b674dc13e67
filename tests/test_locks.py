"""Locks that one process holds alone, or several together."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from llasa_core.errors import RunError
from llasa_core.locks import wait_until_free

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ranks are launched on Linux alone")

HOLDER = """
import sys, time
from pathlib import Path
from llasa_core.locks import hold_together
hold_together(Path(sys.argv[1]), sys.argv[2])
print(flush=True)
time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def holders(tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes that hold a lock together, for a second."""
    started = []
    for who in ("rank 0", "rank 1"):
        command = [sys.executable, "-c", HOLDER, str(tmp_path / "ranks.lock"), who, "1"]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        started[-1].stdout.readline()
    yield started
    for process in started:
        process.kill()
        process.communicate()


def test_a_lock_that_nobody_holds_is_free_at_once_and_its_file_goes(tmp_path: Path):
    lock = tmp_path / "ranks.lock"
    wait_until_free(lock, patience_s=0)
    lock.touch()
    wait_until_free(lock, patience_s=0)

    assert not lock.exists()


def test_those_who_hold_a_lock_together_are_named(tmp_path: Path, holders: list[subprocess.Popen[bytes]]):
    with pytest.raises(RunError) as caught:
        wait_until_free(tmp_path / "ranks.lock", patience_s=0)

    assert len(holders) == 2
    assert str(caught.value) == (
        "an earlier command is still at work here: rank 0, rank 1\n"
        f"  where: {tmp_path}\n"
        "  fix:   end these processes, then run the same command again"
    )


def test_a_lock_is_waited_for_until_the_last_who_holds_it_has_ended(
    tmp_path: Path, holders: list[subprocess.Popen[bytes]]
):
    wait_until_free(tmp_path / "ranks.lock", patience_s=20)

    time.sleep(0.1)
    assert [process.poll() for process in holders] == [0, 0]
