"""A job watched from its place in the queue to its end."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from llasa_core.cluster.script import START_MARK
from llasa_core.cluster.slurm import UNKNOWN, JobState, SlurmAwayError, state_of
from llasa_core.errors import ErrorGroup, InterruptedRun, LlasaError, RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.cluster.script import Job

LOOKS_EVERY_S = 0.25
"""How often the log is looked at."""
ASKS_EVERY_S = (0.5, 15.0)
"""How often Slurm is asked, at first and after minutes: a controller serves many."""
SHOWN_WITHIN_S = 10.0
"""What another machine wrote may show up late on a network's disk."""
ERROR_MARK = '{"error": '
"""Begins the one line of the log that is for programs."""


def follow(job: Job, job_id: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Tell what a job does until it ends.

    Args:
        job: what was submitted.
        job_id: the number that it got.
        say: told each line of its log, and each change of its state.

    Returns:
        The command's result.

    Raises:
        LlasaError: the command's own error with its own exit code, or what Slurm did to the job.
        InterruptedRun: Ctrl-C; the job goes on.
    """
    log = Tail(job.log(job_id))
    try:
        state = _watch(job_id, log, say)
    except KeyboardInterrupt:
        raise InterruptedRun(
            f"job {job_id} is no longer followed; it goes on",
            where=log.file,
            fix=f"`{job.typed}` follows it again, `scancel {job_id}` cancels it",
        ) from None
    return result_of(job, job_id, state)


def _watch(job_id: str, log: Tail, say: Callable[[str], None]) -> JobState:
    begun = asked = time.monotonic()
    told = state = JobState("")
    pause = 0.0
    while not state.is_over:
        if time.monotonic() - asked >= pause:
            asked = time.monotonic()
            pause = min(max(ASKS_EVERY_S[0], (asked - begun) / 20), ASKS_EVERY_S[1])
            with suppress(SlurmAwayError):  # it may be started anew; the job goes on without it
                state = state_of(job_id)
        for line in log.new_lines():
            say(line)
        if (text := _change(job_id, told, state)) and not state.is_over:
            say(text)
        told = state
        if not state.is_over:
            time.sleep(LOOKS_EVERY_S)
    for line in log.new_lines():
        say(line)
    return state


def _change(job_id: str, before: JobState, now: JobState) -> str | None:
    """Say what has changed, in words for people."""
    if (before.name, before.reason) == (now.name, now.reason):
        return None
    if now.name == "PENDING":
        again = "is back in the queue" if now.restarts else "is queued"
        return f"job {job_id} {again}" + (f" ({now.reason})" if now.reason else "")
    if now.name == "RUNNING" and before.name != "RUNNING":
        return f"job {job_id} runs" + (" again, and goes on from its last state" if now.restarts else "")
    return None


class Tail:
    """The lines of a file that grows, without what is for programs."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read = 0
        self._begun = b""

    def new_lines(self) -> list[str]:
        """Return the whole lines that have come since the last call."""
        if not self.file.is_file():
            return []
        with self.file.open("rb") as opened:
            opened.seek(self._read)
            new = opened.read()
        self._read += len(new)
        *whole, self._begun = (self._begun + new).split(b"\n")
        lines = [line.decode("utf-8", errors="replace") for line in whole]
        return [line for line in lines if not line.startswith(ERROR_MARK)]


def result_of(job: Job, job_id: str, state: JobState) -> dict[str, Any]:
    """Return what the command of an ended job printed.

    Raises:
        LlasaError: the command's own error, or what Slurm did to the job.
    """
    result = _read_result(job.result(job_id)) if state.exit_code in {0, None} and state.name != "CANCELLED" else None
    if result is not None:
        return result
    own = last_error(job.log(job_id), state.exit_code) if state.name in {"FAILED", UNKNOWN} else None
    raise own or _what_slurm_did(job, job_id, state)


def _read_result(file: Path) -> dict[str, Any] | None:
    gives_up = time.monotonic() + SHOWN_WITHIN_S
    while True:
        with suppress(OSError, ValueError):
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return found
        if time.monotonic() >= gives_up:
            return None
        time.sleep(LOOKS_EVERY_S)


def last_error(log: Path, exit_code: int | None) -> LlasaError | None:
    """Return the error that the command ended with, as it stands in the log for programs.

    Args:
        log: what the job said; what it said before it came back from the queue does not count.
        exit_code: says which kind of error it is.
    """
    with suppress(OSError):
        for line in reversed(log.read_text(encoding="utf-8", errors="replace").splitlines()):
            if line.startswith(ERROR_MARK):
                return _as_error(json.loads(line), exit_code)
            if line.startswith(START_MARK):
                break
    return None


def _as_error(said: dict[str, Any], exit_code: int | None) -> LlasaError:
    kind = next((kind for kind in (UsageError, InterruptedRun) if kind.exit_code == exit_code), RunError)
    parts = said.get("errors", [said])
    each = [kind(part["error"], where=part["where"], fix=part["fix"]) for part in parts]
    return each[0] if len(each) == 1 else ErrorGroup(each)


GOES_ON = "the same command goes on from the last state"
ROOM = "had to make room for another"
NODE = "lost a node"
LATE = "was out of time before a state was saved"
WHAT_SLURM_DID = {
    "OUT_OF_MEMORY": ("needed more memory than it was given", f"ask for more, as in `--slurm-set mem=64G`; {GOES_ON}"),
    "TIMEOUT": (LATE, f"ask for more, as in `--slurm-set time=12:00:00`; {GOES_ON}"),
    "DEADLINE": (LATE, f"give it a later deadline; {GOES_ON}"),
    "NODE_FAIL": (NODE, GOES_ON),
    "BOOT_FAIL": (NODE, GOES_ON),
    "PREEMPTED": (ROOM, GOES_ON),
    "REVOKED": (ROOM, GOES_ON),
    UNKNOWN: ("is no longer known to Slurm, and left no result", f"read that log; {GOES_ON}"),
}
"""What happened, and what to do, by Slurm's word for it."""


def _what_slurm_did(job: Job, job_id: str, state: JobState) -> LlasaError:
    log = job.log(job_id)
    if state.name == "CANCELLED":
        return InterruptedRun(f"job {job_id} was cancelled", where=log, fix=GOES_ON)
    silent = f"ended with code {state.exit_code}, without a result and without an error"
    happened, fix = WHAT_SLURM_DID.get(state.name, (silent, f"read the end of that log; {GOES_ON}"))
    return RunError(f"job {job_id} {happened}", where=log, fix=fix)
