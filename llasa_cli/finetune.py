"""`llasa finetune`: projector and adapter, from where the recipe's pretrain run ended."""

from __future__ import annotations

from pathlib import Path

from llasa_cli.flags import (
    DryRunFlag,
    FreshFlag,
    GpusFlag,
    HostFile,
    JsonFlag,
    NoFollowFlag,
    PortFlag,
    ProbeFlag,
    RecipeFile,
    ReshardFlag,
    RunsFolder,
    SetFlags,
    SlurmFlag,
    SlurmSetFlags,
)
from llasa_cli.slurm import SlurmFlags, train_here_or_there
from llasa_cli.training import TrainingFlags


def finetune(  # noqa: PLR0913, PLR0917 - a flag each
    recipe: RecipeFile,
    settings: SetFlags = None,
    dry_run: DryRunFlag = False,
    fresh: FreshFlag = False,
    reshard: ReshardFlag = False,
    probe: ProbeFlag = False,
    gpus: GpusFlag = None,
    hostfile: HostFile = None,
    port: PortFlag = None,
    runs: RunsFolder = Path("runs"),
    slurm: SlurmFlag = False,
    slurm_set: SlurmSetFlags = None,
    no_follow: NoFollowFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Train projector and LoRA adapter on conversations.

    The same command goes on with a run that was stopped, and says so when there is nothing left to do.
    """
    flags = TrainingFlags(recipe, settings or (), runs, gpus, hostfile, port, dry_run, fresh, reshard, probe, as_json)
    train_here_or_there("finetune", flags, SlurmFlags(slurm, slurm_set or (), not no_follow))
