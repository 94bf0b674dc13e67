"""Arguments and flags that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
RecipeFile = Annotated[Path, typer.Argument(help="The experiment: a file such as recipes/smol.yaml.")]
SetFlags = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one setting of the recipe, such as pretrain.epochs=2."),
]
DryRunFlag = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]
FreshFlag = Annotated[bool, typer.Option("--fresh", help="Remove what an earlier run left, and start anew.")]
ReshardFlag = Annotated[
    bool, typer.Option("--reshard", help="Go on with a run that was begun on another number of devices.")
]
ProbeFlag = Annotated[
    bool, typer.Option("--probe", help="Before the first step, rehearse the fullest pack, scoring and a save.")
]
GpusFlag = Annotated[
    int | None,
    typer.Option("--gpus", min=1, metavar="N", help="Devices to use; without CUDA, this many CPU processes."),
]
HostFile = Annotated[
    Path | None,
    typer.Option("--hostfile", metavar="FILE", help="Train on these hosts: a line `name slots=4` for each."),
]
PortFlag = Annotated[
    int | None,
    typer.Option(
        "--port",
        min=1,
        max=65535,
        metavar="PORT",
        help="Where processes meet, on the first host; a free one by default.",
    ),
]
RunsFolder = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where runs are kept.")]
SlurmFlag = Annotated[bool, typer.Option("--slurm", help="Run as a job of a Slurm cluster, and follow it.")]
SlurmSetFlags = Annotated[
    list[str] | None,
    typer.Option("--slurm-set", metavar="KEY=VALUE", help="Give sbatch an option, such as time=12:00:00."),
]
NoFollowFlag = Annotated[bool, typer.Option("--no-follow", help="With --slurm: submit the job and end.")]
