"""What `llasa pretrain` and `llasa finetune` share: the dry run, and progress while a stage trains."""

from __future__ import annotations

import shlex
import sys
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_cli import console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.launching.place import RunPlace
    from llasa_core.recipe import Recipe, StageName
    from llasa_core.recipe_file import LoadedRecipe
    from llasa_core.train.loop import Progress
    from llasa_core.train.plan import Plan


@dataclass(frozen=True)
class TrainingFlags:
    """The flags of both commands."""

    recipe: Path
    settings: Sequence[str]
    runs: Path
    gpus: int | None
    hostfile: Path | None
    port: int | None
    is_dry: bool
    is_fresh: bool
    is_resharded: bool
    is_probed: bool
    as_json: bool


class Trained(dict[str, Any]):
    """What `run_stage` returns, in words for people."""

    def __str__(self) -> str:
        loss = "" if self["loss"] is None else f", loss {self['loss']:.4f}"
        what = "was done before" if self["already_done"] else f"done in {console.duration(self['seconds'])}"
        return f"{self['stage']} {what}: {self['steps']:,} steps{loss}\n  checkpoint: {self['checkpoint']}"


def train(stage: StageName, flags: TrainingFlags) -> None:
    """Run a stage of a recipe, or show what it would do."""
    from llasa_core.recipe_file import load_recipe

    loaded = load_recipe(flags.recipe, flags.settings)
    from llasa_core.launching.place import find_place
    from llasa_core.train.launch import run_stage

    place = find_place(flags.runs, flags.gpus, flags.hostfile, flags.port)
    plan = _plan(loaded, stage, place, looks_at_samples=flags.is_dry)
    if flags.is_dry:
        show_plan(plan, as_json=flags.as_json)
    if plan.problem:
        raise plan.problem
    if flags.is_dry:
        return
    for line in plan.lines():
        console.note(line)
    with StageProgress(loaded.recipe) as tell:
        result = run_stage(
            loaded,
            stage,
            place,
            fresh=flags.is_fresh,
            reshard=flags.is_resharded,
            probes=flags.is_probed,
            command=command_again(),
            tell=tell,
            say=console.note,
        )
    console.show(Trained(result), as_json=flags.as_json)


ONCE = ("--fresh", "--reshard", "--probe")
"""Flags that the command to go on with leaves out."""


def command_again() -> str:
    """Return what to type to go on with what this process was asked to do."""
    return shlex.join(["llasa", *(word for word in sys.argv[1:] if word not in ONCE)])


def show_plan(plan: Plan, *, as_json: bool) -> None:
    """Show what would be done; what is learned is green, or in brackets where there is no colour."""
    if as_json or not console.is_coloured(sys.stdout):
        console.show(plan, as_json=as_json)
    else:
        console.show(plan.text(console.green))


def _plan(loaded: LoadedRecipe, stage: StageName, place: RunPlace, *, looks_at_samples: bool) -> Plan:
    from llasa_core.train.launch import launcher_command
    from llasa_core.train.outlook import Devices
    from llasa_core.train.plan import make_plan, source_of
    from llasa_core.train.run import Run

    run = Run(place.runs / loaded.name / stage)
    source = source_of(stage, loaded.resolved, run.folder.parent)
    return make_plan(
        loaded,
        stage,
        launcher_command(stage, run, source, place) if place.is_launched else None,
        devices=Devices(place.runs, place.n_ranks, place.has_cuda, place.all_hosts[0].slots),
        looks_at_samples=looks_at_samples,
    )


class StageProgress(AbstractContextManager["Callable[[StageName, Progress], None]"]):
    """Shows the steps of one stage after the other: a bar on a terminal, else a line every `log_every` steps."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._stage: StageName | None = None
        self._stack = ExitStack()
        self._update: console.Update | None = None

    def __enter__(self) -> Callable[[StageName, Progress], None]:
        return self._tell

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def _tell(self, stage: StageName, progress: Progress) -> None:
        words = _words(progress)
        if console.is_tty(sys.stderr):
            if stage != self._stage:
                self._stack.close()
                self._update = self._stack.enter_context(console.progress(stage, progress.n_steps))
                self._stage = stage
            if self._update:
                self._update(progress.step, words)
        elif progress.step % self._log_every(stage) == 0 or progress.step == progress.n_steps:
            left = console.duration(progress.seconds_left)
            console.note(f"{stage}: step {progress.step} of {progress.n_steps}, {words}, {left} left")

    def _log_every(self, stage: StageName) -> int:
        if stage == "encoder":
            return ENCODER_LOG_EVERY
        return self._recipe.finetune.log_every if stage == "finetune" else self._recipe.pretrain.log_every


def _words(progress: Progress) -> str:
    mfu = "" if progress.mfu is None else f" ({100 * progress.mfu:.0f} % MFU)"
    return f"loss {progress.loss:.4f}, {progress.tokens_per_s:,.0f} tokens/s{mfu}, {progress.memory_gb:.1f} GB"


ENCODER_LOG_EVERY = 50
"""Its steps take milliseconds."""
