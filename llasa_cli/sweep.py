"""`llasa sweep`: the same recipe with other settings, each trained and measured on validation people, ranked."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from llasa_cli import console
from llasa_cli.flags import (
    DryRunFlag,
    GpusFlag,
    JsonFlag,
    NoFollowFlag,
    RecipeFile,
    RunsFolder,
    SetFlags,
    SlurmFlag,
    SlurmSetFlags,
)
from llasa_cli.slurm import SlurmFlags, warn_without_gpus
from llasa_cli.training import StageProgress
from llasa_core.errors import RunError, UsageError

if TYPE_CHECKING:
    from llasa_core.sweep.left import Failed
    from llasa_core.sweep.measure import Metric
    from llasa_core.sweep.plan import PlannedSweep

GridFlags = Annotated[
    list[str],
    typer.Option("--grid", metavar="KEY=VALUE,VALUE", help="Try each value, such as finetune.learning_rate=3e-5,1e-4."),
]
MetricFlag = Annotated[Literal["accuracy", "macro_f1"], typer.Option("--metric", help="What trials are ranked by.")]
StageFlag = Annotated[
    Literal["both", "finetune"],
    typer.Option("--stage", help="What trials train; `finetune` begins with the recipe's own pretrain run."),
]
NameFlag = Annotated[str | None, typer.Option("--name", metavar="NAME", help="The sweep's; made of the grid's keys.")]
JobsFlag = Annotated[int, typer.Option("--jobs", min=1, metavar="N", help="Trials at a time on this machine.")]
MaxWindows = Annotated[
    int | None,
    typer.Option("--max-windows", min=1, metavar="N", help="Measure on a fixed random choice of N validation windows."),
]


class SubmittedSweep(dict[str, Any]):
    """Jobs that are not followed."""

    def __str__(self) -> str:
        return "\n".join(f"job {job_id}: {name}" for name, job_id in self["jobs"].items()) or "nothing is left to do"


def sweep(  # noqa: PLR0913, PLR0917 - a flag each
    recipe: RecipeFile,
    grid: GridFlags,
    metric: MetricFlag = "accuracy",
    stage: StageFlag = "both",
    name: NameFlag = None,
    settings: SetFlags = None,
    max_windows: MaxWindows = None,
    jobs: JobsFlag = 1,
    gpus: GpusFlag = None,
    runs: RunsFolder = Path("runs"),
    slurm: SlurmFlag = False,
    slurm_set: SlurmSetFlags = None,
    no_follow: NoFollowFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Try all combinations of settings, and rank them by how well unseen validation people fare.

    What trials have in common is trained once. The same command goes on with a sweep that was stopped, tries again what
    failed, and keeps what is done; with more values it does the new ones.
    """
    asked = SlurmFlags(slurm, slurm_set or (), not no_follow)
    asked.check()
    if slurm and jobs > 1:
        raise UsageError("`--jobs` is for this machine, and `--slurm` for a cluster's", fix="leave one of them out")
    from llasa_core.sweep.plan import plan_sweep

    planned = plan_sweep(recipe, settings or (), grid, runs, trained=stage, name=name, max_windows=max_windows)
    if dry_run:
        console.show(planned, as_json=as_json)
        return
    console.note(str(planned))
    said = {"--grid": grid, "--set": settings or (), "--slurm-set": asked.settings}
    said |= {"--stage": [stage], "--name": [name] if name else [], "--runs": [str(runs)], "--metric": [metric]}
    said |= {"--max-windows": [str(max_windows)] if max_windows else [], "--gpus": [str(gpus)] if gpus else []}
    words = [word for flag, values in said.items() for value in values for word in (flag, value)]
    typed = shlex.join(["llasa", "sweep", str(recipe), *words, "--slurm"])
    _carry_out(_Call(planned, metric, jobs, gpus, asked, typed, as_json))


@dataclass(frozen=True)
class _Call:
    """A sweep that begins, and how."""

    planned: PlannedSweep
    metric: Metric
    jobs: int
    gpus: int | None
    slurm: SlurmFlags
    typed: str
    as_json: bool


def _carry_out(call: _Call) -> None:
    from llasa_core.locks import only_one
    from llasa_core.sweep.plan import write_recipes
    from llasa_core.sweep.results import collect

    console.note(str(call.planned))
    sweep = call.planned.sweep
    with only_one(sweep.folder / "lock", doing=f"working on {sweep.folder}"):
        write_recipes(call.planned)
        collect(call.planned, call.metric, {})  # writes what workers read
        failed = None
        try:
            failed = _on_slurm(call) if call.slurm.is_asked else _here(call)
        finally:
            result = collect(call.planned, call.metric, failed or {})
        if failed is None:
            return
    console.show(result, as_json=call.as_json)
    if result.failed:
        raise RunError(
            f"{len(result.failed)} of {len(sweep.trials)} trials failed",
            where=sweep.folder,
            fix="mend what they say; the same command tries them again and keeps the others",
        )


def _here(call: _Call) -> Failed:
    sweep = call.planned.sweep
    if call.jobs > 1:
        from llasa_core.sweep.processes import Processes, devices_for

        gpus, devices = devices_for(call.jobs, call.gpus)
        return Processes(sweep, call.jobs, gpus, devices, console.note).run()
    from llasa_core.sweep.here import run_here

    recipes = call.planned.recipes
    return run_here(sweep, call.gpus, progress=lambda unit: StageProgress(recipes[unit.name].recipe), say=console.note)


def _on_slurm(call: _Call) -> Failed | None:
    """Return why trials are not done, or None where no one waits for them."""
    from llasa_core.cluster.options import parse_options, with_gpus
    from llasa_core.sweep.jobs import Jobs

    sweep = call.planned.sweep
    crew = Jobs(sweep, call.gpus, parse_options(call.slurm.settings), call.typed, console.note)
    warn_without_gpus(with_gpus(crew.options, call.gpus))
    submitted = crew.submit()
    if call.slurm.is_followed:
        return crew.follow(submitted)
    console.show(SubmittedSweep(sweep=str(sweep.folder), jobs=submitted), as_json=call.as_json)
    return None
