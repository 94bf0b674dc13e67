"""`llasa runs`: what training has left on the disk, compared and cleaned up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from llasa_cli import console
from llasa_cli.flags import DryRunFlag, JsonFlag, RunsFolder
from llasa_core.errors import UsageError

app = typer.Typer(help="List, compare and remove runs and caches.", rich_markup_mode=None)

RUNS = Path("runs")
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run as `llasa runs` lists it, such as smol/finetune.")]
What = Annotated[
    list[str],
    typer.Argument(
        metavar="WHAT...",
        help="Runs (smol/finetune), all runs of a recipe (smol), cache entries (cache:smollm2-135m), or leftovers.",
    ),
]
StatesFlag = Annotated[bool, typer.Option("--states", help="Remove only the states that these runs resume from.")]
YesFlag = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.callback(invoke_without_command=True)
def runs(context: typer.Context, folder: RunsFolder = RUNS, as_json: JsonFlag = False) -> None:
    """List, compare and remove runs, checkpoints and caches; without a command, list them."""
    if context.invoked_subcommand is None:
        _list(folder, as_json=as_json)


@app.command("list")
def list_runs(folder: RunsFolder = RUNS, as_json: JsonFlag = False) -> None:
    """List runs with their state, loss, accuracy and size; shipped checkpoints; caches; leftovers."""
    _list(folder, as_json=as_json)


def _list(folder: Path, *, as_json: bool) -> None:
    from llasa_core.runs.listing import list_all

    console.show(list_all(folder), as_json=as_json)


@app.command("compare")
def compare(a: RunName, b: RunName, folder: RunsFolder = RUNS, as_json: JsonFlag = False) -> None:
    """Show where the settings of two runs differ, and what came of them."""
    from llasa_core.runs.compare import compare as compare_runs

    console.show(compare_runs(a, b, folder), as_json=as_json)


@app.command("clean")
def clean(
    what: What,
    states: StatesFlag = False,
    yes: YesFlag = False,
    dry_run: DryRunFlag = False,
    folder: RunsFolder = RUNS,
    as_json: JsonFlag = False,
) -> None:
    """Remove exactly what is named, after showing what and how much; never what a process is working on."""
    from llasa_core.runs.clean import clean as clean_up
    from llasa_core.runs.clean import plan_cleaning

    planned = plan_cleaning(what, folder, states_only=states)
    if dry_run or not planned.removals:
        console.show(planned, as_json=as_json)
        return
    if not yes:
        console.note(str(planned))
        _ask()
    console.show(clean_up(planned, folder), as_json=as_json)


def _ask() -> None:
    if not (console.is_tty(sys.stdin) and console.is_tty(sys.stderr)):
        raise UsageError("nobody is here to be asked", where="llasa runs clean", fix="pass `--yes` to remove this")
    if not typer.confirm("remove this?", err=True):
        console.note("nothing was removed")
        raise typer.Exit(1)
