"""Jobs on a real Slurm of one node."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llasa_cli.app import main
from llasa_core.cluster.follow import follow
from llasa_core.cluster.script import Job
from llasa_core.cluster.slurm import last_job, state_of, submit
from llasa_core.errors import InterruptedRun, RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Slurm

pytestmark = pytest.mark.cluster
TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


@pytest.fixture
def make_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Job]:
    """Return what makes a job of a few words of shell, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda words: Job("shell", tmp_path / "run", ("bash", "-c", words), "llasa shell --slurm")


def test_a_job_ends_with_what_its_command_printed(slurm: Slurm, make_job: Callable[[str], Job]):
    job = make_job('echo working >&2; echo "{\\"steps\\": 3}"')
    said: list[str] = []

    job_id = submit(job)

    assert follow(job, job_id, said.append) == {"steps": 3}
    assert "working" in said
    assert last_job(job.folder) == job_id
    assert "shell" in slurm.ask("scontrol", "show", "job", job_id)


def test_a_folder_has_one_job_at_a_time(make_job: Callable[[str], Job], slurm: Slurm):
    job = make_job("sleep 60")
    job_id = submit(job)
    slurm.until(lambda: state_of(job_id).name == "RUNNING")

    with pytest.raises(UsageError) as refused:
        submit(job)

    assert str(refused.value) == (
        f"job {job_id} is running for this run\n"
        f"  where: {job.folder}\n"
        f"  fix:   `llasa shell --slurm` follows it, `scancel {job_id}` cancels it"
    )
    slurm.ask("scancel", job_id)
    with pytest.raises(InterruptedRun) as cancelled:
        follow(job, job_id, lambda _line: None)
    assert str(cancelled.value) == (
        f"job {job_id} was cancelled\n  where: {job.log(job_id)}\n  fix:   the same command goes on from the last state"
    )
    assert follow(job, submit(make_job("echo {}")), lambda _line: None) == {}


def test_a_job_near_its_time_limit_saves_queues_again_and_goes_on(slurm: Slurm, make_job: Callable[[str], Job]):
    job = make_job(
        'if [ -e state ]; then echo "{\\"went\\": \\"on\\"}"; exit 0; fi;'
        "trap 'touch state; exit 130' TERM; touch ready; sleep 60 & wait"
    )
    job_id = submit(job)
    slurm.until(lambda: Path("ready").exists())

    slurm.ask("scancel", "--signal=TERM", "--batch", job_id)  # what `--signal=B:TERM@120` has Slurm do
    slurm.run_now(job_id)
    said: list[str] = []

    assert follow(job, job_id, said.append) == {"went": "on"}
    assert "the time limit is near: saving a state, then queueing again" in said
    assert state_of(job_id).restarts == 1


def test_a_command_that_cannot_save_yet_does_not_queue_for_ever(slurm: Slurm, make_job: Callable[[str], Job]):
    job = make_job("touch ready; sleep 60")
    job_id = submit(job)
    slurm.until(lambda: Path("ready").exists())

    slurm.ask("scancel", "--signal=TERM", "--batch", job_id)

    with pytest.raises(RunError) as failed:
        follow(job, job_id, lambda _line: None)
    assert str(failed.value) == (
        f"job {job_id} ended with code 143, without a result and without an error\n"
        f"  where: {job.log(job_id)}\n"
        f"  fix:   read the end of that log; the same command goes on from the last state"
    )


def test_a_job_of_several_nodes_lists_them_and_reaches_them_without_ssh(slurm: Slurm, make_job: Callable[[str], Job]):
    there = r'echo "{\"step\": \"$SLURM_STEP_ID of $SLURM_JOB_ID\"}"'
    job = make_job(f"$LLASA_SSH -T -o BatchMode=yes localhost /bin/sh <<< '{there}'")
    job.options["nodes"] = "1-1"  # as many as this Slurm has

    job_id = submit(job)
    said = follow(job, job_id, lambda _line: None)

    assert said == {"step": f"0 of {job_id}"}
    assert (job.folder / "slurm-hosts").read_text() == "localhost slots=1\n"
    assert "COMPLETED" in slurm.ask("scontrol", "show", "job", job_id)


def test_what_sbatch_refuses_is_said_in_its_words(slurm: Slurm, make_job: Callable[[str], Job]):
    job = make_job("true")
    job.options["partition"] = "nowhere"

    with pytest.raises(UsageError) as refused:
        submit(job)

    assert str(refused.value) == (
        "sbatch refuses the job: invalid partition specified: nowhere; "
        "Batch job submission failed: Invalid partition name specified\n"
        f"  where: {job.script}\n"
        "  fix:   say what the cluster wants, as in `--slurm-set partition=NAME --slurm-set time=12:00:00`"
    )
    assert last_job(job.folder) is None
    assert slurm.ask("squeue", "--noheader", "--name=shell", "--states=pending") == ""


def test_a_run_that_slurm_puts_back_ends_like_one_on_this_machine(
    slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert main(["pretrain", str(TINY)]) == 0
    shutil.copytree("runs", "here")
    command = ["finetune", str(TINY), "--set", "finetune.max_steps=40", "--json"]
    run = tmp_path / "runs" / "tiny" / "finetune"

    assert main([*command, "--slurm", "--no-follow"]) == 0
    job_id = json.loads(capsys.readouterr().out.splitlines()[-1])["job"]
    slurm.until(lambda: (run / "log.csv").is_file() and len((run / "log.csv").read_text().splitlines()) > 3)
    slurm.ask("scontrol", "requeue", job_id)
    slurm.run_now(job_id)
    assert main([*command, "--slurm"]) == 0
    there = json.loads(capsys.readouterr().out)

    assert main([*command, "--runs", "here"]) == 0
    here = json.loads(capsys.readouterr().out)
    assert "stopped after step" in (run / f"slurm-{job_id}.log").read_text()
    assert (there["steps"], there["loss"]) == (here["steps"], here["loss"])
    assert weights_of(there["checkpoint"]) == weights_of(here["checkpoint"])


@pytest.mark.usefixtures("slurm")
def test_the_error_of_a_failing_job_reaches_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)

    assert main(["finetune", str(TINY), "--slurm", "--slurm-set", "time=5"]) == 2

    error = capsys.readouterr().err.partition("error: ")[2]
    assert error == (
        "finetune goes on from the recipe's pretrain run, and there is none\n"
        "  where: runs/tiny/pretrain/checkpoint\n"
        "  fix:   run `llasa pretrain` with this recipe first\n"
    )


def weights_of(checkpoint: str) -> dict[str, bytes]:
    folder = Path(checkpoint)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.safetensors"))}
