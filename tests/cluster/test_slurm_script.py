"""What is decided before and after Slurm: options, the script, and what a job's end means."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from llasa_cli.app import main
from llasa_core.cluster.follow import Tail, last_error, result_of
from llasa_core.cluster.options import parse_options, with_gpus
from llasa_core.cluster.script import Job, sbatch_script
from llasa_core.cluster.slurm import JobState, live_job
from llasa_core.errors import InterruptedRun, LlasaError, RunError, UsageError
from llasa_core.sweep.jobs import Jobs
from llasa_core.sweep.plan import plan_sweep

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.chdir(tmp_path)
    return Job("name", tmp_path, ("llasa", "finetune", "my recipe.yaml"), "llasa finetune 'my recipe.yaml' --slurm")


def head_of(job: Job) -> list[str]:
    return [line.partition("  #")[0] for line in sbatch_script(job).splitlines() if line.startswith("#SBATCH")]


def test_a_script_says_what_it_is_and_what_it_asks_for(job: Job, tmp_path: Path):
    job.options.update({"time": "12:00:00", "exclusive": None, "nodes": "2", "comment": "a # b"})

    script = sbatch_script(job)

    assert script.splitlines()[:3] == [
        "#!/bin/bash",
        "# llasa finetune 'my recipe.yaml' --slurm",
        f"# as a Slurm job; by hand: sbatch {tmp_path}/slurm.sh",
    ]
    assert head_of(job) == [
        "#SBATCH --job-name=name",
        f"#SBATCH --chdir={tmp_path}",
        f"#SBATCH --output={tmp_path}/slurm-%j.log",
        "#SBATCH --open-mode=append",
        "#SBATCH --requeue",
        "#SBATCH --signal=B:TERM@120",
        "#SBATCH --nodes=2",
        "#SBATCH --ntasks-per-node=1",
        "#SBATCH --time=12:00:00",
        "#SBATCH --exclusive",
        '#SBATCH --comment="a # b"',
    ]
    assert "llasa finetune 'my recipe.yaml' > \"$result\" &\n" in script
    assert 'scontrol show hostnames "$SLURM_JOB_NODELIST" | sed "s/$/ slots=${SLURM_GPUS_ON_NODE:-1}/"' in script


def test_a_script_is_sound_shell(job: Job):
    job.options["nodes"] = "2"

    checked = subprocess.run(["bash", "-n"], input=sbatch_script(job), capture_output=True, text=True, check=False)  # noqa: S607

    assert (checked.returncode, checked.stderr) == (0, "")


def test_one_node_needs_no_list_of_nodes(job: Job):
    assert "hostnames" not in sbatch_script(job)


def test_gpus_are_asked_for_unless_the_options_speak_of_them():
    assert with_gpus({}, 8) == {"gpus-per-node": "8"}
    assert with_gpus({}, None) == {}
    assert with_gpus({"gres": "gpu:a100:4"}, 4) == {"gres": "gpu:a100:4"}
    assert with_gpus({"gpus-per-node": "0"}, 2) == {}  # two processes on a CPU


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        (
            "--time=3",
            (
                '"--time=3" is no option of sbatch\n'
                "  where: --slurm-set '--time=3'\n"
                "  fix:   write a long option without its dashes: `--slurm-set time=12:00:00`, `--slurm-set exclusive`"
            ),
        ),
        (
            "output=x",
            (
                "`output` cannot be chosen: all that the job says goes to one log, which is followed\n"
                "  where: --slurm-set 'output=x'\n"
                "  fix:   leave `--slurm-set output=…` out"
            ),
        ),
    ],
)
def test_an_option_that_cannot_be_given(flag: str, message: str):
    with pytest.raises(UsageError) as error:
        parse_options(["time=5", flag])

    assert str(error.value) == message


def test_all_wrong_options_are_said_at_once():
    with pytest.raises(LlasaError) as error:
        parse_options(["time=", "array=1-3", "mem=1G"])

    assert [line for line in str(error.value).splitlines() if not line.startswith(" ")] == [
        '"time=" is no option of sbatch',
        "`array` cannot be chosen: a run is one job",
    ]


def test_flags_about_a_job_need_a_job(capsys: pytest.CaptureFixture[str]):
    assert main(["finetune", str(TINY), "--slurm-set", "time=5"]) == 2
    assert main(["pretrain", str(TINY), "--no-follow"]) == 2

    assert capsys.readouterr().err == (
        "error: `--slurm-set` is about a Slurm job, and none was asked for\n  fix:   add `--slurm`\n"
        "error: `--no-follow` is about a Slurm job, and none was asked for\n  fix:   add `--slurm`\n"
    )


def test_without_slurm_there_is_no_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert main(["finetune", str(TINY), "--slurm"]) == 2

    assert capsys.readouterr().err == (
        "error: there is no `sbatch` on this machine's PATH\n"
        "  fix:   run this on a login node of a Slurm cluster, or leave `--slurm` out\n"
    )
    assert not list(tmp_path.rglob("slurm*"))


def test_a_dry_run_shows_the_script_and_submits_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    command = ["pretrain", str(TINY), "--slurm", "--dry-run", "--gpus", "8", "--slurm-set", "nodes=2"]

    assert main(command) == 0
    text = capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)

    assert text.endswith(shown["script"])
    assert "#SBATCH --gpus-per-node=8\n" in shown["script"]
    assert f"--gpus 8 --hostfile {tmp_path}/runs/tiny/pretrain/slurm-hosts --json" in shown["script"]
    assert shown["plan"]["command"] == ["sbatch", "runs/tiny/pretrain/slurm.sh"]
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_copied_from_a_cluster_has_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "slurm.json").write_text('{"job": "12", "command": "llasa finetune r.yaml --slurm"}')
    monkeypatch.setenv("PATH", str(tmp_path))

    assert shutil.which("scontrol") is None
    assert live_job(tmp_path) is None


def test_a_log_is_told_by_whole_lines_without_what_is_for_programs(tmp_path: Path):
    tail = Tail(tmp_path / "log")

    assert tail.new_lines() == []
    tail.file.write_text("one\ntw")
    assert tail.new_lines() == ["one"]
    with tail.file.open("a") as log:
        log.write('o\n{"error": "e", "where": null, "fix": null}\nthree\n')
    assert tail.new_lines() == ["two", "three"]


def test_the_last_error_is_one_of_this_start(tmp_path: Path):
    log = tmp_path / "log"
    error = '{"error": "stopped", "where": "run", "fix": "go on"}\n'

    log.write_text(f"== job 1 on n\n{error}== job 1 on n\nKilled\n")
    assert last_error(log, 137) is None
    log.write_text(f"== job 1 on n\n{error}a library says good bye\n")
    assert str(last_error(log, 130)) == "stopped\n  where: run\n  fix:   go on"
    assert isinstance(last_error(log, 130), InterruptedRun)
    assert isinstance(last_error(log, 2), UsageError)
    assert isinstance(last_error(log, 1), RunError)


@pytest.mark.parametrize(
    ("state", "message", "exit_code"),
    [
        (
            "OUT_OF_MEMORY",
            (
                "job 7 needed more memory than it was given\n  where: {log}\n"
                "  fix:   ask for more, as in `--slurm-set mem=64G`; the same command goes on from the last state"
            ),
            1,
        ),
        (
            "TIMEOUT",
            (
                "job 7 was out of time before a state was saved\n  where: {log}\n"
                "  fix:   ask for more, as in `--slurm-set time=12:00:00`; the same command goes on from the last state"
            ),
            1,
        ),
        (
            "NODE_FAIL",
            "job 7 lost a node\n  where: {log}\n  fix:   the same command goes on from the last state",
            1,
        ),
        (
            "PREEMPTED",
            "job 7 had to make room for another\n  where: {log}\n  fix:   the same command goes on from the last state",
            1,
        ),
        (
            "CANCELLED",
            "job 7 was cancelled\n  where: {log}\n  fix:   the same command goes on from the last state",
            130,
        ),
        (
            "FAILED",
            (
                "job 7 ended with code 9, without a result and without an error\n  where: {log}\n"
                "  fix:   read the end of that log; the same command goes on from the last state"
            ),
            1,
        ),
    ],
)
def test_what_slurm_did_to_a_job_is_said(job: Job, state: str, message: str, exit_code: int):
    with pytest.raises(LlasaError) as error:
        result_of(job, "7", JobState(state, exit_code=9))

    assert str(error.value) == message.format(log=job.log("7"))
    assert error.value.exit_code == exit_code


def test_a_forgotten_job_has_its_result_or_is_an_error(job: Job, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("llasa_core.cluster.follow.SHOWN_WITHIN_S", 0.0)

    with pytest.raises(RunError) as error:
        result_of(job, "7", JobState("UNKNOWN"))

    assert str(error.value) == (
        f"job 7 is no longer known to Slurm, and left no result\n  where: {job.log('7')}\n"
        "  fix:   read that log; the same command goes on from the last state"
    )
    job.result("7").write_text('{"steps": 4}\n')
    assert result_of(job, "7", JobState("UNKNOWN")) == {"steps": 4}


def test_a_sweeps_jobs_know_their_nodes_and_what_they_wait_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    sweep = plan_sweep(TINY, [], ["seed=1,2"], Path("runs")).sweep
    encoder, pretrain = sweep.units[0], sweep.units[2]
    crew = Jobs(sweep, 2, {"nodes": "2"}, "llasa sweep", lambda _text: None)

    assert crew.job(pretrain, ("12",)).command[-4:] == (
        "--gpus",
        "2",
        "--hostfile",
        f"{tmp_path}/runs/tiny/sweeps/seed/pretrain,seed=1/slurm-hosts",
    )
    assert crew.job(pretrain, ("12",)).after == ("12",)
    assert crew.job(pretrain).options == {"nodes": "2", "gpus-per-node": "2"}
    assert "--hostfile" not in crew.job(encoder).command
