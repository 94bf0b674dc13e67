"""What Slurm is asked: take a job, and say how it stands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llasa_core.cluster.script import sbatch_script
from llasa_core.errors import RunError, UsageError
from llasa_core.files import write_json, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.cluster.script import Job

JOB_FILE = "slurm.json"
"""Remembers the last job of a folder."""

ENDS = {
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED"),
    *("REVOKED", "TIMEOUT"),
}
"""States that a job does not leave by itself."""
UNKNOWN = "UNKNOWN"
"""Slurm has forgotten the job."""
ANSWERS_WITHIN_S = 60.0


class SlurmAwayError(Exception):
    """Slurm's controller does not answer now."""


@dataclass(frozen=True)
class JobState:
    """How a job stands."""

    name: str
    """Slurm's word, such as `PENDING`."""
    reason: str = ""
    """Why it waits."""
    exit_code: int | None = None
    """Its script's, once it has ended."""
    restarts: int = 0
    """How often it came back from the queue."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended for good."""
        return self.name in ENDS or self.name == UNKNOWN


def submit(job: Job) -> str:
    """Write a job's script and submit it.

    Returns:
        The job's number, which is also remembered in the folder.

    Raises:
        UsageError: there is no Slurm here, it refuses the job, or a job of this folder is queued or running.
    """
    refuse_second(job.folder)
    if shutil.which("sbatch") is None:
        raise UsageError(
            "there is no `sbatch` on this machine's PATH",
            fix="run this on a login node of a Slurm cluster, or leave `--slurm` out",
        )
    write_text(job.script, sbatch_script(job))
    words = ["sbatch", "--parsable"]
    if job.after:
        words += [f"--dependency=afterok:{':'.join(job.after)}", "--kill-on-invalid-dep=yes"]
    answer = _ask(*words, str(job.script))
    if answer.returncode:
        raise UsageError(
            f"sbatch refuses the job: {_said(answer)}",
            where=job.script,
            fix="say what the cluster wants, as in `--slurm-set partition=NAME --slurm-set time=12:00:00`",
        )
    job_id = answer.stdout.strip().partition(";")[0]  # "12;cluster" where there are several clusters
    write_json(job.folder / JOB_FILE, {"job": job_id, "command": job.typed})
    return job_id


def last_job(folder: Path) -> str | None:
    """Return the number of the last job that was submitted for a folder."""
    return _remembered(folder).get("job")


def _remembered(folder: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        found: dict[str, str] = json.loads((folder / JOB_FILE).read_text(encoding="utf-8"))
        return found
    return {}


def live_job(folder: Path) -> str | None:
    """Return the number of the job that works on a folder, or waits for it.

    Raises:
        RunError: there was a job, and Slurm does not say whether it still is.
    """
    job_id = last_job(folder)
    if job_id is None or shutil.which("scontrol") is None:  # a folder that was copied here from a cluster
        return None
    try:
        return None if state_of(job_id).is_over else job_id
    except SlurmAwayError as error:
        raise RunError(
            f"Slurm does not say whether job {job_id} still works here: {error}",
            where=folder / JOB_FILE,
            fix="wait until it answers, or remove that file if the job is gone",
        ) from error


def refuse_second(folder: Path) -> None:
    """Raise a UsageError where a job works on a folder, or waits for it; the job itself may."""
    job_id = live_job(folder)
    if job_id is None or job_id == os.environ.get("SLURM_JOB_ID"):
        return
    raise UsageError(
        f"job {job_id} is {state_of(job_id).name.lower()} for this run",
        where=folder,
        fix=f"`{_remembered(folder)['command']}` follows it, `scancel {job_id}` cancels it",
    )


def state_of(job_id: str) -> JobState:
    """Return how a job stands.

    Raises:
        SlurmAwayError: the controller does not answer.
    """
    answer = _ask("scontrol", "--oneliner", "show", "job", job_id)
    if answer.returncode == 0:
        return _shown_state(answer.stdout)
    if "Invalid job id" not in answer.stderr:
        raise SlurmAwayError(_said(answer))
    return _accounted_state(job_id)  # the controller forgets a job minutes after its end


def _shown_state(text: str) -> JobState:
    values = dict(re.findall(r"(\w+)=(\S+)", text))
    code = int(values.get("ExitCode", "0:0").partition(":")[0])
    reason = values.get("Reason", "None")
    state = JobState(values["JobState"], "" if reason == "None" else reason, None, int(values.get("Restarts", "0")))
    return JobState(state.name, state.reason, code, state.restarts) if state.is_over else state


def _accounted_state(job_id: str) -> JobState:
    if shutil.which("sacct") is None:
        return JobState(UNKNOWN)
    answer = _ask("sacct", "--noheader", "--parsable2", "--allocations", "--jobs", job_id, "--format=State,ExitCode")
    name, _, code = answer.stdout.strip().partition("|")
    if answer.returncode or not name:  # a cluster without accounting
        return JobState(UNKNOWN)
    state = name.split()[0].rstrip("+")  # "CANCELLED by 1000"
    return JobState(state, exit_code=int(code.partition(":")[0] or 0) if state in ENDS else None)


def _ask(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - Slurm's own commands, no shell
            words, capture_output=True, text=True, check=False, timeout=ANSWERS_WITHIN_S
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 1, "", f"no answer within {ANSWERS_WITHIN_S:g} s")


def _said(answer: subprocess.CompletedProcess[str]) -> str:
    lines = [re.sub(r"^\w+: (error: )?", "", line) for line in answer.stderr.strip().splitlines()]
    wanted = [line for line in lines if not line.startswith("Try ")]
    return "; ".join(dict.fromkeys(wanted)) or f"code {answer.returncode}, without a word"
