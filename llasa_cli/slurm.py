"""`--slurm`: the same command as a job of a cluster, submitted and followed."""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_cli import console
from llasa_cli.training import Trained, train
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_cli.training import TrainingFlags
    from llasa_core.cluster.options import Options
    from llasa_core.cluster.script import Job
    from llasa_core.recipe import StageName
    from llasa_core.recipe_file import LoadedRecipe


@dataclass(frozen=True)
class SlurmFlags:
    """The flags of every command that can be a job."""

    is_asked: bool
    settings: Sequence[str]
    is_followed: bool

    def check(self) -> None:
        """Raise a UsageError where flags about the job are given and no job is."""
        if not self.is_asked and (self.settings or not self.is_followed):
            flag = "--slurm-set" if self.settings else "--no-follow"
            raise UsageError(f"`{flag}` is about a Slurm job, and none was asked for", fix="add `--slurm`")


class Submitted(dict[str, Any]):
    """A job that is not followed."""

    def __str__(self) -> str:
        return f"job {self['job']} is submitted\n  script: {self['script']}\n  log:    {self['log']}"


class Script(dict[str, Any]):
    """What would be done, and the script that would do it."""

    def __str__(self) -> str:
        return f"{self['plan']}\n\n{self['script']}"


def train_here_or_there(stage: StageName, flags: TrainingFlags, slurm: SlurmFlags) -> None:
    """Run a stage of a recipe on this machine, or as a job."""
    slurm.check()
    if slurm.is_asked and flags.hostfile:
        raise UsageError("with `--slurm`, Slurm chooses the hosts", fix="leave `--hostfile` out, or `--slurm`")
    if slurm.is_asked:
        train_on_slurm(stage, flags, slurm)
        return
    if not flags.is_dry:
        from llasa_core.cluster.slurm import refuse_second

        refuse_second(flags.runs / flags.recipe.stem / stage)
    train(stage, flags)


def train_on_slurm(stage: StageName, flags: TrainingFlags, slurm: SlurmFlags) -> None:
    """Submit a stage of a recipe as a job and follow it to its end, or show what would be submitted."""
    from llasa_core.cluster.follow import follow
    from llasa_core.cluster.options import parse_options
    from llasa_core.cluster.script import sbatch_script
    from llasa_core.recipe_file import load_recipe
    from llasa_core.train.plan import make_plan

    options = parse_options(slurm.settings)
    loaded = load_recipe(flags.recipe, flags.settings)
    job = _job(stage, loaded, flags, options, slurm)
    plan = make_plan(loaded, stage, ("sbatch", str(job.script)))
    if flags.is_dry:
        console.show(Script(plan=plan, script=sbatch_script(job)), as_json=flags.as_json)
    if plan.problem:
        raise plan.problem
    if flags.is_dry:
        return
    job_id = _followed_before(job, flags, slurm) or _submit(stage, job, loaded, flags)
    if not slurm.is_followed:
        submitted = Submitted(job=job_id, script=str(job.script), log=str(job.log(job_id)))
        console.show(submitted, as_json=flags.as_json)
        return
    console.show(Trained(follow(job, job_id, console.note)), as_json=flags.as_json)


def _job(stage: StageName, loaded: LoadedRecipe, flags: TrainingFlags, options: Options, slurm: SlurmFlags) -> Job:
    from llasa_core.cluster.options import n_nodes, with_gpus
    from llasa_core.cluster.script import Job, hosts_file

    folder = flags.runs / loaded.name / stage
    words = [stage, str(flags.recipe), *_each("--set", flags.settings), "--runs", str(flags.runs)]
    if flags.gpus is not None:
        words += ["--gpus", str(flags.gpus)]
    if flags.port is not None:
        words += ["--port", str(flags.port)]
    words += ["--reshard"] * flags.is_resharded + ["--probe"] * flags.is_probed
    typed = shlex.join(["llasa", *words, "--slurm", *_each("--slurm-set", slurm.settings)])
    if n_nodes(options) != "1":
        words += ["--hostfile", str(hosts_file(folder.resolve()))]
    command = (sys.executable, "-m", "llasa_cli.app", *words, "--json")
    asked = with_gpus(options, flags.gpus)
    return Job(f"llasa-{loaded.name}-{stage}", folder, command, typed, asked, slots=flags.gpus or 1)


def warn_without_gpus(options: Options) -> None:
    """Say where a job will have no GPU: on a cluster that is seldom what was meant."""
    from llasa_core.cluster.options import DEVICE_OPTIONS

    if not any(name in options for name in DEVICE_OPTIONS):
        console.note("no GPU is asked for, so the job trains on a CPU; `--gpus N` asks for N on each node")


def _each(flag: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (flag, value)]


def _followed_before(job: Job, flags: TrainingFlags, slurm: SlurmFlags) -> str | None:
    """Return the number of the job that this very command has submitted and that has not ended."""
    from llasa_core.cluster.script import sbatch_script
    from llasa_core.cluster.slurm import live_job

    job_id = live_job(job.folder)
    if job_id is None or flags.is_fresh or not slurm.is_followed:
        return None
    if job.script.read_text(encoding="utf-8") != sbatch_script(job):
        return None  # which is then refused
    console.note(f"job {job_id} was submitted before; following it")
    return job_id


def _submit(stage: StageName, job: Job, loaded: LoadedRecipe, flags: TrainingFlags) -> str:
    from llasa_core.cluster.slurm import refuse_second, submit
    from llasa_core.locks import only_one
    from llasa_core.train.run import Run

    refuse_second(job.folder)
    begins_with_encoder = stage == "pretrain" and loaded.recipe.encoder.checkpoint is None
    folders: list[Path] = [job.folder.with_name("encoder")] if begins_with_encoder else []
    with ExitStack() as locks:
        for run in map(Run, [*folders, job.folder]):
            locks.enter_context(only_one(run.lock_file, doing=f"working on {run.folder}"))
            if flags.is_fresh:  # here and not in the job, which would begin anew each time it comes back
                run.clear()
        job_id = submit(job)
    warn_without_gpus(job.options)
    console.note(f"job {job_id} is submitted: {job.script}, log {job.log(job_id)}")
    return job_id
